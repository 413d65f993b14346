// What the desk says in words: amounts, what was done, and what to do after a refusal.

import { Refused, Unanswered, reason } from "../lib/api"
import { exact, shown, shownText } from "../lib/decimals"
import type { Token } from "../lib/deployment.svelte"
import { WalletFault } from "../lib/wallet_fault"
import type { Order, Receipt } from "../lib/wire"

const PLACES = 8

/** Every digit, thousands grouped: what is signed is shown whole. */
export function full(amount: bigint, token: Token): string {
  return `${shown(amount, token.decimals, placesOf(amount, token.decimals))} ${token.symbol}`
}

/** Cut to eight places, for where the last digit does not count. */
export function about(amount: bigint, token: Token): string {
  const unit = 10n ** BigInt(Math.max(token.decimals - PLACES, 0))
  return full(amount - (amount % unit), token)
}

/** As a field holds it, at most eight places; `up` for what is paid, which is never shown too low. */
export function field(amount: bigint, token: Token, up = false): string {
  const unit = 10n ** BigInt(Math.max(token.decimals - PLACES, 0))
  const cut = amount - (amount % unit)
  return exact(up && cut !== amount ? cut + unit : cut, token.decimals)
}

/** Of a decimal string: at most `most` significant digits behind leading zeros, cut. */
export function priceText(text: string, most = 8): string {
  const [whole = "0", fraction = ""] = text.split(".")
  if (fraction === "") return shownText(text)
  const leading = whole === "0" ? (/^0*/.exec(fraction)?.[0].length ?? 0) : 0
  const room = whole === "0" ? leading + most : Math.max(most - whole.length, 2)
  return shownText(text, Math.min(fraction.length, room))
}

/** How far apart two prices may look: "1.25 %" of 125 bps. */
export function percent(bps: number): string {
  return `${(bps / 100).toFixed(2)} %`
}

/** A decision and no fault: the person closed the wallet's window (EIP-1193), or said no in it. */
export function isDeclined(fault: unknown): boolean {
  if (fault instanceof WalletFault) return fault.isChoice
  const { code, cause } = (fault ?? {}) as { code?: unknown; cause?: unknown }
  return code === 4001 || code === "ACTION_REJECTED" || (cause !== undefined && isDeclined(cause))
}

const ADVICE: Record<string, string> = {
  SLIPPAGE_EXCEEDED:
    "The price moved past your limit, so nothing was traded. Look at the new price, or allow more slippage.",
  INSUFFICIENT_FUNDS: "There is less available than this needs. Lower the amount, or cancel an order that holds funds.",
  INSUFFICIENT_LIQUIDITY: "Pool and book cannot fill this now. Try a smaller amount or another price.",
  EXPIRED: "The signature came too late. Press again and confirm within three minutes.",
  NONCE_USED:
    "An earlier attempt was accepted after all, so this one was not. Look at your orders and trades before you press again.",
  NONCE_OUT_OF_WINDOW: "Your attempt was too old. Press again.",
  TRADING_PAUSED: "The market is paused. Cancelling works; trading does not until it opens again.",
  UNAUTHORIZED: "The agent's permission ended or was taken back. Approve an agent again, or trade with the wallet itself.",
  INVALID_SIGNATURE: "The wallet signed with another account or for another exchange. Connect again and try once more.",
  ORDER_LIMIT: "You have as many open orders as are allowed. Cancel some first.",
  TOO_MANY_REQUESTS: "Too many requests in a short time. Wait a few seconds and press again.",
  OVERLOADED: "The exchange is busy. Press again.",
  SERVER_ERROR: "A fault of the exchange; nothing was changed. Press again, and tell the operator if it stays.",
}

/** What was refused and what to do next. */
export function refusal(fault: unknown): string {
  if (fault instanceof Refused) {
    const advice = ADVICE[fault.code]
    return advice === undefined ? sentence(reason(fault)) : `${advice} (${fault.code}: ${fault.message})`
  }
  if (fault instanceof Unanswered) {
    return `${fault.message}. Whether it was accepted is not known; press again: at most one of both attempts can be executed.`
  }
  const { message } = (fault ?? {}) as { message?: unknown }
  return sentence(typeof message === "string" ? message : reason(fault))
}

/** Of a quote that could not be had: nothing was signed for it. */
export function unquoted(fault: unknown): string {
  return fault instanceof Unanswered ? `${fault.message}; nothing was signed. Trying again …` : refusal(fault)
}

/** The notice of a swap. `isBuy`: what was wanted is the amount out. */
export function swapped(receipt: Receipt, tokenIn: Token, tokenOut: Token, isBuy: boolean): string {
  const given = about(BigInt(String(receipt.amountIn)), tokenIn)
  const got = about(BigInt(String(receipt.amountOut)), tokenOut)
  const done = isBuy ? `Bought ${got} for ${given}` : `Sold ${given} for ${got}`
  return `${done} (entry ${receipt.seq})`
}

/** The notice of an order that was placed or replaced. */
export function ordered(receipt: Receipt, base: string, quote: string): string {
  const order = receipt.order as Order
  const fills = receipt.fills as { quantity: string }[]
  const verb = order.side === "Bid" ? ["Bought", "buy"] : ["Sold", "sell"]
  const filled =
    `${verb[0]} ${shownText(order.executedQuantity)} ${base} ` +
    `for ${shownText(order.executedQuoteQuantity)} ${quote}`
  const wish = `${verb[1]} ${shownText(order.quantity)} ${base} at ${shownText(order.price)} ${quote}`
  return `${done(order, fills.length > 0, filled, wish)} (entry ${receipt.seq})`
}

function done(order: Order, isFilled: boolean, filled: string, wish: string): string {
  switch (order.status) {
    case "Filled":
      return filled
    case "TriggerPending":
      return `Waiting for ${shownText(order.triggerPrice ?? "0")}: ${wish}`
    case "New":
    case "PartiallyFilled":
      return isFilled ? `${filled}; the rest is in the book: ${wish}` : `In the book: ${wish}`
    default:
      return `${filled}; the rest was not placed`
  }
}

function placesOf(amount: bigint, decimals: number): number {
  return exact(amount, decimals).split(".")[1]?.length ?? 0
}

function sentence(text: string): string {
  return /[.)!?]$/.test(text) ? text : `${text}.`
}
