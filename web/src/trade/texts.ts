// Numbers of the market as they are read: every column with its places, whatever was traded.

import { brief, exact, places, shown, shownText, units } from "../lib/decimals"
import type { Market } from "../lib/wire"
import type { Terms } from "./terms"

const DIGITS_MAX = 10

/** A price of the wire, cut to the tick's places: a pool's fills lie between ticks. */
export function priceText(price: string, terms: Terms): string {
  return shownText(price, terms.pricePlaces)
}

/** The same where there are no terms at hand. */
export function tickText(price: string, market: Market): string {
  return shownText(price, places(market.filters.price.tickSize))
}

/** A decimal of the wire without what it has beyond so many places. */
export function cut(text: string, places: number): string {
  const point = text.indexOf(".")
  return point < 0 ? text : text.slice(0, places === 0 ? point : point + 1 + places)
}

/** A quantity of the wire in the lot's places; what is less than all of them show says so. */
export function sizeText(quantity: string, terms: Terms): string {
  return sizeOf(units(quantity, terms.baseDecimals), terms)
}

/** More digits than a column of the book has room for are told in short: "331.77M". */
export function sizeOf(quantity: bigint, terms: Terms): string {
  if (quantity > 0n && quantity < terms.lot) return `<${shown(terms.lot, terms.baseDecimals, terms.sizePlaces)}`
  const text = shown(quantity, terms.baseDecimals, terms.sizePlaces)
  return digits(text) > DIGITS_MAX ? brief(exact(quantity, terms.baseDecimals)) : text
}

/** How many characters the widest of these has: a column keeps that room. */
export function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((one) => one.length))
}

function digits(text: string): number {
  return text.replace(/\D/g, "").length
}

export function priceOf(price: bigint, terms: Terms): string {
  return shown(price, terms.quoteDecimals, terms.pricePlaces)
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" })

/** hh:mm:ss on this machine's clock. */
export function clock(timeMs: number): string {
  return CLOCK.format(timeMs)
}

/** The markets with so much in their name, as a person types it; those that begin with it first. */
export function matching<T extends { symbol: string }>(markets: readonly T[], typed: string): T[] {
  const wanted = typed.trim().toUpperCase().replace(/[\s_/-]+/, "_")
  const begins: T[] = []
  const others: T[] = []
  for (const one of markets) {
    const at = one.symbol.indexOf(wanted)
    if (at === 0) begins.push(one)
    else if (at > 0) others.push(one)
  }
  return [...begins, ...others]
}
