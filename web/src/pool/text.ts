// Amounts of a pool's tokens as text, and what the words of the API mean.

import { type Decimal, exact, scaled, shown } from "../lib/decimals"
import type { Token } from "../lib/deployment.svelte"

/** Every digit, grouped, so that what is signed is what is read. */
export function whole(amount: bigint, token: Token): string {
  const text = exact(amount, token.decimals)
  const places = text.includes(".") ? text.length - text.indexOf(".") - 1 : 0
  return `${shown(amount, token.decimals, places)} ${token.symbol}`
}

/** For a table: cut to `places`. */
export function short(amount: bigint, token: Token, places = 6): string {
  return `${shown(amount, token.decimals, Math.min(places, token.decimals))} ${token.symbol}`
}

export function shownDecimal(value: Decimal, places: number): string {
  return shown(scaled(value, places), places, places)
}

/** A signed amount: "+1.25", "−0.4"; the sign says gain or loss. */
export function signed(amount: bigint, token: Token, places = 2): string {
  const size = shown(amount < 0n ? -amount : amount, token.decimals, Math.min(places, token.decimals))
  return `${amount < 0n ? "−" : "+"}${size} ${token.symbol}`
}
