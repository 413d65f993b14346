// How far the pool may move between signing and execution, for deposits and withdrawals.

import { exact, typed } from "../lib/decimals"
import { stored } from "../lib/stored"

const PLACE = "xyk.liquidity.slippage" // localStorage: basis points
const DEFAULT_BPS = 50n
/** An agent must insist on 95 % of what it offers: the exchange refuses less. */
export const AGENT_MOST_BPS = 500n
const MOST_BPS = 5_000n

class Tolerance {
  text = $state(exact(kept(), 2))

  /** Null where what was typed is no percentage from 0 to 50. */
  get bps(): bigint | null {
    const bps = typed(this.text, 2)
    return bps === null || bps > MOST_BPS ? null : bps
  }

  /** Takes what was typed, and keeps it for the next time if it is one. */
  type(text: string): void {
    this.text = text
    if (this.bps !== null) stored.set(PLACE, String(this.bps))
  }
}

function kept(): bigint {
  const text = stored.get(PLACE)
  return text !== null && /^\d{1,4}$/.test(text) ? BigInt(text) : DEFAULT_BPS
}

export const tolerance = new Tolerance()
