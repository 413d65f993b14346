import { describe, expect, test } from "vitest"

import type { Quote } from "../lib/wire"
import { type Situation, buttonOf, isBeyond, needsConfirmation } from "./swap"

const ETH = { symbol: "ETH", address: "0xe0", decimals: 18 } as const
const USDC = { symbol: "USDC", address: "0xdc", decimals: 6 } as const

const sold = { amountIn: "2000000", amountOut: "1000000000000000", minAmountOut: "995000000000000", priceImpactBps: 3 } as Quote
const bought = { amountIn: "2000000", amountOut: "1000000000000000", maxAmountIn: "2010000", priceImpactBps: 3 } as Quote

describe("beyond what was shown", () => {
  test("less out than the minimum", () => {
    expect(isBeyond({ ...sold, amountOut: "995000000000000" }, sold, null)).toBe(false)
    expect(isBeyond({ ...sold, amountOut: "994999999999999" }, sold, null)).toBe(true)
  })
  test("more in than the maximum", () => {
    expect(isBeyond({ ...bought, amountIn: "2010000" }, bought, null)).toBe(false)
    expect(isBeyond({ ...bought, amountIn: "2010001" }, bought, null)).toBe(true)
  })
  test("a high impact that nobody confirmed", () =>
    expect(isBeyond({ ...sold, priceImpactBps: 500 }, sold, null)).toBe(true))
})

test("a high impact is confirmed once, until it grows by more than a per cent", () => {
  const high = { ...sold, priceImpactBps: 500 }
  expect(needsConfirmation({ ...sold, priceImpactBps: 499 }, null)).toBe(false)
  expect(needsConfirmation(high, null)).toBe(true)
  expect(needsConfirmation(high, 500)).toBe(false)
  expect(needsConfirmation({ ...sold, priceImpactBps: 600 }, 500)).toBe(false)
  expect(needsConfirmation({ ...sold, priceImpactBps: 601 }, 500)).toBe(true)
})

const ready: Situation = {
  tokenIn: USDC,
  tokenOut: ETH,
  amount: 2_000_000n,
  isTyped: true,
  isExactIn: true,
  available: 2_000_000n,
  quote: sold,
  isStale: false,
  isRefused: false,
  confirmedBps: null,
  verb: "Swap",
}

describe("the button", () => {
  test.each<[Partial<Situation>, string, boolean]>([
    [{}, "Swap USDC for ETH", true],
    [{ tokenOut: USDC }, "Choose two tokens", false],
    [{ amount: null, isTyped: false }, "Enter an amount", false],
    [{ amount: null }, "Enter a valid amount", false],
    [{ amount: 0n }, "Enter an amount", false],
    [{ available: 1_999_999n }, "Not enough USDC", false],
    [{ available: null }, "Swap USDC for ETH", true],
    [{ isExactIn: false, quote: bought, available: 1_999_999n }, "Not enough USDC", false],
    [{ isExactIn: false, quote: bought }, "Swap USDC for ETH", true],
    [{ isRefused: true, quote: null }, "No price for this", false],
    [{ quote: null }, "Asking for the price …", false],
    [{ isStale: true }, "Asking for the price …", false],
    [{ quote: { ...sold, priceImpactBps: 512 } }, "Price impact 5.12 %: go on?", true],
    [{ quote: { ...sold, priceImpactBps: 512 }, confirmedBps: 512 }, "Swap USDC for ETH", true],
    [{ verb: "Buy" }, "Buy ETH for 2 USDC", true],
    [{ verb: "Buy", isExactIn: false, amount: 10n ** 15n, quote: bought }, "Buy 0.001 ETH", true],
    [{ verb: "Sell" }, "Sell 2 USDC", true],
    [{ verb: "Sell", isExactIn: false, amount: 10n ** 15n, quote: bought }, "Sell USDC for 0.001 ETH", true],
  ])("case %#", (change, text, canPress) => {
    expect(buttonOf({ ...ready, ...change })).toMatchObject({ text, canPress })
  })
})
