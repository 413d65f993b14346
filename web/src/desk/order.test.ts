import { describe, expect, test } from "vitest"

import type { Market } from "../lib/wire"
import { type Draft, farText, isFar, isMarketable, lotsShare, read, share, triggerFault, warnings } from "./order"
import { termsOf } from "./terms"

const ETH = { symbol: "ETH", address: "0xe0", decimals: 18 } as const
const USDC = { symbol: "USDC", address: "0xdc", decimals: 6 } as const
const filters = { price: { tickSize: "0.01" }, quantity: { minQuantity: "0.0001", stepSize: "0.0001" } }
const terms = termsOf({ symbol: "ETH_USDC", filters } as unknown as Market, ETH, USDC)
const now = { bid: "1999.5", ask: "2000.5", last: "2000" }

function draft(change: Partial<Draft>): Draft {
  return { side: "Bid", price: "2000.01", typed: "quantity", text: "0.5", ...change }
}

describe("read", () => {
  test("a quantity gives the total", () => {
    expect(read(terms, draft({}))).toEqual({
      ticks: 200_001n,
      lots: 5_000n,
      value: 1_000_005_000n,
      priceFault: null,
      amountFault: null,
      other: "1000.005",
    })
  })
  test("a total gives whole lots, and their exact value", () => {
    const found = read(terms, draft({ typed: "total", text: "1,000.0" }))
    expect([found.lots, found.other, found.value]).toEqual([4_999n, "0.4999", 999_804_999n])
  })
  test("empty fields are no fault", () => {
    const found = read(terms, draft({ price: "", text: " " }))
    expect([found.priceFault, found.amountFault, found.ticks, found.lots]).toEqual([null, null, null, null])
    expect(read(terms, draft({ price: "" })).lots).toBe(5_000n)
  })
  test("off the grid says the nearest", () => {
    const found = read(terms, draft({ price: "2000.019", text: "0.50001" }))
    expect(found.priceFault?.nearest).toBe("2000.02")
    expect(found.amountFault?.nearest).toBe("0.5")
  })
  test("a total below one lot says what one costs", () => {
    const fault = read(terms, draft({ typed: "total", text: "0.1" })).amountFault
    expect(fault).toEqual({ text: "Too little: 0.0001 ETH cost 0.200001 USDC", nearest: "0.200001" })
  })
  test("a total of too many places", () =>
    expect(read(terms, draft({ typed: "total", text: "0.0000001" })).amountFault?.text).toContain("6 places"))
})

test("marketable from the best price on", () => {
  expect(isMarketable(terms, "Bid", 200_050n, now)).toBe(true)
  expect(isMarketable(terms, "Bid", 200_049n, now)).toBe(false)
  expect(isMarketable(terms, "Ask", 199_950n, now)).toBe(true)
  expect(isMarketable(terms, "Ask", 199_951n, now)).toBe(false)
  expect(isMarketable(terms, "Bid", 200_050n, { ...now, ask: null })).toBe(false)
})

test("far is more than 10 %", () => {
  expect([220_000n, 220_001n, 180_000n, 179_999n].map((ticks) => isFar(terms, ticks, now))).toEqual([
    false, true, false, true,
  ])
  expect(isFar(terms, 1n, { ...now, last: null })).toBe(false)
})

describe("warnings", () => {
  const rests = { inForce: "GTC", postOnly: false } as const
  test("none for an order that rests near", () =>
    expect(warnings(terms, "Bid", 199_900n, rests, now)).toEqual([]))
  test("one that takes", () =>
    expect(warnings(terms, "Bid", 200_050n, rests, now)).toEqual([
      "This limit trades at once (lowest ask 2,000.5) and pays the taker's fee",
    ]))
  test("post-only that takes", () =>
    expect(warnings(terms, "Ask", 199_950n, { ...rests, postOnly: true }, now)[0]).toContain("refused"))
  test("IOC and FOK take or are refused", () => {
    expect(warnings(terms, "Bid", 200_050n, { ...rests, inForce: "IOC" }, now)).toEqual([])
    expect(warnings(terms, "Bid", 199_900n, { ...rests, inForce: "FOK" }, now)[0]).toContain("refused")
  })
  test("far away", () => {
    expect(farText(terms, 100_000n, now)).toContain("10 %")
    expect(farText(terms, 199_900n, now)).toBe("")
  })
})

test("a trigger waits for what was not reached", () => {
  expect(triggerFault(terms, 200_001n, true, "2000")).toBeNull()
  expect(triggerFault(terms, 200_000n, true, "2000")).toContain("above the last price")
  expect(triggerFault(terms, 199_999n, false, "2000")).toBeNull()
  expect(triggerFault(terms, 200_000n, false, "2000")).toContain("below the last price")
  expect(triggerFault(terms, 200_000n, true, null)).toContain("Nothing was traded")
})

test("shares are rounded down", () => {
  expect([share(7n, 50), share(7n, 100), share(0n, 25)]).toEqual([3n, 7n, 0n])
  expect(lotsShare(terms, 10n ** 18n + 1n, 100)).toBe("1")
  expect(lotsShare(terms, 3n * 10n ** 14n, 50)).toBe("0.0001")
  expect(lotsShare(terms, 10n ** 14n, 50)).toBe("")
})
