// What a market's status lets people do. In this exchange cancel_only and paused stop the same
// things; they differ in the word that traders and the Backpack form see.

import type { Market } from "../lib/wire"

export type Standing = "open" | "cancel_only" | "paused"

export const STANDINGS: readonly Standing[] = ["open", "cancel_only", "paused"]

export const NAMES: Record<Standing, string> = { open: "Open", cancel_only: "Cancel only", paused: "Paused" }

export const VERBS: Record<Standing, string> = { open: "Open", cancel_only: "Cancel only", paused: "Pause" }

const OF_BOOK: Record<Market["orderBookState"], Standing> = {
  Open: "open",
  CancelOnly: "cancel_only",
  Closed: "paused",
}

export function standingOf(market: Market): Standing {
  return OF_BOOK[market.orderBookState]
}

export const STOPS = "swaps, new and replaced orders, triggers, and adding liquidity"
export const STAYS = "cancelling orders, removing liquidity, transfers and withdrawals"
