import { describe, expect, it } from "vitest"

import { type Moved, type Pair, holding, valueOf } from "./holding"
import { amountOut, minted, paid, root } from "./shares"

const SHARES = 10n ** 15n
const DEPOSIT: Moved = { kind: "add", amounts: [String(10n ** 20n), String(2n * 10n ** 11n)], shares: String(SHARES) }

describe("holding", () => {
  it("loses what Pintail's formula says, without fees", () => {
    for (const [num, den] of [[4n, 1n], [1n, 4n], [9n, 4n], [121n, 100n], [1n, 1n]] as const) {
      // The price of base times num/den: x / sqrt(p), y * sqrt(p).
      const reserves: Pair = [
        (10n ** 20n * root(den * 10n ** 20n)) / root(num * 10n ** 20n),
        (2n * 10n ** 11n * root(num * 10n ** 20n)) / root(den * 10n ** 20n),
      ]
      const found = holding([DEPOSIT], SHARES, reserves, [0n, 0n], reserves)!
      const p = Number(num) / Number(den)
      const expected = (2 * Math.sqrt(p)) / (1 + p) - 1
      expect(Number(found.impermanent) / Number(found.putInValue)).toBeCloseTo(expected, 8)
      expect(found.difference).toBe(found.impermanent)
    }
  })

  it("is what docs/liquidity.md works out", () => {
    const reserves: Pair = [89_679_451_547_155_827_312n, 270_000_000_000n]
    const shares = minted(10n ** 19n, 2n * 10n ** 10n, 10n ** 20n, 2n * 10n ** 11n, 4_472_135_954_999_579n)
    expect(shares).toBe(447_213_595_499_957n)
    const supply = 4_472_135_954_999_579n + shares
    const bought = amountOut(5n * 10n ** 10n, 22n * 10n ** 10n, 11n * 10n ** 19n, 30n)
    expect(11n * 10n ** 19n - bought).toBe(reserves[0])
    const now: Pair = [paid(shares, reserves[0], supply), paid(shares, reserves[1], supply)]
    expect(now).toEqual([8_152_677_413_377_787_567n, 24_545_454_545n])
    const deposit: Moved = { kind: "add", amounts: [String(10n ** 19n), String(2n * 10n ** 10n)], shares: String(shares) }
    const fees: Pair = [2_264_947_234_502_343n, 6_819_129n]
    expect(holding([deposit], shares, now, fees, reserves)).toMatchObject({
      putInValue: 50_107_231_404n,
      nowValue: 49_090_909_090n,
      difference: -1_016_322_314n,
      feesValue: 13_638_258n,
      impermanent: -1_029_960_572n,
    })
  })

  it("tells fees and loss apart", () => {
    const reserves: Pair = [10n ** 20n, 21n * 10n ** 10n]
    const now: Pair = [10n ** 20n, 21n * 10n ** 10n]
    const fees: Pair = [10n ** 18n, 10n ** 9n]
    const found = holding([DEPOSIT], SHARES, now, fees, reserves)!
    expect(found.putInValue).toBe(41n * 10n ** 10n) // 100 ETH at 2,100 and 200,000
    expect(found.difference).toBe(42n * 10n ** 10n - 41n * 10n ** 10n)
    expect(found.feesValue).toBe(valueOf(fees, reserves))
    expect(found.impermanent).toBe(found.difference - (21n * 10n ** 8n + 10n ** 9n))
  })

  it("counts what was taken out, and a move back and forth as nothing", () => {
    const half: Moved = { kind: "remove", amounts: [String(5n * 10n ** 19n), String(10n ** 11n)], shares: String(SHARES / 2n) }
    const reserves: Pair = [10n ** 20n, 2n * 10n ** 11n]
    const now: Pair = [paid(SHARES / 2n, reserves[0], SHARES), paid(SHARES / 2n, reserves[1], SHARES)]
    const found = holding([half, DEPOSIT], SHARES / 2n, now, [0n, 0n], reserves)!
    expect(found.takenOut).toEqual([5n * 10n ** 19n, 10n ** 11n])
    expect(found.difference).toBe(0n)
  })

  it("says nothing of shares that came or went by transfer, nor without a price", () => {
    const reserves: Pair = [10n ** 20n, 2n * 10n ** 11n]
    expect(holding([DEPOSIT], SHARES + 1n, reserves, [0n, 0n], reserves)).toBeNull()
    expect(holding([], 5n, reserves, [0n, 0n], reserves)).toBeNull()
    expect(holding([], 0n, [0n, 0n], [0n, 0n], [0n, 0n])).toBeNull()
  })
})
