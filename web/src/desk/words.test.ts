import { describe, expect, test } from "vitest"

import { Refused, Unanswered } from "../lib/api"
import { WalletFault } from "../lib/wallet_fault"
import type { Receipt } from "../lib/wire"
import { about, field, full, isDeclined, ordered, priceText, refusal, swapped, unquoted } from "./words"

const ETH = { symbol: "ETH", address: "0xe0", decimals: 18 } as const
const USDC = { symbol: "USDC", address: "0xdc", decimals: 6 } as const

test("amounts", () => {
  expect(full(1_234_368_596_922_818_006_239n, ETH)).toBe("1,234.368596922818006239 ETH")
  expect(full(5_000_000n, USDC)).toBe("5 USDC")
  expect(about(1_234_368_596_922_818_006_239n, ETH)).toBe("1,234.36859692 ETH")
  expect(about(496_027_303_890_107_812n, ETH)).toBe("0.4960273 ETH")
  expect(about(7n, ETH)).toBe("0 ETH")
})

test("a field rounds what is paid up and what is got down", () => {
  expect(field(368_596_922_818_006_239n, ETH)).toBe("0.36859692")
  expect(field(368_596_922_818_006_239n, ETH, true)).toBe("0.36859693")
  expect(field(368_596_920_000_000_000n, ETH, true)).toBe("0.36859692")
  expect(field(1_500_001n, USDC, true)).toBe("1.500001")
})

test.each([
  ["2006.01805550385694", "2,006.0180"],
  ["0.0740898337322625608", "0.074089833"],
  ["60000", "60,000"],
  ["123456789.98765", "123,456,789.98"],
  ["0.5", "0.5"],
])("price %s", (text, wanted) => expect(priceText(text)).toBe(wanted))

describe("declined", () => {
  test.each([[{ code: 4001 }], [{ code: "ACTION_REJECTED" }], [{ cause: { code: 4001 } }]])("%j", (fault) =>
    expect(isDeclined(fault)).toBe(true),
  )
  test.each([[{ code: -32603 }], [null], [undefined], [new Error("4001")], [{ cause: {} }]])(
    "%j is a fault",
    (fault) => expect(isDeclined(fault)).toBe(false),
  )
  test("as our own wallet tells it", () => {
    expect(isDeclined(new WalletFault("rejected", "Rejected in MetaMask"))).toBe(true)
    expect(isDeclined(new WalletFault("cancelled", "Stopped"))).toBe(true)
    expect(isDeclined(new WalletFault("busy", "MetaMask has a question open"))).toBe(false)
  })
})

describe("refusals say what to do next", () => {
  test("known", () => {
    const said = refusal(new Refused(422, "SLIPPAGE_EXCEEDED", "would receive 5"))
    expect(said).toMatch(/^The price moved .*\(SLIPPAGE_EXCEEDED: would receive 5\)$/)
  })
  test("the exchange's own words where they say it", () =>
    expect(refusal(new Refused(422, "INVALID_PRICE", "price must be below 5"))).toBe(
      "price must be below 5 (INVALID_PRICE)",
    ))
  test("without an answer nothing is claimed", () =>
    expect(refusal(new Unanswered("The exchange does not answer"))).toContain("not known"))
  test("what a wallet throws", () => {
    expect(refusal({ code: -32603, message: "Ledger is locked" })).toBe("Ledger is locked.")
    expect(refusal("no")).toBe("no.")
  })
})

test("a swap's notice", () => {
  const receipt = { seq: 7, amountIn: "1000000", amountOut: "500000000000000" } as unknown as Receipt
  expect(swapped(receipt, USDC, ETH, false)).toBe("Sold 1 USDC for 0.0005 ETH (entry 7)")
  expect(swapped(receipt, USDC, ETH, true)).toBe("Bought 0.0005 ETH for 1 USDC (entry 7)")
})

describe("an order's notice", () => {
  const order = {
    side: "Bid",
    price: "2000",
    quantity: "1.5",
    executedQuantity: "0.5",
    executedQuoteQuantity: "999.5",
    triggerPrice: null,
  }
  const filled = "Bought 0.5 ETH for 999.5 USDC"
  test.each([
    ["Filled", [{}], filled],
    ["New", [], "In the book: buy 1.5 ETH at 2,000 USDC"],
    ["PartiallyFilled", [{}], `${filled}; the rest is in the book: buy 1.5 ETH at 2,000 USDC`],
    ["PartiallyFilled", [], "In the book: buy 1.5 ETH at 2,000 USDC"], // a replaced one
    ["Expired", [{}], `${filled}; the rest was not placed`],
  ])("%s", (status, fills, wanted) => {
    const receipt = { seq: 9, order: { ...order, status }, fills } as unknown as Receipt
    expect(ordered(receipt, "ETH", "USDC")).toBe(`${wanted} (entry 9)`)
  })
  test("that waits", () => {
    const waiting = { ...order, side: "Ask", status: "TriggerPending", triggerPrice: "1900" }
    const receipt = { seq: 9, order: waiting, fills: [] } as unknown as Receipt
    expect(ordered(receipt, "ETH", "USDC")).toBe("Waiting for 1,900: sell 1.5 ETH at 2,000 USDC (entry 9)")
  })
})

test("of a quote that nobody gave nothing was signed", () => {
  expect(unquoted(new Unanswered("The exchange does not answer"))).toMatch(/nothing was signed/)
  expect(refusal(new Unanswered("The exchange does not answer"))).toMatch(/not known/)
})
