// Test funds of a sandbox. The faucet is no signed action and not idempotent: what is not answered
// is not sent again.

import { send } from "../lib/api"
import type { Address, Receipt } from "../lib/wire"

/** 1,000 whole tokens. Throws Refused or Unanswered (then they may have come). */
export async function drip(owner: Address, token: Address): Promise<Receipt> {
  return send<Receipt>("POST", "/api/v1/faucet", JSON.stringify({ owner, token }))
}
