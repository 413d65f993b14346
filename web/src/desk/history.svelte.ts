// Pages of what the owner did, newest first, read again with each change of the account.

import { Refused, get, reason } from "../lib/api"
import { session } from "../lib/session.svelte"
import type { Address } from "../lib/wire"

export const PAGE = 50
const OFFSET_MAX = 100_000 // that the exchange passes over
const RETRY_MS = 1_000

interface Page<T> {
  items: T[]
  more: boolean
  /** False: what was committed last is missing still. */
  complete: boolean
}

/** One side of a fill. `orderId` null: of a swap. */
export interface Fill {
  symbol: string
  venue: "pool" | "book"
  side: "Bid" | "Ask"
  tradeId: number
  orderId: string | null
  isMaker: boolean
  price: string
  quantity: string
  quoteQuantity: string
  fee: string
  feeSymbol: string
  timestamp: number
  seq: number
}

export class History<T> {
  items = $state.raw<T[] | null>(null)
  /** Whose items these are; from 0, the newest. */
  page = $state(0)
  hasOlder = $state(false)
  fault = $state("")
  #owner: Address | null = null
  #symbol = ""
  #wanted = 0 // page
  #isReading = false
  #isOutdated = false // something else is wanted, or was done, since the read on its way began
  #isClosed = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(readonly kind: "fills" | "orders") {}

  /** Reads again, each time it is called. `symbol` empty: of all markets. */
  follow(owner: Address | null, symbol: string): void {
    if (owner !== this.#owner || symbol !== this.#symbol) {
      this.items = null
      this.hasOlder = false
      this.page = 0
      this.#wanted = 0
    }
    this.#owner = owner
    this.#symbol = symbol
    void this.#read()
  }

  /** What is shown stays until the page is there. */
  turn(page: number): void {
    if (page < 0 || page * PAGE > OFFSET_MAX) return
    this.#wanted = page
    void this.#read()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  /** One at a time, so that an account that changes all the time is shown all the time. */
  async #read(): Promise<void> {
    clearTimeout(this.#timer)
    this.#isOutdated = this.#isReading
    const [owner, symbol, page] = [this.#owner, this.#symbol, this.#wanted]
    if (this.#isReading || this.#isClosed || owner === null) return
    this.#isReading = true
    const isOf = () => owner === this.#owner && symbol === this.#symbol && page === this.#wanted
    try {
      const token = await session.token()
      const params = { owner, symbol: symbol || undefined, limit: PAGE, offset: page * PAGE }
      const found = await get<Page<T>>(`/api/v1/history/${this.kind}`, params, { token })
      if (!isOf()) return
      this.items = found.items
      this.page = page
      this.hasOlder = found.more && (page + 1) * PAGE <= OFFSET_MAX
      this.fault = ""
      if (!found.complete) this.#later()
    } catch (fault) {
      if (!isOf()) return
      this.fault = reason(fault)
      const isFinal = fault instanceof Refused && fault.status < 500 && fault.status !== 429
      if (!isFinal) this.#later()
    } finally {
      this.#isReading = false
      if (this.#isOutdated) void this.#read()
    }
  }

  #later(): void {
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#read(), RETRY_MS)
  }
}
