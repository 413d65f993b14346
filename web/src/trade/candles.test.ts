import { expect, test } from "vitest"

import { type Candle, isInterval, joined, ofFrame, ofKlines, take } from "./candles"

function candle(start: number, close = "1", end = start + 60): Candle {
  return { start, end, open: "1", high: "2", low: "1", close, volume: "3", quoteVolume: "4" }
}

test("both spellings of a time are the same second of UTC", () => {
  const [read] = ofKlines([
    { start: "2026-11-21 14:51:00", end: "2026-11-21 14:52:00", open: "1", high: "2", low: "1", close: "1", volume: "3", quoteVolume: "4", trades: "1" },
  ])
  const told = ofFrame({ t: "2026-11-21T14:51:00", T: "2026-11-21T14:52:00", o: "1", h: "2", l: "1", c: "1", v: "3", V: "4", n: 1, X: false })
  expect(read).toEqual(told)
  expect(read!.start).toBe(Date.UTC(2026, 10, 21, 14, 51) / 1_000)
  expect(read!.end - read!.start).toBe(60)
})

test("a candle without a price is none", () => {
  const none = { start: "2026-11-21 14:51:00", end: "2026-11-21 14:52:00", open: null, high: null, low: null, close: null, volume: "0", quoteVolume: "0", trades: "0" }
  expect(ofKlines([none])).toEqual([])
})

test("a page takes the place of what was known of its times", () => {
  const known = [candle(60), candle(120), candle(180)]
  const page = [candle(120, "7"), candle(180, "8"), candle(240, "9")]
  expect(joined(known, page).map((one) => [one.start, one.close])).toEqual([[60, "1"], [120, "7"], [180, "8"], [240, "9"]])
  expect(joined(known, [candle(0)]).map((one) => one.start)).toEqual([0, 60, 120, 180])
  expect(joined(known, [])).toEqual(known)
  expect(joined([], page)).toEqual(page)
})

test("the newest candle goes on, or the next one begins", () => {
  const known: Candle[] = []
  expect(take(known, candle(60))).toBe("last")
  expect(take(known, candle(60, "5"))).toBe("last")
  expect(take(known, candle(120, "6"))).toBe("last")
  expect(known.map((one) => [one.start, one.close])).toEqual([[60, "5"], [120, "6"]])
})

test("a candle after a gap is not taken", () => {
  const known = [candle(60)]
  expect(take(known, candle(180))).toBe("missed")
  expect(known).toHaveLength(1)
})

test("months follow each other by their ends", () => {
  const [start, end] = [Date.UTC(2026, 1, 1) / 1_000, Date.UTC(2026, 2, 1) / 1_000]
  const known = [candle(start, "1", end)]
  expect(take(known, candle(end, "2", Date.UTC(2026, 3, 1) / 1_000))).toBe("last")
})

test("an earlier candle takes its place, and one before all of them none", () => {
  const known = [candle(60), candle(120), candle(180)]
  expect(take(known, candle(120, "9"))).toBe("earlier")
  expect(take(known, candle(0, "9"))).toBe("earlier")
  expect(known.map((one) => one.close)).toEqual(["1", "9", "1"])
})

test("intervals are the wire's", () => {
  expect(isInterval("1month")).toBe(true)
  expect(isInterval("1M")).toBe(false)
  expect(isInterval("toString")).toBe(false)
  expect(isInterval(null)).toBe(false)
})
