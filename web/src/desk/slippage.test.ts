import { describe, expect, test } from "vitest"

import type { Quote } from "../lib/wire"
import { bpsOf, isBoundRight, maxAmountIn, minAmountOut, percentOf, warning } from "./slippage"

test("the minimum is rounded down and the maximum up", () => {
  expect(minAmountOut(370449168661312804n, 50)).toBe(368596922818006239n) // as a server answered
  expect(minAmountOut(199n, 50)).toBe(198n)
  expect(maxAmountIn(199n, 50)).toBe(200n)
  expect(maxAmountIn(200n, 50)).toBe(201n)
  expect([minAmountOut(7n, 0), maxAmountIn(7n, 0)]).toEqual([7n, 7n])
})

test("a bound that the exchange got wrong is seen", () => {
  const sold = { amountIn: "5", amountOut: "1495499999", minAmountOut: "1488022499" } as Quote
  expect(isBoundRight(sold, 50)).toBe(true)
  expect(isBoundRight({ ...sold, minAmountOut: "1488022498" }, 50)).toBe(false)
  const bought = { amountIn: "1001", amountOut: "7", maxAmountIn: "1007" } as Quote
  expect(isBoundRight(bought, 50)).toBe(true)
  expect(isBoundRight({ ...bought, maxAmountIn: "1006" }, 50)).toBe(false)
  expect(isBoundRight({ amountIn: "1", amountOut: "1" } as Quote, 50)).toBe(false)
})

describe("per cent and bps", () => {
  test.each([
    ["0.5", 50],
    ["0.50 %", 50],
    ["1", 100],
    ["0.01", 1],
    ["0", 0],
    ["100", 10_000],
    ["0.005", null],
    ["100.01", null],
    ["", null],
    ["-1", null],
    ["x", null],
  ])("%j", (text, bps) => expect(bpsOf(text)).toBe(bps))

  test.each([
    [50, "0.5"],
    [100, "1"],
    [1, "0.01"],
    [1_000, "10"],
    [0, "0"],
  ])("%d", (bps, text) => expect(percentOf(bps)).toBe(text))
})

test("warns above 5 % and below 0.05 %", () => {
  expect([5, 50, 500].map(warning)).toEqual([null, null, null])
  expect(warning(501)).toContain("5.01 %")
  expect(warning(4)).toContain("refuses")
})
