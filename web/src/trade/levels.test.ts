import { expect, test } from "vitest"

import type { Order } from "../lib/wire"
import { type BookLevel, bookLevels, grouped, ownRows, rows, steps } from "./levels"
import type { Terms } from "./terms"

const TERMS: Terms = {
  symbol: "ETH_USDC",
  baseSymbol: "ETH",
  quoteSymbol: "USDC",
  baseDecimals: 18,
  quoteDecimals: 6,
  wholeBase: 10n ** 18n,
  tick: 10_000n,
  lot: 10n ** 14n,
  pricePlaces: 2,
  sizePlaces: 4,
  poolFeeBps: 30,
  hasBook: true,
}
const POOL = { base: 100n * 10n ** 18n, quote: 200_000n * 10n ** 6n }

function level(price: bigint, quantity: bigint, pool = 0n): BookLevel {
  return { price, quantity, pool }
}

test("asks are rounded up and bids down, so that no row promises a better price", () => {
  expect(grouped(2_006_550_000n, 1_000_000n, false)).toBe(2_007_000_000n)
  expect(grouped(2_006_550_000n, 1_000_000n, true)).toBe(2_006_000_000n)
  expect(grouped(2_006_000_000n, 1_000_000n, false)).toBe(2_006_000_000n)
  expect(grouped(2_006_000_000n, 1_000_000n, true)).toBe(2_006_000_000n)
  expect(grouped(300_000n, 1_000_000n, true)).toBe(0n)
})

test("levels of one group are one row, and totals go on", () => {
  const asks = [level(101n, 5n, 2n), level(109n, 1n), level(110n, 3n, 3n), level(111n, 7n), level(125n, 1n)]
  expect(rows(asks, 10n, false, 9)).toEqual([
    { price: 110n, quantity: 9n, pool: 5n, total: 9n },
    { price: 120n, quantity: 7n, pool: 0n, total: 16n },
    { price: 130n, quantity: 1n, pool: 0n, total: 17n },
  ])
  const bids = [level(99n, 5n), level(90n, 1n, 1n), level(89n, 2n)]
  expect(rows(bids, 10n, true, 9)).toEqual([
    { price: 90n, quantity: 6n, pool: 1n, total: 6n },
    { price: 80n, quantity: 2n, pool: 0n, total: 8n },
  ])
})

test("the last row that is shown is whole", () => {
  const asks = [level(1n, 1n), level(11n, 2n), level(12n, 3n), level(21n, 9n)]
  expect(rows(asks, 10n, false, 2)).toEqual([
    { price: 10n, quantity: 1n, pool: 0n, total: 1n },
    { price: 20n, quantity: 5n, pool: 0n, total: 6n },
  ])
  expect(rows([], 10n, false, 2)).toEqual([])
})

test("a level tells the pool's part from the orders'", () => {
  const asks: [string, string][] = [["2006.55", "0.5132"], ["2006.8", "1"], ["2007.2", "0.0162"]]
  const { asks: found, bids } = bookLevels(asks, [["1993.55", "0.0113"]], POOL, TERMS)
  expect(found).toEqual([
    level(2_006_550_000n, 513_200_000_000_000_000n, 13_200_000_000_000_000n),
    level(2_006_800_000n, 10n ** 18n),
    level(2_007_200_000n, 16_200_000_000_000_000n, 16_200_000_000_000_000n),
  ])
  expect(bids).toEqual([level(1_993_550_000n, 11_300_000_000_000_000n, 11_300_000_000_000_000n)])
})

test("without a pool all of it is orders", () => {
  for (const pool of [null, { base: 0n, quote: 0n }]) {
    const { asks } = bookLevels([["2006.55", "0.5132"]], [], pool, TERMS)
    expect(asks[0]!.pool).toBe(0n)
  }
})

test("groups are as coarse as a price still tells apart", () => {
  expect(steps(10_000n, 2_000_000_000n)).toEqual([10_000n, 100_000n, 1_000_000n, 10_000_000n, 100_000_000n])
  expect(steps(10_000n, 150_000n)).toEqual([10_000n])
  expect(steps(10_000n, null)).toEqual([10_000n])
})

test("own orders are found by their row, with what they still want", () => {
  const order = { symbol: "ETH_USDC", side: "Ask", status: "New", executedQuantity: "0" }
  const orders = [
    { ...order, price: "2006.55", quantity: "1" },
    { ...order, price: "2006.60", quantity: "2", status: "PartiallyFilled", executedQuantity: "0.5" },
    { ...order, price: "2006.55", quantity: "4", status: "TriggerPending" },
    { ...order, price: "2006.55", quantity: "8", side: "Bid" },
    { ...order, price: "2006.55", quantity: "16", symbol: "BTC_USDC" },
  ] as Order[]
  expect(ownRows(orders, TERMS, 1_000_000n, false)).toEqual(new Map([[2_007_000_000n, 25n * 10n ** 17n]]))
  expect(ownRows(orders, TERMS, 1_000_000n, true)).toEqual(new Map([[2_006_000_000n, 8n * 10n ** 18n]]))
})
