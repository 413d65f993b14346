import { expect, test } from "vitest"

import { networkFields, networkText } from "./networks"

test("a network that is widely known", () => {
  expect(networkText(8453)).toBe("Base, chain id 8453 (0x2105)")
  expect(Object.fromEntries(networkFields(8453))).toMatchObject({
    "Network name": "Base",
    "Chain ID": "8453",
    "Currency symbol": "ETH",
  })
})

test("any other one: its id is all that is known, and no node's address is made up", () => {
  expect(networkText(777_777)).toBe("chain id 777777 (0xbde31)")
  const fields = Object.fromEntries(networkFields(777_777))
  expect(fields["Chain ID"]).toBe("777777")
  expect(fields["RPC URL"]).not.toContain("://")
})
