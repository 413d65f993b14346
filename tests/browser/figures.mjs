// What the exchange's API tells of a market, as the page words it: written again here from the
// documents alone, exact where the page says that it is.

import { api, units } from "./exchange.mjs"

/** A decimal with its thousands grouped, cut to so many places. */
export function shown(text, places) {
  const [whole, part = ""] = text.split(".")
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",")
  return places === 0 ? grouped : `${grouped}.${part.slice(0, places).padEnd(places, "0")}`
}

/** The same of an amount in units of 10^-decimals. */
export function shownUnits(amount, decimals, places = decimals) {
  const digits = String(amount).padStart(decimals + 1, "0")
  return shown(`${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`, places)
}

/** A volume: 12.34k, 4.56M; two places below 10,000, three digits below 1. */
export function brief(text) {
  const value = Number(text)
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)}M`
  if (value >= 1e4) return `${(value / 1e3).toFixed(2)}k`
  if (value >= 1 || value === 0) return shown(text, 2)
  return shown(text, /\.(0*)/.exec(text)[1].length + 3)
}

const FINE = 30 // places that every price has room in

/** In per cent with two places and its sign, from two prices, rounded once. */
export function change(then, now) {
  const [before, after] = [units(then, FINE), units(now, FINE)]
  const size = after < before ? before - after : after - before
  const hundredths = (20_000n * size + before) / (2n * before)
  return `${after < before ? "−" : "+"}${shownUnits(hundredths, 2).replaceAll(",", "")}%`
}

/** Of a listed market: its symbols and how many places prices and sizes have. */
export async function marketOf(symbol) {
  const found = (await api("/api/v1/markets")).find((one) => one.symbol === symbol)
  const places = (step) => step.split(".")[1]?.length ?? 0
  return {
    ...found,
    pricePlaces: places(found.filters.price.tickSize),
    sizePlaces: places(found.filters.quantity.stepSize),
  }
}

/** Both sides, best first, [price, quantity] in ticks' and lots' places. `source`: book, pool. */
export async function depthOf({ symbol, pricePlaces, sizePlaces }, source = "") {
  const depth = await api("/api/v1/depth", { symbol, limit: 1_000, ...(source && { source }) })
  const read = (levels) => levels.map(([p, q]) => [units(p, pricePlaces), units(q, sizePlaces)])
  // Bids come worst first.
  const best = (levels, sign) => read(levels).sort(([a], [b]) => (a < b ? -sign : sign))
  return { asks: best(depth.asks, 1), bids: best(depth.bids, -1), id: depth.lastUpdateId }
}

/** The rows of one side at a step: [price, quantity, total, of them the pool's], best first. */
export function grouped(levels, ofPool, step, isBid) {
  const place = (price) => {
    const over = price % step
    return over === 0n ? price : isBid ? price - over : price - over + step
  }
  const sums = (side) => {
    const found = new Map()
    for (const [price, quantity] of side) {
      found.set(place(price), (found.get(place(price)) ?? 0n) + quantity)
    }
    return found
  }
  const pool = sums(ofPool)
  let total = 0n
  return [...sums(levels)].map(([price, quantity]) => {
    total += quantity
    return { price, quantity, total, pool: pool.get(price) ?? 0n }
  })
}

/** Ascending, from `fromS` to now; pages are asked for until there is none. */
export async function klinesOf(symbol, interval, fromS) {
  const found = []
  for (let startTime = fromS; ; ) {
    const page = await api("/api/v1/klines", { symbol, interval, startTime })
    found.push(...page)
    if (page.length < 1_000) return found
    startTime = startOf({ start: page.at(-1).end })
  }
}

/** Unix s. */
export const startOf = ({ start }) => Date.parse(`${start.replace(" ", "T")}Z`) / 1_000
