import { expect, test } from "vitest"

import type { Terms } from "./terms"
import { cut, matching, priceText, sizeOf, sizeText, widest } from "./texts"

const TERMS = { baseDecimals: 18, quoteDecimals: 6, lot: 10n ** 14n, pricePlaces: 2, sizePlaces: 4 } as Terms

test("a pool's price between ticks is cut to their places", () => {
  expect(priceText("12017.549199", TERMS)).toBe("12,017.54")
  expect(priceText("12017", TERMS)).toBe("12,017.00")
  expect([cut("2.549", 2), cut("2.5", 2), cut("2.5", 0), cut("25", 2)]).toEqual(["2.54", "2.5", "2", "25"])
})

test("a quantity below all places that are shown is no nothing", () => {
  expect(sizeText("0.410543519728691968", TERMS)).toBe("0.4105")
  expect(sizeText("0.00009", TERMS)).toBe("<0.0001")
  expect(sizeText("0.0001", TERMS)).toBe("0.0001")
  expect(sizeOf(0n, TERMS)).toBe("0.0000")
})

test("a size with more digits than its column is told in short", () => {
  const whole = { ...TERMS, sizePlaces: 0, lot: 10n ** 18n }
  expect(sizeOf(1_234_567_890n * 10n ** 18n, whole)).toBe("1,234,567,890")
  expect(sizeOf(10_874_056_662n * 10n ** 18n, whole)).toBe("10.87B")
  expect(sizeText("999999.1234", TERMS)).toBe("999,999.1234")
  expect(sizeText("1234567.8912", TERMS)).toBe("1.23M")
  expect(widest(["1.5", "1,000.25"])).toBe(8)
  expect(widest([])).toBe(0)
})

test("a market is found as a person writes it, and first the one that begins with it", () => {
  const markets = ["STETH_USDC", "ETH_USDC", "ETH_BTC", "BTC_USDC"].map((symbol) => ({ symbol }))
  const names = (typed: string) => matching(markets, typed).map(({ symbol }) => symbol)
  expect(names("eth")).toEqual(["ETH_USDC", "ETH_BTC", "STETH_USDC"])
  for (const typed of ["eth/btc", " ETH btc", "eth-btc", "eth_btc"]) expect(names(typed)).toEqual(["ETH_BTC"])
  expect(names("")).toHaveLength(4)
  expect(names("doge")).toEqual([])
})
