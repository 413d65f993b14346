import { describe, expect, test } from "vitest"

import { Refused, Unanswered } from "../lib/api"
import type { OrderQuote } from "../lib/wire"
import { estimated, unfitText } from "./estimate"
import type { InForce } from "./order"

const taken: OrderQuote = {
  symbol: "ETH_USDC", side: "Bid", status: "PartiallyFilled", expiryReason: null,
  executedQuantity: "1.5", executedQuoteQuantity: "3001.25", remainingQuantity: "0.5",
  averagePrice: "2000.83333333333333", priceImpactBps: 5, amountIn: "3001250000", amountOut: "1499250000000000000",
  fees: [], route: [], refusal: null, seq: 7, expiresAt: 0,
}
const nothing = {
  executedQuantity: "0", executedQuoteQuantity: "0", remainingQuantity: "2", averagePrice: null, priceImpactBps: null,
} as const
const told = (changes: Partial<OrderQuote>, inForce: InForce = "GTC") =>
  estimated({ ...taken, ...changes }, inForce, "ETH", "USDC")
const refused = (code: string, message = "no") => ({ status: null, refusal: { code, message } })

describe("what it does", () => {
  test("crosses in part", () =>
    expect(told({})).toEqual({
      now: "1.5 ETH for 3,001.25 USDC", price: "2,000.8333 USDC", rest: "0.5 ETH in the book", refused: "",
    }))
  test("rests as a whole", () =>
    expect(told({ ...nothing, status: "New" })).toEqual({
      now: "Nothing", price: "–", rest: "2 ETH in the book", refused: "",
    }))
  test.each([
    [{ status: "Filled", remainingQuantity: "0" }, "Nothing"],
    [{ status: "Expired", expiryReason: "ImmediateOrCancel" }, "0.5 ETH cancelled"],
    [{ status: "Expired", expiryReason: "SelfTrade" }, "0.5 ETH cancelled: it meets your own order"],
  ] as const)("%j", (changes, rest) => expect(told(changes).rest).toBe(rest))
})

describe("why it would be refused, and that nothing is taken then", () => {
  test("post-only that crosses", () => {
    const said = told(refused("INVALID_ORDER", "Order would immediately match and take; a postOnly order must stay"))
    expect(said).toEqual({
      now: "Nothing", price: "–", rest: "–", refused: "Post-only is refused at this price: it would trade at once",
    })
  })
  test("fill or kill of more than there is", () =>
    expect(told(refused("INSUFFICIENT_LIQUIDITY"), "FOK").refused).toBe(
      "Fill or kill would be refused: only 1.5 ETH can be had within the limit",
    ))
  test.each(["IOC", "FOK"] as const)("%s where there is nothing", (inForce) =>
    expect(told({ ...nothing, ...refused("INSUFFICIENT_LIQUIDITY") }, inForce).refused).toContain("Nothing can be had"),
  )
  test("anything else as after a press", () => {
    expect(told(refused("INVALID_PRICE", "Too far")).refused).toBe("Too far (INVALID_PRICE)")
    expect(told(refused("INSUFFICIENT_FUNDS", "Needs 5")).refused).toMatch(/^There is less available.*Needs 5/)
  })
  test("what is no order at all", () => {
    expect(unfitText(new Refused(422, "INVALID_QUANTITY", "Too small"))).toContain("Too small (INVALID_QUANTITY)")
    expect(unfitText(new Unanswered("The exchange does not answer"))).toBe("")
    expect(unfitText(null)).toBe("")
  })
})
