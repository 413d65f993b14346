// What the operator's view shows, from two readings of /metrics some time apart.

import { type Quantile, buckets, quantile, since } from "./histogram"
import { type Metrics, single, total, totals } from "./prometheus"

export interface Reading {
  /** ms, of a clock that only goes forward. */
  atMs: number
  metrics: Metrics
}

export interface Refusals {
  code: string
  /** Since the process started. */
  total: number
  recent: number
}

export interface Figures {
  /** Between the two readings; 0 for the first one. */
  spanS: number
  /** Per second over the span; null before there is one. */
  requests: number | null
  faults: number | null
  entries: number | null
  commitP50: Quantile | null
  commitP99: Quantile | null
  /** Those that ever were refused, the newly frequent first. */
  refusals: Refusals[]
  lag: number | null
  queue: number | null
  sockets: number | null
  subscriptions: number | null
  slowReaders: number | null
  openOrders: number | null
  memoryBytes: number | null
  /** Entries since the newest snapshot; null without one. */
  snapshotAge: number | null
  clockAheadMs: number | null
  crossedMarkets: number | null
  writerFailed: boolean
}

/** `then` is the older one, or `now` itself. */
export function figures(then: Reading, now: Reading): Figures {
  const spanS = (now.atMs - then.atMs) / 1_000
  const rate = (count: number) => (spanS > 0 ? count / spanS : null)
  const commits = (reading: Reading) => buckets(reading.metrics.get("xyk_commit_seconds_bucket") ?? [])
  const recent = since(commits(then), commits(now))
  const gauge = (name: string) => single(now.metrics, name)
  const seq = gauge("xyk_seq")
  const snapshot = gauge("xyk_snapshot_seq")
  return {
    spanS,
    requests: rate(growth(then, now, "xyk_requests_total")),
    faults: rate(faultsOf(now) - faultsOf(then)),
    entries: rate(growth(then, now, "xyk_group_entries_sum")),
    commitP50: spanS > 0 ? quantile(recent, 0.5) : null,
    commitP99: spanS > 0 ? quantile(recent, 0.99) : null,
    refusals: refusals(then, now),
    lag: gauge("xyk_projection_lag_entries"),
    queue: gauge("xyk_queue_depth"),
    sockets: gauge("xyk_sockets"),
    subscriptions: gauge("xyk_subscriptions"),
    slowReaders: gauge("xyk_slow_readers"),
    openOrders: gauge("xyk_open_orders"),
    memoryBytes: gauge("process_resident_memory_bytes"),
    snapshotAge: seq === null || !snapshot ? null : seq - snapshot,
    clockAheadMs: gauge("xyk_clock_ahead_milliseconds"),
    crossedMarkets: gauge("xyk_crossed_markets"),
    writerFailed: gauge("xyk_writer_failed") === 1,
  }
}

/** The readings of the last `spanMs` and one before them; a restarted process begins anew. */
export function kept(readings: readonly Reading[], next: Reading, spanMs: number): Reading[] {
  const started = (reading: Reading) => single(reading.metrics, "process_start_time_seconds")
  const last = readings.at(-1)
  if (last !== undefined && started(last) !== started(next)) return [next]
  const all = [...readings, next]
  const first = all.findLastIndex(({ atMs }) => atMs <= next.atMs - spanMs)
  return all.slice(Math.max(0, first))
}

function growth(then: Reading, now: Reading, name: string): number {
  return total(now.metrics, name) - total(then.metrics, name)
}

function faultsOf({ metrics }: Reading): number {
  return [...totals(metrics, "xyk_requests_total", "status")].reduce(
    (sum, [status, count]) => (status.startsWith("5") ? sum + count : sum),
    0,
  )
}

function refusals(then: Reading, now: Reading): Refusals[] {
  const before = totals(then.metrics, "xyk_refusals_total", "code")
  return [...totals(now.metrics, "xyk_refusals_total", "code")]
    .filter(([, count]) => count > 0)
    .map(([code, count]) => ({ code, total: count, recent: count - (before.get(code) ?? 0) }))
    .sort((a, b) => b.recent - a.recent || b.total - a.total || (a.code < b.code ? -1 : 1))
}
