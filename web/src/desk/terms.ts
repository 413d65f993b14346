// What turns what a person types into an order of one market: tokens, tick and lot, all exact.
// The same rules and messages as the Python client's MarketTerms.

import { type Decimal, exact, ungrouped, units } from "../lib/decimals"
import type { Token } from "../lib/deployment.svelte"
import type { Address, Market, Side } from "../lib/wire"

/** A number that the market does not take. `nearest`: the closest one that it does, as text. */
export class Unfit extends Error {
  constructor(
    message: string,
    readonly nearest: string,
  ) {
    super(message)
  }
}

/** As PlaceOrder and ReplaceOrder say it, in base units. */
export type OrderAmounts = {
  sellToken: Address
  buyToken: Address
  sellAmount: string
  buyAmount: string
}

/** `tickSize`: quote base units per whole base token; `lotSize`: base units of base. */
export interface Terms {
  symbol: string
  base: Token
  quote: Token
  tickSize: bigint
  lotSize: bigint
}

export function termsOf(market: Market, base: Token, quote: Token): Terms {
  return {
    symbol: market.symbol,
    base,
    quote,
    tickSize: units(market.filters.price.tickSize, quote.decimals),
    lotSize: units(market.filters.quantity.stepSize, base.decimals),
  }
}

const NUMBER = /^(\d*)(?:\.(\d*))?$/

/** What a person typed ("1,234.5", ".5"), with all its places; null for what is no number. */
export function number(text: string): Decimal | null {
  const found = NUMBER.exec(ungrouped(text))
  const [, whole = "", fraction = ""] = found ?? []
  if (whole === "" && fraction === "") return null
  return { digits: BigInt(whole + fraction), places: fraction.length }
}

/** Whole ticks of a price. Throws Unfit off the ticks, RangeError for no number. */
export function ticks(terms: Terms, text: string): bigint {
  const [count, isExact] = whole(text, terms.tickSize, terms.quote.decimals, "price")
  if (isExact) return count
  const nearest = price(terms, count)
  throw new Unfit(`Prices are multiples of ${price(terms, 1n)}; the nearest is ${nearest}`, nearest)
}

/** Whole lots of a quantity of base. Throws Unfit off the lots, RangeError for no number. */
export function lots(terms: Terms, text: string): bigint {
  const [count, isExact] = whole(text, terms.lotSize, terms.base.decimals, "amount")
  if (isExact) return count
  throw unfitQuantity(terms, 1n, count)
}

/** Quote per base in whole tokens. */
export function price(terms: Terms, count: bigint): string {
  return exact(count * terms.tickSize, terms.quote.decimals)
}

/** Whole tokens of base. */
export function quantity(terms: Terms, count: bigint): string {
  return exact(count * terms.lotSize, terms.base.decimals)
}

/** Quote base units; throws Unfit where that is no whole number (only without a book it may be). */
export function value(terms: Terms, tickCount: bigint, lotCount: bigint): bigint {
  const product = tickCount * terms.tickSize * lotCount * terms.lotSize
  const unit = 10n ** BigInt(terms.base.decimals)
  if (product % unit === 0n) return product / unit
  const step = stepOf(terms, tickCount)
  throw unfitQuantity(terms, step, nearestMultiple(lotCount, step))
}

/** The most whole lots that `quoteUnits` pay at that price. */
export function lotsFor(terms: Terms, tickCount: bigint, quoteUnits: bigint): bigint {
  if (tickCount <= 0n) return 0n
  const base = (quoteUnits * 10n ** BigInt(terms.base.decimals)) / (tickCount * terms.tickSize)
  const count = base / terms.lotSize
  return count - (count % stepOf(terms, tickCount))
}

export function orderAmounts(
  terms: Terms,
  side: Side,
  tickCount: bigint,
  lotCount: bigint,
): OrderAmounts {
  const quote = String(value(terms, tickCount, lotCount))
  const base = String(lotCount * terms.lotSize)
  return side === "Bid"
    ? {
        sellToken: terms.quote.address,
        buyToken: terms.base.address,
        sellAmount: quote,
        buyAmount: base,
      }
    : {
        sellToken: terms.base.address,
        buyToken: terms.quote.address,
        sellAmount: base,
        buyAmount: quote,
      }
}

/** At this price a quantity is a multiple of so many lots, so that its value is whole units. */
function stepOf(terms: Terms, tickCount: bigint): bigint {
  const unit = 10n ** BigInt(terms.base.decimals)
  return unit / gcd(unit, tickCount * terms.tickSize * terms.lotSize)
}

function unfitQuantity(terms: Terms, step: bigint, count: bigint): Unfit {
  const nearest = quantity(terms, count)
  const multiple = `${quantity(terms, step)} ${terms.base.symbol}`
  return new Unfit(`Amounts are multiples of ${multiple}; the nearest is ${nearest}`, nearest)
}

/** How many units `text` is, or the nearest number of them (never 0), and whether it is exact. */
function whole(text: string, unit: bigint, decimals: number, name: string): [bigint, boolean] {
  const typed = number(text)
  if (typed === null) throw new RangeError(`The ${name} is not a number`)
  const places = Math.max(decimals, typed.places)
  const amount = typed.digits * 10n ** BigInt(places - typed.places)
  const fine = unit * 10n ** BigInt(places - decimals)
  return [nearestMultiple(amount, fine) / fine, amount % fine === 0n && amount > 0n]
}

/** The closest multiple, the lower one of two, but never 0. */
function nearestMultiple(amount: bigint, unit: bigint): bigint {
  const count = (2n * amount + unit - 1n) / (2n * unit)
  return (count > 1n ? count : 1n) * unit
}

function gcd(a: bigint, b: bigint): bigint {
  while (b > 0n) [a, b] = [b, a % b]
  return a
}
