// Keys that live in this browser: burners and agents. Imported where one is used, for viem's curve
// is a third of the page.

import { generatePrivateKey, privateKeyToAccount } from "viem/accounts"
import { getAddress } from "viem/utils"

import type { Connected } from "./wallet.svelte"
import type { TypedData } from "./typed_data"
import type { Address, Hex } from "./wire"

/** With EIP-55's checksum. */
export function checksummed(address: Address): Address {
  return getAddress(address)
}

export function newKey(): Hex {
  return generatePrivateKey()
}

/** Everything of a Connected that a key alone can do. */
export function signerOf(key: Hex): Omit<Connected, "name" | "isBurner"> {
  const account = privateKeyToAccount(key)
  return {
    address: account.address,
    signTypedData: (document: TypedData) =>
      account.signTypedData(document as unknown as Parameters<typeof account.signTypedData>[0]),
    personalSign: (message) => account.signMessage({ message }),
  }
}
