import { describe, expect, it } from "vitest"

import { roundUp, tickText, ticks } from "./axis"

describe("an axis", () => {
  it("has round ticks to its end", () => {
    expect(ticks(300)).toEqual([0, 100, 200, 300])
    expect(ticks(4, 4)).toEqual([0, 1, 2, 3, 4])
    expect(ticks(0)).toEqual([0])
  })

  it("ends at a round number", () => {
    expect(roundUp(220)).toBe(300)
    expect(roundUp(0.022)).toBe(0.03)
    expect(roundUp(300)).toBe(300)
    expect(roundUp(0)).toBe(1)
  })

  it("says large numbers shortly", () => {
    expect(tickText(1_500_000)).toBe("1.5M")
    expect(tickText(0.25)).toBe("0.25")
  })
})
