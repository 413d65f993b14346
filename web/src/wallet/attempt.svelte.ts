// One thing that a person tries in a form: whether it runs, and what became of it, said beside it,
// because what stands behind an open dialog is neither seen nor read out.

import { refusal } from "../desk/words"
import { Unanswered, reason } from "../lib/api"
import { WalletFault } from "../lib/wallet_fault"

export class Attempt {
  isBusy = $state(false)
  said = $state("")
  fault = $state("")

  /** `what` gives the words for its success. True where it came to that. */
  async run(what: () => Promise<string>): Promise<boolean> {
    if (this.isBusy) return false
    this.isBusy = true
    this.said = this.fault = ""
    try {
      this.said = await what()
      return true
    } catch (thrown) {
      if (thrown instanceof WalletFault && thrown.isChoice) this.said = `${reason(thrown)}: nothing was done`
      else this.fault = thrown instanceof Unanswered ? refusal(thrown) : reason(thrown)
      return false
    } finally {
      this.isBusy = false
    }
  }
}
