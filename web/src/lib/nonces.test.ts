import { expect, test, vi } from "vitest"

import { nextNonce } from "./nonces"

test("a nonce's second is now, and no two of a tab are the same", () => {
  const nowS = 1_800_000_000
  const given = Array.from({ length: 200 }, () => nextNonce(nowS))
  expect(new Set(given).size).toBe(200)
  expect(Math.floor(given[0]! / 256)).toBe(nowS)
  expect(given.every((one, i) => i === 0 || one > given[i - 1]!)).toBe(true)
  expect(given.at(-1)! / 256).toBeLessThan(nowS + 300)
})

test("a clock that went back gives none again", () => {
  const later = nextNonce(1_900_000_000)
  expect(nextNonce(1_800_000_000)).toBeGreaterThan(later)
})

test("two tabs begin at different slots", async () => {
  const first = nextNonce(2_000_000_000)
  vi.resetModules()
  const slots = new Set([first])
  for (let tab = 0; tab < 20; tab += 1) {
    vi.resetModules()
    slots.add((await import("./nonces")).nextNonce(2_000_000_000))
  }
  expect(slots.size).toBeGreaterThan(5)
})
