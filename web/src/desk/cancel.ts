// Taking orders back: by the session where the owner is signed in, which needs no pop-up, else by a
// signature.

import { Refused, Unanswered, send } from "../lib/api"
import { account } from "../lib/account.svelte"
import { act } from "../lib/act"
import { session } from "../lib/session.svelte"
import type { Receipt } from "../lib/wire"

export async function cancelOrder(orderId: string): Promise<Receipt> {
  return (
    (await bySession("/api/v1/order", { orderId })) ?? (await act("CancelOrder", { orderId, clientId: 0 }))
  )
}

/** Of one market; empty: of all. */
export async function cancelAll(market: string): Promise<Receipt> {
  return (await bySession("/api/v1/orders", { market })) ?? (await act("CancelAllOrders", { market }))
}

/** Null where no session can; a signature is asked for then. */
async function bySession(path: string, wish: object): Promise<Receipt | null> {
  const token = await session.token()
  if (token === null) return null
  try {
    return await send<Receipt>("DELETE", path, JSON.stringify(wish), { token })
  } catch (fault) {
    if (fault instanceof Refused && fault.status === 401) return null
    if (fault instanceof Unanswered) account.refresh()
    throw fault
  }
}
