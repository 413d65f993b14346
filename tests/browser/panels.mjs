// The panels of a market, each told against what the API says at the same moment.

import assert from "node:assert/strict"

import { newestAgrees } from "./chart.mjs"
import { api, units } from "./exchange.mjs"
import { brief, change, depthOf, grouped, marketOf, shown, shownUnits } from "./figures.mjs"
import { same } from "./screen.mjs"

export const book = (page, symbol) => page.getByRole("group", { name: `Order book of ${symbol}:` })
export const picker = (page) => page.getByRole("button", { name: /^Market / })
export const choices = (page) => page.getByRole("dialog", { name: "Choose a market" })

/** Until every row of the book is what the depth's levels come to, to the last digit. */
export async function bookAgrees(page, symbol, step) {
  const market = await marketOf(symbol)
  const { pricePlaces, sizePlaces } = market
  const by = units(step ?? market.filters.price.tickSize, pricePlaces)
  const size = (lots) => shownUnits(lots, sizePlaces)
  const counts = {}
  const worded = (side, levels, ofPool) =>
    grouped(levels, ofPool, by, side === "Bid")
      .slice(0, counts[side])
      .map(({ price, quantity, total, pool }) => {
        const seen = [shownUnits(price, pricePlaces), size(quantity), size(total)]
        const parts = pool > 0n ? `, pool ${size(pool)}, orders ${size(quantity - pool)}` : ""
        const share = `${((100 * Number(pool)) / Number(quantity)).toFixed(1)}%`
        return [`${side} ${seen.join(" ")}${parts}`, ...seen, share]
      })
  await book(page, symbol).getByRole("button").first().waitFor()
  await same(
    `order book by ${by}`,
    async () => {
      const rows = await book(page, symbol).getByRole("button").evaluateAll((all) =>
        all.map((one) => [
          one.getAttribute("aria-label"),
          ...[...one.querySelectorAll("span")].map((cell) => cell.innerText),
          one.style.getPropertyValue("--pool"), // how much of its mark has the pool's colour
        ]),
      )
      for (const side of ["Ask", "Bid"]) {
        counts[side] = rows.filter(([label]) => label.startsWith(side)).length
      }
      return rows
    },
    async () => {
      const sources = ["", "pool", "book"].map((source) => depthOf(market, source))
      const [all, pool, orders] = await Promise.all(sources)
      for (const side of ["asks", "bids"]) {
        const sum = (levels) => levels.reduce((all, [, quantity]) => all + quantity, 0n)
        assert.equal(sum(all[side]), sum(pool[side]) + sum(orders[side]), "curve and orders")
      }
      return [
        ...worded("Ask", all.asks, pool.asks).toReversed(),
        ...worded("Bid", all.bids, pool.bids),
      ]
    },
  )
  return counts
}

/** Until the rows say what the API does: side, price, size and time, newest first. */
export async function tradesAgree(page, symbol) {
  const { pricePlaces, sizePlaces, filters } = await marketOf(symbol)
  const size = (text) => {
    const cut = shown(text, sizePlaces)
    return Number(text) > 0 && /^[0.]+$/.test(cut) ? `<${filters.quantity.stepSize}` : cut
  }
  await same(
    "trades",
    () =>
      page.getByRole("region", { name: "Recent trades" }).locator("tbody tr").evaluateAll((rows) =>
        rows.map(({ cells: [price, amount, time] }) => [
          price.title,
          price.classList.contains("up") ? "up" : "down",
          price.innerText.trim().split(/\s/).at(-1),
          amount.title,
          amount.innerText,
          time.innerText,
        ]),
      ),
    async () =>
      (await api("/api/v1/trades", { symbol, limit: 60 })).map((one) => [
        `${one.isBuyerMaker ? "Sold" : "Bought"} at ${one.price}`,
        one.isBuyerMaker ? "down" : "up",
        shown(one.price, pricePlaces),
        one.quantity,
        size(one.quantity),
        new Date(one.timestamp).toISOString().slice(11, 19),
      ]),
  )
}

/** The bar above all panels: the market, its last price and its day. */
export async function barAgrees(page, symbol) {
  const { pricePlaces, quoteSymbol } = await marketOf(symbol)
  await same(
    "market's day",
    async () => [
      (await picker(page).innerText()).split(/\s/)[1],
      (await page.title()).split(" ")[0],
      ...(await page.locator(".bar dl dd").allInnerTexts()),
    ],
    async () => {
      const day = (await api("/api/v1/tickers")).find((one) => one.symbol === symbol)
      const price = (text) => shown(text, pricePlaces)
      const volume = `${brief(day.quoteVolume)} ${quoteSymbol}`
      const moved = change(day.firstPrice, day.lastPrice)
      const prices = [day.lastPrice, day.high, day.low].map(price)
      return [symbol.replace("_", "/"), prices[0], moved, prices[1], prices[2], volume]
    },
  )
}

/** No panel shows another market than this one, nor anything old of it. */
export async function allAgree(page, symbol, interval) {
  await page.waitForURL(({ hash }) => hash === `#/trade/${symbol}`)
  await page.getByRole("heading", { level: 1, name: symbol.replace("_", "/") }).waitFor()
  await page.getByRole("region", { name: `Trade ${symbol}` }).waitFor()
  await newestAgrees(page, symbol, interval)
  await bookAgrees(page, symbol)
  await tradesAgree(page, symbol)
  await barAgrees(page, symbol)
}

/** The rows of the choice of markets are these, each with the day that the API tells. */
export async function choicesAgree(page, symbols) {
  const markets = await Promise.all(symbols.map(marketOf))
  await same(
    "choice of markets",
    () =>
      choices(page).getByRole("link").evaluateAll((all) =>
        all.map((one) => [...one.children].map((cell) => cell.innerText)),
      ),
    async () => {
      const days = await api("/api/v1/tickers")
      return markets.map(({ symbol, pricePlaces, quoteSymbol }) => {
        const day = days.find((one) => one.symbol === symbol)
        const name = symbol.replace("_", "/")
        if (day === undefined) return [name, "–", "–", "–"]
        const moved = change(day.firstPrice, day.lastPrice)
        const [share, told] = [parseFloat(moved.replace("−", "-")), 100 * day.priceChangePercent]
        assert.ok(Math.abs(share - told) < 0.006, `${symbol}: ${share} and ${told}`)
        const volume = `${brief(day.quoteVolume)} ${quoteSymbol}`
        return [name, shown(day.lastPrice, pricePlaces), moved, volume]
      })
    },
  )
  const found = symbols.length === 1 ? "1 market" : `${symbols.length} markets`
  await choices(page).getByRole("status").getByText(found, { exact: true }).waitFor()
}
