// The one way in which the page changes anything: sign an action and post it until it is answered.

import { Refused, Unanswered, send } from "./api"
import { deployment } from "./deployment.svelte"
import { nextNonce } from "./nonces"
import { notices } from "./notices.svelte"
import { type Fields, type Kind, ROUTES, type Signer, typedData } from "./typed_data"
import { wallet } from "./wallet.svelte"
import type { Address, Receipt } from "./wire"

const DEADLINE_S = 60
/** Reading what a wallet shows, perhaps on a device beside the keyboard, takes longer than a key. */
const ASKING_DEADLINE_S = 180
const PAUSE_MS = 500
const NONCES_TRIED_MAX = 5
/** HTTP statuses of an exchange that says nothing of the action, only that it is busy. */
const LATER = new Set([429, 503])

// Who signed with a nonce in this tab. Nonces count by signer: two versions of one wish exclude each
// other only where the same key signed both.
const signedBy = new Map<number, Address>()

/**
 * Signs `fields` (without owner, nonce and deadline) and posts the same bytes until there is an
 * answer or the deadline is over, so the action executes at most once whatever the network does.
 * Throws Refused, Unanswered, or what the wallet said (WalletFault; `isChoice`: the person's no).
 *
 * `nonce`: of an earlier version of the same wish, so that only one of both can execute. `byOwner`:
 * an agent may not sign this one, though it may sign others of its kind.
 */
export async function act(
  kind: Kind,
  fields: Fields,
  nonce?: number,
  { byOwner = false } = {},
): Promise<Receipt> {
  const owner = wallet.owner
  if (deployment.domain === null || owner === null) throw new Error("Connect a wallet first")
  const earlier = nonce === undefined ? undefined : signedBy.get(nonce)
  const asks = () => (byOwner ? wallet.connected?.isBurner === false : wallet.asksFor(kind))
  const deadline = () => deployment.nowS() + (asks() ? ASKING_DEADLINE_S : DEADLINE_S)
  let action = { owner, ...fields, nonce: nonce ?? nextNonce(deployment.nowS()), deadline: deadline() }
  for (let tried = 1; ; tried += 1) {
    const signer = byOwner ? wallet.connected! : await wallet.signerFor(kind)
    if (wallet.owner !== owner) throw new Error("The wallet's account changed meanwhile; try again")
    if (earlier !== undefined && earlier.toLowerCase() !== signer.address.toLowerCase()) throw new OtherSigner()
    try {
      return await post(kind, action, signer)
    } catch (fault) {
      if (!(fault instanceof Refused)) throw fault
      if (fault.code === "TRADING_PAUSED") void deployment.refresh() // the operator was quicker
      if (isAgentRefused(fault, signer)) {
        if (earlier !== undefined) throw new OtherSigner()
        // The owner signs the very same action: were the agent's one accepted after all, the
        // exchange knows its digest, whoever signs it, and answers with the first receipt.
      } else if (isNonceTaken(fault) && earlier === undefined && tried < NONCES_TRIED_MAX) {
        if (asks()) throw fault // no second window of the wallet for one wish
        // Two tabs took the same slot. The exchange looks for a known digest before it looks at the
        // nonce, so ours was not accepted, and never will be: its nonce is spent by the other's. No
        // earlier version of this wish exists. So a fresh one is the only one that can execute.
        action = { ...action, nonce: nextNonce(deployment.nowS()), deadline: deadline() }
      } else {
        throw fault
      }
    }
  }
}

/** An earlier version of the same wish was signed with another key: both could execute. */
export class OtherSigner extends Error {
  constructor() {
    super(
      "Your first try was signed with another key, so it may execute beside a second one; " +
        "look at what became of it, then begin anew",
    )
  }
}

/** Forgets an agent that the exchange knows no more: revoked, perhaps elsewhere, or over. */
function isAgentRefused(fault: Refused, signer: Signer): boolean {
  if (fault.code !== "UNAUTHORIZED" || signer === wallet.connected) return false
  if (wallet.agent === signer) {
    wallet.dropAgent()
    notices.say("info", "The agent was revoked or its time is over: your wallet signs again")
  }
  return true
}

function isNonceTaken(fault: Refused): boolean {
  return fault.code === "NONCE_USED"
}

async function post(kind: Kind, action: Fields & { nonce: number; deadline: number }, signer: Signer): Promise<Receipt> {
  const typed = typedData(deployment.domain!, kind, action)
  const signature = await signer.signTypedData(typed)
  signedBy.set(action.nonce, signer.address) // from here on it may execute
  const [method, path] = ROUTES[kind]
  const body = JSON.stringify({ action: typed.message, signature })
  for (;;) {
    try {
      return await send<Receipt>(method, path, body)
    } catch (fault) {
      const isOpen = fault instanceof Unanswered || (fault instanceof Refused && LATER.has(fault.status))
      if (!isOpen || deployment.nowS() > action.deadline) throw fault
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}
