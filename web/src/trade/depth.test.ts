import { expect, test } from "vitest"

import { cumulated, reached } from "./depth"

const ASKS = [
  { price: 200n, quantity: 5n, pool: 0n },
  { price: 203n, quantity: 7n, pool: 0n },
  { price: 210n, quantity: 1n, pool: 0n },
]

test("quantity and cost add up as far as the limit", () => {
  expect(cumulated(ASKS, 10n, 203n, false)).toEqual([
    { price: 200n, quantity: 5n, cost: 100n },
    { price: 203n, quantity: 12n, cost: 242n }, // (1000 + 1421) / 10, rounded down once
  ])
  const bids = ASKS.toReversed()
  expect(cumulated(bids, 10n, 203n, true).map((one) => one.price)).toEqual([210n, 203n])
  expect(cumulated([], 10n, 203n, true)).toEqual([])
})

test("a price reaches the last level on its way", () => {
  const asks = cumulated(ASKS, 10n, 999n, false)
  expect(reached(asks, 199, false)).toBeUndefined()
  expect(reached(asks, 200, false)?.quantity).toBe(5n)
  expect(reached(asks, 209.9, false)?.quantity).toBe(12n)
  expect(reached(asks, 1e9, false)?.quantity).toBe(13n)
  const bids = cumulated(ASKS.toReversed(), 10n, 0n, true)
  expect(reached(bids, 205, true)?.quantity).toBe(1n)
  expect(reached(bids, 211, true)).toBeUndefined()
})
