// The picture of x*y = k: floats that draw, and the exact trade that a point of it stands for.

import { amountIn, amountOut } from "./shares"

export interface Point {
  x: number
  y: number
}

/** `count` points of x*y = k between two x, closer together where the curve bends. */
export function points(k: number, from: number, to: number, count = 64): Point[] {
  const step = Math.pow(to / from, 1 / (count - 1))
  return Array.from({ length: count }, (_, index) => {
    const x = from * Math.pow(step, index)
    return { x, y: k / x }
  })
}

export interface Trade {
  /** The pool sells base: its base reserve falls. */
  isBuy: boolean
  base: bigint
  quote: bigint
  /** [base, quote] after it, the fee inside. */
  reserves: [bigint, bigint]
}

/**
 * The trade that changes the base reserve by `percent` of it: below zero somebody buys so much base,
 * above zero somebody sells it. Null for none, or one too small to trade.
 */
export function tradeAt(percent: number, reserves: [bigint, bigint], feeBps: bigint): Trade | null {
  const [base, quote] = reserves
  const moved = (base * BigInt(Math.round(Math.abs(percent) * 100))) / 10_000n
  if (moved === 0n || base === 0n || quote === 0n) return null
  if (percent < 0) {
    if (moved >= base) return null
    const paid = amountIn(moved, quote, base, feeBps)
    return { isBuy: true, base: moved, quote: paid, reserves: [base - moved, quote + paid] }
  }
  const got = amountOut(moved, base, quote, feeBps)
  if (got === 0n) return null
  return { isBuy: false, base: moved, quote: got, reserves: [base + moved, quote - got] }
}
