import { beforeEach, expect, test, vi } from "vitest"

const told = vi.hoisted(() => ({ complete: false, asked: 0 }))
const deposit = { kind: "add", shares: "5" }

vi.mock("../lib/session.svelte", () => ({ session: { token: async () => null } }))
vi.mock("../lib/api", async (original) => ({
  ...(await original<typeof import("../lib/api")>()),
  get: async (path: string) => {
    if (!path.endsWith("/history/liquidity")) return { shares: "0" }
    told.asked += 1
    return { items: told.complete ? [deposit] : [], complete: told.complete, more: false }
  },
}))

import { LivePosition } from "./position.svelte"

const SECOND_MS = 1_000

beforeEach(() => {
  vi.useFakeTimers()
  Object.assign(told, { complete: false, asked: 0 })
})

test("moves that the tables lack are asked for until they have them, and then no more", async () => {
  const live = new LivePosition("ETH_USDC", "0x1111111111111111111111111111111111111111")
  await live.read(1)
  expect([live.position?.shares, live.moves]).toEqual(["0", null])
  await vi.advanceTimersByTimeAsync(2 * SECOND_MS)
  expect([live.moves, told.asked]).toEqual([null, 3])
  told.complete = true
  await vi.advanceTimersByTimeAsync(SECOND_MS)
  expect(live.moves).toEqual([deposit])
  await vi.advanceTimersByTimeAsync(10 * SECOND_MS)
  expect(told.asked).toBe(4)
})

test("who is closed asks no more", async () => {
  const live = new LivePosition("ETH_USDC", "0x1111111111111111111111111111111111111111")
  await live.read(1)
  live.close()
  await vi.advanceTimersByTimeAsync(10 * SECOND_MS)
  expect(told.asked).toBe(1)
})
