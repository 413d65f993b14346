// Five weeks of trades (month.py) added up: every figure of every interval is counted again here from
// the journal, and volumes and numbers of trades from the API's trades as well.

import assert from "node:assert/strict"
import { before } from "node:test"

import { ETH, Trader, USDC, api, deed, journal, units, until } from "./exchange.mjs"
import { live } from "./person.mjs"
import { scenario } from "./stage.mjs"

const HOUR_MS = 3_600_000
const RANGES = { "24 h": [HOUR_MS, 24], "7 d": [HOUR_MS, 168], "30 d": [24 * HOUR_MS, 30] }
const FINE = 10n ** 24n // of a whole token of the reference
const MARKETS = { ETH_USDC: [18, 6], BTC_USDC: [8, 6], SOL_USDC: [9, 6], ETH_BTC: [18, 8] }

let somebody

before(async () => {
  somebody = await Trader.with({ ETH: 100n * ETH, USDC: 1_000_000n * USDC })
})

/** Of each interval up to now what the journal says, in units of 1/FINE USDC. */
async function counted([lengthMs, count]) {
  const nowMs = Number(await api("/api/v1/time"))
  const lastMs = nowMs - (nowMs % lengthMs)
  const slots = Array.from({ length: count }, (_, index) => ({ startMs: lastMs - (count - 1 - index) * lengthMs }))
  const events = (await journal()).flatMap(({ time, events }) => events.map((event) => ({ ...event, time })))
  const reserves = {}
  let next = 0
  for (const slot of slots) {
    const raw = Object.fromEntries(Object.keys(MARKETS).map((name) => [name, { volume: 0n, pool: 0n, fees: [0n, 0n], book: 0n, trades: 0 }]))
    for (; next < events.length && events[next].time < slot.startMs + lengthMs; next += 1) {
      const event = events[next]
      if (event.reserveBase !== undefined) reserves[event.market] = [BigInt(event.reserveBase), BigInt(event.reserveQuote)]
      if (event.time < slot.startMs) continue
      const sums = raw[event.market]
      if (event.type === "PoolSwapped") {
        const sellsBase = event.assetIn === event.market.split("_")[0]
        const quote = BigInt(sellsBase ? event.amountOut : event.amountIn)
        sums.volume += quote
        sums.pool += quote
        sums.fees[sellsBase ? 0 : 1] += BigInt(event.fee)
        sums.trades += 1
      } else if (event.type === "BookFilled") {
        const [base, quote] = [BigInt(event.baseAmount), BigInt(event.quoteAmount)]
        // What the exchange got, base valued at the fill's own price; only ETH_USDC's book is in use.
        const { takerFee = 0, makerFee = 0, makerRebate = 0 } = event // a journal leaves zeros out
        const [taker, maker] = [BigInt(takerFee) - BigInt(makerRebate), BigInt(makerFee)]
        const [inBase, inQuote] = event.takerBuys ? [taker, maker] : [maker, taker]
        sums.volume += quote
        sums.book += ((inQuote * base + inBase * quote) * FINE) / (base * USDC)
        sums.trades += 1
      }
    }
    const [btc, usdc] = reserves.BTC_USDC
    const worth = (market, quote) => {
      if (market !== "ETH_BTC") return (quote * FINE) / USDC
      return (quote * usdc * FINE) / (btc * USDC)
    }
    Object.assign(slot, { volume: 0n, pool: 0n, fees: 0n, book: 0n, tvl: 0n, trades: 0, pools: {} })
    for (const [market, { volume, pool, fees: [baseFees, quoteFees], book, trades }] of Object.entries(raw)) {
      const [base, quote] = reserves[market] ?? [1n, 0n]
      // Not before it is in fine units: a fee of a trade is small.
      const fees = worth(market, quoteFees) + (worth(market, quote) * baseFees) / base
      slot.volume += worth(market, volume)
      slot.pool += worth(market, pool)
      slot.fees += fees
      slot.book += book
      slot.tvl += worth(market, 2n * quote)
      slot.trades += trades
      slot.pools[market] = { volume: worth(market, pool), fees, tvl: worth(market, 2n * quote) }
    }
  }
  return slots
}

/** A fill's fees are rounded up each; what the page computes of the whole volume is not. */
const isNearly = (a, b) => b - a <= 1n && a - b <= 1n
const cents = (fine) => fine / (FINE / 100n)
const sum = (slots, of) => slots.reduce((all, slot) => all + slot[of], 0n)
const shownCents = (text) => units(text.split(" ")[0], 2)

async function choose(page, range) {
  await page.getByRole("group", { name: "Range" }).getByRole("button", { name: range }).click()
  await page.locator("main [aria-busy=true]").waitFor({ state: "detached" })
}

const card = (page, title) => page.getByRole("region", { name: title, exact: true })
const figure = (page, title) => card(page, title).locator(".figure").innerText()

/** Is run again where an interval ended under it: page and journal may have been told of two then. */
function withinInterval(name, [lengthMs], run) {
  const present = async () => Math.floor(Number(await api("/api/v1/time")) / lengthMs)
  scenario(name, async (visit) => {
    const before = await present()
    try {
      await run(visit)
    } catch (fault) {
      if ((await present()) === before) throw fault
      await run(visit)
    }
  })
}

for (const [range, shape] of Object.entries(RANGES)) {
  withinInterval(`the figures of ${range} are the sums of what was traded`, shape, async (visit) => {
    const { page } = await visit({ at: "#/analytics" })
    await choose(page, range)
    const slots = await counted(shape)
    await page.getByText("All intervals as a table").click()
    const rows = page.getByRole("region", { name: "All intervals" }).locator("tbody tr")
    assert.equal(await rows.count(), slots.length)
    const shown = await rows.evaluateAll((all) => all.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.innerText)))
    for (const [index, slot] of slots.toReversed().entries()) {
      const expected = [slot.volume, slot.pool, slot.fees, slot.tvl].map(cents)
      const { 3: book, ...others } = shown[index].map((text) => units(text, 2))
      const what = `${range}, ${new Date(slot.startMs).toISOString()}`
      assert.deepEqual([others[0], others[1], others[2], others[4]], expected, what)
      assert.ok(isNearly(book, cents(slot.book)), `${what}: ${book} of books, not ${cents(slot.book)}`)
      assert.equal(Number(shown[index][5].replaceAll(",", "")), slot.trades, what)
    }
    assert.equal(shownCents(await figure(page, "Volume")), cents(sum(slots, "volume")))
    const [ofPools, ofBooks] = [sum(slots, "fees"), sum(slots, "book")]
    assert.ok(ofBooks > 0n, "some of it went through a book")
    assert.ok(isNearly(shownCents(await figure(page, "Fees")), cents(ofPools + ofBooks)))
    const note = await card(page, "Fees").getByText(/of this by pools/).innerText()
    assert.equal(shownCents(note.split("by pools ")[1]), cents(ofPools))
    assert.equal(shownCents(await figure(page, "Total value locked")), cents(slots.at(-1).tvl))
    const trades = slots.reduce((all, slot) => all + slot.trades, 0)
    assert.ok(trades > 10, `${trades} trades are no test`)
    await card(page, "Trades per hour").getByText(`${trades.toLocaleString("en-US")} trades in ${range}`).waitFor()
    // A pool of all the range.
    const wanted = Object.keys(MARKETS)
      .map((name) => ({ name, ...Object.fromEntries(["volume", "fees"].map((of) => [of, slots.reduce((all, slot) => all + slot.pools[name][of], 0n)])) }))
      .filter(({ name }) => name !== "SOL_USDC") // an empty pool is none
      .sort((a, b) => (a.volume > b.volume ? -1 : 1))
    const pools = page.getByRole("region", { name: "Top pools" }).locator("tbody tr")
    assert.deepEqual(await pools.evaluateAll((all) => all.map((row) => row.dataset.pool)), wanted.map(({ name }) => name))
    for (const [index, { volume, fees }] of wanted.entries()) {
      const cells = await pools.nth(index).getByRole("cell").allInnerTexts()
      assert.deepEqual([units(cells[0], 2), units(cells[2], 2)], [cents(volume), cents(fees)])
    }
  })
}

withinInterval("volume and number of trades are those of the API's trades too", RANGES["7 d"], async (visit) => {
  const { page } = await visit({ at: "#/analytics" })
  await choose(page, "7 d")
  const [lengthMs, count] = RANGES["7 d"]
  const nowMs = Number(await api("/api/v1/time"))
  const fromMs = nowMs - (nowMs % lengthMs) - (count - 1) * lengthMs
  let trades = 0
  const through = {}
  for (const symbol of Object.keys(MARKETS)) {
    const all = (await api("/api/v1/trades/history", { symbol, limit: 1_000 })).filter(({ timestamp }) => timestamp >= fromMs)
    trades += all.length
    through[symbol] = all.reduce((sum, { quoteQuantity }) => sum + units(quoteQuantity, 8), 0n)
  }
  await card(page, "Trades per hour").getByText(`${trades} trades in 7 d`).waitFor()
  const slots = await counted(RANGES["7 d"])
  const ofBtc = slots.reduce((all, slot) => all + slot.pools.ETH_BTC.volume, 0n) // no book beside it
  const inUsdc = ((through.ETH_USDC + through.BTC_USDC + through.SOL_USDC) * FINE) / 10n ** 8n
  assert.equal(shownCents(await figure(page, "Volume")), cents(inUsdc + ofBtc))
})

withinInterval("a trade counts at once, and keys read out every interval", RANGES["24 h"], async (visit) => {
  const { page } = await visit({ at: "#/analytics" })
  await choose(page, "24 h")
  await live(page)
  const before = shownCents(await figure(page, "Volume"))
  await somebody.sell("USDC", "ETH", 4_321n * USDC)
  await until("the volume follows", async () => shownCents(await figure(page, "Volume")) === cents(sum(await counted(RANGES["24 h"]), "volume")))
  assert.ok(shownCents(await figure(page, "Volume")) >= before + 432_100n - 1n)
  const chart = page.getByRole("slider", { name: "Volume by interval" })
  await chart.focus()
  await page.keyboard.press("End")
  const slots = await until("the journal is read", () => counted(RANGES["24 h"]))
  const [first, last] = [slots[0], slots.at(-1)]
  const said = async () => (await chart.getAttribute("aria-valuetext")).split(": ")[1]
  assert.equal(shownCents(await said()), cents(last.volume))
  assert.equal(await figure(page, "Volume"), await said(), "who sees reads the same")
  await page.keyboard.press("Home")
  assert.equal(shownCents(await said()), cents(first.volume))
  await page.keyboard.press("Escape")
  assert.equal(shownCents(await figure(page, "Volume")), cents(sum(slots, "volume")))
})

withinInterval("while the exchange is away the figures say of when they are", RANGES["24 h"], async (visit) => {
  const visitor = await visit({ at: "#/analytics" })
  const { page } = visitor
  await choose(page, "24 h")
  const before = await figure(page, "Volume")
  visitor.isServerAway = true
  await deed("kill")
  await page.getByText(/^These figures are of \d/).waitFor()
  assert.equal(await figure(page, "Volume"), before, "what was known stays in view")
  await deed("start")
  await page.getByText(/^These figures are of \d/).waitFor({ state: "detached" })
  await somebody.sell("USDC", "ETH", 1_000n * USDC)
  // At least: what else was traded this hour counts at the price that this trade made.
  const least = shownCents(before) + 100_000n
  await until("it goes on", async () => shownCents(await figure(page, "Volume")) >= least)
})
