import { beforeEach, expect, test, vi } from "vitest"

const heard = vi.hoisted(() => new Map<string, { frame(data: unknown): void; subscribed(): void }>())
const asked = vi.hoisted(() => [] as string[])
const depth = vi.hoisted(() => ({ asks: [] as string[][], bids: [] as string[][], lastUpdateId: "0" }))

vi.mock("./stream.svelte", () => ({
  stream: {
    follow(name: string, follower: never) {
      heard.set(name.split(".")[0]!, follower)
      return () => {}
    },
  },
}))
vi.mock("./api", async (original) => ({
  ...(await original<typeof import("./api")>()),
  get: async (path: string) => {
    asked.push(path)
    return path.endsWith("/depth") ? { ...depth } : path.endsWith("/trades") ? [] : null
  },
}))

import { LiveMarket } from "./market.svelte"

const KEPT = 100
const later = () => vi.advanceTimersByTimeAsync(20) // a frame of the screen
const traded = (id: number) => heard.get("trade")!.frame({ p: "2000", q: "1", t: id, T: id * 1_000, m: false })
const changed = (first: number, asks: string[][]) => heard.get("depth")!.frame({ U: first, u: first, a: asks, b: [] })

/** Read once, with one ask as of update 7. */
async function loaded(): Promise<LiveMarket> {
  Object.assign(depth, { asks: [["2001", "3"]], bids: [], lastUpdateId: "7" })
  const market = new LiveMarket("ETH_USDC")
  for (const one of heard.values()) one.subscribed()
  await later()
  expect(market.asks).toEqual([["2001", "3"]])
  return market
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => setTimeout(draw, 16))
  heard.clear()
  asked.length = 0
})

test("of the trades the newest are kept, however many come", async () => {
  const market = await loaded()
  for (let id = 1; id <= 3 * KEPT; id += 1) {
    traded(id)
    if (id % 40 === 0) await later()
  }
  await later()
  expect(market.trades.map(({ id }) => id)).toEqual(Array.from({ length: KEPT }, (_, at) => 3 * KEPT - at))
})

test("a level of nothing is gone", async () => {
  const market = await loaded()
  changed(8, [["2002", "1"]])
  changed(9, [["2001", "0"]])
  await later()
  expect(market.asks).toEqual([["2002", "1"]])
})

test("after a gap, and after the connection was lost, depth is read again", async () => {
  const market = await loaded()
  const reads = () => asked.filter((path) => path.endsWith("/depth")).length
  expect(reads()).toBe(1)
  Object.assign(depth, { asks: [["2003", "2"]], lastUpdateId: "10" })
  changed(10, []) // 8 and 9 never came
  changed(11, [["2004", "5"]]) // before the answer
  await later()
  expect(reads()).toBe(2)
  expect(market.asks).toEqual([["2003", "2"], ["2004", "5"]])
  Object.assign(depth, { asks: [["2005", "1"]], lastUpdateId: "20" })
  heard.get("depth")!.subscribed()
  await later()
  expect(reads()).toBe(3)
  expect(market.asks).toEqual([["2005", "1"]])
})
