import { beforeEach, expect, test, vi } from "vitest"

const NOW_S = 1_800_000_000
const state = vi.hoisted(() => ({ nowS: 0 }))
const asked = vi.hoisted(() => [] as { params: Record<string, number>; answer: (klines: unknown) => void; fail: (why: unknown) => void }[])
const heard = vi.hoisted(() => ({ follower: null as { frame(data: unknown): void; subscribed(): void } | null }))

vi.mock("../lib/stream.svelte", () => ({
  stream: {
    follow(_: string, follower: never) {
      heard.follower = follower
      return () => (heard.follower = null)
    },
  },
}))
vi.mock("../lib/deployment.svelte", () => ({ deployment: { nowS: () => state.nowS } }))
vi.mock("../lib/api", async (original) => ({
  ...(await original<typeof import("../lib/api")>()),
  get: (_: string, params: Record<string, number>) =>
    new Promise((answer, fail) => asked.push({ params, answer, fail })),
}))

import { Refused, Unanswered } from "../lib/api"
import type { Candle } from "./candles"
import { LiveCandles } from "./candles.svelte"

const naive = (s: number, t = " ") => new Date(s * 1_000).toISOString().slice(0, 19).replace("T", t)
const kline = (start: number, close: string) => ({
  start: naive(start), end: naive(start + 1), open: "1", high: "9", low: "1", close, volume: "1", quoteVolume: "1", trades: "1",
})
const frame = (start: number, close: string) => ({
  t: naive(start, "T"), T: naive(start + 1, "T"), o: "1", h: "9", l: "1", c: close, v: "1", V: "1", n: 1, X: false,
})
const settle = () => new Promise<void>((done) => setTimeout(done, 0))

let drawn: [number, string][] = []
let isFar = true
const drawing = {
  all: (candles: readonly Candle[]) => (drawn = candles.map((one) => [one.start - NOW_S, one.close])),
  last: (one: Candle) => (drawn = [...drawn.filter(([start]) => start !== one.start - NOW_S), [one.start - NOW_S, one.close]]),
  isFarFrom: () => isFar,
}

/** Candles from -2 to 0 are known, the market's first ones; with `more` a whole page of them. */
async function live(more = false): Promise<LiveCandles> {
  const candles = new LiveCandles("A_B", "1s", drawing)
  heard.follower!.subscribed()
  const page = [kline(NOW_S - 2, "2"), kline(NOW_S - 1, "3"), kline(NOW_S, "4")]
  asked[0]!.answer(more ? [...Array(498).keys()].map((at) => kline(NOW_S - 500 + at, "0")).concat(page) : page)
  await settle()
  return candles
}

beforeEach(() => {
  state.nowS = NOW_S
  asked.length = 0
  drawn = []
  isFar = true
})

test("frames move the last candle and begin the next", async () => {
  const candles = await live()
  heard.follower!.frame(frame(NOW_S, "5"))
  heard.follower!.frame(frame(NOW_S + 1, "6"))
  expect(drawn).toEqual([[-2, "2"], [-1, "3"], [0, "5"], [1, "6"]])
  expect(candles.newest?.close).toBe("6")
  expect(asked).toHaveLength(1)
})

test("what is told while the page is read counts after it", async () => {
  const candles = new LiveCandles("A_B", "1s", drawing)
  heard.follower!.subscribed()
  heard.follower!.frame(frame(NOW_S + 1, "6"))
  expect(drawn).toEqual([])
  asked[0]!.answer([kline(NOW_S, "4")])
  await settle()
  expect(drawn).toEqual([[0, "4"], [1, "6"]])
  expect(candles.isLoaded).toBe(true)
})

test("a gap is never drawn: what is missing is read, from the last one known", async () => {
  const candles = await live()
  heard.follower!.frame(frame(NOW_S + 5, "8"))
  expect(drawn.at(-1)).toEqual([0, "4"])
  expect(asked[1]!.params.startTime).toBe(NOW_S)
  heard.follower!.frame(frame(NOW_S + 6, "9"))
  asked[1]!.answer([0, 1, 2, 3, 4, 5].map((at) => kline(NOW_S + at, "7")))
  await settle()
  expect(drawn.map(([start]) => start)).toEqual([-2, -1, 0, 1, 2, 3, 4, 5, 6])
  expect(candles.newest?.close).toBe("9")
})

test("after a reconnect what was missed is read, and the last one known again", async () => {
  await live()
  state.nowS += 3
  heard.follower!.subscribed()
  expect(asked[1]!.params.startTime).toBe(NOW_S)
  asked[1]!.answer([kline(NOW_S, "5"), kline(NOW_S + 1, "5"), kline(NOW_S + 2, "6"), kline(NOW_S + 3, "7")])
  await settle()
  expect(drawn).toEqual([[-2, "2"], [-1, "3"], [0, "5"], [1, "5"], [2, "6"], [3, "7"]])
})

test("after a long absence it begins anew, without a hole", async () => {
  await live()
  state.nowS += 10_000
  heard.follower!.subscribed()
  expect(asked[1]!.params.startTime).toBe(NOW_S + 9_500)
  asked[1]!.answer([kline(NOW_S + 9_999, "7"), kline(NOW_S + 10_000, "8")])
  await settle()
  expect(drawn).toEqual([[9_999, "7"], [10_000, "8"]])
})

test("older ones come before the first, once, until there are none", async () => {
  const candles = await live(true)
  void candles.loadOlder()
  void candles.loadOlder()
  expect(asked).toHaveLength(2)
  expect(asked[1]!.params).toMatchObject({ startTime: NOW_S - 1_000, endTime: NOW_S - 501 })
  asked[1]!.answer([kline(NOW_S - 502, "0"), kline(NOW_S - 501, "1")])
  await settle()
  expect(drawn.slice(0, 3).map(([start]) => start)).toEqual([-502, -501, -500])
  void candles.loadOlder() // the page did not begin where it was asked to: the market began here
  expect(asked).toHaveLength(2)
})

test("where the newest page holds the market's first candle, nothing older is asked for", async () => {
  const candles = await live()
  void candles.loadOlder()
  expect(asked).toHaveLength(1)
})

test("an older page that comes after all was read anew is thrown away", async () => {
  const candles = await live(true)
  void candles.loadOlder()
  state.nowS += 10_000
  heard.follower!.subscribed()
  asked[2]!.answer([kline(NOW_S + 10_000, "8")])
  await settle()
  asked[1]!.answer([kline(NOW_S - 501, "1")])
  await settle()
  expect(drawn).toEqual([[10_000, "8"]])
})

test("a read that fails is tried again", async () => {
  vi.useFakeTimers()
  new LiveCandles("A_B", "1s", drawing)
  heard.follower!.subscribed()
  asked[0]!.fail(new Unanswered("The exchange does not answer"))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(asked).toHaveLength(2)
  asked[1]!.answer([kline(NOW_S, "4")])
  await vi.advanceTimersByTimeAsync(0)
  vi.useRealTimers()
  expect(drawn).toEqual([[0, "4"]])
})

test("candles whose read was refused wait for no page that nobody asks for", async () => {
  const candles = new LiveCandles("A_B", "1s", drawing)
  heard.follower!.subscribed()
  heard.follower!.frame(frame(NOW_S, "4"))
  const why = new Refused(404, "INVALID_MARKET", "There is no market A_B")
  asked[0]!.fail(why)
  await settle()
  expect([candles.fault, candles.isLoaded, asked.length]).toEqual([why, false, 1])
  heard.follower!.frame(frame(NOW_S + 1, "5")) // there is one now
  heard.follower!.frame(frame(NOW_S + 2, "6")) // and it is being read
  expect(asked).toHaveLength(2)
  asked[1]!.answer([kline(NOW_S, "4"), kline(NOW_S + 1, "5")])
  await settle()
  expect(drawn).toEqual([[0, "4"], [1, "5"], [2, "6"]])
  expect([candles.fault, candles.isLoaded]).toEqual([null, true])
})

test("what was told before a refusal is read again, not kept: no candle stays at half of it", async () => {
  await live()
  state.nowS += 1
  heard.follower!.subscribed()
  heard.follower!.frame(frame(NOW_S, "5"))
  asked[1]!.fail(new Refused(403, "FORBIDDEN", "not now"))
  await settle()
  expect(drawn.at(-1)).toEqual([0, "4"])
  heard.follower!.frame(frame(NOW_S + 1, "6"))
  expect(asked[2]!.params.startTime).toBe(NOW_S)
  asked[2]!.answer([kline(NOW_S, "5"), kline(NOW_S + 1, "6")])
  await settle()
  expect(drawn).toEqual([[-2, "2"], [-1, "3"], [0, "5"], [1, "6"]])
})

test("what nobody looks at any more is cut, and read again by who scrolls back", async () => {
  const candles = await live(true)
  isFar = false
  for (let at = 1; at <= 600; at += 1) heard.follower!.frame(frame(NOW_S + at, "5"))
  expect(candles.count).toBe(1_101) // it is looked at
  isFar = true
  heard.follower!.frame(frame(NOW_S + 601, "6"))
  expect(candles.count).toBe(500)
  expect(drawn.map(([start]) => start)).toEqual([...Array(500).keys()].map((at) => 102 + at))
  void candles.loadOlder()
  expect(asked[1]!.params).toMatchObject({ startTime: NOW_S + 102 - 500, endTime: NOW_S + 101 })
})

test("the market's first candle is cut like any other", async () => {
  const candles = await live()
  for (let at = 1; at <= 998; at += 1) heard.follower!.frame(frame(NOW_S + at, "5"))
  expect(candles.count).toBe(500)
  void candles.loadOlder()
  expect(asked).toHaveLength(2)
})
