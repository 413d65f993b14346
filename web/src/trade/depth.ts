// The depth chart's curves. Sums are exact; only where a point is drawn is a float.

import type { Reserves } from "../lib/market.svelte"
import { furtherLevels } from "./curve"
import type { BookLevel } from "./levels"
import type { Terms } from "./terms"

const FURTHER = 100 // steps of the pool's curve that are drawn behind those of the depth

/** All that can be had from the best price to this one. */
export interface Point {
  price: bigint
  /** Base units of base. */
  quantity: bigint
  /** Base units of quote, rounded down. */
  cost: bigint
}

/** Of one side, best first, as far as `limit` (inclusive). `wholeBase` is 10^decimals. */
export function cumulated(
  levels: readonly BookLevel[],
  wholeBase: bigint,
  limit: bigint,
  isBid: boolean,
): Point[] {
  const points: Point[] = []
  let quantity = 0n
  let cost = 0n // in quote base units times wholeBase
  for (const level of levels) {
    if (isBid ? level.price < limit : level.price > limit) break
    quantity += level.quantity
    cost += level.quantity * level.price
    points.push({ price: level.price, quantity, cost: cost / wholeBase })
  }
  return points
}

/** The depth's levels of one side with what the pool trades behind the last that it tells. */
export function withCurve(
  levels: readonly BookLevel[],
  reserves: Reserves | null,
  terms: Terms,
  isBid: boolean,
  limit: bigint,
): BookLevel[] {
  const further = reserves === null ? [] : furtherLevels(reserves, terms, isBid, limit, FURTHER)
  const all = [...levels, ...further.map((one) => ({ ...one, pool: one.quantity }))]
  return all.sort((a, b) => Number(isBid ? b.price - a.price : a.price - b.price))
}

/** The point that a price on this side of the book reaches; undefined before the best. */
export function reached(points: readonly Point[], price: number, isBid: boolean): Point | undefined {
  return points.findLast((one) => (isBid ? Number(one.price) >= price : Number(one.price) <= price))
}
