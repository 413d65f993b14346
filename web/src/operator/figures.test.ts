import { expect, test } from "vitest"

import { figures, kept } from "./figures"
import { parsed } from "./prometheus"

const reading = (atMs: number, text: string) => ({ atMs, metrics: parsed(text) })

const THEN = reading(1_000, `
process_start_time_seconds 100
xyk_requests_total{route="/a",status="200"} 10
xyk_requests_total{route="/a",status="503"} 1
xyk_refusals_total{code="OVERLOADED"} 1
xyk_refusals_total{code="EXPIRED"} 7
xyk_refusals_total{code="SERVER_ERROR"} 0
xyk_commit_seconds_bucket{le="0.001"} 0
xyk_commit_seconds_bucket{le="0.002"} 5
xyk_commit_seconds_bucket{le="+Inf"} 5
xyk_group_entries_sum 5
xyk_seq 5
`)
const NOW = reading(11_000, `
process_start_time_seconds 100
xyk_requests_total{route="/a",status="200"} 50
xyk_requests_total{route="/b",status="503"} 5
xyk_requests_total{route="/a",status="503"} 1
xyk_refusals_total{code="OVERLOADED"} 6
xyk_refusals_total{code="EXPIRED"} 7
xyk_refusals_total{code="SERVER_ERROR"} 0
xyk_commit_seconds_bucket{le="0.001"} 10
xyk_commit_seconds_bucket{le="0.002"} 15
xyk_commit_seconds_bucket{le="+Inf"} 15
xyk_group_entries_sum 25
xyk_seq 25
xyk_snapshot_seq 20
xyk_queue_depth 3
xyk_writer_failed 1
process_resident_memory_bytes 1.5e+08
`)

test("rates are what came, by the seconds between", () => {
  const read = figures(THEN, NOW)
  expect(read).toMatchObject({ spanS: 10, requests: 4.5, faults: 0.5, entries: 2, queue: 3 })
  expect(read.commitP50).toEqual({ value: 0.0005, isBeyond: false })
  expect(read.commitP99!.value).toBeCloseTo(0.00099, 10)
  expect(read).toMatchObject({ snapshotAge: 5, writerFailed: true, memoryBytes: 150_000_000 })
})

test("what was never refused is not listed, and the newly frequent comes first", () => {
  expect(figures(THEN, NOW).refusals).toEqual([
    { code: "OVERLOADED", total: 6, recent: 5 },
    { code: "EXPIRED", total: 7, recent: 0 },
  ])
})

test("one reading has gauges, and no rates", () => {
  expect(figures(NOW, NOW)).toMatchObject({ requests: null, commitP50: null, commitP99: null, queue: 3, lag: null })
})

test("no snapshot is not one of age zero", () => {
  expect(figures(THEN, THEN).snapshotAge).toBeNull()
  expect(figures(NOW, reading(12_000, "xyk_seq 9\nxyk_snapshot_seq 0\n")).snapshotAge).toBeNull()
})

test("readings are kept for the span and one before it", () => {
  const at = (ms: number) => reading(ms, "process_start_time_seconds 1\n")
  let list = [at(0)]
  for (const ms of [2_000, 4_000, 6_000, 8_000]) list = kept(list, at(ms), 5_000)
  expect(list.map(({ atMs }) => atMs)).toEqual([2_000, 4_000, 6_000, 8_000])
})

test("a restarted process begins anew, for its counters do", () => {
  expect(kept([THEN], reading(12_000, "process_start_time_seconds 101\n"), 60_000)).toHaveLength(1)
})
