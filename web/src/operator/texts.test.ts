import { expect, test } from "vitest"

import { count, latency, megabytes, perSecond } from "./texts"

test.each([
  [null, "–"],
  [{ value: 0.00123, isBeyond: false }, "1.23 ms"],
  [{ value: 0.25, isBeyond: false }, "250 ms"],
  [{ value: 1, isBeyond: true }, "> 1.00 s"],
])("the latency %o is %s", (found, words) => {
  expect(latency(found)).toBe(words)
})

test("numbers have fixed places, and none is a dash", () => {
  expect([perSecond(0), perSecond(99.94), perSecond(1234.5), perSecond(null)]).toEqual(["0.0", "99.9", "1235", "–"])
  expect([megabytes(132_255_744), megabytes(null)]).toEqual(["132 MB", "–"])
  expect([count(1234567), count(0), count(null)]).toEqual(["1,234,567", "0", "–"])
})
