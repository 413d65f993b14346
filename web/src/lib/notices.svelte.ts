// What became of what the person did, said once at the edge of the page and to screen readers.

import { reason } from "./api"
import { WalletFault } from "./wallet_fault"

export interface Notice {
  id: number
  kind: "success" | "failure" | "info"
  text: string
}

const STAYS_MS = { success: 6_000, info: 6_000, failure: 15_000 } as const

class Notices {
  list = $state<Notice[]>([])
  #last = 0

  say(kind: Notice["kind"], text: string): void {
    this.#last += 1
    const id = this.#last
    this.list = [...this.list.slice(-3), { id, kind, text }]
    setTimeout(() => this.close(id), STAYS_MS[kind])
  }

  /** Why something failed; nothing where the person said no in the wallet. */
  tell(fault: unknown): void {
    if (fault instanceof WalletFault && fault.isChoice) return
    this.say("failure", reason(fault))
  }

  close(id: number): void {
    this.list = this.list.filter((one) => one.id !== id)
  }
}

export const notices = new Notices()
