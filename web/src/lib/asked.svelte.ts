// Questions that stand open in a wallet. Some wallets never answer (a closed window, a crashed
// extension), so a person can stop waiting; an answer that comes after that is thrown away.

import { WalletFault, walletFault } from "./wallet_fault"

export type What = "connection" | "signature" | "network"

export interface Question {
  id: number
  wallet: string
  what: What
  cancel(): void
}

class Asked {
  /** Oldest first. */
  list = $state.raw<Question[]>([])
  #last = 0

  /** What `answer` gives; throws WalletFault. */
  async wait<T>(wallet: string, what: What, answer: () => Promise<T>): Promise<T> {
    this.#last += 1
    const id = this.#last
    try {
      return await new Promise<T>((resolve, reject) => {
        const cancel = () => reject(new WalletFault("cancelled", `Stopped waiting for ${wallet}`))
        this.list = [...this.list, { id, wallet, what, cancel }]
        answer().then(resolve, reject)
      })
    } catch (fault) {
      throw walletFault(fault, wallet)
    } finally {
      this.list = this.list.filter((one) => one.id !== id)
    }
  }
}

export const asked = new Asked()
