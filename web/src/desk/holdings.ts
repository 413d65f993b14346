// How holdings are told: ages, states of an order, what a balance is worth.

import { decimal, exact, places, shownText } from "../lib/decimals"
import type { Market, Order } from "../lib/wire"
import { priceText } from "./words"

/** "5 s", "3 min", "2 h", "4 d"; both in unix ms. */
export function age(sinceMs: number, nowMs: number): string {
  const seconds = Math.max(Math.floor((nowMs - sinceMs) / 1_000), 0)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** In the person's own time zone: "2026-11-21 15:04:09". */
export function moment(ms: number): string {
  const at = new Date(ms)
  const two = (part: number) => String(part).padStart(2, "0")
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-")
  return `${date} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`
}

/** "Limit · GTC · post-only", "Stop ≥ 2100 · IOC" */
export function kindOf(order: Order): string {
  const isStop = order.triggerPrice !== null
  const kind = isStop ? `Stop ${order.triggerAbove ? "≥" : "≤"} ${order.triggerPrice}` : order.orderType
  return [kind, order.timeInForce, ...(order.postOnly ? ["post-only"] : [])].join(" · ")
}

const STATUS: Record<string, string> = {
  New: "Open",
  PartiallyFilled: "Partly filled",
  TriggerPending: "Waiting",
  TriggerFailed: "Trigger failed",
}
const REASON = /(?<=[a-z])(?=[A-Z])/g

/** "Partly filled", "Expired: self trade prevention" */
export function statusOf(order: Order): string {
  const status = STATUS[order.status] ?? order.status
  return order.expiryReason === null
    ? status
    : `${status}: ${order.expiryReason.replace(REASON, " ").toLowerCase()}`
}

/** Whole per cent of the quantity, cut: 99.9 % is not all. */
export function filledPercent(order: Order): number {
  const [done, all] = [decimal(order.executedQuantity), decimal(order.quantity)]
  const places = BigInt(Math.max(done.places, all.places))
  const of = (one: typeof done) => one.digits * 10n ** (places - BigInt(one.places))
  return of(all) === 0n ? 0 : Number((100n * of(done)) / of(all))
}

const AVERAGE_PLACES = 18

/** Quote per base of what is filled, cut to 18 places; null where nothing is. */
export function averagePrice(order: Order): string | null {
  const [quote, base] = [decimal(order.executedQuoteQuantity), decimal(order.executedQuantity)]
  if (base.digits === 0n) return null
  const scale = 10n ** BigInt(AVERAGE_PLACES + base.places)
  return exact((quote.digits * scale) / (base.digits * 10n ** BigInt(quote.places)), AVERAGE_PLACES)
}

/**
 * In base units of the token that the price is told in; rounded down. `price`: of one whole token,
 * a decimal string.
 */
export function worth(amount: bigint, decimals: number, price: string, priceDecimals: number): bigint {
  const { digits, places } = decimal(price)
  return (amount * digits * 10n ** BigInt(priceDecimals)) / 10n ** BigInt(decimals + places)
}

/** Behind the point of a price in this market; undefined is a market that is not listed any more. */
export function pricePlaces(market: Market | undefined): number {
  return market === undefined ? 0 : places(market.filters.price.tickSize)
}

/** Behind the point of an amount of base in this market. */
export function sizePlaces(market: Market | undefined): number {
  return market === undefined ? 0 : places(market.filters.quantity.stepSize)
}

/**
 * Of a decimal that may be finer than its column: cut to `places`, and where those would show
 * nothing of it, its first four digits.
 */
export function column(text: string, places: number): string {
  const cut = shownText(text, places)
  return /[1-9]/.test(cut) || !/[1-9]/.test(text) ? cut : priceText(text, 4)
}
