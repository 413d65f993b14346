// The market's half of the trade screen, on five weeks of trades (month.py) and on those that
// others make meanwhile: candles, book, depth, trades and the choice of a market, each told
// against the API.

import assert from "node:assert/strict"
import { before } from "node:test"

import { barsAgree, choose, dragBack, drawn, legend, newestAgrees } from "./chart.mjs"
import { panel, picture, stretch, swept, told } from "./chart.mjs"
import { ETH, Trader, USDC, api, deed, reserves, units, until } from "./exchange.mjs"
import { depthOf, marketOf, shown, shownUnits } from "./figures.mjs"
import { allAgree, barAgrees, book, bookAgrees, choices, choicesAgree } from "./panels.mjs"
import { picker, tradesAgree } from "./panels.mjs"
import { form, live } from "./person.mjs"
import { same, withoutTrace } from "./screen.mjs"
import { scenario } from "./stage.mjs"

const SYMBOL = "ETH_USDC"
const FUNDS = { ETH: 500n * ETH, USDC: 1_000_000n * USDC }
let somebody // never at the page

before(async () => {
  somebody = await Trader.with(FUNDS)
  await take("Bid", 3_456n) // so that this hour has a candle of its own
})

/** Places an order; `price` in hundredths of USDC, `quantity` in ten-thousandths of ETH. */
function place(trader, side, price, quantity, inForce = {}) {
  const [base, quote] = [quantity * (ETH / 10_000n), quantity * price]
  if (side === "Ask") return trader.place("ETH", "USDC", base, quote, inForce)
  return trader.place("USDC", "ETH", quote, base, inForce)
}

/** Somebody takes the best there is on this market; a swap might take its way through others. */
async function take(side, quantity) {
  const { askPrice, bidPrice } = await api(`/api/v1/bbo/${SYMBOL}`)
  const limit = side === "Bid" ? 2n * units(askPrice, 2) : units(bidPrice, 2) / 2n
  return place(somebody, side, limit, quantity, { timeInForce: "IOC" })
}

/** What the page asks for with such an address is answered once it is released. */
async function hold(page, address) {
  let free
  const held = new Promise((resolve) => (free = resolve))
  const late = { asked: 0, answered: 0 }
  await page.route(address, async (route) => {
    late.asked += 1
    await held
    await route.continue()
  })
  page.on("requestfinished", (request) => address.test(request.url()) && (late.answered += 1))
  return {
    asked: (count) => until(`${count} are asked for`, () => late.asked >= count),
    release: () => {
      free()
      return until("all have come", () => late.answered === late.asked)
    },
  }
}

scenario("candles of each interval are the exchange's, bar by bar, with volume", async (visit) => {
  const { page } = await visit()
  await newestAgrees(page, SYMBOL, "1m")
  for (const interval of ["15m", "1h", "4h", "1d"]) {
    await choose(page, interval)
    await newestAgrees(page, SYMBOL, interval)
    await barsAgree(page, SYMBOL, interval)
  }
  await panel(page).getByLabel("Other intervals").selectOption("1w")
  await newestAgrees(page, SYMBOL, "1w")
  await page.reload() // what was chosen is kept
  await newestAgrees(page, SYMBOL, "1w")
  const held = await hold(page, /klines.*interval=15m/) // comes after the interval was left
  await choose(page, "15m")
  await held.asked(1)
  await choose(page, "1h")
  await newestAgrees(page, SYMBOL, "1h")
  await held.release()
  await newestAgrees(page, SYMBOL, "1h")
  await barsAgree(page, SYMBOL, "1h")
})

scenario("the newest candle moves with a trade, also under the pointer", async (visit) => {
  const { page } = await visit()
  await choose(page, "1h")
  const before = await newestAgrees(page, SYMBOL, "1h")
  await take("Ask", 30_000n)
  await until("it says something else", async () => {
    return (await newestAgrees(page, SYMBOL, "1h")) !== before
  })
  const seen = stretch(await swept(page), await told(SYMBOL, "1h"))
  const x = seen[0].right + 3 // of the newest one, on the right of those
  await drawn(page, [{ ...(await told(SYMBOL, "1h")).at(-1), x }, ...seen])
  const box = await picture(page).boundingBox()
  await page.mouse.move(x, box.y + box.height / 2)
  const newest = async () => (await told(SYMBOL, "1h")).at(-1).text
  await same("newest candle", () => legend(page), newest)
  await take("Bid", 44_444n)
  await same("newest candle after a trade", () => legend(page), newest)
  await panel(page).getByRole("button", { name: "1d", exact: true }).press("Enter")
  const texts = (await told(SYMBOL, "1d")).map(({ text }) => text)
  await until("the legend is of a day", async () => texts.includes(await legend(page)))
  for (const interval of ["1m", "4h"]) {
    await choose(page, interval)
    await take("Bid", 222n)
    await newestAgrees(page, SYMBOL, interval)
  }
})

scenario("older candles are asked for where they are looked at, and shown", async (visit) => {
  const { page } = await visit()
  const asked = []
  let answered = 0
  const rangeOf = (request) => {
    const { pathname, searchParams } = new URL(request.url())
    if (pathname !== "/api/v1/klines" || searchParams.get("interval") !== "1h") return null
    return [searchParams.get("startTime"), searchParams.get("endTime")].map(Number)
  }
  page.on("request", (request) => rangeOf(request) && asked.push(rangeOf(request)))
  page.on("requestfinished", (request) => rangeOf(request) && (answered += 1))
  await choose(page, "1h")
  await newestAgrees(page, SYMBOL, "1h")
  const candles = await told(SYMBOL, "1h")
  const first = asked[0][0] - (asked[0][0] % 3_600)
  assert.ok(candles[0].start < first, "there are older ones")
  assert.equal(asked.length, 1, "which nobody looked at")
  let oldest = Infinity
  for (let drags = 0; oldest >= first; drags += 1) {
    assert.ok(drags < 9, `after ${drags} drags the oldest one is of ${new Date(1_000 * oldest)}`)
    await dragBack(page)
    await until("what is asked for has come", () => answered === asked.length) // else there is nothing to look at
    oldest = stretch(await swept(page), candles).at(-1).start
  }
  const page500 = [first - 500 * 3_600, first - 1]
  assert.deepEqual(asked.slice(1), [page500], "the page before those that it had, once")
  for (let drags = 0; drags < 6; drags += 1) await dragBack(page) // beyond the market's first one
  await newestAgrees(page, SYMBOL, "1h")
  assert.equal(asked.length, 2, "nothing is older than the market's first price")
})

scenario("the book sums the depth's levels, and tells pool from orders", async (visit) => {
  const { page } = await visit()
  const maker = await Trader.with(FUNDS)
  const market = await marketOf(SYMBOL)
  const curve = await depthOf(market, "pool")
  const [[ask], [bid]] = [curve.asks[2], curve.bids[3]] // at a price of the pool's
  const middle = (curve.asks[0][0] + curve.bids[0][0]) / 2n
  for (const [price, quantity] of [
    [ask, 12_345n],
    [middle + 30n, 5_001n],
    [(middle * 102n) / 100n, 7n],
    [(middle * 13n) / 10n, 40_000n],
  ]) await place(maker, "Ask", price, quantity)
  for (const [price, quantity] of [
    [bid, 6_789n],
    [middle - 41n, 3_003n],
    [(middle * 97n) / 100n, 11n],
    [(middle * 8n) / 10n, 90_009n],
  ]) await place(maker, "Bid", price, quantity)
  const rows = await bookAgrees(page, SYMBOL)
  assert.ok(rows.Ask >= 5 && rows.Bid >= 5, `${JSON.stringify(rows)} rows are no test`)
  await page.getByRole("button", { name: /^Ask .*, pool 0\.\d{4}, orders 1\.2345$/ }).waitFor()
  await page.getByRole("button", { name: /^Bid .*, pool 0\.\d{4}, orders 0\.6789$/ }).waitFor()

  const [best, at] = [await api(`/api/v1/bbo/${SYMBOL}`), (text) => units(text, 2)]
  const gap = at(best.askPrice) - at(best.bidPrice)
  assert.deepEqual([at(best.askPrice), at(best.bidPrice)], [middle + 30n, middle - 41n])
  const share = ((200 * Number(gap)) / Number(at(best.askPrice) + at(best.bidPrice))).toFixed(2)
  const spread = `Spread ${shownUnits(gap, 2)} (${share}%)`
  await book(page, SYMBOL).getByText(spread, { exact: true }).waitFor()
  const named = (side) => page.getByRole("button", { name: new RegExp(`^${side} `) })
  for (const [row, price, size] of [
    [named("Ask").last(), best.askPrice, best.askQuantity],
    [named("Bid").first(), best.bidPrice, best.bidQuantity],
  ]) {
    const label = await row.getAttribute("aria-label")
    assert.deepEqual(label.split(" ").slice(1, 3), [shown(price, 2), shown(size, 4)])
  }

  const steps = page.getByLabel("Group prices by")
  const texts = await steps.locator("option").allInnerTexts()
  assert.deepEqual(texts, ["0.01", "0.1", "1", "10", "100"])
  for (const step of texts) {
    await steps.selectOption({ label: step })
    await bookAgrees(page, SYMBOL, step)
  }
  // A row's price goes into the order form, by pointer and by key, and nothing is sent.
  const limit = form(page, "Limit order").getByLabel("Limit price")
  await withoutTrace(async () => {
    await steps.selectOption({ label: "10" })
    await named("Bid").nth(1).click()
    assert.equal(await limit.inputValue(), String(10n * (at(best.bidPrice) / 1_000n) - 10n))
    await named("Bid").first().focus()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    assert.equal(await limit.inputValue(), String(10n * ((at(best.askPrice) + 999n) / 1_000n)))
  })
  await maker.cancelAll()
  await bookAgrees(page, SYMBOL, "10")
  await steps.selectOption({ label: "0.01" })
  await bookAgrees(page, SYMBOL)
})

scenario("the depth chart says what can be had within its window", async (visit) => {
  const { page } = await visit()
  const maker = await Trader.with(FUNDS)
  await panel(page).getByRole("button", { name: "Depth" }).click()
  const market = await marketOf(SYMBOL)
  const { asks, bids } = await depthOf(market)
  const middle = (asks[0][0] + bids[0][0]) / 2n
  await place(maker, "Ask", middle + 250n, 80_000n)
  await place(maker, "Bid", middle - 444n, 65_432n)
  const chart = picture(page)
  const said = (span, bid, ask) =>
    `Depth of ${SYMBOL} within ${span} % of the mid price: bids for ${bid} ETH, asks for ${ask} ETH`
  /** Within 1/`parts` of the middle to each side: where it ends, and the levels; units of USDC. */
  const within = async (parts) => {
    const fine = (levels) => levels.map(([price, quantity]) => [price * 10_000n, quantity])
    const { asks, bids } = await depthOf(market)
    const mid = (fine(asks)[0][0] + fine(bids)[0][0]) / 2n
    const [low, high] = [mid - mid / parts, mid + mid / parts]
    const inside = (levels) => fine(levels).filter(([price]) => low <= price && price <= high)
    return { low, high, asks: inside(asks), bids: inside(bids) }
  }
  const sum = (levels) => levels.reduce((all, [, quantity]) => all + quantity, 0n)
  const press = (name) => page.getByRole("button", { name }).click()
  for (let times = 0; times < 2; times += 1) await press("Fewer prices")
  await same("depth within 0.5 %", () => chart.getAttribute("aria-label"), async () => {
    const { asks, bids } = await within(200n)
    return said("0.5", ...[bids, asks].map((side) => shownUnits(sum(side), 4)))
  })
  // What the pointer is told: all up to there, and what it costs.
  const [box, { low, high, asks: told }] = [await chart.boundingBox(), await within(200n)]
  const x = Math.floor(0.9 * box.width)
  await page.mouse.move(box.x + x, box.y + box.height / 2)
  const reach = Number(low) + (x / box.width) * Number(high - low)
  const passed = told.filter(([price]) => Number(price) <= reach)
  const cost = passed.reduce((all, [price, quantity]) => all + price * quantity, 0n) / 10_000n
  const tip = await panel(page).locator(".tip dd").allInnerTexts()
  assert.deepEqual(tip, [
    `${shownUnits(passed.at(-1)[0], 6, 2)} USDC`,
    `${shownUnits(sum(passed), 4)} ETH`,
    `${shownUnits(cost, 6, 2)} USDC`,
  ])
  for (const side of ["asks", "bids"]) {
    const { width, height } = await chart.locator(`path.${side}`).boundingBox()
    assert.ok(width > 100 && height > 100, `${side} are drawn: ${width} x ${height}`)
  }
  // Further out than the depth's levels the pool goes on: by Uniswap's formula, in floats.
  for (let times = 0; times < 4; times += 1) await press("More prices")
  const wide = await within(10n)
  const [base, quote] = (await reserves(SYMBOL)).map(Number)
  const kept = 0.997
  const gives = base - Math.sqrt((base * quote * 1e18) / (Number(wide.high) * kept))
  const takes = (Math.sqrt((base * quote * 1e18 * kept) / Number(wide.low)) - base) / kept
  await chart.and(page.getByLabel(/within 10 % of the mid price/)).waitFor()
  const [bid, ask] = (await chart.getAttribute("aria-label")).match(/[\d.]+(?= ETH)/g).map(Number)
  const orders = await depthOf(market, "book")
  const resting = (levels) =>
    Number(sum(levels.filter(([p]) => p * 10_000n >= wide.low && p * 10_000n <= wide.high))) / 1e4
  for (const [shown, due] of [
    [ask, gives / 1e18 + resting(orders.asks)],
    [bid, takes / 1e18 + resting(orders.bids)],
  ]) assert.ok(shown <= due && shown > 0.98 * due, `${shown} ETH of ${due}`)
  await maker.cancelAll()
})

scenario("a trade of another wallet stands on top, as the exchange has it", async (visit) => {
  const { page } = await visit()
  await live(page)
  await tradesAgree(page, SYMBOL)
  for (const [side, quantity] of [["Ask", 2_500n], ["Bid", 1_234n]]) {
    const [before] = await api("/api/v1/trades", { symbol: SYMBOL, limit: 1 })
    const { timestamp, executedQuantity, executedQuoteQuantity } = await take(side, quantity)
    await tradesAgree(page, SYMBOL)
    // It may have met orders and the pool: what stands above the last one comes to all of it.
    const trades = await api("/api/v1/trades", { symbol: SYMBOL, limit: 60 })
    const news = trades.filter(({ id }) => id > before.id)
    assert.deepEqual(trades.slice(0, news.length), news)
    const sum = (of, places) => news.reduce((all, one) => all + units(one[of], places), 0n)
    assert.deepEqual([units(executedQuantity, 4), sum("quantity", 4)], [quantity, quantity])
    assert.equal(sum("quoteQuantity", 6), units(executedQuoteQuantity, 6))
    for (const one of news) {
      assert.deepEqual([one.timestamp, one.isBuyerMaker], [timestamp, side === "Ask"])
    }
  }
  await barAgrees(page, SYMBOL)
})

scenario("another market turns every panel, and none stays behind", async (visit) => {
  const { page } = await visit()
  await allAgree(page, SYMBOL, "1m")
  await picker(page).click()
  await choicesAgree(page, (await api("/api/v1/markets")).map(({ symbol }) => symbol))
  const search = choices(page).getByRole("searchbox")
  for (const [typed, found] of [["btc", ["BTC_USDC", "ETH_BTC"]], ["eth/u", ["ETH_USDC"]]]) {
    await search.fill(typed)
    await choicesAgree(page, found)
  }
  await search.fill("doge")
  await choices(page).getByText("No market has this name").waitFor()
  await search.fill("")
  await page.keyboard.type("usdc")
  await choicesAgree(page, ["ETH_USDC", "BTC_USDC", "SOL_USDC"])
  for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "Enter"]) {
    await page.keyboard.press(key)
  }
  await allAgree(page, "BTC_USDC", "1m")
  await take("Ask", 10_000n) // of which nothing belongs here
  await somebody.sell("USDC", "BTC", 2_000n * USDC)
  await allAgree(page, "BTC_USDC", "1m")

  // What was asked for the market that is left comes after it was left.
  const held = await hold(page, /api.v1.(depth|trades|ticker|klines|pools)\b.*ETH_USDC/)
  const turn = async (name) => {
    await picker(page).click()
    await choices(page).getByRole("link", { name }).click()
    await page.getByRole("heading", { level: 1, name }).waitFor()
  }
  await turn("ETH/USDC")
  await held.asked(5)
  await turn("BTC/USDC")
  await held.release()
  await allAgree(page, "BTC_USDC", "1m")
  await page.goBack()
  await allAgree(page, SYMBOL, "1m")
  await turn("SOL/USDC") // where nobody has traded, and nobody offers anything
  assert.equal(new URL(page.url()).hash, "#/trade/SOL_USDC")
  await panel(page).getByText("No trades yet").waitFor()
  await page.getByRole("region", { name: "Recent trades" }).getByText("No trades yet").waitFor()
  for (const none of ["No asks", "No bids"]) await book(page, "SOL_USDC").getByText(none).waitFor()
  assert.deepEqual(await page.locator(".bar dl dd").allInnerTexts(), ["–", "–", "–", "–"])
})

scenario("what happened while the server was away is there afterwards", async (visit) => {
  const visitor = await visit()
  const { page } = visitor
  const maker = await Trader.with(FUNDS)
  const { asks, bids } = await depthOf(await marketOf(SYMBOL))
  const middle = (asks[0][0] + bids[0][0]) / 2n
  await place(maker, "Ask", middle + 111n, 11_111n)
  await choose(page, "1h")
  await allAgree(page, SYMBOL, "1h")
  const before = await picture(page).getAttribute("aria-label")
  visitor.isServerAway = true
  await deed("kill")
  await page.getByRole("banner").getByText("Offline", { exact: true }).waitFor()
  await visitor.context.setOffline(true) // so that the page comes back last
  await deed("start")
  await maker.cancelAll()
  await take("Ask", 40_000n)
  await place(maker, "Bid", (middle * 9n) / 10n, 22_222n)
  assert.equal(await picture(page).getAttribute("aria-label"), before)
  await visitor.context.setOffline(false)
  await live(page)
  visitor.isServerAway = false
  await allAgree(page, SYMBOL, "1h")
  assert.notEqual(await picture(page).getAttribute("aria-label"), before)
  stretch(await swept(page), await told(SYMBOL, "1h"))
  await take("Bid", 5_000n) // frames come again
  await allAgree(page, SYMBOL, "1h")
  await maker.cancelAll()
})
