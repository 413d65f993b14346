// A nonce is unix seconds << 8 | slot, unused by its signer. The first slot of a second is random,
// so that two tabs of one signer, or one that was reloaded within a second, seldom take the same:
// then the later action is refused whole (NONCE_USED) and `act` signs it again. A counter that tabs
// share under a lock would save that, but a lock orders no two tabs' views of localStorage, and
// another browser with the same key has neither.

const SLOTS = 256

let last = 0

/** Above all that this tab gave out; `nowS` in unix seconds on the exchange's clock. */
export function nextNonce(nowS: number): number {
  const fresh = nowS * SLOTS + Math.floor(Math.random() * (SLOTS / 2))
  last = Math.max(last + 1, fresh)
  return last
}
