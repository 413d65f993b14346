import { expect, test } from "vitest"

import { parsed, single, total, totals } from "./prometheus"

const TEXT = `# HELP xyk_requests_total HTTP requests answered
# TYPE xyk_requests_total counter
xyk_requests_total{method="GET",route="/api/v1/status",status="200"} 3.0
xyk_requests_total{method="POST",route="/api/v1/sell",status="201"} 2.0
xyk_requests_total{method="POST",route="/api/v1/sell",status="422"} 1.0

# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.79527205805e+09
xyk_commit_seconds_bucket{le="0.001"} 1.0
xyk_commit_seconds_bucket{le="+Inf"} 12.0
`

test("series come with their labels and values", () => {
  const metrics = parsed(TEXT)
  expect([...metrics.keys()]).toEqual([
    "xyk_requests_total",
    "process_start_time_seconds",
    "xyk_commit_seconds_bucket",
  ])
  expect(metrics.get("xyk_requests_total")![1]).toEqual({
    labels: { method: "POST", route: "/api/v1/sell", status: "201" },
    value: 2,
  })
  expect(single(metrics, "process_start_time_seconds")).toBe(1_795_272_058.05)
  expect(single(metrics, "xyk_requests_total")).toBeNull()
  expect(single(metrics, "nothing")).toBeNull()
})

test("counters are summed, whole or by a label", () => {
  const metrics = parsed(TEXT)
  expect(total(metrics, "xyk_requests_total")).toBe(6)
  expect(total(metrics, "nothing")).toBe(0)
  expect(totals(metrics, "xyk_requests_total", "status")).toEqual(new Map([["200", 3], ["201", 2], ["422", 1]]))
  expect(totals(metrics, "xyk_requests_total", "method").get("POST")).toBe(3)
})

test("quotes, commas, braces and line ends within a label are text", () => {
  const metrics = parsed('a{x="1,2} \\"q\\" \\\\ \\n",y=""} 7\n')
  expect(metrics.get("a")).toEqual([{ labels: { x: '1,2} "q" \\ \n', y: "" }, value: 7 }])
})

test("infinities, no number, times and blanks", () => {
  const metrics = parsed("a +Inf\nb -Inf\nc NaN\nd  5 1700000000000\ne{ } 1\nf{x=\"1\", } 2\n")
  expect(single(metrics, "a")).toBe(Infinity)
  expect(single(metrics, "b")).toBe(-Infinity)
  expect(single(metrics, "c")).toBeNaN()
  expect(single(metrics, "d")).toBe(5)
  expect(metrics.get("f")![0]!.labels).toEqual({ x: "1" })
})

test("what is no line of the format is left out, the others stay", () => {
  const metrics = parsed('junk\n{x="1"} 2\na{x=1} 2\na{x="1"} two\n7up 3\nb 1\n<html>\n')
  expect([...metrics.keys()]).toEqual(["b"])
})
