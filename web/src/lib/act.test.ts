import { beforeEach, expect, test, vi } from "vitest"

const owner = "0x1111111111111111111111111111111111111111"
const state = vi.hoisted(() => ({ nowS: 1_800_000_000, posts: [] as { action: Record<string, number>; signature: string }[] }))
const send = vi.hoisted(() => vi.fn())
const refresh = vi.hoisted(() => vi.fn())
const wallet = vi.hoisted(() => ({
  owner: "0x1111111111111111111111111111111111111111" as string | null,
  connected: {} as { address: string },
  agent: null as { address: string } | null,
  isBurner: false,
  asksFor: () => wallet.agent === null && !wallet.isBurner,
  signerFor: async () => wallet.agent ?? wallet.connected,
  dropAgent: vi.fn(() => (wallet.agent = null)),
}))

vi.mock("./wallet.svelte", () => ({ wallet }))
vi.mock("./notices.svelte", () => ({ notices: { say: vi.fn() } }))
vi.mock("./deployment.svelte", () => ({
  deployment: {
    nowS: () => state.nowS,
    refresh,
    domain: {
      domain: { name: "xyk", version: "1", salt: "0x00" },
      types: {
        EIP712Domain: [],
        CancelAllOrders: ["owner", "market", "nonce", "deadline"].map((name) => ({ name, type: "string" })),
      },
    },
  },
}))
vi.mock("./api", async (original) => ({ ...(await original<typeof import("./api")>()), send }))

import { act } from "./act"
import { Refused, Unanswered } from "./api"
import { nextNonce } from "./nonces"

const signing = (address: string) => ({ address, signTypedData: vi.fn(async () => `by ${address}`) })
const receipt = { seq: 1 }
const cancel = (nonce?: number) => act("CancelAllOrders", { market: "" }, nonce)

/** Answers the posts one by one; the last answer goes on. */
function answers(...list: (Error | object)[]): void {
  send.mockImplementation(async (_method: string, _path: string, body: string) => {
    state.posts.push(JSON.parse(body))
    const answer = list.length > 1 ? list.shift()! : list[0]!
    if (answer instanceof Error) throw answer
    return answer
  })
}

beforeEach(() => {
  vi.useRealTimers()
  state.nowS += 1_000
  state.posts = []
  wallet.owner = owner
  wallet.connected = signing(owner)
  wallet.agent = null
  wallet.isBurner = false
  wallet.dropAgent.mockClear()
  refresh.mockClear()
})

test("signs once and posts the same bytes until there is an answer", async () => {
  vi.useFakeTimers()
  answers(new Unanswered(""), new Refused(503, "OVERLOADED", ""), receipt)
  const done = cancel()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(await done).toBe(receipt)
  expect(state.posts).toHaveLength(3)
  expect(state.posts[1]).toEqual(state.posts[0])
  expect(state.posts[2]).toEqual(state.posts[0])
})

test("gives up only when the action can execute no more", async () => {
  vi.useFakeTimers()
  wallet.isBurner = true
  answers(new Unanswered("no answer"))
  const done = expect(cancel()).rejects.toThrow("no answer")
  await vi.advanceTimersByTimeAsync(2_000)
  expect(state.posts.length).toBeGreaterThan(2)
  state.nowS += 61
  await vi.advanceTimersByTimeAsync(1_000)
  await done
  expect(state.posts[0]!.action.deadline).toBe(state.nowS - 1)
})

test("a wallet that asks gives a person three minutes", async () => {
  answers(receipt)
  await cancel()
  expect(state.posts[0]!.action.deadline).toBe(state.nowS + 180)
})

test("after a refused agent the owner signs the very same action", async () => {
  const agent = (wallet.agent = signing("0xagent"))
  answers(new Refused(401, "UNAUTHORIZED", "revoked"), receipt)
  expect(await cancel()).toBe(receipt)
  expect(wallet.dropAgent).toHaveBeenCalledOnce()
  expect(agent.signTypedData).toHaveBeenCalledOnce()
  expect(state.posts.map(({ signature }) => signature)).toEqual(["by 0xagent", `by ${owner}`])
  expect(state.posts[1]!.action).toEqual(state.posts[0]!.action)
})

test("a later version never goes to another signer than the first", async () => {
  const nonce = nextNonce(state.nowS)
  wallet.agent = signing("0xagent")
  answers(new Unanswered(""))
  vi.useFakeTimers()
  const first = expect(cancel(nonce)).rejects.toThrow()
  state.nowS += 61
  await vi.advanceTimersByTimeAsync(1_000)
  await first
  answers(new Refused(401, "UNAUTHORIZED", "over"))
  await expect(cancel(nonce)).rejects.toThrow("another key")
  expect(wallet.connected).toHaveProperty("signTypedData.mock.calls", [])
  expect(wallet.agent).toBeNull()
  state.posts = []
  await expect(cancel(nonce)).rejects.toThrow("another key")
  expect(state.posts).toHaveLength(0)
})

test("a version that was never signed binds to nobody", async () => {
  const nonce = nextNonce(state.nowS)
  wallet.connected = { ...signing(owner), signTypedData: () => Promise.reject(new Error("no")) } as never
  await expect(cancel(nonce)).rejects.toThrow("no")
  wallet.agent = signing("0xagent")
  answers(receipt)
  expect(await cancel(nonce)).toBe(receipt)
})

test("a slot that another tab took is left, without asking", async () => {
  wallet.isBurner = true
  answers(new Refused(409, "NONCE_USED", ""), new Refused(409, "NONCE_USED", ""), receipt)
  expect(await cancel()).toBe(receipt)
  const nonces = state.posts.map(({ action }) => action.nonce)
  expect(new Set(nonces).size).toBe(3)
})

test("but not for ever, and not for a wallet that would ask again", async () => {
  answers(new Refused(409, "NONCE_USED", "used"))
  await expect(cancel()).rejects.toThrow("used")
  expect(state.posts).toHaveLength(1)
  state.posts = []
  wallet.isBurner = true
  await expect(cancel()).rejects.toThrow("used")
  expect(state.posts).toHaveLength(5)
})

test("NONCE_USED of a later version stands: the earlier one executed", async () => {
  wallet.isBurner = true
  const nonce = nextNonce(state.nowS)
  answers(receipt)
  await cancel(nonce)
  answers(new Refused(409, "NONCE_USED", "used"))
  state.posts = []
  await expect(cancel(nonce)).rejects.toThrow("used")
  expect(state.posts).toHaveLength(1)
})

test("an account that changes while the wallet is asked is not signed for", async () => {
  wallet.agent = signing("0xagent")
  answers(new Refused(401, "UNAUTHORIZED", ""))
  wallet.dropAgent.mockImplementationOnce(() => {
    wallet.owner = "0x2222222222222222222222222222222222222222"
    return (wallet.agent = null)
  })
  await expect(cancel()).rejects.toThrow("account changed")
  expect(state.posts).toHaveLength(1)
})

test("what a market may is read again once it was paused, and after no other refusal", async () => {
  answers(new Refused(422, "EXPIRED", ""))
  await expect(cancel()).rejects.toThrow()
  expect(refresh).not.toHaveBeenCalled()
  answers(new Refused(422, "TRADING_PAUSED", "paused"))
  await expect(cancel()).rejects.toThrow("paused")
  expect(refresh).toHaveBeenCalledOnce()
})
