// A pool's curve as the price levels that the exchange merges into its depth (DESIGN section 7), to
// tell the pool's part of a level from the resting orders'. Exact: bigints in base units alone.
// `curve.vectors.json` holds the exchange's own answers; tests on both sides compare with it.

import { ceilDiv } from "../lib/decimals"
import type { Reserves } from "../lib/market.svelte"
import type { Terms } from "./terms"

/** `price` in quote base units per whole base token, `quantity` in base units. */
export interface CurveLevel {
  price: bigint
  quantity: bigint
}

const GRID_PRICES = 20n // a side, empty ones included
const GRID_BPS = 5n // of the power of two below spot
const BPS = 10_000n
const MINIMUM_RESERVE = 1_000_000n // below it a pool beside a book trades nothing

/** Best first. Quantities are whole lots, rounded down in total, so that nothing is there twice. */
export function curveLevels(pool: Reserves, terms: Terms, isBid: boolean): CurveLevel[] {
  if (isDormant(pool, terms)) return []
  const found: CurveLevel[] = []
  let reached = 0n
  for (const ticks of gridPrices(pool, terms, isBid)) {
    const total = quantityTo(pool, terms, isBid, ticks * terms.tick)
    if (total > reached) found.push({ price: ticks * terms.tick, quantity: total - reached })
    reached = total
  }
  return found
}

/**
 * What the curve goes on with behind the last of its levels that the depth has, as far as `limit`:
 * at most `count` steps of whole ticks.
 */
export function furtherLevels(
  pool: Reserves,
  terms: Terms,
  isBid: boolean,
  limit: bigint,
  count: number,
): CurveLevel[] {
  const last = isDormant(pool, terms) ? undefined : gridPrices(pool, terms, isBid).at(-1)
  if (last === undefined) return []
  const from = last * terms.tick
  const reach = isBid ? from - limit : limit - from
  const step = ceilDiv(reach > 0n ? reach : 0n, BigInt(count) * terms.tick) * terms.tick
  const found: CurveLevel[] = []
  let reached = quantityTo(pool, terms, isBid, from)
  if (step === 0n) return found
  for (let price = isBid ? from - step : from + step; price > 0n; price += isBid ? -step : step) {
    if (isBid ? price < limit : price > limit) break
    const total = quantityTo(pool, terms, isBid, price)
    if (total > reached) found.push({ price, quantity: total - reached })
    reached = total
  }
  return found
}

/**
 * How much of each level of one side of the depth is the pool's, by price. `merged` is that side,
 * quantities by price; `otherBest` the other side's best price there. A level of the curve that the
 * other side's orders meet is not in the depth: its quantity stands at the next one away.
 */
export function poolParts(
  merged: ReadonlyMap<bigint, bigint>,
  curve: readonly CurveLevel[],
  otherBest: bigint | null,
  step: bigint,
  isBid: boolean,
): Map<bigint, bigint> {
  const parts = new Map<bigint, bigint>()
  let carried = 0n
  for (const { price, quantity } of curve) {
    const met = otherBest !== null && (isBid ? price >= otherBest : price <= otherBest)
    if (met && !merged.has(price)) {
      carried += quantity
    } else {
      parts.set(price, quantity + carried)
      carried = 0n
    }
  }
  if (carried > 0n && otherBest !== null) {
    parts.set((isBid ? (otherBest - 1n) / step : otherBest / step + 1n) * step, carried)
  }
  // Never more than is there: pool and depth come in frames of their own.
  for (const [price, quantity] of parts) {
    const all = merged.get(price) ?? 0n
    if (quantity > all) parts.set(price, all)
  }
  return parts
}

/** What prices of the curve are multiples of, in quote base units per whole base token. */
export function gridStep(pool: Reserves, terms: Terms): bigint {
  return stepTicks(pool, terms) * terms.tick
}

export function isDormant(pool: Reserves, terms: Terms): boolean {
  const least = terms.hasBook ? MINIMUM_RESERVE : 1n
  const leastBase = terms.hasBook && terms.lot > least ? terms.lot : least
  return pool.base < leastBase || pool.quote < least
}

function stepTicks(pool: Reserves, terms: Terms): bigint {
  const spot = (pool.quote * terms.wholeBase) / (pool.base * terms.tick)
  const power = 1n << BigInt((spot > 1n ? spot : 1n).toString(2).length - 1)
  const step = (GRID_BPS * power) / BPS
  return step > 1n ? step : 1n
}

/** Multiples of the grid's step beyond the marginal price with fee, outwards, in ticks. */
function gridPrices(pool: Reserves, terms: Terms, isBid: boolean): bigint[] {
  const step = stepTicks(pool, terms)
  const kept = BPS - BigInt(terms.poolFeeBps)
  const prices: bigint[] = []
  if (isBid) {
    const first = (kept * pool.quote * terms.wholeBase - 1n) / (BPS * pool.base * terms.tick * step)
    for (let at = first; at > first - GRID_PRICES && at > 0n; at -= 1n) prices.push(at * step)
  } else {
    const first = (BPS * pool.quote * terms.wholeBase) / (kept * pool.base * terms.tick * step) + 1n
    for (let at = first; at < first + GRID_PRICES; at += 1n) prices.push(at * step)
  }
  return prices
}

/** What the pool gives (asks) or takes (bids) until its marginal price is there; whole lots of base units. */
export function quantityTo(pool: Reserves, terms: Terms, isBid: boolean, price: bigint): bigint {
  const kept = BPS - BigInt(terms.poolFeeBps)
  let base: bigint
  if (isBid) {
    const virtual = BPS * pool.base
    base = (root((kept * virtual * pool.quote * terms.wholeBase) / price) - virtual) / kept
  } else {
    const square = ceilDiv(BPS * pool.quote * pool.base * terms.wholeBase, kept * price)
    base = pool.base - (root(square - 1n) + 1n)
  }
  return base > 0n ? base - (base % terms.lot) : 0n
}

/** The largest integer whose square is not above `value`, by Newton's method from above. */
export function root(value: bigint): bigint {
  if (value < 2n) return value
  let at = 1n << BigInt((value.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (at + value / at) >> 1n
    if (next >= at) return at
    at = next
  }
}
