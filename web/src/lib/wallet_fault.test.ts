import { describe, expect, test } from "vitest"

import { WalletFault, walletFault } from "./wallet_fault"

describe("what wallets throw", () => {
  test.each([
    [{ code: 4001, message: "User rejected the request." }, "rejected"],
    [{ code: 5000, message: "User rejected." }, "rejected"],
    [{ code: "ACTION_REJECTED" }, "rejected"],
    [new Error("MetaMask Tx Signature: User denied message signature."), "rejected"],
    [{ code: -32002, message: "Already processing eth_requestAccounts" }, "busy"],
    [{ code: 4100, message: "The requested account has not been authorized" }, "unauthorized"],
    [{ code: 4200 }, "unsupported"],
    [{ code: -32601, message: "the method does not exist" }, "unsupported"],
    [{ code: 4900 }, "unreachable"],
    [{ code: 4902, message: "Unrecognized chain ID. The user has to cancel and add it." }, "unknown chain"],
    [{ code: -32603, data: { originalError: { code: 4902 } } }, "unknown chain"],
    [{ code: -32603, message: "boom" }, "other"],
    ["a string", "other"],
    [undefined, "other"],
    [{ message: 7 }, "other"],
  ])("%o is %s", (fault, kind) => {
    const said = walletFault(fault, "Fox")
    expect(said.kind).toBe(kind)
    expect(said.message).toContain("Fox")
    expect(said.message).not.toContain("object Object")
  })

  test("only a person's choice is quiet", () => {
    expect(walletFault({ code: 4001 }, "Fox").isChoice).toBe(true)
    expect(new WalletFault("cancelled", "").isChoice).toBe(true)
    expect(walletFault({ code: -32002 }, "Fox").isChoice).toBe(false)
  })

  test("is not wrapped twice, and keeps to one short line", () => {
    const first = walletFault({ code: 1, message: `a${"b".repeat(999)}\nstack` }, "Fox")
    expect(walletFault(first, "Other")).toBe(first)
    expect(first.message.length).toBeLessThan(220)
    expect(first.message).not.toContain("\n")
  })
})
