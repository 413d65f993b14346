// A quote's way as a picture can show it: a step for each market, a part for each of its venues.

import { exact } from "../lib/decimals"
import type { Token } from "../lib/deployment.svelte"
import type { Address, Hop, Market, Quote } from "../lib/wire"

export interface Part {
  venue: "pool" | "book"
  amountIn: bigint
  /** Whole per cent of what goes into the step; the parts of a step add up to 100. */
  percent: number
}

export interface Step {
  market: string
  tokenIn: Address
  tokenOut: Address
  amountIn: bigint
  amountOut: bigint
  parts: Part[]
}

export function stepsOf(route: Hop[]): Step[] {
  const steps: Step[] = []
  for (const hop of route) {
    let step = steps.at(-1)
    if (step?.market !== hop.market) {
      const { market, tokenIn, tokenOut } = hop
      step = { market, tokenIn, tokenOut, amountIn: 0n, amountOut: 0n, parts: [] }
      steps.push(step)
    }
    step.amountIn += BigInt(hop.amountIn)
    step.amountOut += BigInt(hop.amountOut)
    step.parts.push({ venue: hop.venue, amountIn: BigInt(hop.amountIn), percent: 0 })
  }
  for (const step of steps) {
    let rest = 100
    step.parts.forEach((part, place) => {
      const isLast = place === step.parts.length - 1
      // What is used is never shown as nothing, and what is shared never as all.
      const rounded = Number((200n * part.amountIn + step.amountIn) / (2n * (step.amountIn || 1n)))
      part.percent = isLast ? rest : Math.min(Math.max(rounded, 1), 99)
      rest -= part.percent
    })
  }
  return steps
}

/** "62 % ETH_USDC pool, 38 % ETH_USDC book" */
export function said(step: Step): string {
  return step.parts.map((part) => `${part.percent} % ${step.market} ${part.venue}`).join(", ")
}

const PLACES = 18

/**
 * What one of a token costs of the other, all fees in: quote per base wherever a market lists the
 * two, as everywhere else on the page, though the way may be another one; else out per in.
 */
export function executionOf(
  quote: Quote,
  tokenIn: Token,
  tokenOut: Token,
  markets: readonly Market[],
): { one: string; other: string; price: string } {
  const [from, to] = [tokenIn.symbol, tokenOut.symbol]
  const isSold = markets.some((market) => market.baseSymbol === from && market.quoteSymbol === to)
  const isBought = markets.some((market) => market.baseSymbol === to && market.quoteSymbol === from)
  const isSingle = new Set(quote.route.map(({ market }) => market)).size === 1
  if (isSingle) {
    return isBought
      ? { one: to, other: from, price: quote.executionPrice }
      : { one: from, other: to, price: quote.executionPrice }
  }
  if (isSold || !isBought) return { one: from, other: to, price: quote.executionPrice }
  const scale = 10n ** BigInt(PLACES + tokenOut.decimals)
  const price = (BigInt(quote.amountIn) * scale) / (BigInt(quote.amountOut) * 10n ** BigInt(tokenIn.decimals))
  return { one: to, other: from, price: exact(price, PLACES) }
}
