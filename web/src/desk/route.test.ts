import { expect, test } from "vitest"

import type { Hop, Market, Quote } from "../lib/wire"
import { executionOf, said, stepsOf } from "./route"

function hop(market: string, venue: "pool" | "book", amountIn: string, amountOut: string): Hop {
  return { market, venue, tokenIn: "0x1", tokenOut: "0x2", amountIn, amountOut, fee: "0" }
}

test("book and pool of one market are one step", () => {
  const [step, ...others] = stepsOf([hop("A_B", "book", "38", "7"), hop("A_B", "pool", "62", "11")])
  expect(others).toEqual([])
  expect([step!.amountIn, step!.amountOut]).toEqual([100n, 18n])
  expect(said(step!)).toBe("38 % A_B book, 62 % A_B pool")
})

test("hops follow each other", () => {
  const steps = stepsOf([hop("A_B", "pool", "5", "9"), hop("B_C", "book", "9", "2")])
  expect(steps.map(said)).toEqual(["100 % A_B pool", "100 % B_C book"])
})

test("a sliver is no nothing, and per cents add up", () => {
  const tiny = stepsOf([hop("A_B", "book", "1", "1"), hop("A_B", "pool", "999999", "1")])[0]!
  expect(tiny.parts.map((part) => part.percent)).toEqual([1, 99])
  const most = stepsOf([hop("A_B", "book", "999999", "1"), hop("A_B", "pool", "1", "1")])[0]!
  expect(most.parts.map((part) => part.percent)).toEqual([99, 1])
  const odd = stepsOf([hop("A_B", "book", "1", "1"), hop("A_B", "pool", "2", "1")])[0]!
  expect(odd.parts.map((part) => part.percent)).toEqual([33, 67])
})

const BTC = { symbol: "BTC", address: "0x1", decimals: 8 } as const
const ETH = { symbol: "ETH", address: "0x2", decimals: 18 } as const
const LISTED = [{ symbol: "ETH_BTC", baseSymbol: "ETH", quoteSymbol: "BTC" }] as Market[]

test("a price over other markets is told as the pair's own market tells it", () => {
  const way = [hop("BTC_USDC", "book", "3", "60"), hop("ETH_USDC", "pool", "60", "1")]
  const quote = { amountIn: "3344791", amountOut: String(10n ** 18n), executionPrice: "29.897234", route: way } as Quote
  expect(executionOf(quote, BTC, ETH, LISTED)).toEqual({ one: "ETH", other: "BTC", price: "0.03344791" })
  expect(executionOf(quote, ETH, BTC, LISTED)).toEqual({ one: "ETH", other: "BTC", price: "29.897234" })
  expect(executionOf(quote, BTC, ETH, [])).toEqual({ one: "BTC", other: "ETH", price: "29.897234" })
})

test("a price of one market is quote per base, bought or sold", () => {
  const quote = { executionPrice: "0.0333", route: [hop("ETH_BTC", "book", "1", "1"), hop("ETH_BTC", "pool", "1", "1")] } as Quote
  const known = { one: "ETH", other: "BTC", price: "0.0333" }
  expect(executionOf(quote, BTC, ETH, LISTED)).toEqual(known)
  expect(executionOf(quote, ETH, BTC, LISTED)).toEqual(known)
})
