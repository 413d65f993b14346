import { describe, expect, it } from "vitest"

import { decimal, scaled } from "../lib/decimals"
import { percentOf, percentText, priceOf, quotient, significant, steady } from "./ratio"
import { inQuote, rates, referenceOf, total } from "./valuation"
import { tradeAt } from "./curve"

describe("quotients", () => {
  it("are cut to significant digits", () => {
    expect(quotient(1n, 3n)).toBe("0.33333333")
    expect(quotient(200n, 3n, 4)).toBe("66.66")
    expect(quotient(123_456_789n, 1n, 4)).toBe("123456789")
    expect(quotient(0n, 7n)).toBe("0")
    expect(quotient(7n, 0n)).toBeNull()
    expect(significant("0.0333333333333333333", 4)).toBe("0.03333")
    expect(significant("2000.123456789", 6)).toBe("2000.12")
  })

  it("price whole tokens", () => {
    expect(priceOf(10n ** 20n, 2n * 10n ** 11n, 18, 6)).toBe("2000")
    expect(priceOf(9n * 10n ** 19n, 3n * 10n ** 8n, 18, 8)).toBe("0.033333333")
  })

  it("stay as wide while they move", () => {
    expect(steady("2000")).toBe("2,000.0000")
    expect(steady("2003.1234567")).toBe("2,003.1234")
    expect(steady("0.0005")).toBe("0.00050000000")
    expect(steady("0.000512345678912")).toBe("0.00051234567")
    expect(steady("0.0333333333333333333")).toBe("0.033333333")
    expect(steady("0")).toBe("0.0000000")
  })

  it("are parts in per cent", () => {
    expect(percentOf(1n, 3n)).toBe("33.3333%")
    expect(percentOf(1n, 10n ** 9n)).toBe("<0.0001%")
    expect(percentOf(0n, 10n)).toBe("0.0000%")
    expect(percentOf(1n, 0n)).toBeNull()
    expect(percentText("0.27375")).toBe("27.37%")
  })
})

describe("valuation", () => {
  const MARKETS = [
    { baseSymbol: "ETH", quoteSymbol: "USDC", price: "2000" },
    { baseSymbol: "ETH", quoteSymbol: "BTC", price: "0.04" },
    { baseSymbol: "USDC", quoteSymbol: "EUR", price: "0.8" },
    { baseSymbol: "DOG", quoteSymbol: "CAT", price: "3" },
    { baseSymbol: "OWL", quoteSymbol: "USDC", price: null },
  ]

  it("goes through markets in both directions", () => {
    const known = rates(MARKETS, "USDC")
    const cents = (symbol: string) => scaled(known.get(symbol)!, 2)
    expect([cents("ETH"), cents("BTC"), cents("EUR")]).toEqual([200_000n, 5_000_000n, 125n])
    expect([known.has("DOG"), known.has("OWL")]).toEqual([false, false])
    expect(referenceOf(MARKETS)).toBe("USDC")
    expect(referenceOf([])).toBeNull()
  })

  it("sums what has a price and names what has none", () => {
    const known = rates(MARKETS, "USDC")
    const { sum, without } = total(
      [
        { symbol: "USDC", amount: decimal("10.5") },
        { symbol: "BTC", amount: decimal("0.1") },
        { symbol: "CAT", amount: decimal("4") },
        { symbol: "DOG", amount: decimal("0") },
      ],
      known,
    )
    expect(Number(sum.digits) / 10 ** sum.places).toBe(5_010.5)
    expect(without).toEqual(["CAT"])
  })

  it("values base in quote only where there is a price", () => {
    const value = inQuote("0.5", "1", "2000")!
    expect(Number(value.digits) / 10 ** value.places).toBe(1_001)
    expect(inQuote("0.5", "1", null)).toBeNull()
    expect(inQuote("0", "1", null)).toEqual(decimal("1"))
  })
})

describe("the curve's picture", () => {
  it("tries exact trades, k never falling", () => {
    const reserves: [bigint, bigint] = [10n ** 20n, 2n * 10n ** 11n]
    const bought = tradeAt(-10, reserves, 30n)!
    expect(bought).toMatchObject({ isBuy: true, base: 10n ** 19n })
    const sold = tradeAt(25, reserves, 30n)!
    expect(sold).toMatchObject({ isBuy: false, base: 25n * 10n ** 18n })
    for (const { reserves: after } of [bought, sold]) {
      expect(after[0] * after[1] >= reserves[0] * reserves[1]).toBe(true)
    }
    expect(tradeAt(0, reserves, 30n)).toBeNull()
    expect(tradeAt(-100, reserves, 30n)).toBeNull()
    expect(tradeAt(50, [0n, 0n], 30n)).toBeNull()
  })
})
