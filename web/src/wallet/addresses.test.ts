import { getAddress } from "viem/utils"
import { expect, test } from "vitest"

import { isSameAddress, recipient, shortAddress } from "./addresses"

const RIGHT = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed" // of EIP-55

test.each([RIGHT, ` ${RIGHT}\n`, RIGHT.toLowerCase(), `0x${RIGHT.slice(2).toUpperCase()}`])("%s is taken", (text) => {
  expect(recipient(text, getAddress)).toEqual({ address: RIGHT })
})

test.each([
  [RIGHT.replace("5a", "5A"), "checksum"],
  [RIGHT.slice(0, -1), "40 digits"],
  [`${RIGHT}0`, "40 digits"],
  [RIGHT.slice(2), "40 digits"],
  ["vitalik.eth", "40 digits"],
  ["", "40 digits"],
  [`0x${"0".repeat(40)}`, "zero address"],
])("%s is refused", (text, words) => {
  expect(recipient(text, getAddress)).toEqual({ fault: expect.stringContaining(words) })
})

test("addresses are the same in any case, and nobody is nobody", () => {
  expect(isSameAddress(RIGHT, RIGHT.toLowerCase())).toBe(true)
  expect(isSameAddress(RIGHT, `0x${"1".repeat(40)}`)).toBe(false)
  expect(isSameAddress(null, null)).toBe(false)
  expect(shortAddress(RIGHT)).toBe("0x5aAe…eAed")
})
