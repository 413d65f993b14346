import { describe, expect, test } from "vitest"

import { type Buckets, buckets, quantile, since } from "./histogram"
import { parsed } from "./prometheus"

const THEN: Buckets = [[1, 10], [2, 30], [Infinity, 30]]
const NOW: Buckets = [[1, 10], [2, 34], [Infinity, 40]]

test("buckets are sorted by their bounds, which are text", () => {
  const text = 'h_bucket{le="+Inf"} 12\nh_bucket{le="0.001"} 1\nh_bucket{le="10.0"} 9\nh_bucket{le="2.0"} 8\n'
  expect(buckets(parsed(text).get("h_bucket")!)).toEqual([[0.001, 1], [2, 8], [10, 9], [Infinity, 12]])
})

test("without the bucket of all it is no histogram", () => {
  expect(buckets(parsed('h_bucket{le="1"} 1\nh_bucket{x="2"} 1\n').get("h_bucket")!)).toEqual([])
  expect(buckets([])).toEqual([])
})

test("between two readings only what came counts", () => {
  expect(since(THEN, NOW)).toEqual([[1, 0], [2, 4], [Infinity, 10]])
})

test("after a restart all of it is new", () => {
  expect(since(NOW, THEN)).toBe(THEN)
  expect(since([], NOW)).toBe(NOW)
  expect(since([[1, 0], [3, 0], [Infinity, 0]], NOW)).toBe(NOW)
})

describe("quantiles", () => {
  test("lie evenly within their bucket", () => {
    const even: Buckets = [[1, 0], [2, 10], [4, 20], [Infinity, 20]]
    expect(quantile(even, 0.5)).toEqual({ value: 2, isBeyond: false })
    expect(quantile(even, 0.25)).toEqual({ value: 1.5, isBeyond: false })
    expect(quantile(even, 0.75)).toEqual({ value: 3, isBeyond: false })
    expect(quantile(even, 1)).toEqual({ value: 4, isBeyond: false })
  })

  test("of the first bucket begin at nothing", () => {
    expect(quantile([[1, 4], [Infinity, 4]], 0.5)).toEqual({ value: 0.5, isBeyond: false })
  })

  test("above the last bound are said to be so", () => {
    expect(quantile(since(THEN, NOW), 0.99)).toEqual({ value: 2, isBeyond: true })
  })

  test("of nothing are none", () => {
    expect(quantile(since(NOW, NOW), 0.5)).toBeNull()
    expect(quantile([], 0.5)).toBeNull()
  })

  test("skip empty buckets, at q = 0 too", () => {
    expect(quantile([[1, 0], [2, 0], [3, 5], [Infinity, 5]], 0)).toEqual({ value: 2, isBeyond: false })
  })
})
