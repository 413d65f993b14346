// The order book as it is drawn: levels of the depth grouped to coarser prices, with what of each is
// the pool's and what are orders. Exact: prices in quote base units per whole base token, quantities
// in base units.

import { units } from "../lib/decimals"
import type { Reserves } from "../lib/market.svelte"
import type { Level, Order } from "../lib/wire"
import { curveLevels, gridStep, isDormant, poolParts } from "./curve"
import type { Terms } from "./terms"

export interface BookLevel {
  price: bigint
  quantity: bigint
  /** Of `quantity`, what the pool trades. */
  pool: bigint
}

export interface Row extends BookLevel {
  /** The best level's quantity to this one's, together. */
  total: bigint
}

/** Both sides of the depth, best first, with the pool's part told apart. */
export function bookLevels(
  asks: readonly Level[],
  bids: readonly Level[],
  reserves: Reserves | null,
  terms: Terms,
): { asks: BookLevel[]; bids: BookLevel[] } {
  const read = (levels: readonly Level[]) =>
    new Map(
      levels.map(([price, quantity]) => [
        units(price, terms.quoteDecimals),
        units(quantity, terms.baseDecimals),
      ]),
    )
  const sides = { asks: read(asks), bids: read(bids) }
  const told = (isBid: boolean): BookLevel[] => {
    const merged = isBid ? sides.bids : sides.asks
    const other = isBid ? sides.asks : sides.bids
    let parts = new Map<bigint, bigint>()
    if (reserves !== null && !isDormant(reserves, terms)) {
      const otherBest = other.keys().next().value ?? null
      const curve = curveLevels(reserves, terms, isBid)
      parts = poolParts(merged, curve, otherBest, gridStep(reserves, terms), isBid)
    }
    return [...merged].map(([price, quantity]) => ({ price, quantity, pool: parts.get(price) ?? 0n }))
  }
  return { asks: told(false), bids: told(true) }
}

/**
 * The best `count` groups of a side: asks rounded up to multiples of `step`, bids down, so that no
 * row promises a better price than its levels have.
 */
export function rows(levels: readonly BookLevel[], step: bigint, isBid: boolean, count: number): Row[] {
  const found: Row[] = []
  let last: Row | undefined
  for (const { price, quantity, pool } of levels) {
    const group = grouped(price, step, isBid)
    if (last?.price === group) {
      last.quantity += quantity
      last.pool += pool
      last.total += quantity
    } else {
      if (found.length === count) break
      last = { price: group, quantity, pool, total: (last?.total ?? 0n) + quantity }
      found.push(last)
    }
  }
  return found
}

/** The row's price of a level at `price`. */
export function grouped(price: bigint, step: bigint, isBid: boolean): bigint {
  return (isBid ? price / step : (price + step - 1n) / step) * step
}

/** Multiples of the tick worth choosing at a price: none so coarse that little would be told apart. */
export function steps(tick: bigint, price: bigint | null): bigint[] {
  const found = [tick]
  for (let step = tick * 10n; price !== null && step * 20n <= price && found.length < 6; step *= 10n) {
    found.push(step)
  }
  return found
}

/** What the owner's own resting orders of one side still want, by row's price, in base units. */
export function ownRows(
  orders: readonly Order[],
  terms: Terms,
  step: bigint,
  isBid: boolean,
): Map<bigint, bigint> {
  const own = new Map<bigint, bigint>()
  for (const order of orders) {
    const rests = order.status === "New" || order.status === "PartiallyFilled"
    if (!rests || order.symbol !== terms.symbol || (order.side === "Bid") !== isBid) continue
    const price = grouped(units(order.price, terms.quoteDecimals), step, isBid)
    const left =
      units(order.quantity, terms.baseDecimals) - units(order.executedQuantity, terms.baseDecimals)
    own.set(price, (own.get(price) ?? 0n) + left)
  }
  return own
}
