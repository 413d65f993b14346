// The operator pauses a market by signature: forms close for everybody, and open again after it.

import assert from "node:assert/strict"
import { before } from "node:test"

import { ETH, Trader, USDC, api, balances, deed, faucet, mark, seed } from "./exchange.mjs"
import { askedFor, connect, form, notice, popup, readyLimit, swap, swapForm } from "./person.mjs"
import { agree, holdings, signedAs, withoutTrace } from "./screen.mjs"
import { scenario } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

before(seed)

const stateOf = async (symbol) => (await api("/api/v1/markets")).find((one) => one.symbol === symbol).orderBookState

/** The operator, signed in and looking at the board. */
async function operator(visit) {
  const wallet = new InjectedWallet({ key: await deed("operator-key") })
  const { page } = await visit({ wallet })
  await connect(page, wallet)
  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Operator" }).click()
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("heading", { name: "Markets" }).waitFor()
  return { wallet, page }
}

/** Presses it on the board and signs it in the dialog. */
async function set(page, verb, market) {
  await page.getByRole("button", { name: `${verb}: ${market}` }).click()
  await page.getByRole("dialog").getByRole("button", { name: `Sign: ${verb.toLowerCase()}` }).click()
}

scenario("a pause closes the forms of everybody, cancels stay, and trading resumes", async (visit) => {
  const wallet = new InjectedWallet()
  await faucet(wallet.address, "ETH", 10n * ETH)
  await faucet(wallet.address, "USDC", 10_000n * USDC)
  const visitor = await visit({ wallet })
  const { page } = visitor
  await connect(page, wallet)
  await new Trader(wallet.key).place("ETH", "USDC", ETH, 2_500n * USDC)
  await agree(page, wallet.address)
  const board = await operator(visit)
  await withoutTrace(async () => {
    board.wallet.answers.push("reject")
    await set(board.page, "Pause", "ETH_USDC")
    await board.page.getByRole("dialog").getByText("Rejected in Proof Wallet: nothing was done").waitFor()
  })
  const limit = await readyLimit(page, { side: "Buy", price: "1900", amount: "1" })
  const answer = wallet.hold()
  await limit.click()
  await popup(wallet, "PlaceOrder")
  for (const path of ["/api/v1/order", "/api/v1/sell", "/api/v1/quote"]) visitor.expect(422, path)
  const first = await mark()
  await board.page.getByRole("dialog").getByRole("button", { name: "Sign: pause" }).click()
  await board.page.getByText("ETH_USDC: paused from now on").waitFor()
  const { command } = await signedAs(board.wallet, "SetMarketStatus", first)
  assert.deepEqual([command.market, command.status], ["ETH_USDC", "paused"])
  assert.equal(await stateOf("ETH_USDC"), "Closed")

  // What was signed before it comes too late, and from then on the forms know.
  await withoutTrace(async () => {
    answer("approve")
    await form(page, "Limit order").getByRole("alert").getByText("TRADING_PAUSED").waitFor()
    const closed = form(page, "Limit order").getByRole("button", { name: "Market is paused" })
    await closed.waitFor()
    assert.ok(await closed.isDisabled())
    await page.getByText("Paused", { exact: true }).waitFor() // beside the market's name
    assert.ok(await holdings(page).getByRole("button", { name: /^Replace: sell 1 ETH/ }).isDisabled())
    await page.getByRole("tab", { name: "Market" }).click()
    await page.getByRole("tabpanel").getByRole("button", { name: "Market is paused" }).waitFor()
    await page.getByRole("tab", { name: "Swap" }).click()
    await swapForm(page).getByLabel("Sell: token").selectOption("ETH")
    await swapForm(page).getByLabel("Sell", { exact: true }).fill("1")
    await swapForm(page).getByRole("alert").getByText("TRADING_PAUSED").waitFor()
    await swapForm(page).getByRole("button", { name: "No price for this" }).waitFor()
  })
  askedFor(wallet, 1)
  await board.page.getByRole("row", { name: /TRADING_PAUSED/ }).waitFor()
  await holdings(page).getByRole("button", { name: /^Cancel: sell 1 ETH/ }).click()
  await notice(page, /^Cancelled: sell 1 ETH/)
  assert.deepEqual((await balances(wallet.address)).ETH, { available: 10n * ETH, locked: 0n })
  await agree(page, wallet.address)

  const second = await mark()
  await set(board.page, "Open", "ETH_USDC")
  await board.page.getByText("ETH_USDC: open from now on").waitFor()
  assert.equal((await signedAs(board.wallet, "SetMarketStatus", second)).command.status, "open")
  assert.equal(await stateOf("ETH_USDC"), "Open")
  await page.getByText("Paused", { exact: true }).waitFor({ state: "detached" })
  const third = await mark()
  await swap(page, { sell: "ETH", buy: "USDC", amount: "1" })
  await signedAs(wallet, "SwapExactIn", third)
  await (await readyLimit(page, { side: "Buy", price: "1900", amount: "1" })).click()
  await notice(page, /In the book: buy 1 ETH/)
  await agree(page, wallet.address)
})

scenario("who is not the operator sees no board, and pauses nothing", async (visit) => {
  const wallet = new InjectedWallet()
  const { page } = await visit({ wallet, at: "#/operator" })
  await connect(page, wallet)
  await page.getByText("whose signature lists and pauses nothing here").waitFor()
  assert.equal(await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Operator" }).count(), 0)
  await withoutTrace(() =>
    assert.rejects(new Trader(wallet.key).setStatus("ETH_USDC", "paused"), { status: 403, code: "FORBIDDEN" }),
  )
})
