import { describe, expect, it } from "vitest"

import type { Kline, PoolInterval } from "../lib/wire"
import { shownDecimal } from "../pool/text"
import { type MarketPast, sums } from "./sums"

const [FIRST, SECOND] = [0, 3_600_000]

function kline(quoteVolume: string, trades: number, close: string | null): Kline {
  return { start: "", end: "", open: close, high: close, low: close, close, volume: "0", quoteVolume, trades: String(trades) }
}

function interval(reserves: [string, string], tvl: string, quoteVolume: string, fees: [string, string], trades: number): PoolInterval {
  const [baseFees, quoteFees] = fees
  return { start: 0, end: 0, reserves, totalSupply: "1", tvl, baseVolume: "0", quoteVolume, baseFees, quoteFees, trades }
}

/** ETH at 2,000 USDC and then 2,500; 1,000 of the second hour's 5,000 went through its pool. */
const ETH: MarketPast = {
  symbol: "ETH_USDC", baseSymbol: "ETH", quoteSymbol: "USDC", baseDecimals: 18, quoteDecimals: 6,
  makerFeeBps: 2, takerFeeBps: 5,
  klines: new Map([[FIRST, kline("300.5", 2, "2001")], [SECOND, kline("5000", 7, "2499")]]),
  pool: new Map([
    [FIRST, interval([`100${"0".repeat(18)}`, `200000${"0".repeat(6)}`], "400000", "300.5", ["0.0001", "0.25"], 2)],
    [SECOND, interval([`100${"0".repeat(18)}`, `250000${"0".repeat(6)}`], "500000", "1000", ["0", "3"], 4)],
  ]),
}
/** Quoted in ETH: 2 CAT for one. Its pool came in the second hour. */
const CAT: MarketPast = {
  symbol: "CAT_ETH", baseSymbol: "CAT", quoteSymbol: "ETH", baseDecimals: 0, quoteDecimals: 18,
  makerFeeBps: 0, takerFeeBps: 0,
  klines: new Map([[SECOND, kline("1.5", 1, "0.5")]]),
  pool: new Map([[SECOND, interval(["20", `10${"0".repeat(18)}`], "20", "1.5", ["0.002", "0"], 1)]]),
}
/** A book alone, in an asset that nothing connects. */
const DOG: MarketPast = {
  symbol: "DOG_PAW", baseSymbol: "DOG", quoteSymbol: "PAW", baseDecimals: 0, quoteDecimals: 0,
  makerFeeBps: 2, takerFeeBps: 5,
  klines: new Map([[SECOND, kline("9", 3, "3")]]),
  pool: new Map(),
}

describe("sums over all markets", () => {
  const found = sums([ETH, CAT, DOG], [FIRST, SECOND], "USDC")
  const [first, second] = found.slots

  it("convert at the prices of the interval's end, not of today", () => {
    expect(shownDecimal(first!.volume, 4)).toBe("300.5000")
    expect(shownDecimal(second!.volume, 4)).toBe("8,750.0000") // 5,000 and 1.5 ETH at 2,500
    expect(shownDecimal(second!.throughPools, 4)).toBe("4,750.0000")
    expect(shownDecimal(found.volume, 4)).toBe("9,050.5000")
    const later = { ...ETH, pool: new Map(ETH.pool).set(2 * SECOND, interval(["1", "9"], "1", "0", ["0", "0"], 0)) }
    expect(sums([later, CAT, DOG], [FIRST, SECOND], "USDC").volume).toEqual(found.volume)
  })

  it("value fees in base at the pool's price", () => {
    expect(shownDecimal(first!.fees, 4)).toBe("0.4500") // 0.0001 ETH at 2,000 and 0.25
    expect(shownDecimal(second!.fees, 4)).toBe("5.5000") // 3, and 0.002 CAT at 0.5 ETH at 2,500
    expect(shownDecimal(found.fees, 4)).toBe("5.9500")
  })

  it("compute fees of books from what did not go through the pool", () => {
    expect(shownDecimal(first!.bookFees, 4)).toBe("0.0000")
    expect(shownDecimal(second!.bookFees, 4)).toBe("2.8000") // 7 bps of 4,000; CAT's is the pool's alone
    expect(shownDecimal(found.bookFees, 4)).toBe("2.8000")
    const rebate = { ...ETH, makerFeeBps: -3 }
    expect(shownDecimal(sums([rebate], [SECOND], "USDC").bookFees, 4)).toBe("0.8000")
  })

  it("have the TVL of the end, and none before there was a pool", () => {
    expect(shownDecimal(first!.tvl, 0)).toBe("400,000")
    expect(shownDecimal(second!.tvl, 0)).toBe("550,000") // and 20 ETH at 2,500
  })

  it("count fills of all markets, valued or not", () => {
    expect([first!.trades, second!.trades, found.trades]).toEqual([2, 11, 13])
    expect(found.without).toEqual(["PAW"])
  })

  it("rank pools by what went through them", () => {
    expect(found.pools.map(({ symbol, swaps }) => [symbol, swaps])).toEqual([["CAT_ETH", 1], ["ETH_USDC", 6]])
    expect(found.pools.map(({ volume, fees, tvl }) => [volume, fees, tvl].map((one) => shownDecimal(one, 2)))).toEqual([
      ["3,750.00", "2.50", "50,000.00"],
      ["1,300.50", "3.45", "500,000.00"],
    ])
  })

  it("take the pool's volume where the candles do not have it yet", () => {
    const young = { ...ETH, klines: new Map<number, Kline>() }
    const [slot] = sums([young], [FIRST], "USDC").slots
    expect(shownDecimal(slot!.volume, 1)).toBe("300.5")
    expect(slot!.trades).toBe(2)
  })

  it("are nothing without markets", () => {
    expect(sums([], [FIRST], "USDC")).toMatchObject({ trades: 0, pools: [], without: [] })
  })
})
