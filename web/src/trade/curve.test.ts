import { describe, expect, test } from "vitest"

import { curveLevels, furtherLevels, gridStep, isDormant, poolParts, quantityTo, root } from "./curve"
import vectors from "./curve.vectors.json" // made by tests/exchange/test_page_curve.py
import type { Terms } from "./terms"

type Vector = (typeof vectors)[number]
type Pairs = readonly (readonly string[])[]

const ETH_USDC = terms({ baseDecimals: 18, tick: "10000", lot: "100000000000000", poolFeeBps: 30, hasBook: true })

function terms(of: Pick<Vector, "baseDecimals" | "tick" | "lot" | "poolFeeBps" | "hasBook">): Terms {
  const { baseDecimals, poolFeeBps, hasBook } = of
  const names = { symbol: "A_B", baseSymbol: "A", quoteSymbol: "B", quoteDecimals: 6, pricePlaces: 2, sizePlaces: 4 }
  const whole = { tick: BigInt(of.tick), lot: BigInt(of.lot), wholeBase: 10n ** BigInt(baseDecimals) }
  return { ...names, ...whole, baseDecimals, poolFeeBps, hasBook }
}

function reserves(of: Vector): { base: bigint; quote: bigint } {
  return { base: BigInt(of.reserves[0]!), quote: BigInt(of.reserves[1]!) }
}

function byPrice(pairs: Pairs): Map<bigint, bigint> {
  return new Map(pairs.map(([price, quantity]) => [BigInt(price!), BigInt(quantity!)]))
}

describe.each(vectors.map((vector, number) => ({ vector, number })))("depth $number", ({ vector }) => {
  const market = terms(vector)
  const pool = reserves(vector)

  test.each([true, false])("the curve is the exchange's (bids: %s)", (isBid) => {
    const known = isBid ? vector.bidsCurve : vector.asksCurve
    const found = curveLevels(pool, market, isBid).map(({ price, quantity }) => [`${price}`, `${quantity}`])
    expect(found).toEqual(known)
  })

  test.each([true, false])("the pool's part of the depth is the exchange's (bids: %s)", (isBid) => {
    const [merged, other] = isBid ? [vector.bids, vector.asks] : [vector.asks, vector.bids]
    const known = byPrice(isBid ? vector.bidsPool : vector.asksPool)
    const best = other[0] ? BigInt(other[0][0]!) : null
    const step = isDormant(pool, market) ? 1n : gridStep(pool, market)
    const parts = poolParts(byPrice(merged), curveLevels(pool, market, isBid), best, step, isBid)
    expect(parts).toEqual(known)
  })
})

describe.each(vectors.map((vector, number) => ({ vector, number })))("curve $number", ({ vector }) => {
  const market = terms(vector)
  const pool = reserves(vector)

  test.each([true, false])("far prices are reached as the exchange's arithmetic says (bids: %s)", (isBid) => {
    const known = isBid ? vector.bidsWhole : vector.asksWhole
    for (const [price, quantity] of known as Pairs) {
      expect(quantityTo(pool, market, isBid, BigInt(price!))).toBe(BigInt(quantity!))
    }
  })

  test.each([true, false])("what follows the depth's levels adds up to the same (bids: %s)", (isBid) => {
    const known = (isBid ? vector.bidsWhole : vector.asksWhole).at(-1)
    if (known === undefined) return
    const limit = BigInt(known[0]!)
    const grid = sum(curveLevels(pool, market, isBid).filter(({ price }) => (isBid ? price >= limit : price <= limit)))
    const further = furtherLevels(pool, market, isBid, limit, 7)
    expect(further.length).toBeLessThanOrEqual(7)
    const last = further.at(-1)
    if (last === undefined) return
    expect(grid + sum(further)).toBe(quantityTo(pool, market, isBid, last.price))
    expect(isBid ? last.price >= limit : last.price <= limit).toBe(true)
  })
})

function sum(levels: { quantity: bigint }[]): bigint {
  return levels.reduce((all, { quantity }) => all + quantity, 0n)
}

test("the example of the design", () => {
  const pool = { base: 100n * 10n ** 18n, quote: 200_000n * 10n ** 6n }
  const [first, second] = curveLevels(pool, ETH_USDC, false)
  expect(first).toEqual({ price: 2_006_550_000n, quantity: 13_200_000_000_000_000n })
  expect(second).toEqual({ price: 2_007_200_000n, quantity: 16_200_000_000_000_000n })
  expect(gridStep(pool, ETH_USDC)).toBe(650_000n)
})

test("the pool's part is never more than what stands there", () => {
  const curve = [{ price: 5n, quantity: 10n }, { price: 6n, quantity: 10n }]
  expect(poolParts(new Map([[5n, 4n]]), curve, null, 1n, false)).toEqual(new Map([[5n, 4n], [6n, 0n]]))
})

test("the root is the largest integer whose square is not above", () => {
  for (const value of [0n, 1n, 2n, 3n, 4n, 8n, 9n, 10n ** 40n - 1n, 10n ** 40n, (1n << 255n) - 1n]) {
    const found = root(value)
    expect(found * found <= value && value < (found + 1n) * (found + 1n)).toBe(true)
  }
})
