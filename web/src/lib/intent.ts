// One wish of a person over all its attempts. Attempts share a nonce until one was accepted, so that
// of a refused, an unanswered and a corrected one at most one can ever execute.

import { OtherSigner, act } from "./act"
import { Refused } from "./api"
import { deployment } from "./deployment.svelte"
import { nextNonce } from "./nonces"
import type { Fields, Kind } from "./typed_data"
import type { Receipt } from "./wire"

const SPENT = new Set(["NONCE_USED", "NONCE_OUT_OF_WINDOW"])

export class Intent {
  #nonce: number | null = null

  /** As `act`; throws what it throws. After OtherSigner the next attempt is a wish of its own. */
  async act(kind: Kind, fields: Fields, options: { byOwner?: boolean } = {}): Promise<Receipt> {
    this.#nonce ??= nextNonce(deployment.nowS())
    try {
      const receipt = await act(kind, fields, this.#nonce, options)
      this.#nonce = null
      return receipt
    } catch (fault) {
      if (fault instanceof OtherSigner || (fault instanceof Refused && SPENT.has(fault.code))) this.#nonce = null
      throw fault
    }
  }
}
