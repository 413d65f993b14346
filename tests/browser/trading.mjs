// Swaps and orders by hand, each asked back from the exchange: balances to the unit, the pool's
// reserves, the order by its id, and the journal's entries with what was signed.

import assert from "node:assert/strict"
import { before } from "node:test"

import { ETH, Trader, USDC, api, balances, faucet, fillsOf, mark, paid, reserves, seed, units, until } from "./exchange.mjs"
import { askedFor, connect, form, notice, popup, readyLimit, readySwap, slippage, swap, swapForm, term } from "./person.mjs"
import { agree, fillsAgree, signedAs, tradesAgree, withoutTrace } from "./screen.mjs"
import { scenario } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

before(seed)

/** A connected visitor with 10 ETH and 20,000 USDC. */
async function trader(visit, options = {}) {
  const wallet = new InjectedWallet()
  await faucet(wallet.address, "ETH", 10n * ETH)
  await faucet(wallet.address, "USDC", 20_000n * USDC)
  const visitor = await visit({ wallet, ...options })
  await connect(visitor.page, wallet)
  return { wallet, page: visitor.page, visitor }
}

scenario("a swap gives what was shown, to the unit", async (visit) => {
  const { wallet, page } = await trader(visit)
  const [base, quote] = await reserves("ETH_USDC")
  const first = await mark()
  const due = paid(ETH, base, quote)
  const least = await swap(page, { sell: "ETH", buy: "USDC", amount: "1" })
  askedFor(wallet, 1)
  const { command } = await signedAs(wallet, "SwapExactIn", first)
  const bound = (due * 9_950n) / 10_000n
  assert.equal(BigInt(command.minAmountOut), bound, "half a per cent is the default")
  assert.equal(units(least.split(" ")[0], 6), bound, "what is signed was shown")
  const held = await balances(wallet.address)
  assert.deepEqual([held.ETH.available, held.USDC.available], [9n * ETH, 20_000n * USDC + due])
  assert.deepEqual(await reserves("ETH_USDC"), [base + ETH, quote - due])
  await tradesAgree(page, "ETH_USDC")
  await fillsAgree(page, wallet.address)
  await agree(page, wallet.address)
})

scenario("what is typed into Buy is received exactly, for at most what was shown", async (visit) => {
  const { wallet, page } = await trader(visit)
  const [base, quote] = await reserves("ETH_USDC")
  const first = await mark()
  const button = await readySwap(page, { sell: "USDC", buy: "ETH", want: "1.5" })
  const most = await term(swapForm(page), "Most paid")
  await button.click()
  await notice(page, /^Bought 1\.5 ETH for /)
  const { command } = await signedAs(wallet, "SwapExactOut", first)
  const out = (3n * ETH) / 2n
  const due = (quote * out * 1_000n) / ((base - out) * 997n) + 1n // Uniswap V2's getAmountIn
  assert.equal(BigInt(command.amountOut), out)
  assert.equal(BigInt(command.maxAmountIn), (due * 10_050n + 9_999n) / 10_000n)
  assert.equal(units(most.split(" ")[0], 6), BigInt(command.maxAmountIn), "what is signed was shown")
  const held = await balances(wallet.address)
  assert.deepEqual([held.ETH.available, held.USDC.available], [10n * ETH + out, 20_000n * USDC - due])
  await agree(page, wallet.address)
})

scenario("a swap of two hops goes through both pools in one entry", async (visit) => {
  const { wallet, page } = await trader(visit)
  const [base, quote] = await reserves("ETH_USDC")
  const [ethers, bitcoins] = await reserves("ETH_BTC")
  const first = await mark()
  await swap(page, { sell: "USDC", buy: "BTC", amount: "2,000.0" })
  askedFor(wallet, 1)
  await signedAs(wallet, "SwapExactIn", first)
  const middle = paid(2_000n * USDC, quote, base)
  const due = paid(middle, ethers, bitcoins)
  const held = await balances(wallet.address)
  assert.deepEqual([held.USDC.available, held.ETH.available, held.BTC.available], [18_000n * USDC, 10n * ETH, due])
  assert.deepEqual(await reserves("ETH_BTC"), [ethers + middle, bitcoins - due])
  await fillsAgree(page, wallet.address)
  await agree(page, wallet.address)
})

scenario("the slippage that is set is signed, and remembered", async (visit) => {
  const { wallet, page } = await trader(visit)
  const boundFor = async (bps) => {
    const [base, quote] = await reserves("ETH_USDC")
    return (paid(ETH / 10n, base, quote) * (10_000n - bps)) / 10_000n
  }
  await slippage(page, { preset: "0.1 %" })
  for (const bps of [10n, 175n]) {
    if (bps === 175n) await slippage(page, { own: "1.75" })
    const [first, bound] = [await mark(), await boundFor(bps)]
    await swap(page, { sell: "ETH", buy: "USDC", amount: "0.1" })
    assert.equal(BigInt((await signedAs(wallet, "SwapExactIn", first)).command.minAmountOut), bound)
  }
  wallet.isTrusting = true
  await page.reload()
  const [first, bound] = [await mark(), await boundFor(175n)]
  await swap(page, { sell: "ETH", buy: "USDC", amount: "0.1" })
  assert.equal(BigInt((await signedAs(wallet, "SwapExactIn", first)).command.minAmountOut), bound)
})

scenario("a market that moves past the limit under the wallet's window trades nothing", async (visit) => {
  const { wallet, page, visitor } = await trader(visit)
  const mover = await Trader.with({ ETH: 5n * ETH })
  const button = await readySwap(page, { sell: "ETH", buy: "USDC", amount: "1" })
  const answer = wallet.hold()
  await button.click()
  await popup(wallet, "SwapExactIn")
  await mover.sell("ETH", "USDC", 5n * ETH)
  visitor.expect(422, "/api/v1/sell")
  await withoutTrace(async () => {
    answer("approve")
    await form(page, "Swap").getByRole("alert").getByText("SLIPPAGE_EXCEEDED").waitFor()
  })
  // The second try is another version of the same wish: of both at most one can ever execute.
  const first = await mark()
  const [base, quote] = await reserves("ETH_USDC")
  const least = (paid(ETH, base, quote) * 9_950n) / 10_000n
  await readySwap(page, { sell: "ETH", buy: "USDC", amount: "1" })
  // Until it is asked anew, the price stands there that was kept for the wallet: nobody is held to it.
  const shown = async () => units((await term(swapForm(page), "Least received")).split(" ")[0], 6)
  await until("the price is the new one", async () => (await shown()) === least)
  await button.click()
  await notice(page, /^Sold 1 ETH/)
  const nonces = wallet.signatures.map(({ document }) => document.message.nonce)
  assert.equal(nonces.length, 2)
  assert.equal(nonces[0], nonces[1])
  await signedAs(wallet, "SwapExactIn", first)
  await agree(page, wallet.address)
})

scenario("a signature that the person refuses changes nothing, and the form stays", async (visit) => {
  const { wallet, page } = await trader(visit)
  const button = await readySwap(page, { sell: "ETH", buy: "USDC", amount: "1" })
  await withoutTrace(async () => {
    wallet.answers.push("reject")
    await button.click()
    await popup(wallet, "SwapExactIn")
    await button.waitFor() // it says again what it would do
    // A wallet that never answers: the person stops waiting, and what it signs later goes nowhere.
    const answer = wallet.hold()
    await button.click()
    await until("the wallet is asked again", () => wallet.signatures.length === 2)
    await page.getByRole("button", { name: "Stop waiting" }).click()
    await button.waitFor()
    answer("approve")
    await page.getByText("waits for your signature").waitFor({ state: "detached" })
  })
  assert.equal(await swapForm(page).getByLabel("Sell", { exact: true }).inputValue(), "1")
  const first = await mark()
  await button.click()
  await notice(page, /^Sold 1 ETH/)
  askedFor(wallet, 3)
  await signedAs(wallet, "SwapExactIn", first)
})

scenario("more than there is cannot be pressed, and is refused where it went meanwhile", async (visit) => {
  const { wallet, page, visitor } = await trader(visit)
  await page.getByRole("tab", { name: "Swap" }).click()
  await swapForm(page).getByLabel("Sell: token").selectOption("ETH")
  await swapForm(page).getByLabel("Sell", { exact: true }).fill("10.000000000000000001")
  assert.ok(await swapForm(page).getByRole("button", { name: "Not enough ETH" }).isDisabled())
  await readyLimit(page, { side: "Buy", price: "2000", amount: "10.0001" })
  assert.ok(await form(page, "Limit order").getByRole("button", { name: "Not enough USDC" }).isDisabled())
  askedFor(wallet, 0)
  const button = await readySwap(page, { sell: "ETH", buy: "USDC", amount: "4" })
  const answer = wallet.hold()
  await button.click()
  await popup(wallet, "SwapExactIn")
  await new Trader(wallet.key).place("ETH", "USDC", 7n * ETH, 70_000n * USDC) // from another place
  visitor.expect(422, "/api/v1/sell")
  await withoutTrace(async () => {
    answer("approve")
    await form(page, "Swap").getByRole("alert").getByText("INSUFFICIENT_FUNDS").waitFor()
  })
  const held = await balances(wallet.address)
  assert.deepEqual(held.ETH, { available: 3n * ETH, locked: 7n * ETH })
  await agree(page, wallet.address)
})

scenario("a limit that crosses takes book and pool, best price first", async (visit) => {
  const { wallet, page } = await trader(visit)
  const [base, quote] = await reserves("ETH_USDC")
  const spot = Number(quote * 10n ** 12n) / Number(base)
  const ask = Math.round(spot * 100.1) / 100 // between the pool's two sides
  const limit = Math.round(spot * 101) / 100
  const maker = await Trader.with({ ETH })
  await maker.place("ETH", "USDC", ETH / 4n, (units(ask.toFixed(2), 6) * ETH) / 4n / ETH)
  const first = await mark()
  const button = await readyLimit(page, { side: "Buy", price: limit.toFixed(2), amount: "2" })
  await button.click()
  await notice(page, /^Bought /)
  await signedAs(wallet, "PlaceOrder", first)
  const [order] = (await api("/api/v1/history/orders", { owner: wallet.address })).items
  const items = await fillsOf(wallet.address)
  assert.deepEqual(items.map(({ venue }) => venue).sort(), ["book", "pool"])
  const sum = (name, decimals) => items.reduce((all, one) => all + units(one[name], decimals), 0n)
  assert.equal(sum("quantity", 18), units(order.executedQuantity, 18))
  const held = await balances(wallet.address)
  const rest = units(order.quantity, 18) - units(order.executedQuantity, 18)
  assert.equal(held.USDC.locked, (rest * units(limit.toFixed(2), 6)) / ETH, "the rest is held at its limit")
  assert.equal(held.USDC.available, 20_000n * USDC - sum("quoteQuantity", 6) - held.USDC.locked)
  await tradesAgree(page, "ETH_USDC")
  await fillsAgree(page, wallet.address)
  await agree(page, wallet.address)
  await new Trader(wallet.key).cancelAll()
})
