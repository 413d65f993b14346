// A limit order as typed: what it means in ticks, lots and money, and what the person should know.

import { compare, decimal, exact, typed } from "../lib/decimals"
import type { Market, Side } from "../lib/wire"
import { type Terms, Unfit, lots, lotsFor, price, quantity, ticks, value } from "./terms"
import { full, priceText } from "./words"

export const IN_FORCE = {
  GTC: "Good till cancelled",
  GTD: "Good till a date",
  IOC: "Immediate or cancel",
  FOK: "Fill or kill",
} as const
export type InForce = keyof typeof IN_FORCE

/** `text` for the person; `nearest` is what would be taken instead. */
export interface Fault {
  text: string
  nearest?: string
}

export interface Draft {
  side: Side
  price: string
  /** What was typed last, of the amount of base and the total of quote; the other follows. */
  typed: "quantity" | "total"
  text: string
}

export interface Reading {
  ticks: bigint | null
  lots: bigint | null
  /** Quantity times limit, quote base units. */
  value: bigint | null
  priceFault: Fault | null
  amountFault: Fault | null
  /** As the field that was not typed shows it. */
  other: string
}

/** Empty fields are no fault: they are not filled in yet. */
export function read(terms: Terms, draft: Draft): Reading {
  const found: Reading = {
    ticks: null,
    lots: null,
    value: null,
    priceFault: null,
    amountFault: null,
    other: "",
  }
  if (draft.price.trim() !== "") {
    ;[found.ticks, found.priceFault] = caught(() => ticks(terms, draft.price))
  }
  if (draft.text.trim() === "") return found
  if (draft.typed === "total") readTotal(terms, draft.text, found)
  else readQuantity(terms, draft.text, found)
  return found
}

function readQuantity(terms: Terms, text: string, found: Reading): void {
  ;[found.lots, found.amountFault] = caught(() => lots(terms, text))
  if (found.lots === null || found.ticks === null) return
  const [tickCount, lotCount] = [found.ticks, found.lots]
  ;[found.value, found.amountFault] = caught(() => value(terms, tickCount, lotCount))
  if (found.value !== null) found.other = exact(found.value, terms.quote.decimals)
}

function readTotal(terms: Terms, text: string, found: Reading): void {
  const total = typed(text, terms.quote.decimals)
  if (total === null) {
    found.amountFault = {
      text: `The total is no number of at most ${terms.quote.decimals} places`,
    }
  } else if (found.ticks !== null) {
    const count = lotsFor(terms, found.ticks, total)
    if (count > 0n) {
      found.lots = count
      found.value = value(terms, found.ticks, count)
      found.other = quantity(terms, count)
    } else {
      found.amountFault = leastTotal(terms, found.ticks)
    }
  }
}

function leastTotal(terms: Terms, tickCount: bigint): Fault {
  const [one, fault] = caught(() => value(terms, tickCount, 1n))
  if (one === null) return { text: `Too little: ${fault?.text}` }
  return {
    text: `Too little: ${quantity(terms, 1n)} ${terms.base.symbol} cost ${full(one, terms.quote)}`,
    nearest: exact(one, terms.quote.decimals),
  }
}

/** Best prices and the last one, as the market's data have them; null where there is none. */
export interface Prices {
  bid: string | null
  ask: string | null
  last: string | null
}

/** An order with this limit trades as soon as it comes. */
export function isMarketable(terms: Terms, side: Side, tickCount: bigint, now: Prices): boolean {
  const limit = decimal(price(terms, tickCount))
  if (side === "Bid") return now.ask !== null && compare(limit, decimal(now.ask)) >= 0
  return now.bid !== null && compare(limit, decimal(now.bid)) <= 0
}

/** More than 10 % from the last price. */
export function isFar(terms: Terms, tickCount: bigint, now: Prices): boolean {
  if (now.last === null) return false
  const [limit, last] = [decimal(price(terms, tickCount)), decimal(now.last)]
  const places = BigInt(Math.max(limit.places, last.places))
  const a = limit.digits * 10n ** (places - BigInt(limit.places))
  const b = last.digits * 10n ** (places - BigInt(last.places))
  return 10n * (a > b ? a - b : b - a) > b
}

/** What the best prices say of an order, as long as the exchange was not asked what it would do. */
export function warnings(
  terms: Terms,
  side: Side,
  tickCount: bigint,
  how: { inForce: InForce; postOnly: boolean },
  now: Prices,
): string[] {
  const said: string[] = []
  const takes = isMarketable(terms, side, tickCount, now)
  const [best, who] = side === "Bid" ? [now.ask, "lowest ask"] : [now.bid, "highest bid"]
  const at = best === null ? "" : ` (${who} ${priceText(best)})`
  const isAtOnce = how.inForce === "IOC" || how.inForce === "FOK"
  if (takes && how.postOnly) said.push(`Post-only is refused at this price: it would trade at once${at}`)
  else if (takes && !isAtOnce) said.push(`This limit trades at once${at} and pays the taker's fee`)
  else if (!takes && isAtOnce) said.push(`Nothing can be had at this price now${at}: it would be refused`)
  return said
}

/** "" for a limit near the last price. */
export function farText(terms: Terms, tickCount: bigint, now: Prices): string {
  if (!isFar(terms, tickCount, now)) return ""
  return `The limit is more than 10 % away from the last price, ${priceText(now.last ?? "0")}`
}

/** Why a trigger cannot be set; null where it can. It waits for a price that was not reached yet. */
export function triggerFault(
  terms: Terms,
  tickCount: bigint,
  isAbove: boolean,
  last: string | null,
): string | null {
  if (last === null) return "Nothing was traded here yet, so there is no price to wait for"
  const order = compare(decimal(price(terms, tickCount)), decimal(last))
  if (isAbove && order <= 0) return `To wait for a rise it must be above the last price, ${priceText(last)}`
  if (!isAbove && order >= 0) return `To wait for a fall it must be below the last price, ${priceText(last)}`
  return null
}

/** Why nothing can be placed in a market that is not open. */
export function closedText(market: Market): string {
  return market.orderBookState === "CancelOnly" ? "Only cancelling works now" : "Market is paused"
}

/** Rounded down. */
export function share(amount: bigint, percent: number): bigint {
  return (amount * BigInt(percent)) / 100n
}

/** The most whole lots in that share of `available` base units, as text; "" for none. */
export function lotsShare(terms: Terms, available: bigint, percent: number): string {
  const count = share(available, percent) / terms.lotSize
  return count > 0n ? quantity(terms, count) : ""
}

function caught<T>(act: () => T): [T | null, Fault | null] {
  try {
    return [act(), null]
  } catch (fault) {
    if (fault instanceof Unfit) return [null, { text: fault.message, nearest: fault.nearest }]
    if (fault instanceof RangeError) return [null, { text: fault.message }]
    throw fault
  }
}
