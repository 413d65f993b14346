// A swap from wish to receipt: what is signed is what was shown, to the unit.

import { account } from "../lib/account.svelte"
import { notices } from "../lib/notices.svelte"
import { wallet } from "../lib/wallet.svelte"
import type { Quote, Receipt } from "../lib/wire"
import { boundOf } from "./bound"
import { Intent } from "../lib/intent"
import { LiveQuote, type Wish } from "./quote.svelte"
import { isBeyond, needsConfirmation } from "./swap"
import { about, full, isDeclined, refusal, swapped, unquoted } from "./words"

export class SwapTicket {
  readonly live = new LiveQuote()
  phase = $state<"ready" | "checking" | "signing">("ready")
  /** Why it stopped, for the person. */
  message = $state("")
  /** The price impact that the person agreed to a second time. */
  confirmedBps = $state<number | null>(null)
  #wish: Wish | null = null
  #intent = new Intent()

  want(wish: Wish | null): void {
    const [before, after] = [this.#wish, wish]
    const isOther =
      before?.tokenIn.symbol !== after?.tokenIn.symbol ||
      before?.tokenOut.symbol !== after?.tokenOut.symbol ||
      before?.amount !== after?.amount ||
      before?.isExactIn !== after?.isExactIn
    this.#wish = wish
    if (isOther) {
      this.message = ""
      this.confirmedBps = null
    }
    this.live.want(wish)
  }

  /** Null where nothing was swapped: the screen says why. */
  async submit(isBuy: boolean): Promise<Receipt | null> {
    const [wish, shown, owner] = [this.#wish, this.live.quote, wallet.owner]
    if (wish === null || shown === null || this.live.isStale || this.phase !== "ready") return null
    this.message = ""
    if (needsConfirmation(shown, this.confirmedBps)) {
      this.confirmedBps = shown.priceImpactBps
      return null
    }
    this.phase = "checking"
    this.live.hold()
    try {
      const fresh = await this.live.now()
      if (fresh === null) return null
      if (wallet.owner !== owner) {
        this.message = "The wallet's account changed, so nothing was signed."
        return null
      }
      if (isBeyond(fresh, shown, this.confirmedBps)) {
        this.live.show(fresh)
        this.message = moved(wish, fresh)
        return null
      }
      this.phase = "signing"
      const receipt = await this.#sign(wish, shown)
      notices.say("success", swapped(receipt, wish.tokenIn, wish.tokenOut, isBuy))
      account.refresh(0)
      this.confirmedBps = null
      return receipt
    } catch (fault) {
      if (!isDeclined(fault)) this.message = this.phase === "checking" ? unquoted(fault) : refusal(fault)
      return null
    } finally {
      this.phase = "ready"
      this.live.release()
    }
  }

  close(): void {
    this.live.close()
  }

  async #sign(wish: Wish, shown: Quote): Promise<Receipt> {
    const tokens = { tokenIn: wish.tokenIn.address, tokenOut: wish.tokenOut.address }
    const [amount, bound] = [String(wish.amount), String(boundOf(shown))]
    return wish.isExactIn
      ? this.#intent.act("SwapExactIn", { ...tokens, amountIn: amount, minAmountOut: bound })
      : this.#intent.act("SwapExactOut", { ...tokens, amountOut: amount, maxAmountIn: bound })
  }
}

/** What the person waits for while a form is busy. */
export function waitingText(phase: "checking" | "signing"): string {
  if (phase === "checking") return "Checking the price …"
  return wallet.agent !== null || wallet.connected?.isBurner ? "Sending …" : "Confirm in your wallet …"
}

function moved(wish: Wish, fresh: Quote): string {
  const now = wish.isExactIn
    ? `you would now receive ${about(BigInt(fresh.amountOut), wish.tokenOut)}, at least ${full(boundOf(fresh), wish.tokenOut)}`
    : `you would now pay ${about(BigInt(fresh.amountIn), wish.tokenIn)}, at most ${full(boundOf(fresh), wish.tokenIn)}`
  return `The price moved past what was shown, so nothing was signed: ${now}. Press again to take it.`
}
