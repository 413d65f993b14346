import type { Address } from "../lib/wire"

const FORM = /^0x[0-9a-fA-F]{40}$/

/** Enough of it to be recognised: 0x1234…abcd. */
export function shortAddress(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`
}

export function isSameAddress(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && a.toLowerCase() === b.toLowerCase()
}

/**
 * What a person typed as a recipient, with its checksum; or why it is none. `checksummed` computes
 * EIP-55's form. All of one case is an address without a checksum, any other mix must be the right
 * one: a wrong mix is a slip of the hand.
 */
export function recipient(
  text: string,
  checksummed: (address: Address) => Address,
): { address: Address } | { fault: string } {
  const typed = text.trim()
  if (!FORM.test(typed)) return { fault: "An address is 0x and 40 digits 0-9, a-f" }
  if (/^0x0{40}$/.test(typed)) return { fault: "Nobody has the zero address" }
  const address = checksummed(typed.toLowerCase() as Address)
  const digits = typed.slice(2)
  const hasNoChecksum = digits === digits.toLowerCase() || digits === digits.toUpperCase()
  if (!hasNoChecksum && typed !== address) {
    return { fault: "Its checksum is wrong: a letter was changed; copy the address again" }
  }
  return { address }
}
