import type { Quote } from "../lib/wire"

/** The amount that is signed: least received (exact in) or most paid (exact out), base units. */
export function boundOf(quote: Quote): bigint {
  return BigInt(quote.minAmountOut ?? quote.maxAmountIn ?? "0")
}
