import { expect, test } from "vitest"

import type { Order } from "../lib/wire"
import { age, averagePrice, column, filledPercent, kindOf, moment, statusOf, worth } from "./holdings"

test.each([
  [0, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [3_599_999, "59 min"],
  [3_600_000, "1 h"],
  [86_400_000, "1 d"],
  [-5_000, "0 s"], // clocks differ
])("an age of %d ms", (ms, text) => expect(age(1_000_000, 1_000_000 + ms)).toBe(text))

test("a moment in the person's own zone", () =>
  expect(moment(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe("2026-01-02 03:04:05"))

const order = {
  orderType: "Limit",
  timeInForce: "GTC",
  postOnly: false,
  triggerPrice: null,
  triggerAbove: null,
  status: "New",
  expiryReason: null,
  quantity: "0.5",
  executedQuantity: "0",
} as Order

test("kinds", () => {
  expect(kindOf(order)).toBe("Limit · GTC")
  expect(kindOf({ ...order, postOnly: true })).toBe("Limit · GTC · post-only")
  const stop = { ...order, triggerPrice: "2100", timeInForce: "IOC" }
  expect(kindOf({ ...stop, triggerAbove: true })).toBe("Stop ≥ 2100 · IOC")
  expect(kindOf({ ...stop, triggerAbove: false })).toBe("Stop ≤ 2100 · IOC")
})

test("states", () => {
  expect(statusOf(order)).toBe("Open")
  expect(statusOf({ ...order, status: "Cancelled" })).toBe("Cancelled")
  expect(statusOf({ ...order, status: "Expired", expiryReason: "SelfTradePrevention" })).toBe(
    "Expired: self trade prevention",
  )
})

test("the filled part is cut", () => {
  expect(filledPercent({ ...order, executedQuantity: "0.25" })).toBe(50)
  expect(filledPercent({ ...order, executedQuantity: "0.4999999" })).toBe(99)
  expect(filledPercent({ ...order, executedQuantity: "0.50" })).toBe(100)
  expect(filledPercent({ ...order, quantity: "0" })).toBe(0)
})

test("worth is exact and rounded down", () => {
  expect(worth(5_496_027_303_890_107_812n, 18, "2016.018054", 6)).toBe(11_080_090_269n)
  expect(worth(10n ** 8n, 8, "60380.566635", 6)).toBe(60_380_566_635n)
  expect(worth(1n, 18, "2000", 6)).toBe(0n)
  expect(worth(3n, 0, "0.5", 0)).toBe(1n)
})

test("an average is exact, however small the price", () => {
  const filled = (executedQuantity: string, executedQuoteQuantity: string) =>
    averagePrice({ ...order, executedQuantity, executedQuoteQuantity } as Order)
  expect(filled("0.3", "600.15")).toBe("2000.5")
  expect(filled("3", "10")).toBe("3.333333333333333333")
  expect(filled("100000000", "12.5")).toBe("0.000000125") // a float would say 1.25e-7
  expect(filled("0", "0")).toBeNull()
})

test("what is finer than its column is cut, but never to nothing", () => {
  expect(column("1998.951234", 2)).toBe("1,998.95")
  expect(column("1998.9", 2)).toBe("1,998.90")
  expect(column("0.00012345678", 2)).toBe("0.0001234")
  expect(column("0", 2)).toBe("0.00")
})
