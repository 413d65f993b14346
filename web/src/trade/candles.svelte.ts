// The candles of one market and interval as they move: the newest page is read once, older ones when
// they are looked at, and the stream tells the rest.

import { Refused, get } from "../lib/api"
import { deployment } from "../lib/deployment.svelte"
import { stream } from "../lib/stream.svelte"
import type { Kline } from "../lib/wire"
import { type Candle, INTERVALS, type Interval, type KlineFrame, joined, ofFrame, ofKlines, take } from "./candles"

const PAGE = 500
const RETRY_MS = 1_000
const KEPT_MAX = 2 * PAGE // that nobody looks at; then they are cut to the newest page

/** Who draws them. */
export interface Drawing {
  /** All of them, after more than the last one changed. */
  all(candles: readonly Candle[]): void
  last(candle: Candle): void
  /** Whether the first `count` candles are out of sight, and not about to come into it. */
  isFarFrom(count: number): boolean
}

export class LiveCandles {
  isLoaded = $state(false)
  newest = $state.raw<Candle | null>(null)
  /** Why the newest page is not here; null once it was read. */
  fault = $state.raw<Refused | null>(null)
  #candles: Candle[] = []
  #missed: KlineFrame[] | null = [] // told while the newest page is not here; null: it is
  #isRefused = false // the newest page, and nobody has asked again
  #isComplete = false // nothing is older than what is known
  #isReadingOlder = false
  #reading = 0
  #isClosed = false
  #stop: () => void

  constructor(
    readonly symbol: string,
    readonly interval: Interval,
    readonly drawing: Drawing,
  ) {
    this.#stop = stream.follow(`kline.${interval}.${symbol}`, {
      frame: (frame: KlineFrame) => this.#take(frame),
      subscribed: () => void this.#loadNewest(),
    })
  }

  close(): void {
    this.#isClosed = true
    this.#stop()
  }

  /** How many are known. */
  get count(): number {
    return this.#candles.length
  }

  /** Reads the page before the first that is known, unless there is none or it is being read. */
  async loadOlder(): Promise<void> {
    const first = this.#candles[0]
    if (first === undefined || this.#isComplete || this.#isReadingOlder) return
    this.#isReadingOlder = true
    const start = Math.max(0, first.start - PAGE * INTERVALS[this.interval])
    const page = await this.#read(start, first.start - 1)
    this.#isReadingOlder = false
    // Where all was read anew meanwhile, the page may not reach to it.
    if (!Array.isArray(page) || this.#candles[0]?.start !== first.start) return
    // Nothing is told of before the market's first price, and without gaps after it.
    this.#isComplete = start === 0 || (page[0]?.start ?? first.start) > start + INTERVALS[this.interval]
    if (page.length > 0) this.#replace(joined(this.#candles, page))
  }

  /** After each time the stream is heard: candles may have been missed since the last one known. */
  async #loadNewest(): Promise<void> {
    this.#reading += 1
    const reading = this.#reading
    this.#missed ??= []
    this.#isRefused = false
    const length = INTERVALS[this.interval]
    const known = this.#candles.at(-1)
    const earliest = Math.max(0, deployment.nowS() - PAGE * length)
    const isNear = known !== undefined && known.start >= earliest
    const page = await this.#read(isNear ? known.start : earliest)
    if (page === null || reading !== this.#reading) return
    if (page instanceof Refused) {
      this.fault = page
      this.#isRefused = true
      this.#missed = [] // the page that the next frame asks for has them
      return
    }
    const missed = this.#missed
    this.#missed = null
    this.fault = null
    // What was known goes where it does not reach to the page: older pages are read again.
    this.#replace(isNear ? joined(this.#candles, page) : page)
    if (!isNear) this.#isComplete = (page[0]?.start ?? 0) > earliest + length
    this.isLoaded = true
    for (const frame of missed) this.#take(frame)
  }

  #take(frame: KlineFrame): void {
    if (this.#missed !== null) {
      this.#missed.push(frame)
      if (this.#isRefused) void this.#loadNewest() // frames come once a second at most
      return
    }
    const candle = ofFrame(frame)
    switch (take(this.#candles, candle)) {
      case "last":
        this.newest = candle
        this.drawing.last(candle)
        this.#cut()
        break
      case "earlier":
        this.drawing.all(this.#candles)
        break
      case "missed":
        void this.#loadNewest()
    }
  }

  /** A chart of seconds that is open for a day would keep 86,400; who scrolls back reads them again. */
  #cut(): void {
    const more = this.#candles.length - PAGE
    if (this.#candles.length <= KEPT_MAX || !this.drawing.isFarFrom(more)) return
    this.#isComplete = false
    this.#replace(this.#candles.slice(more))
  }

  #replace(candles: Candle[]): void {
    this.#candles = candles
    this.newest = candles.at(-1) ?? null
    this.drawing.all(candles)
  }

  /** Tries until it is answered, be it by a refusal; null once this is closed. */
  async #read(startTime: number, endTime?: number): Promise<Candle[] | Refused | null> {
    const asked = { symbol: this.symbol, interval: this.interval, startTime, endTime }
    while (!this.#isClosed) {
      try {
        const klines = await get<Kline[]>("/api/v1/klines", asked)
        return this.#isClosed ? null : ofKlines(klines)
      } catch (fault) {
        if (fault instanceof Refused && fault.status < 429) return this.#isClosed ? null : fault
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
    return null
  }
}
