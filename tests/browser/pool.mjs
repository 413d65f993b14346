// Liquidity by hand, each action asked back from the exchange to the unit: balances, the pool's
// reserves and shares, the journal's entries with what was signed. The figures of a position are
// counted again here from the journal alone.

import assert from "node:assert/strict"
import { before } from "node:test"

import { ETH, Trader, USDC, api, balances, deed, deedsOf, faucet, journal, mark, paid, reserves, seed, token, units, until } from "./exchange.mjs"
import { askedFor, connect, live, notice, popup, term } from "./person.mjs"
import { scenario } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

const LOCKED = 1_000n
let somebody

before(async () => {
  await seed()
  somebody = await Trader.with({ ETH: 1_000n * ETH, USDC: 1_000_000n * USDC })
  await somebody.sell("USDC", "ETH", 1_234_567_891n) // so that no ratio is round
})

/** A connected visitor with 50 ETH and 100,000 USDC at the pool. */
async function provider(visit, { at = "#/pools/ETH_USDC", ...options } = {}) {
  const wallet = new InjectedWallet()
  await faucet(wallet.address, "ETH", 50n * ETH)
  await faucet(wallet.address, "USDC", 100_000n * USDC)
  const visitor = await visit({ wallet, at, ...options })
  await connect(visitor.page, wallet)
  await live(visitor.page)
  return { wallet, visitor, page: visitor.page, form: visitor.page.getByRole("region", { name: "Liquidity" }) }
}

/** Once connected; a position needs the account. */
async function add(page, form, symbol, amount) {
  await form.getByRole("button", { name: "Add", exact: true }).click()
  await form.getByLabel(symbol, { exact: true }).fill(amount)
  await form.getByRole("button", { name: "Add liquidity" }).click()
  await notice(page, /^Added /)
}

async function pool(symbol = "ETH_USDC") {
  const { reserves, totalSupply, ...rest } = await api(`/api/v1/pools/${symbol}`)
  return { ...rest, reserves: reserves.map(BigInt), supply: BigInt(totalSupply) }
}

async function position(owner, symbol = "ETH_USDC") {
  const { shares, amounts, feesEarned } = await api(`/api/v1/pools/${symbol}/positions/${owner}`)
  return { shares: BigInt(shares), amounts: amounts.map(BigInt), fees: feesEarned.map(BigInt) }
}

/** What `shares` pay becomes what the form says: the page may hear of the pool after the test does. */
async function paysOut(form, shares, symbol) {
  const { reserves, supply } = await pool(symbol)
  const payment = reserves.map((reserve) => (shares * reserve) / supply) // each rounded down
  await becomes(`the form says ${payment}`, async () => pair(await term(form, "You get")), payment)
  return payment
}

/** `shown` becomes these amounts. */
async function becomes(what, shown, amounts) {
  await until(what, async () => {
    const now = await shown()
    return String(now) === String(amounts) || Promise.reject(new Error(`${now} is shown, not ${amounts}`))
  })
}

const mine = (page) => page.getByRole("region", { name: "Your position" })
const sharesShown = async (page) => units((await term(mine(page), "Shares")).split(" ")[0], 18)

/** "1.5 ETH" and "2,000 USDC" below each other, in base units. */
function pair(text, decimals = [18, 6]) {
  return text.split("\n").map((line, index) => units(line.split(" ")[0], decimals[index]))
}
/** "−1,016.32 USDC (−2.06%)" is -101632n at two places. */
function signedUnits(text, decimals) {
  const amount = units(text.slice(1).split(" ")[0], decimals)
  assert.match(text[0], /[+−]/, text)
  return text[0] === "−" ? -amount : amount
}
const leastOf = (amount) => (amount * 9_950n + 9_999n) / 10_000n // half a per cent, rounded up
const square = (value) => {
  let root = BigInt(Math.floor(Math.sqrt(Number(value))))
  while (root * root > value) root -= 1n
  while ((root + 1n) * (root + 1n) <= value) root += 1n
  return root
}

scenario("what is added and minted is what was shown, to the unit", async (visit) => {
  const { wallet, page, form } = await provider(visit)
  const first = await mark()
  const before = await pool()
  await form.getByLabel("ETH", { exact: true }).fill("3")
  const due = (3n * ETH * before.reserves[1]) / before.reserves[0]
  assert.equal(units(await form.getByLabel("USDC", { exact: true }).inputValue(), 6), due, "the exact ratio")
  const minted = [(3n * ETH * before.supply) / before.reserves[0], (due * before.supply) / before.reserves[1]].reduce((a, b) => (a < b ? a : b))
  const shown = await form.getByTestId("shares").innerText()
  assert.equal(units(shown.split(" ")[0], 18), minted)
  const part = await form.getByTestId("part").innerText()
  assert.equal(units(part.replace("%", ""), 4), (minted * 1_000_000n) / (before.supply + minted), "share of the pool, cut")
  const least = [leastOf(3n * ETH), leastOf(due)]
  assert.deepEqual(pair(await form.getByTestId("least").innerText()), least)
  await form.getByRole("button", { name: "Add liquidity" }).click()
  await notice(page, /^Added 3 ETH /)
  askedFor(wallet, 1)
  const { entries, kinds } = await deedsOf(wallet.address, first)
  assert.deepEqual(kinds, ["AddLiquidity"])
  const { command } = entries[0]
  assert.equal(command.tokenA.toLowerCase(), (await token("ETH")).address.toLowerCase(), "what was typed comes first")
  const signed = ["amountADesired", "amountBDesired", "amountAMin", "amountBMin"]
  assert.deepEqual(signed.map((name) => BigInt(command[name])), [3n * ETH, due, ...least])
  const read = wallet.signatures[0].document.message
  assert.deepEqual(signed.map((name) => BigInt(read[name])), [3n * ETH, due, ...least], "and was read in the wallet")
  const held = await balances(wallet.address)
  assert.deepEqual([held.ETH.available, held.USDC.available], [47n * ETH, 100_000n * USDC - due])
  assert.equal((await position(wallet.address)).shares, minted)
  const after = await pool()
  assert.deepEqual([...after.reserves, after.supply], [before.reserves[0] + 3n * ETH, before.reserves[1] + due, before.supply + minted])
  await until("the position is shown", async () => (await sharesShown(page)) === minted)
  assert.deepEqual(pair(await term(mine(page), "Worth now")), (await position(wallet.address)).amounts)
})

scenario("the amount that was typed leads, also when it is the quote", async (visit) => {
  const { wallet, page, form } = await provider(visit)
  const { reserves: [base, quote], supply } = await pool()
  await form.getByLabel("USDC", { exact: true }).fill("1,000.01")
  const due = (1_000_010_000n * base) / quote
  assert.equal(units(await form.getByLabel("ETH", { exact: true }).inputValue(), 18), due)
  await form.getByRole("button", { name: "Add liquidity" }).click()
  await notice(page, /^Added /)
  const { shares } = await position(wallet.address)
  const byQuote = (1_000_010_000n * supply) / quote
  const byBase = (due * supply) / base
  assert.equal(shares, byBase < byQuote ? byBase : byQuote)
  const held = await balances(wallet.address)
  assert.equal(held.USDC.available, 100_000n * USDC - 1_000_010_000n, "the typed one is taken whole")
})

scenario("removing a part and the rest pays what was shown", async (visit) => {
  const { wallet, page, form } = await provider(visit)
  await add(page, form, "ETH", "5")
  const first = await mark()
  const { shares } = await position(wallet.address)
  await form.getByRole("button", { name: "Remove", exact: true }).click()
  await form.getByRole("button", { name: "25%" }).click()
  const quarter = (shares * 25n) / 100n
  const payment = await paysOut(form, quarter)
  assert.deepEqual(pair(await term(form, "At least")), payment.map(leastOf))
  assert.equal(units(await form.getByLabel("Shares", { exact: true }).inputValue(), 18), quarter)
  const before = await balances(wallet.address)
  await form.getByRole("button", { name: "Remove liquidity" }).click()
  await notice(page, /^Removed /)
  let held = await balances(wallet.address)
  assert.deepEqual([held.ETH.available - before.ETH.available, held.USDC.available - before.USDC.available], payment)
  assert.equal((await position(wallet.address)).shares, shares - quarter)

  await until("the rest is known", async () => (await sharesShown(page)) === shares - quarter)
  await form.getByRole("button", { name: "Max" }).click()
  await paysOut(form, shares - quarter)
  await form.getByRole("button", { name: "Remove liquidity" }).click()
  await until("nothing is left", async () => (await position(wallet.address)).shares === 0n)
  const { entries, kinds } = await deedsOf(wallet.address, first)
  assert.deepEqual(kinds, ["RemoveLiquidity", "RemoveLiquidity"])
  assert.deepEqual(entries.map(({ command }) => BigInt(command.liquidity)), [quarter, shares - quarter])
  held = await balances(wallet.address)
  assert.ok(held.ETH.available <= 50n * ETH && held.USDC.available <= 100_000n * USDC, "a round trip gains nothing")
  await form.getByText("No position yet").waitFor()
})

scenario("a position's fees and loss are those that the journal says", async (visit) => {
  const { wallet, page, form } = await provider(visit)
  const first = await mark()
  await add(page, form, "ETH", "10")
  await somebody.sell("USDC", "ETH", 60_000n * USDC)
  await form.getByRole("button", { name: "Remove", exact: true }).click()
  await form.getByRole("button", { name: "50%" }).click()
  await paysOut(form, (await position(wallet.address)).shares / 2n) // what it paid before is out of reach now
  await form.getByRole("button", { name: "Remove liquidity" }).click()
  await notice(page, /^Removed /)
  await somebody.sell("USDC", "ETH", 20_000n * USDC)

  // From the events of the journal: what went in, what came out, and what is there now.
  const events = (await journal(first)).flatMap((entry) => entry.events)
  const [added] = events.filter(({ type }) => type === "LiquidityAdded")
  const [removed] = events.filter(({ type }) => type === "LiquidityRemoved")
  const last = events.findLast(({ type }) => type === "PoolSwapped")
  const amountsOf = ({ amountBase, amountQuote }) => [BigInt(amountBase), BigInt(amountQuote)]
  const [x, y] = [BigInt(last.reserveBase), BigInt(last.reserveQuote)]
  const value = ([base, quote]) => (base * y) / x + quote
  const supply = BigInt(removed.totalSupply)
  const shares = BigInt(added.liquidity) - BigInt(removed.liquidity)
  const now = [(shares * x) / supply, (shares * y) / supply]
  const putIn = amountsOf(added)
  const result = value(now) + value(amountsOf(removed)) - value(putIn)
  const held = mine(page)
  await until("the figures follow", async () => signedUnits(await term(held, "Result, fees inside"), 6) === result)
  assert.deepEqual(pair(await term(held, "Worth now")), now)
  assert.equal((await term(held, "Put in")).split("\n")[0], "10.000000 ETH")
  // Fees are as of the read tables, which trail by a moment.
  const { fees } = await until("fees are those of the API", async () => {
    const told = await position(wallet.address)
    const shown = pair(await term(held, "Fees earned"))
    return shown.every((amount, index) => amount > 0n && amount === told.fees[index]) && told
  })
  assert.equal(signedUnits(await term(held, "of this, fees"), 6), value(fees))
  assert.equal(signedUnits(await term(held, "Impermanent loss, without fees"), 6), result - value(fees))

  // Against the formula of the field, one deposit and one withdrawal at prices p0, p1 of p2: the
  // part that stayed lost 2*sqrt(p)/(1+p) - 1 of its holding from p0, the other one did up to p1.
  const price = ([base, quote]) => Number(quote) / Number(base)
  const p0 = price(putIn)
  const p1 = price(amountsOf(removed))
  const half = Number(removed.liquidity) / Number(added.liquidity)
  const without = (p) => [Number(putIn[0]) * Math.sqrt(p0 / p), Number(putIn[1]) * Math.sqrt(p / p0)]
  const p2 = Number(y) / Number(x)
  const worth = ([base, quote]) => base * p2 + quote
  const lost = (1 - half) * worth(without(p2)) + half * worth(without(p1)) - worth(putIn.map(Number))
  // Its fees in kind were taken out at p1, and are worth what they are at p2 as well.
  assert.ok(Math.abs(lost - Number(result - value(fees))) < Math.abs(lost) * 1e-4, `${lost} by the formula`)
})

scenario("a pool that moves beyond the tolerance takes nothing", async (visit) => {
  const { wallet, visitor, page, form } = await provider(visit)
  const before = await balances(wallet.address)
  const answer = wallet.hold()
  await form.getByLabel("ETH", { exact: true }).fill("2")
  await form.getByRole("button", { name: "Add liquidity" }).click()
  await popup(wallet, "AddLiquidity")
  await somebody.sell("ETH", "USDC", 5n * ETH)
  visitor.expect(422, "/api/v1/add-liquidity")
  answer("approve")
  await notice(page, /^Nothing was added: .*SLIPPAGE_EXCEEDED/)
  assert.equal((await position(wallet.address)).shares, 0n)
  const held = await balances(wallet.address)
  assert.deepEqual([held.ETH, held.USDC], [before.ETH, before.USDC])
})

scenario("a person who says no adds nothing", async (visit) => {
  const { wallet, page, form } = await provider(visit)
  const first = await mark()
  wallet.answers.push("reject")
  await form.getByLabel("ETH", { exact: true }).fill("1")
  await form.getByRole("button", { name: "Add liquidity" }).click()
  await notice(page, /^Nothing was added/)
  assert.deepEqual((await deedsOf(wallet.address, first)).kinds, [])
  await form.getByLabel("ETH", { exact: true }).fill("51")
  await form.getByText("You have 50 ETH.").waitFor()
  assert.ok(await form.getByRole("button", { name: "Add liquidity" }).isDisabled(), "more than there is")
})

scenario("the first deposit sets the price and locks a thousand units", async (visit) => {
  const { wallet, page, form } = await provider(visit, { at: "#/pools/SOL_USDC" })
  await faucet(wallet.address, "SOL", 100n * 10n ** 9n)
  await page.getByText("The pool is empty. The first deposit").waitFor()
  await form.getByLabel("SOL", { exact: true }).fill("40.5")
  await form.getByLabel("USDC", { exact: true }).fill("6000")
  assert.match(await term(form, "Starting price"), /^148\.14814/)
  const root = square(40_500_000_000n * 6_000n * USDC)
  assert.equal(units((await form.getByTestId("shares").innerText()).split(" ")[0], 18), root - LOCKED)
  const button = form.getByRole("button", { name: "Add liquidity" })
  await until("the faucet arrived", () => button.isEnabled())
  await button.click()
  await notice(page, /^Added 40\.5 SOL and 6,000 USDC/)
  const made = await pool("SOL_USDC")
  assert.deepEqual([...made.reserves, made.supply], [40_500_000_000n, 6_000n * USDC, root])
  assert.equal((await position(wallet.address, "SOL_USDC")).shares, root - LOCKED)
})

scenario("a paused market takes no deposit and lets everybody go", async (visit) => {
  const operator = new Trader(await deed("operator-key"))
  const { wallet, page, form } = await provider(visit)
  await add(page, form, "ETH", "1")
  await operator.setStatus("ETH_USDC", "paused")
  try {
    await page.getByText("ETH_USDC is paused: the exchange refuses deposits").waitFor()
    await form.getByLabel("ETH", { exact: true }).fill("1")
    assert.ok(await form.getByRole("button", { name: "Add liquidity" }).isDisabled())
    await form.getByRole("button", { name: "Remove", exact: true }).click()
    await form.getByRole("button", { name: "Max" }).click()
    await form.getByRole("button", { name: "Remove liquidity" }).click()
    await notice(page, /^Removed /)
    assert.equal((await position(wallet.address)).shares, 0n)
  } finally {
    await operator.setStatus("ETH_USDC", "open")
  }
  await form.getByRole("button", { name: "Add", exact: true }).click()
  await page.getByText("is paused: the exchange refuses").waitFor({ state: "detached" })
})

scenario("shares that were sent have no known cost", async (visit) => {
  const { wallet, page, form } = await provider(visit)
  await add(page, form, "ETH", "2")
  const { shares } = await position(wallet.address)
  const { liquidityToken } = await pool()
  await new Trader(wallet.key).act("Transfer", "/api/v1/transfer", {
    token: liquidityToken,
    amount: String(shares / 2n),
    recipient: somebody.address,
  })
  await page.getByTestId("cost-unknown").waitFor()
  assert.equal(await sharesShown(page), shares - shares / 2n)
})

scenario("figures and curve are the exchange's, and move with it", async (visit) => {
  const { page } = await visit({ at: "#/pools/ETH_BTC" })
  await live(page)
  const figure = (name) => page.locator(".figure").filter({ has: page.getByText(name, { exact: true }) }).locator("dd").first()
  const isTrue = async () => {
    const { k, tvl, reserves: [base, quote], quoteVolume24h } = await api("/api/v1/pools/ETH_BTC")
    assert.equal(BigInt(k), BigInt(base) * BigInt(quote))
    return (
      (await figure("k = x · y, in base units").innerText()) === k &&
      units((await figure("TVL").innerText()).split(" ")[0], 2) === units(tvl, 8) / 10n ** 6n &&
      units((await figure("Volume 24 h").innerText()).split(" ")[0], 2) === units(quoteVolume24h, 8) / 10n ** 6n &&
      units((await figure("ETH reserve").innerText()).split(" ")[0], 6) === BigInt(base) / 10n ** 12n
    )
  }
  await until("the figures are the API's", isTrue)
  await somebody.sell("ETH", "BTC", 40n * ETH)
  await until("and follow a trade", isTrue)

  const [base, quote] = await reserves("ETH_BTC")
  const slider = page.getByLabel("Try a trade")
  await slider.fill("25")
  const sold = base / 4n
  const brings = paid(sold, base, quote)
  const words = page.locator("output.said")
  await words.getByText(/^Selling /).waitFor()
  const [, first, second] = /^Selling ([\d.,]+) ETH to the pool brings ([\d.,]+) BTC/.exec(await words.innerText())
  assert.equal(units(first, 6), sold / 10n ** 12n)
  assert.equal(units(second, 6), brings / 100n)
  await slider.fill("-10")
  const wanted = base / 10n
  const asked = await api("/api/v1/quote", { tokenIn: "BTC", tokenOut: "ETH", amountOut: String(wanted) })
  await words.getByText(/^Buying /).waitFor()
  const [, , costs] = /^Buying ([\d.,]+) ETH from the pool costs ([\d.,]+) BTC/.exec(await words.innerText())
  assert.equal(units(costs, 6), BigInt(asked.amountIn) / 100n, "what the exchange quotes")
})

scenario("the list has every pool's figures, and the connected owner's part", async (visit) => {
  const { wallet, page, form } = await provider(visit)
  await add(page, form, "ETH", "4")
  await page.getByRole("link", { name: "All pools" }).click()
  const row = (name) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: new RegExp(name) }) })
  const cell = async (name, column) => (await row(name).locator(`[data-name="${column}"]`).innerText()).split("\n")[0]
  const share = async () => {
    const { shareOfPool } = await api(`/api/v1/pools/ETH_USDC/positions/${wallet.address}`)
    return units((await cell("ETH/USDC", "Your share")).replace("%", ""), 4) === units(shareOfPool.padEnd(26, "0"), 24) / 10n ** 18n
  }
  await row("ETH/USDC").waitFor()
  await until("the owner's part", share)
  for (const one of await api("/api/v1/pools")) {
    const [places, name] = [one.symbol.endsWith("BTC") ? 5 : 2, one.symbol.replace("_", "/")]
    const cutTo = (text) => units(text, 18) / 10n ** BigInt(18 - places)
    assert.equal(units((await cell(name, "TVL")).split(" ")[0], places), cutTo(one.tvl), `TVL of ${name}`)
    assert.equal(units((await cell(name, "Volume 24 h")).split(" ")[0], places), cutTo(one.quoteVolume24h))
    assert.equal(units((await cell(name, "APR")).replace("%", ""), 2), units(one.apr.slice(0, 20), 18) / 10n ** 14n, `APR of ${name}`)
  }
  const names = async () => (await page.getByRole("rowheader").allInnerTexts()).map((text) => text.split(/\s/)[0])
  await page.getByRole("button", { name: /^Pool/ }).click()
  assert.deepEqual(await names(), [...(await names())].sort(), "by name")
  await row("ETH/USDC").getByRole("link").click()
  await page.getByRole("heading", { name: /ETH\/USDC/ }).waitFor()
})
