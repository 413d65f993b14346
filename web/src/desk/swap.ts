// The rules of a swap's button: when it may be pressed, and what it says.

import type { Token } from "../lib/deployment.svelte"
import type { Quote } from "../lib/wire"
import { boundOf } from "./bound"
import { about, percent } from "./words"

export const NOTABLE_BPS = 100
export const HIGH_BPS = 500
const LEEWAY_BPS = 100 // a confirmed impact may grow by this before it is asked for again

export interface Button {
  text: string
  canPress: boolean
  isWarning?: boolean
}

export interface Situation {
  tokenIn: Token
  tokenOut: Token
  /** Null: nothing usable is typed; `isTyped` tells an empty field from a wrong one. */
  amount: bigint | null
  isTyped: boolean
  isExactIn: boolean
  /** Of the token in; null while it is not known. */
  available: bigint | null
  quote: Quote | null
  isStale: boolean
  isRefused: boolean
  confirmedBps: number | null
  /** What the person wants is to get the token out ("Buy"), to give the token in ("Sell"), or both. */
  verb: "Buy" | "Sell" | "Swap"
}

/** The swap costs so much by its size that it is asked for twice. */
export function needsConfirmation(quote: Quote, confirmedBps: number | null): boolean {
  const impact = quote.priceImpactBps ?? 0
  return impact >= HIGH_BPS && (confirmedBps === null || impact > confirmedBps + LEEWAY_BPS)
}

/** `fresh` would miss what `shown` promised at worst, or asks for a confirmation that was not given. */
export function isBeyond(fresh: Quote, shown: Quote, confirmedBps: number | null): boolean {
  const bound = boundOf(shown)
  const isWorse =
    shown.minAmountOut !== undefined ? BigInt(fresh.amountOut) < bound : BigInt(fresh.amountIn) > bound
  return isWorse || needsConfirmation(fresh, confirmedBps)
}

export function buttonOf(now: Situation): Button {
  const { tokenIn, tokenOut, amount, quote, available, isExactIn } = now
  const no = (text: string): Button => ({ text, canPress: false })
  if (tokenIn.symbol === tokenOut.symbol) return no("Choose two tokens")
  if (amount === null) return no(now.isTyped ? "Enter a valid amount" : "Enter an amount")
  if (amount === 0n) return no("Enter an amount")
  if (isExactIn && available !== null && amount > available) return no(`Not enough ${tokenIn.symbol}`)
  if (now.isRefused) return no("No price for this")
  if (quote === null || now.isStale) return no("Asking for the price …")
  if (!isExactIn && available !== null && BigInt(quote.amountIn) > available) {
    return no(`Not enough ${tokenIn.symbol}`)
  }
  if (needsConfirmation(quote, now.confirmedBps)) {
    return {
      text: `Price impact ${percent(quote.priceImpactBps ?? 0)}: go on?`,
      canPress: true,
      isWarning: true,
    }
  }
  const given = about(isExactIn ? amount : BigInt(quote.amountIn), tokenIn)
  const got = about(isExactIn ? BigInt(quote.amountOut) : amount, tokenOut)
  const isWarning = (quote.priceImpactBps ?? 0) >= HIGH_BPS
  if (now.verb === "Swap") return { text: `Swap ${tokenIn.symbol} for ${tokenOut.symbol}`, canPress: true, isWarning }
  // Said is what was typed: it is exact, the other side moves.
  const text =
    now.verb === "Buy"
      ? isExactIn ? `Buy ${tokenOut.symbol} for ${given}` : `Buy ${got}`
      : isExactIn ? `Sell ${given}` : `Sell ${tokenIn.symbol} for ${got}`
  return { text, canPress: true, isWarning }
}
