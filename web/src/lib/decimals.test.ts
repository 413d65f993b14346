import { describe, expect, test } from "vitest"

import { typed, ungrouped } from "./decimals"

describe("what a person types", () => {
  test.each([
    ["1234.5", 1_234_500_000n],
    ["1,234.5", 1_234_500_000n],
    ["1,234,567", 1_234_567_000_000n],
    ["1,000.", 1_000_000_000n],
    [".5", 500_000n],
    [" 7 ", 7_000_000n],
    ["0.0000010", 1n],
  ])("%j", (text, units) => expect(typed(text, 6)).toBe(units))

  // Where the comma is the decimal point these would be a thousandth of what would be signed.
  test.each(["0,125", "0,001", "1,250", "12,500", "1,5", "1,23,456", "0,123.4", "1.234,5", "", ".", "0.0000001"])(
    "%j is none",
    (text) => expect(typed(text, 6)).toBeNull(),
  )

  test("a comma that is no group stays", () => expect(ungrouped(" 1,250 ")).toBe("1,250"))
})
