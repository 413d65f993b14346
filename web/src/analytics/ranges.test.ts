import { describe, expect, it } from "vitest"

import { RANGES, hoursOf, spanText, startOf, starts, timeText } from "./ranges"

const NOON = Date.UTC(2026, 10, 21, 12)
const HOUR_MS = 3_600_000

describe("ranges", () => {
  it("end with the present interval, in UTC", () => {
    const nowMs = NOON + 34 * 60_000
    expect(startOf(RANGES["24h"], nowMs)).toBe(NOON)
    const hours = starts(RANGES["24h"], nowMs)
    expect([hours.length, hours[0], hours.at(-1)]).toEqual([24, NOON - 23 * HOUR_MS, NOON])
    const days = starts(RANGES["30d"], nowMs)
    expect([days.length, days[0], days.at(-1)]).toEqual([30, Date.UTC(2026, 9, 23), Date.UTC(2026, 10, 21)])
    expect(starts(RANGES["7d"], nowMs)).toHaveLength(7 * 24)
    expect(startOf(RANGES["30d"], NOON - NOON % 86_400_000)).toBe(Date.UTC(2026, 10, 21)) // begins here
  })

  it("count the hours that are over, a minute's part at least", () => {
    expect(hoursOf(NOON, NOON + HOUR_MS, NOON + 5 * HOUR_MS)).toBe(1)
    expect(hoursOf(NOON, NOON + 24 * HOUR_MS, NOON + 6 * HOUR_MS)).toBe(6)
    expect(hoursOf(NOON, NOON + HOUR_MS, NOON)).toBeCloseTo(1 / 60)
  })

  it("name days as the exchange has them", () => {
    expect(spanText(RANGES["30d"], Date.UTC(2026, 10, 21))).toBe("21 Nov (UTC)")
    expect(timeText(RANGES["30d"], Date.UTC(2026, 10, 1))).toBe("1 Nov")
    const midnight = new Date(2026, 10, 20).getTime() // of this machine
    expect([midnight, midnight + HOUR_MS].map((time) => timeText(RANGES["7d"], time))).toEqual(["20 Nov", ""])
    expect(timeText(RANGES["24h"], midnight + HOUR_MS)).toBe("01:00")
  })
})
