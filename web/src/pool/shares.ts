// What a deposit takes and mints and what shares pay, to the unit as the exchange counts it.
//
// Sources: amm/liquidity.py and amm/constant_product.py of this exchange, which follow v2-core
// UniswapV2Pair.sol and v2-periphery UniswapV2Router02.sol, UniswapV2Library.sol. All amounts are
// base units; everything is rounded down unless it says otherwise.

/** Shares that the first deposit locks for ever. */
export const MINIMUM_LIQUIDITY = 1_000n

const BPS = 10_000n

/** What `amount` of one token is worth in the other at the pool's ratio, without a fee. */
export function matching(amount: bigint, reserve: bigint, otherReserve: bigint): bigint {
  return (amount * otherReserve) / reserve
}

/** The part of both desired amounts that a deposit takes. The router fits b to a first. */
export function taken(
  a: bigint,
  b: bigint,
  reserveA: bigint,
  reserveB: bigint,
): [a: bigint, b: bigint] {
  if (reserveA === 0n && reserveB === 0n) return [a, b]
  const fitting = matching(a, reserveA, reserveB)
  return fitting <= b ? [a, fitting] : [matching(b, reserveB, reserveA), b]
}

/**
 * Shares that a deposit of exactly these amounts gets; 0 or less means too small. `supply` is that
 * after the protocol's own shares; 0 is an empty pool, which keeps MINIMUM_LIQUIDITY.
 */
export function minted(
  a: bigint,
  b: bigint,
  reserveA: bigint,
  reserveB: bigint,
  supply: bigint,
): bigint {
  if (supply === 0n) return root(a * b) - MINIMUM_LIQUIDITY
  const [byA, byB] = [(a * supply) / reserveA, (b * supply) / reserveB]
  return byA < byB ? byA : byB
}

/** What burning `shares` pays of a reserve; `supply` is that after the protocol's own shares. */
export function paid(shares: bigint, reserve: bigint, supply: bigint): bigint {
  return supply === 0n ? 0n : (shares * reserve) / supply
}

/** The least to accept of `amount` at a tolerance, rounded up: never looser than was asked. */
export function least(amount: bigint, slippageBps: bigint): bigint {
  return (amount * (BPS - slippageBps) + BPS - 1n) / BPS
}

/** What the pool gives for `amountIn`, after its fee. */
export function amountOut(
  amountIn: bigint,
  reserveIn: bigint,
  reserveOut: bigint,
  feeBps: bigint,
): bigint {
  const effective = amountIn * (BPS - feeBps)
  return (effective * reserveOut) / (reserveIn * BPS + effective)
}

/** What the pool wants for `amountOut`, its fee inside; rounded up. Less than the reserve only. */
export function amountIn(
  amountOut: bigint,
  reserveIn: bigint,
  reserveOut: bigint,
  feeBps: bigint,
): bigint {
  if (amountOut >= reserveOut) throw new RangeError("More than the pool holds")
  return (reserveIn * amountOut * BPS) / ((reserveOut - amountOut) * (BPS - feeBps)) + 1n
}

/** The square root, rounded down. */
export function root(value: bigint): bigint {
  if (value < 0n) throw new RangeError("Root of a negative number")
  if (value < 2n) return value
  let guess = 1n << BigInt((value.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (guess + value / guess) >> 1n
    if (next >= guess) return guess
    guess = next
  }
}
