// What the exchange says that a limit order would do now, in words.

import { Refused } from "../lib/api"
import { shownText } from "../lib/decimals"
import type { OrderQuote } from "../lib/wire"
import type { InForce } from "./order"
import { priceText, refusal } from "./words"

export interface Estimate {
  /** What it gets at once. */
  now: string
  price: string
  /** What becomes of what it does not get. */
  rest: string
  /** Why it would be refused; "" where it would not. */
  refused: string
}

export const NONE: Estimate = { now: "–", price: "–", rest: "–", refused: "" }

/** Symbols of the market's assets; a refused order does nothing, whatever it would have met. */
export function estimated(
  told: OrderQuote,
  inForce: InForce,
  base: string,
  quote: string,
): Estimate {
  if (told.refusal !== null) {
    return { now: "Nothing", price: "–", rest: "–", refused: refusedText(told, inForce, base) }
  }
  const rest = restText(told, `${shownText(told.remainingQuantity)} ${base}`)
  if (told.averagePrice === null) return { now: "Nothing", price: "–", rest, refused: "" }
  const got = `${shownText(told.executedQuantity)} ${base}`
  const paid = `${shownText(told.executedQuoteQuantity)} ${quote}`
  const price = `${priceText(told.averagePrice)} ${quote}`
  return { now: `${got} for ${paid}`, price, rest, refused: "" }
}

/** Of a wish that is no order: too small, say. */
export function unfitText(fault: unknown): string {
  return fault instanceof Refused ? refusal(fault) : ""
}

function restText({ status, expiryReason }: OrderQuote, left: string): string {
  if (status === "Filled") return "Nothing"
  if (status !== "Expired") return `${left} in the book`
  const why = expiryReason === "SelfTrade" ? ": it meets your own order" : ""
  return `${left} cancelled${why}`
}

function refusedText(told: OrderQuote, inForce: InForce, base: string): string {
  const { code, message } = told.refusal!
  const isFilling = told.averagePrice !== null
  if (code === "INVALID_ORDER" && isFilling && message.includes("immediately match")) {
    return "Post-only is refused at this price: it would trade at once"
  }
  if (code === "INSUFFICIENT_LIQUIDITY" && !isFilling) {
    return "Nothing can be had at this price now: it would be refused"
  }
  if (code === "INSUFFICIENT_LIQUIDITY" && inForce === "FOK") {
    const most = `${shownText(told.executedQuantity)} ${base}`
    return `Fill or kill would be refused: only ${most} can be had within the limit`
  }
  return refusal(new Refused(422, code, message))
}
