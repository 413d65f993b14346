// What a limit order would do, as it is now: asked of the exchange, which walks book and curve as
// it would for the order itself. The depth has no single orders, by which fees are rounded, and
// not all of the curve.

import { get } from "../lib/api"
import { session } from "../lib/session.svelte"
import type { Address, OrderQuote } from "../lib/wire"
import { LiveAnswer } from "./live.svelte"
import type { InForce } from "./order"
import type { OrderAmounts } from "./terms"

/** `expires` in unix seconds, 0 = none. */
export interface OrderWish {
  symbol: string
  amounts: OrderAmounts
  timeInForce: InForce
  postOnly: boolean
  expires: number
  /** Whose funds and own orders count, null where nobody says; and who will sign for it. */
  owner: Address | null
  signer: Address | null
  /** What the owner has of what is sold, base units: other funds, another answer. */
  available: bigint
}

export class LiveOrderQuote extends LiveAnswer<OrderWish, OrderQuote> {
  protected async ask(wish: OrderWish, signal?: AbortSignal): Promise<OrderQuote> {
    const token = wish.owner === null ? null : await session.token()
    return await get<OrderQuote>("/api/v1/quote/order", paramsOf(wish), { token, signal })
  }

  protected keyOf(wish: OrderWish): string {
    return JSON.stringify([paramsOf(wish), String(wish.available)])
  }

  protected placeOf({ symbol, amounts }: OrderWish): string {
    return `${symbol} ${amounts.sellToken}`
  }

  protected marketsOf({ symbol }: OrderQuote): string[] {
    return [symbol]
  }
}

function paramsOf({ amounts, timeInForce, postOnly, expires, owner, signer }: OrderWish) {
  return {
    ...amounts,
    timeInForce,
    postOnly: String(postOnly),
    expires,
    owner: owner ?? undefined,
    signer: owner === null ? undefined : (signer ?? undefined),
  }
}
