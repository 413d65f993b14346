// The quote of a swap, as it is now.

import { Unanswered, get } from "../lib/api"
import type { Token } from "../lib/deployment.svelte"
import { session } from "../lib/session.svelte"
import type { Address, Quote } from "../lib/wire"
import { LiveAnswer } from "./live.svelte"
import { isBoundRight } from "./slippage"

/** `amount` in base units, of tokenIn where `isExactIn`, else of tokenOut. */
export interface Wish {
  tokenIn: Token
  tokenOut: Token
  amount: bigint
  isExactIn: boolean
  slippageBps: number
  /** Whose own orders are passed over; null where nobody says. */
  owner: Address | null
}

export class LiveQuote extends LiveAnswer<Wish, Quote> {
  protected async ask(wish: Wish, signal?: AbortSignal): Promise<Quote> {
    const token = wish.owner === null ? null : await session.token()
    const quote = await get<Quote>(
      "/api/v1/quote",
      {
        tokenIn: wish.tokenIn.address,
        tokenOut: wish.tokenOut.address,
        [wish.isExactIn ? "amountIn" : "amountOut"]: String(wish.amount),
        slippageBps: wish.slippageBps,
        owner: wish.owner ?? undefined,
      },
      { token, signal },
    )
    if (!isBoundRight(quote, wish.slippageBps)) {
      throw new Unanswered("The exchange's limit does not follow from its quote")
    }
    return quote
  }

  protected keyOf({ tokenIn, tokenOut, amount, isExactIn, slippageBps, owner }: Wish): string {
    return [tokenIn.address, tokenOut.address, amount, isExactIn, slippageBps, owner].join(" ")
  }

  protected placeOf({ tokenIn, tokenOut }: Wish): string {
    return `${tokenIn.symbol} ${tokenOut.symbol}`
  }

  protected marketsOf({ route }: Quote): string[] {
    return [...new Set(route.map((hop) => hop.market))]
  }
}
