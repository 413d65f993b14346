import { expect, test } from "vitest"

import { parsed } from "./tokens"

const tokens = { token: "a", expiresAt: 10, refreshToken: "b", sessionExpiresAt: 100 }

test("what was kept comes back until the session is over", () => {
  expect(parsed(JSON.stringify({ ...tokens, owner: "0x" }), 99)).toEqual(tokens)
  expect(parsed(JSON.stringify(tokens), 100)).toBeNull()
})

test.each([null, "", "{", "null", "7", "[]", "{}", JSON.stringify({ ...tokens, token: 1 }), JSON.stringify({ ...tokens, expiresAt: "10" })])(
  "%s is none",
  (text) => {
    expect(parsed(text, 0)).toBeNull()
  },
)
