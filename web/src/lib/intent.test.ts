import { beforeEach, expect, test, vi } from "vitest"

import { Refused, Unanswered } from "./api"

const act = vi.hoisted(() => vi.fn())
vi.mock("./act", () => ({ act, OtherSigner: class OtherSigner extends Error {} }))
vi.mock("./deployment.svelte", () => ({ deployment: { nowS: () => 1_800_000_000 } }))

const { OtherSigner } = await import("./act")
const { Intent } = await import("./intent")

beforeEach(() => act.mockReset())

/** The nonces of two attempts, the first of which ends in `fault`. */
async function nonces(fault: unknown): Promise<[number, number]> {
  const intent = new Intent()
  act.mockRejectedValueOnce(fault).mockResolvedValueOnce({})
  await expect(intent.act("Transfer", {})).rejects.toBe(fault)
  await intent.act("Transfer", {})
  return [act.mock.calls[0]![2], act.mock.calls[1]![2]]
}

test.each([
  ["unanswered", new Unanswered("gone")],
  ["refused", new Refused(422, "SLIPPAGE_EXCEEDED", "less")],
])("of an attempt that was %s and its repeat only one can execute", async (_, fault) => {
  const [first, second] = await nonces(fault)
  expect(second).toBe(first)
})

test.each([
  ["whose nonce is spent", new Refused(409, "NONCE_USED", "used")],
  ["that another key had signed", new OtherSigner()],
])("after one %s a wish of its own begins", async (_, fault) => {
  const [first, second] = await nonces(fault)
  expect(second).not.toBe(first)
})

test("what was accepted is over", async () => {
  const intent = new Intent()
  act.mockResolvedValue({})
  await intent.act("Transfer", {}, { byOwner: true })
  await intent.act("Transfer", {})
  expect(act.mock.calls[0]![2]).not.toBe(act.mock.calls[1]![2])
  expect(act.mock.calls[0]![3]).toEqual({ byOwner: true })
})
