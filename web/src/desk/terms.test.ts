import { describe, expect, test } from "vitest"

import type { Market } from "../lib/wire"
import { Unfit, lots, lotsFor, number, orderAmounts, price, quantity, termsOf, ticks, value } from "./terms"

const ETH = { symbol: "ETH", address: "0xe0", decimals: 18 } as const
const USDC = { symbol: "USDC", address: "0xdc", decimals: 6 } as const
const BTC = { symbol: "BTC", address: "0xbc", decimals: 8 } as const

function market(tickSize: string, stepSize: string): Market {
  const filters = { price: { tickSize }, quantity: { minQuantity: stepSize, stepSize } }
  return { symbol: "X_Y", filters } as unknown as Market
}

const terms = termsOf(market("0.01", "0.0001"), ETH, USDC)
const poolOnly = termsOf(market("0.00000001", "0.000001"), ETH, BTC)

function unfit(act: () => unknown): Unfit {
  try {
    act()
  } catch (fault) {
    if (fault instanceof Unfit) return fault
    throw fault
  }
  throw new Error("It fits")
}

test("tick and lot come in base units", () => {
  expect([terms.tickSize, terms.lotSize]).toEqual([10_000n, 10n ** 14n])
})

describe("number", () => {
  test.each([
    ["1,234.50", { digits: 123450n, places: 2 }],
    [".5", { digits: 5n, places: 1 }],
    ["7.", { digits: 7n, places: 0 }],
    [" 12 ", { digits: 12n, places: 0 }],
  ])("%s", (text, wanted) => expect(number(text)).toEqual(wanted))

  test.each(["", ".", "1,5", "1e3", "-1", "0x1", "1.2.3", "∞"])("%j is none", (text) =>
    expect(number(text)).toBeNull(),
  )
})

describe("ticks", () => {
  test("of whole ticks", () => expect(ticks(terms, "2,000.01")).toBe(200_001n))
  test("zeros behind the tick are no fault", () => expect(ticks(terms, "2000.010")).toBe(200_001n))
  test.each([
    ["2000.014", "2000.01"],
    ["2000.015", "2000.01"], // the lower of two as close
    ["2000.0150001", "2000.02"],
    ["2000.00000000000000000001", "2000"],
    ["0.001", "0.01"],
    ["0", "0.01"],
  ])("%s is nearest to %s", (text, nearest) => {
    const fault = unfit(() => ticks(terms, text))
    expect(fault.nearest).toBe(nearest)
    expect(fault.message).toBe(`Prices are multiples of 0.01; the nearest is ${nearest}`)
  })
  test("of no number", () => expect(() => ticks(terms, "two")).toThrow("The price is not a number"))
})

describe("lots", () => {
  test("of whole lots", () => expect(lots(terms, "0.5001")).toBe(5_001n))
  test("of 18 places", () => {
    expect(unfit(() => lots(terms, "0.500100000000000001")).nearest).toBe("0.5001")
  })
  test("says the multiple", () => {
    expect(unfit(() => lots(terms, "0.00001")).message).toBe(
      "Amounts are multiples of 0.0001 ETH; the nearest is 0.0001",
    )
  })
})

test("text of ticks and lots", () => {
  expect(price(terms, 200_010n)).toBe("2000.1")
  expect(quantity(terms, 12_345n)).toBe("1.2345")
})

describe("order amounts", () => {
  test("a bid sells quote", () => {
    expect(orderAmounts(terms, "Bid", 200_001n, 5_000n)).toEqual({
      sellToken: "0xdc",
      buyToken: "0xe0",
      sellAmount: "1000005000",
      buyAmount: "500000000000000000",
    })
  })
  test("an ask sells base", () => {
    expect(orderAmounts(terms, "Ask", 1n, 1n)).toEqual({
      sellToken: "0xe0",
      buyToken: "0xdc",
      sellAmount: "100000000000000",
      buyAmount: "1",
    })
  })
  test("without a book the value of some lots is no whole unit", () => {
    // 0.000001 ETH at 0.03333333 BTC is 0.03333333 * 10^-6 BTC: 3.333333 of its units.
    const fault = unfit(() => value(poolOnly, 3_333_333n, 1_500_000n))
    expect(fault.message).toContain("multiples of 1 ETH")
    expect(fault.nearest).toBe("1")
    expect(value(poolOnly, 3_333_333n, 1_000_000n)).toBe(3_333_333n)
    expect(value(poolOnly, 3_300_000n, 10n)).toBe(33n)
  })
})

describe("lots for an amount of quote", () => {
  test("pays for them and not for one more", () => {
    for (const [tickCount, units] of [
      [200_001n, 1_000_000_000n],
      [1n, 7n],
      [199_999n, 123_456_789n],
    ] as const) {
      const count = lotsFor(terms, tickCount, units)
      expect(value(terms, tickCount, count)).toBeLessThanOrEqual(units)
      expect(value(terms, tickCount, count + 1n)).toBeGreaterThan(units)
    }
  })
  test("keeps to whole units where there is no book", () => {
    const count = lotsFor(poolOnly, 3_300_000n, 100n)
    expect(count).toBe(30n)
    expect(value(poolOnly, 3_300_000n, count)).toBe(99n)
  })
  test("is none without a price", () => expect(lotsFor(terms, 0n, 5n)).toBe(0n))
})
