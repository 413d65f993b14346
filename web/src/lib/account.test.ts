import { beforeEach, expect, test, vi } from "vitest"

const asked = vi.hoisted(() => [] as { path: string; answer: (document: unknown) => void }[])
const heard = vi.hoisted(() => new Map<string, { frame(): void; subscribed(): void }>())

vi.mock("./stream.svelte", () => ({
  stream: {
    follow(name: string, follower: never) {
      heard.set(name, follower)
      return () => heard.delete(name)
    },
  },
}))
vi.mock("./session.svelte", () => ({ session: { token: async () => null, forget: () => {} } }))
vi.mock("./api", async (original) => ({
  ...(await original<typeof import("./api")>()),
  get: (path: string) => new Promise((answer) => asked.push({ path, answer })),
}))

import { account } from "./account.svelte"

const OWNER = "0x00000000000000000000000000000000000000AA"
const later = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const told = () => heard.get(`account.orderUpdate@${OWNER.toLowerCase()}`)!.frame()

/** Answers what is asked now with balances as of `seq`. */
async function answer(seq: number): Promise<void> {
  for (const { path, answer } of asked.splice(0)) answer(path.includes("accounts") ? { seq, balances: [] } : [])
  await later(0)
}

beforeEach(async () => {
  vi.useFakeTimers()
  account.follow(null)
  asked.length = 0
  account.follow(OWNER)
  await later(0)
  await answer(1)
})

test("changes that come together are read once", async () => {
  for (let count = 0; count < 10; count += 1) told()
  await later(100)
  expect(asked).toHaveLength(2) // account and orders
})

test("an account that changes all the time is read all the time", async () => {
  let reads = 0
  for (let ms = 0; ms < 2_000; ms += 20) {
    told()
    await later(20)
    if (asked.length > 0) {
      reads += 1
      await answer(2 + reads)
      expect(account.account?.seq).toBe(2 + reads)
    }
  }
  expect(reads).toBeGreaterThan(5)
  expect(reads).toBeLessThanOrEqual(20)
})

test("what changed while it was read is read again", async () => {
  told()
  await later(100)
  told()
  await later(1_000)
  expect(asked).toHaveLength(2) // one read at a time
  await answer(5)
  await later(5_000)
  expect(asked).toHaveLength(2)
  await answer(6)
  expect(account.account?.seq).toBe(6)
})

test("an answer for who was here before is thrown away", async () => {
  told()
  await later(100)
  const old = asked.splice(0)
  account.follow("0x00000000000000000000000000000000000000bb")
  await later(0)
  for (const { path, answer } of old) answer(path.includes("accounts") ? { seq: 9, balances: [] } : [])
  await later(0)
  expect(account.account).toBeNull()
  await answer(10)
  expect(account.account?.seq).toBe(10)
})
