// A position against holding: what providing liquidity made of what was put in, at today's price.
//
// put in  = all deposits of the owner; taken out = all withdrawals; now = what all shares would pay.
// difference = taken out + now - put in, each token apart, then valued in quote at the pool's present
// price: above zero the position beats having kept the tokens. Fees that the shares earned are inside
// it; without them what is left is the impermanent loss.
//
// For one deposit and no fee this is the known 2*sqrt(p)/(1+p) - 1 of what holding would be worth, p
// the price now over the price then (Pintail, "Uniswap: A Good Deal for Liquidity Providers?", 2019).

import { matching } from "./shares"

export type Pair = [base: bigint, quote: bigint]

export interface Moved {
  kind: "add" | "remove"
  amounts: [string, string]
  shares: string
}

export interface Holding {
  putIn: Pair
  takenOut: Pair
  /** In quote base units, at the present price, rounded down. */
  putInValue: bigint
  nowValue: bigint
  difference: bigint
  feesValue: bigint
  /** The difference without the fees. */
  impermanent: bigint
}

/** Null where the shares did not all come from these moves: some were transferred, at a cost unknown. */
export function holding(
  moves: readonly Moved[],
  shares: bigint,
  now: Pair,
  fees: Pair,
  reserves: Pair,
): Holding | null {
  const putIn: Pair = [0n, 0n]
  const takenOut: Pair = [0n, 0n]
  let counted = 0n
  for (const { kind, amounts, shares: moved } of moves) {
    const side = kind === "add" ? putIn : takenOut
    side[0] += BigInt(amounts[0])
    side[1] += BigInt(amounts[1])
    counted += kind === "add" ? BigInt(moved) : -BigInt(moved)
  }
  if (counted !== shares || reserves[0] === 0n) return null
  const putInValue = valueOf(putIn, reserves)
  const nowValue = valueOf(now, reserves)
  const difference = nowValue + valueOf(takenOut, reserves) - putInValue
  const feesValue = valueOf(fees, reserves)
  return {
    putIn,
    takenOut,
    putInValue,
    nowValue,
    difference,
    feesValue,
    impermanent: difference - feesValue,
  }
}

/** Both amounts in quote base units at the reserves' price, rounded down. */
export function valueOf([base, quote]: Pair, reserves: Pair): bigint {
  return matching(base, reserves[0], reserves[1]) + quote
}
