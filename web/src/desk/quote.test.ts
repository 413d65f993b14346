import { beforeEach, expect, test, vi } from "vitest"

import type { Quote } from "../lib/wire"

const NOW = 1_800_000_000_000
const open = vi.hoisted(() => [] as { amount: string; signal: AbortSignal; answer: (quote: unknown) => void; refuse: (why: unknown) => void }[])
const heard = vi.hoisted(() => new Map<string, { frame(data: unknown): void; subscribed?(): void }>())
const stream = vi.hoisted(() => ({ connection: "live" }))
const refresh = vi.hoisted(() => vi.fn())
const tab = Object.assign(new EventTarget(), { hidden: false })
vi.stubGlobal("document", tab)

vi.mock("../lib/stream.svelte", () => ({
  stream: {
    get connection() {
      return stream.connection
    },
    follow(name: string, follower: never) {
      heard.set(name, follower)
      return () => heard.delete(name)
    },
  },
}))
vi.mock("../lib/deployment.svelte", () => ({ deployment: { nowMs: () => Date.now(), refresh } }))
vi.mock("../lib/session.svelte", () => ({ session: { token: async () => null } }))
vi.mock("../lib/api", async (original) => ({
  ...(await original<typeof import("../lib/api")>()),
  // Unlike fetch it answers even when it was given up: what comes late must not count by itself.
  get: (_path: string, { amountIn, amountOut }: Record<string, string>, { signal }: { signal: AbortSignal }) =>
    new Promise((answer, refuse) => open.push({ amount: amountIn ?? amountOut!, signal, answer, refuse })),
}))

import { Refused, Unanswered } from "../lib/api"
import { LiveQuote, type Wish } from "./quote.svelte"

const token = (symbol: string) => ({ symbol, address: `0x${symbol}` as const, decimals: 6 })
const wish = (amount: bigint, more: Partial<Wish> = {}): Wish => ({
  tokenIn: token("A"), tokenOut: token("B"), amount, isExactIn: true, slippageBps: 0, owner: null, ...more,
})
const quoted = (amount: string, seq = 1, livesMs = 30_000): Quote => ({
  amountIn: amount, amountOut: amount, minAmountOut: amount, executionPrice: "1", spotPrice: null, worstPrice: null,
  priceImpactBps: 0, fees: [], seq, expiresAt: Date.now() + livesMs,
  route: [{ market: "A_B", venue: "pool", tokenIn: "0xA", tokenOut: "0xB", amountIn: amount, amountOut: amount, fee: "0" }],
})
const later = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const last = () => open.at(-1)!

/** A quote for 10 is shown. */
async function shown(seq = 1, livesMs = 30_000): Promise<LiveQuote> {
  const live = new LiveQuote()
  live.want(wish(10n))
  await later(150)
  last().answer(quoted("10", seq, livesMs))
  await later(0)
  expect(live.quote?.amountIn).toBe("10")
  expect(live.isStale).toBe(false)
  return live
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
  open.length = 0
  heard.clear()
  stream.connection = "live"
  tab.hidden = false
  refresh.mockClear()
})

test("typing is waited for, and asked about once", async () => {
  const live = new LiveQuote()
  for (const amount of [1n, 12n, 123n]) {
    live.want(wish(amount))
    await later(50)
  }
  expect(open).toEqual([])
  await later(100)
  expect(open.map(({ amount }) => amount)).toEqual(["123"])
})

test("an answer that comes late to what is no longer asked is never shown", async () => {
  const live = new LiveQuote()
  live.want(wish(1n))
  await later(150)
  live.want(wish(2n))
  await later(150)
  const [first, second] = open
  second!.answer(quoted("2"))
  await later(0)
  first!.answer(quoted("1"))
  await later(0)
  expect(live.quote?.amountIn).toBe("2")
  expect(first!.signal.aborted).toBe(true)
})

test("a late refusal of what is no longer asked says nothing", async () => {
  const live = new LiveQuote()
  live.want(wish(1n))
  await later(150)
  live.want(wish(2n))
  await later(150)
  last().answer(quoted("2"))
  await later(0)
  open[0]!.refuse(new Refused(422, "INSUFFICIENT_LIQUIDITY", "too much"))
  await later(0)
  expect([live.fault, live.quote?.amountIn]).toEqual([null, "2"])
})

test("what stands there is stale from the first key until it is answered", async () => {
  const live = await shown()
  live.want(wish(100n))
  expect([live.isStale, live.quote?.amountIn]).toEqual([true, "10"])
  await later(150)
  last().answer(quoted("100"))
  await later(0)
  expect([live.isStale, live.quote?.amountIn]).toEqual([false, "100"])
})

test("a quote that runs out is stale, and asked anew", async () => {
  const live = await shown(1, 5_000)
  await later(4_999)
  expect([live.isStale, open.length]).toEqual([false, 1])
  await later(1)
  expect([live.isStale, open.length]).toEqual([true, 2])
  last().answer(quoted("10", 2))
  await later(0)
  expect(live.isStale).toBe(false)
})

test("a market that moves is asked again, once a second at most", async () => {
  const live = await shown(7)
  heard.get("pool.A_B")!.frame({ seq: 7 }) // the state that it was computed on
  await later(2_000)
  expect(open).toHaveLength(1)
  for (let seq = 8; seq < 106; seq += 1) {
    heard.get("pool.A_B")!.frame({ seq })
    await later(10)
    if (open.at(-1) !== open[0]) last().answer(quoted("10", seq))
  }
  expect(open).toHaveLength(2)
  expect(live.isStale).toBe(false)
})

test("frames of depth that tell of no change ask for nothing", async () => {
  const live = await shown()
  for (let frame = 0; frame < 45; frame += 1) {
    heard.get("depth.A_B")!.frame({ a: [], b: [] })
    await later(100)
  }
  expect([open.length, live.isStale]).toEqual([1, false])
  heard.get("depth.A_B")!.frame({ a: [], b: [["1", "3"]] })
  await later(0)
  expect(open).toHaveLength(2)
})

test("a quote whose market stands still is looked at again after five seconds, and is not old then", async () => {
  const live = await shown()
  await later(4_900)
  expect(open).toHaveLength(1)
  await later(100)
  expect([open.length, live.isStale]).toEqual([2, false])
})

test("a quote that lives shorter is old at its end", async () => {
  const live = await shown(1, 2_000)
  await later(2_000)
  expect([open.length, live.isStale]).toEqual([2, true])
})

test("where nobody looks nothing is asked, and whoever looks again gets a new one", async () => {
  const live = await shown()
  tab.hidden = true
  for (let seq = 2; seq < 7; seq += 1) {
    heard.get("pool.A_B")!.frame({ seq })
    await later(10_000)
  }
  expect([open.length, live.isStale]).toEqual([1, true])
  tab.hidden = false
  tab.dispatchEvent(new Event("visibilitychange"))
  await later(0)
  expect(open).toHaveLength(2)
  last().answer(quoted("10", 6))
  await later(0)
  expect(live.isStale).toBe(false)
})

test("a moved market whose answer does not come makes the quote stale", async () => {
  const live = await shown(7)
  heard.get("depth.A_B")!.frame({ a: [["2", "1"]], b: [] })
  await later(2_499)
  expect(live.isStale).toBe(false)
  await later(1)
  expect(live.isStale).toBe(true)
})

test("without a connection nothing is fresh, and after it all is asked anew", async () => {
  const live = await shown()
  stream.connection = "disconnected"
  expect(live.isStale).toBe(true)
  stream.connection = "live"
  heard.get("depth.A_B")!.subscribed!()
  await later(1_000)
  expect(open).toHaveLength(2)
})

test("a refusal takes the figures away, says why and is asked again", async () => {
  const live = await shown()
  live.want(wish(10n ** 9n))
  await later(150)
  last().refuse(new Refused(422, "TRADING_PAUSED", "A_B is paused"))
  await later(0)
  expect([live.quote, live.fault]).toEqual([null, expect.objectContaining({ code: "TRADING_PAUSED" })])
  expect(refresh).toHaveBeenCalledOnce() // of what else says that the market is open
  await later(3_000)
  expect(open).toHaveLength(3)
})

test("what cannot be asked stays on the screen as stale", async () => {
  const live = await shown()
  live.want(wish(10n, { slippageBps: 5 }))
  await later(150)
  last().refuse(new Unanswered("The exchange does not answer"))
  await later(0)
  expect([live.isStale, live.quote?.amountIn, live.fault]).toEqual([true, "10", null])
})

test("a quote whose bound does not follow from its amounts is not believed", async () => {
  const live = new LiveQuote()
  live.want(wish(10n, { slippageBps: 100 }))
  await later(150)
  last().answer(quoted("10")) // promises all of it, one per cent less is due
  await later(0)
  expect(live.quote).toBeNull()
  expect(live.fault).toBeInstanceOf(Unanswered)
})

test("while it is signed nothing takes its place", async () => {
  const live = await shown()
  live.hold()
  heard.get("depth.A_B")!.frame({ a: [], b: [["1", "0"]] })
  await later(60_000)
  expect(open).toHaveLength(1)
  live.release()
  await later(0)
  expect(open).toHaveLength(2)
})

test("another pair begins empty", async () => {
  const live = await shown()
  live.want(wish(10n, { tokenOut: token("C") }))
  expect(live.quote).toBeNull()
  live.close()
  expect(heard.size).toBe(0)
})
