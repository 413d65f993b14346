// How much worse than quoted a swap may end, in bps, and what bound that signs.

import { ceilDiv } from "../lib/decimals"
import { stored } from "../lib/stored"
import type { Quote } from "../lib/wire"
import { number } from "./terms"

const BPS = 10_000n
const PLACE = "xyk.slippage" // localStorage

export const PRESETS = [10, 50, 100] as const
export const USUAL = 50
export const LOW = 5
export const HIGH = 500

/** Rounded down, as the exchange does. */
export function minAmountOut(amountOut: bigint, bps: number): bigint {
  return (amountOut * (BPS - BigInt(bps))) / BPS
}

/** Rounded up, as the exchange does. */
export function maxAmountIn(amountIn: bigint, bps: number): bigint {
  return ceilDiv(amountIn * (BPS + BigInt(bps)), BPS)
}

/** The bound that `quote` gives is the one that follows from its amounts. */
export function isBoundRight(quote: Quote, bps: number): boolean {
  return quote.minAmountOut !== undefined
    ? BigInt(quote.minAmountOut) === minAmountOut(BigInt(quote.amountOut), bps)
    : BigInt(quote.maxAmountIn ?? -1) === maxAmountIn(BigInt(quote.amountIn), bps)
}

/** Of a per cent as typed; null for no number, for above 100 and for less than a whole bps. */
export function bpsOf(percent: string): number | null {
  const typed = number(percent.replace(/%\s*$/, ""))
  if (typed === null) return null
  const scale = 10n ** BigInt(typed.places)
  const bps = typed.digits * 100n
  if (bps % scale !== 0n || bps / scale > BPS) return null
  return Number(bps / scale)
}

/** "0.5" of 50. */
export function percentOf(bps: number): string {
  return (bps / 100).toFixed(2).replace(/\.?0+$/, "")
}

/** One line for a person; null where nothing is unusual. */
export function warning(bps: number): string | null {
  if (bps > HIGH) return `You may get up to ${percentOf(bps)} % less than quoted`
  if (bps < LOW) return "Below 0.05 % a small move of the price refuses the swap"
  return null
}

export function remembered(): number {
  const bps = Number(stored.get(PLACE) ?? USUAL)
  return Number.isInteger(bps) && bps >= 0 && bps <= Number(BPS) ? bps : USUAL
}

export function remember(bps: number): void {
  stored.set(PLACE, String(bps))
}
