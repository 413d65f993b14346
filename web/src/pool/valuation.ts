// What pools of different quotes are worth in one asset, for totals and for sorting. Exact products
// of the prices of this moment; an inverse price is cut at 18 places. No price is made up: what no
// market connects to the reference has no value.

import { type Decimal, decimal } from "../lib/decimals"
import { plus, times } from "./ratio"

const INVERSE_PLACES = 18

export interface Priced {
  baseSymbol: string
  quoteSymbol: string
  /** Quote per base in whole tokens; null where nothing says. */
  price: string | null
}

/** The quote of most markets, of several the one listed first; null without a market. */
export function referenceOf(markets: readonly { quoteSymbol: string }[]): string | null {
  const counts = new Map<string, number>()
  for (const { quoteSymbol } of markets) counts.set(quoteSymbol, (counts.get(quoteSymbol) ?? 0) + 1)
  let best: string | null = null
  for (const [symbol, count] of counts) {
    if (best === null || count > counts.get(best)!) best = symbol
  }
  return best
}

/** Worth of one whole token of each asset in whole tokens of `reference`. */
export function rates(markets: readonly Priced[], reference: string): Map<string, Decimal> {
  const known = new Map<string, Decimal>([[reference, { digits: 1n, places: 0 }]])
  const usable = markets.filter(({ price }) => price !== null && decimal(price).digits > 0n)
  for (let before = 0; before < known.size; ) {
    before = known.size
    for (const { baseSymbol, quoteSymbol, price } of usable) {
      const [base, quote] = [known.get(baseSymbol), known.get(quoteSymbol)]
      if (quote !== undefined && base === undefined) {
        known.set(baseSymbol, times(decimal(price!), quote))
      } else if (base !== undefined && quote === undefined) {
        known.set(quoteSymbol, divided(base, decimal(price!)))
      }
    }
  }
  return known
}

/** Base and quote amounts together, in quote; null without a price where one is needed. */
export function inQuote(base: string, quote: string, price: string | null): Decimal | null {
  const [amount, rest] = [decimal(base), decimal(quote)]
  if (amount.digits === 0n) return rest
  return price === null ? null : plus(times(amount, decimal(price)), rest)
}

/** The sum in the reference, and the symbols of what could not be valued. */
export function total(
  parts: readonly { symbol: string; amount: Decimal }[],
  known: ReadonlyMap<string, Decimal>,
): { sum: Decimal; without: string[] } {
  let sum: Decimal = { digits: 0n, places: 0 }
  const without = new Set<string>()
  for (const { symbol, amount } of parts) {
    const rate = known.get(symbol)
    if (rate !== undefined) sum = plus(sum, times(amount, rate))
    else if (amount.digits !== 0n) without.add(symbol)
  }
  return { sum, without: [...without] }
}

function divided(a: Decimal, b: Decimal): Decimal {
  const digits = (a.digits * 10n ** BigInt(b.places + INVERSE_PLACES)) / b.digits
  return { digits, places: a.places + INVERSE_PLACES }
}
