// What one of each token is worth in the token that most markets are quoted in, as their last trades
// say it.

import { deployment } from "../lib/deployment.svelte"
import { Tickers } from "../lib/tickers.svelte"

export class Prices {
  #tickers = new Tickers()

  /** Symbol of the token that values are told in; "" without markets. */
  readonly unit = $derived.by(() => {
    const counts = new Map<string, number>()
    for (const { quoteSymbol } of deployment.markets) {
      counts.set(quoteSymbol, (counts.get(quoteSymbol) ?? 0) + 1)
    }
    return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? ""
  })

  /** Decimal string; null where no market tells it. */
  of(symbol: string): string | null {
    if (symbol === this.unit) return "1"
    return this.#tickers.known.get(`${symbol}_${this.unit}`)?.lastPrice ?? null
  }

  close(): void {
    this.#tickers.close()
  }
}
