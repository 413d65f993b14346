import { afterEach, expect, test, vi } from "vitest"

import { stored } from "./stored"

afterEach(() => vi.unstubAllGlobals())

test("a browser that keeps nothing keeps it for the visit", () => {
  const no = () => {
    throw new DOMException("denied", "SecurityError")
  }
  vi.stubGlobal("localStorage", { getItem: no, setItem: no, removeItem: no })
  stored.set("xyk.a", "1")
  expect([stored.get("xyk.a"), stored.get("xyk.b")]).toEqual(["1", null])
  stored.remove("xyk.a")
  expect(stored.get("xyk.a")).toBeNull()
})
