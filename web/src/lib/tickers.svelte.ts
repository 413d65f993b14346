// The last 24 hours of all markets, read again and again while somebody looks: a stream for each of a
// thousand markets would be more than a connection may follow.

import { get } from "./api"
import type { Ticker } from "./wire"

const EVERY_MS = 2_000

export class Tickers {
  /** By symbol; a market without a price has none. */
  known = $state.raw<ReadonlyMap<string, Ticker>>(new Map())
  #asking = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    void this.#read()
  }

  close(): void {
    this.#asking.abort()
    clearTimeout(this.#timer)
  }

  async #read(): Promise<void> {
    const { signal } = this.#asking
    try {
      if (!document.hidden || this.known.size === 0) {
        const all = await get<Ticker[]>("/api/v1/tickers", {}, { signal })
        this.known = new Map(all.map((one) => [one.symbol, one]))
      }
    } catch {
      // The last ones stay; the page says elsewhere that the exchange does not answer.
    }
    if (!signal.aborted) this.#timer = setTimeout(() => void this.#read(), EVERY_MS)
  }
}
