// Quantiles of a Prometheus histogram between two readings of it.

import { type Sample, numberOf } from "./prometheus"

/** Upper bound (inclusive) and how many lie below it, ascending; the last bound is Infinity. */
export type Buckets = readonly (readonly [bound: number, below: number])[]

/** Of the series NAME_bucket; empty where they are no histogram. */
export function buckets(samples: readonly Sample[]): Buckets {
  const read = samples
    .map(({ labels, value }) => [numberOf(labels.le ?? "") ?? NaN, value] as const)
    .filter(([bound, below]) => !Number.isNaN(bound) && !Number.isNaN(below))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return read.at(-1)?.[0] === Infinity ? read : []
}

/** What came after `then`; all of `now` where `then` has other bounds or counts more. */
export function since(then: Buckets, now: Buckets): Buckets {
  const isEarlier = then.length === now.length && now.every(([bound, below], i) => {
    const [before, fewer] = then[i]!
    return before === bound && fewer <= below
  })
  return isEarlier ? now.map(([bound, below], i) => [bound, below - then[i]![1]] as const) : now
}

export interface Quantile {
  value: number
  /** The quantile lies above the last finite bound: `value` is that bound. */
  isBeyond: boolean
}

/**
 * The value that the share `q` (0 to 1) lies at or below, evenly spread within its bucket, as
 * Prometheus' histogram_quantile has it; null without observations.
 */
export function quantile(buckets: Buckets, q: number): Quantile | null {
  const count = buckets.at(-1)?.[1] ?? 0
  if (count <= 0) return null
  const rank = q * count
  const at = buckets.findIndex(([, below]) => below >= rank && below > 0)
  const [bound, below] = buckets[at]!
  const [lower, fewer] = at === 0 ? [0, 0] : buckets[at - 1]!
  if (bound === Infinity) return { value: lower, isBeyond: true }
  return { value: lower + ((bound - lower) * (rank - fewer)) / (below - fewer), isBeyond: false }
}
