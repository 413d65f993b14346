import { describe, expect, it } from "vitest"

import { amountIn, amountOut, least, matching, minted, paid, root, taken } from "./shares"

// Small, seeded and good enough to spread: results are compared with definitions, not with themselves.
function numbers(seed: bigint): (below: bigint) => bigint {
  let state = seed
  return (below) => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 128n
    return (state >> 8n) % below
  }
}

describe("root", () => {
  it("is the largest integer whose square is not above", () => {
    const draw = numbers(7n)
    for (let bits = 1n; bits <= 230n; bits += 1n) {
      const value = draw(2n ** bits)
      const found = root(value)
      expect(found * found <= value && (found + 1n) * (found + 1n) > value).toBe(true)
    }
    for (const edge of [0n, 1n, 2n, 3n, 4n, 2n ** 224n - 1n, 2n ** 224n]) {
      const found = root(edge)
      expect(found * found <= edge && (found + 1n) * (found + 1n) > edge).toBe(true)
    }
    expect(() => root(-1n)).toThrow(RangeError)
  })
})

describe("deposits", () => {
  it("match the pool's ratio, rounded down", () => {
    expect(matching(3n, 100n, 200n)).toBe(6n)
    expect(matching(2n, 3n, 10n)).toBe(6n) // 6.67
    expect(taken(50n, 1_000n, 100n, 200n)).toEqual([50n, 100n])
    expect(taken(50n, 99n, 100n, 200n)).toEqual([49n, 99n])
    expect(taken(7n, 9n, 0n, 0n)).toEqual([7n, 9n])
  })

  it("mint the root of the product less a thousand at first, then the lesser proportion", () => {
    // The seeded ETH_USDC: 100 ETH and 200,000 USDC have a supply of 4,472,135,954,999,579.
    expect(minted(10n ** 20n, 2n * 10n ** 11n, 0n, 0n, 0n)).toBe(4_472_135_954_999_579n - 1_000n)
    expect(minted(1n, 1n, 0n, 0n, 0n)).toBe(-999n)
    expect(minted(10n, 25n, 100n, 200n, 1_000n)).toBe(100n)
    expect(minted(10n, 15n, 100n, 200n, 1_000n)).toBe(75n)
  })

  it("never pay out more than they put in", () => {
    const draw = numbers(11n)
    for (let run = 0; run < 500; run += 1) {
      const [x, y, supply] = [draw(10n ** 20n) + 1n, draw(10n ** 12n) + 1n, draw(10n ** 16n) + 1n]
      const a = draw(10n ** 19n) + 1n
      const b = matching(a, x, y)
      const shares = minted(a, b, x, y, supply)
      expect(paid(shares, x + a, supply + shares) <= a).toBe(true)
      expect(paid(shares, y + b, supply + shares) <= b).toBe(true)
    }
  })
})

describe("paid", () => {
  it("is the share of the reserve, rounded down, after the protocol's shares", () => {
    expect(paid(10n, 1_999n, 100n)).toBe(199n)
    expect(paid(10n, 1_999n, 101n)).toBe(197n)
    expect(paid(10n, 0n, 0n)).toBe(0n)
  })
})

describe("least", () => {
  it("rounds up, so that an agent's 5 % is never looser than 95 % of what it offers", () => {
    expect(least(1_000n, 50n)).toBe(995n)
    expect(least(999n, 50n)).toBe(995n) // 994.005
    expect(least(1n, 5_000n)).toBe(1n)
    expect(least(123n, 0n)).toBe(123n)
    for (let amount = 1n; amount < 300n; amount += 1n) {
      expect(least(amount, 500n) * 10_000n >= amount * 9_500n).toBe(true)
    }
  })
})

describe("trades", () => {
  it("are those of the exchange", () => {
    // Its own answer on the seeded pool: 0.1 ETH brings 199.201396 USDC (docs of the history reads).
    expect(amountOut(10n ** 17n, 10n ** 20n, 2n * 10n ** 11n, 30n)).toBe(199_201_396n)
  })

  it("cost the least that buys as much", () => {
    const draw = numbers(3n)
    for (let run = 0; run < 300; run += 1) {
      const [x, y] = [draw(10n ** 18n) + 2n, draw(10n ** 12n) + 2n]
      const wanted = draw(y - 1n) + 1n
      const cost = amountIn(wanted, x, y, 30n)
      expect(amountOut(cost, x, y, 30n) >= wanted).toBe(true)
      expect(cost < 3n || amountOut(cost - 2n, x, y, 30n) < wanted).toBe(true)
    }
    expect(() => amountIn(5n, 10n, 5n, 30n)).toThrow(RangeError)
  })
})
