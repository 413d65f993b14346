// A market's terms in the units that the book is reckoned in.

import { places, units } from "../lib/decimals"
import type { Token } from "../lib/deployment.svelte"
import type { Market } from "../lib/wire"

/** `tick` is quote base units per whole base token, `lot` base units of base. */
export interface Terms {
  symbol: string
  baseSymbol: string
  quoteSymbol: string
  baseDecimals: number
  quoteDecimals: number
  /** 10^baseDecimals. */
  wholeBase: bigint
  tick: bigint
  lot: bigint
  /** Behind the point of a price and of a quantity that an order can have. */
  pricePlaces: number
  sizePlaces: number
  poolFeeBps: number
  hasBook: boolean
}

export function termsOf(market: Market, base: Token, quote: Token): Terms {
  const { tickSize } = market.filters.price
  const { stepSize } = market.filters.quantity
  return {
    symbol: market.symbol,
    baseSymbol: market.baseSymbol,
    quoteSymbol: market.quoteSymbol,
    baseDecimals: base.decimals,
    quoteDecimals: quote.decimals,
    wholeBase: 10n ** BigInt(base.decimals),
    tick: units(tickSize, quote.decimals),
    lot: units(stepSize, base.decimals),
    pricePlaces: places(tickSize),
    sizePlaces: places(stepSize),
    poolFeeBps: market.poolFeeBps,
    hasBook: market.book,
  }
}
