// Wallets that announce themselves to the page (EIP-6963), and the one that older wallets put at
// window.ethereum.

import { type Injected, announced, isProvider } from "./announced"

export type { Injected, Provider } from "./announced"

const ANNOUNCED_WITHIN_MS = 500
const PATIENCE_MS = 2_000
const LEGACY = { uuid: "legacy", name: "Browser wallet", icon: "", rdns: "window.ethereum" }

class Providers {
  list = $state.raw<Injected[]>([])

  constructor() {
    addEventListener("eip6963:announceProvider", (event) => {
      const injected = announced((event as CustomEvent<unknown>).detail)
      // The first of a name stays: a later one of the same name may be somebody else.
      if (injected === null || this.#named(injected.info.rdns) !== undefined) return
      this.list = [...this.list.filter(({ info }) => info !== LEGACY), injected]
    })
    addEventListener("ethereum#initialized", () => this.#takeLegacy())
    this.ask()
    setTimeout(() => this.#takeLegacy(), ANNOUNCED_WITHIN_MS)
  }

  /** Wallets that were slow to load answer this. */
  ask(): void {
    dispatchEvent(new Event("eip6963:requestProvider"))
    if (performance.now() > ANNOUNCED_WITHIN_MS) this.#takeLegacy()
  }

  /** Waits a moment for it to announce itself. */
  async named(rdns: string): Promise<Injected | null> {
    const until = performance.now() + PATIENCE_MS
    for (;;) {
      const found = this.#named(rdns)
      if (found !== undefined) return found
      if (performance.now() > until) return null
      await new Promise((resolve) => setTimeout(resolve, 50))
      this.ask()
    }
  }

  #named(rdns: string): Injected | undefined {
    return this.list.find((one) => one.info.rdns === rdns)
  }

  /** Only where no wallet announced itself: those that do are at window.ethereum as well. */
  #takeLegacy(): void {
    const legacy = (window as { ethereum?: unknown }).ethereum
    if (this.list.length === 0 && isProvider(legacy)) this.list = [{ info: LEGACY, provider: legacy }]
  }
}

export const providers = new Providers()
