import { expect, test } from "vitest"

import { endOf, timeLeft } from "./ends"

const NOW_S = 1_800_000_000
const local = (s: number) => {
  const date = new Date(s * 1_000)
  const two = (n: number) => String(n).padStart(2, "0")
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`
}

test("a fixed choice counts from now", () => {
  expect(endOf("hour", "", NOW_S)).toEqual({ endS: NOW_S + 3_600 })
  expect(endOf("week", "ignored", NOW_S)).toEqual({ endS: NOW_S + 604_800 })
})

test("a typed end is in this machine's time", () => {
  expect(endOf("custom", local(NOW_S + 7_200), NOW_S)).toEqual({ endS: NOW_S + 7_200 })
})

test.each([
  ["", "Choose a day"],
  ["tomorrow", "Choose a day"],
  [local(NOW_S - 60), "two minutes"],
  [local(NOW_S + 60), "two minutes"],
  [local(NOW_S + 366 * 86_400), "within a year"],
])("%s is no end", (typed, words) => {
  expect(endOf("custom", typed, NOW_S)).toEqual({ fault: expect.stringContaining(words) })
})

test.each([
  [0, "over"],
  [-5, "over"],
  [1, "1 s"],
  [59, "59 s"],
  [60, "1 min 0 s"],
  [3_599, "59 min 59 s"],
  [3_600, "1 h 0 min"],
  [86_399, "23 h 59 min"],
  [86_400 * 7 - 1, "6 d 23 h"],
])("%i s left is %s", (left, words) => {
  expect(timeLeft(NOW_S + left, NOW_S)).toBe(words)
})
