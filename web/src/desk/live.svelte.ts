// An answer that follows what is typed and what the market does. It is never shown as newer than it
// is: `isStale` says that what stands there answers something older than what is asked now.

import { Refused } from "../lib/api"
import { deployment } from "../lib/deployment.svelte"
import { stream } from "../lib/stream.svelte"
import type { Level } from "../lib/wire"

const TYPING_MS = 150
const EVERY_MS = 1_000 // a market that moves more often is asked once a second
// A pause, a fee, a better way through another market: no frame of those that are followed tells.
const LOOK_MS = 5_000
const REFUSED_MS = 3_000 // what could not be quoted may be quoted soon
const RETRY_MS = 1_000
const OVERDUE_MS = 1_500 // a quote may be behind its market by as long as it takes to ask again

/** `seq`: the state that it was computed on; `expiresAt` in ms. */
export interface Answer {
  seq: number
  expiresAt: number
}

/** Of depth: the levels that changed. Of a pool: the entry that it is as of. */
interface MarketFrame {
  a?: Level[]
  b?: Level[]
  seq?: number
}

export abstract class LiveAnswer<W, A extends Answer> {
  quote = $state.raw<A | null>(null)
  fault = $state.raw<unknown>(null)
  /** Of a wish: on the way, or not answered yet. */
  isAsking = $state(false)
  #isOld = $state(false)
  #wish: W | null = null
  #key = ""
  #abort: AbortController | null = null
  #askedAt = -EVERY_MS
  #next: ReturnType<typeof setTimeout> | undefined
  #overdue: ReturnType<typeof setTimeout> | undefined
  #followed = new Map<string, () => void>()
  #isHeld = false

  /** Throws Refused and Unanswered; with `signal` an AbortError. */
  protected abstract ask(wish: W, signal?: AbortSignal): Promise<A>
  /** Two wishes with the same one are the same. */
  protected abstract keyOf(wish: W): string
  /** What stands there for a wish of another place is taken away at once. */
  protected abstract placeOf(wish: W): string
  /** Whose moves make the answer old. */
  protected abstract marketsOf(answer: A): string[]

  get isStale(): boolean {
    return this.#isOld || stream.connection !== "live"
  }

  /** What is wanted now; null for nothing. The same again changes nothing. */
  want(wish: W | null): void {
    const key = wish === null ? "" : this.keyOf(wish)
    if (key === this.#key) return
    const isElsewhere =
      wish === null || this.#wish === null || this.placeOf(wish) !== this.placeOf(this.#wish)
    this.#wish = wish
    this.#key = key
    this.#abort?.abort()
    this.#isOld = true
    this.isAsking = wish !== null
    this.fault = null
    if (isElsewhere) this.quote = null
    if (wish === null) {
      clearTimeout(this.#next)
      this.#clearOverdue()
      this.#follow([])
    } else {
      this.#later(TYPING_MS)
    }
  }

  /** Keeps what is shown as it is, while the person signs it. */
  hold(): void {
    this.#isHeld = true
    clearTimeout(this.#next)
    this.#abort?.abort()
  }

  release(): void {
    this.#isHeld = false
    if (this.#wish !== null) this.#later(0)
  }

  /**
   * The answer of this moment, which is not shown. Throws Refused and Unanswered; null where there
   * is nothing to ask.
   */
  async now(): Promise<A | null> {
    return this.#wish === null ? null : await this.ask(this.#wish)
  }

  /** Shows what `now` answered. */
  show(quote: A): void {
    this.quote = quote
    this.fault = null
    this.isAsking = false
    this.#isOld = false
    this.#clearOverdue()
    this.#follow(this.marketsOf(quote))
    const left = Math.max(quote.expiresAt - deployment.nowMs(), 0)
    if (left > LOOK_MS) this.#later(LOOK_MS)
    else this.#later(left, () => (this.#isOld = true))
  }

  close(): void {
    this.want(null)
  }

  #moved(seq: number): void {
    if (this.#isHeld || this.quote === null || seq <= this.quote.seq) return
    this.#overdue ??= setTimeout(() => (this.#isOld = true), EVERY_MS + OVERDUE_MS)
    if (this.isAsking) return
    this.isAsking = true
    this.#later(Math.max(this.#askedAt + EVERY_MS - performance.now(), 0))
  }

  #later(wait: number, first?: () => void): void {
    clearTimeout(this.#next)
    if (this.#isHeld) return
    this.#next = setTimeout(() => {
      first?.()
      void this.#read()
    }, wait)
  }

  async #read(): Promise<void> {
    const wish = this.#wish
    if (wish === null) return
    if (document.hidden) {
      this.#isOld = true // until somebody looks again
      document.addEventListener("visibilitychange", () => this.#later(0), { once: true })
      return
    }
    this.#abort?.abort()
    const abort = (this.#abort = new AbortController())
    this.#askedAt = performance.now()
    this.isAsking = true
    try {
      const quote = await this.ask(wish, abort.signal)
      if (abort.signal.aborted) return
      this.show(quote)
    } catch (fault) {
      if (abort.signal.aborted) return
      this.isAsking = false
      this.#clearOverdue()
      if (fault instanceof Refused && fault.status !== 429 && fault.status < 500) {
        this.quote = null
        this.fault = fault
        if (fault.code === "TRADING_PAUSED") void deployment.refresh()
        this.#later(REFUSED_MS)
      } else {
        this.fault = this.quote === null ? fault : null
        this.#isOld = true
        this.#later(RETRY_MS)
      }
    }
  }

  #clearOverdue(): void {
    clearTimeout(this.#overdue)
    this.#overdue = undefined
  }

  /**
   * Depth tells of book and curve, and comes at its pace where nothing changed too: that says
   * nothing. A pool beside no change of a whole level is told by its own.
   */
  #follow(markets: string[]): void {
    const names = new Set(markets.flatMap((market) => [`depth.${market}`, `pool.${market}`]))
    for (const [name, stop] of this.#followed) {
      if (names.has(name)) continue
      stop()
      this.#followed.delete(name)
    }
    for (const name of names) {
      if (this.#followed.has(name)) continue
      const frame = ({ seq = Infinity, a, b }: MarketFrame) => {
        if (a?.length !== 0 || b?.length !== 0) this.#moved(seq)
      }
      this.#followed.set(name, stream.follow(name, { frame, subscribed: () => this.#moved(Infinity) }))
    }
  }
}
