// What all markets did, interval by interval: read once for the range, and from then on what may
// have changed. Only the present interval moves; one that is over stays as it was read.

import { get } from "../lib/api"
import { deployment } from "../lib/deployment.svelte"
import { stream } from "../lib/stream.svelte"
import type { Kline, Market, Page, PoolInterval } from "../lib/wire"
import { referenceOf } from "../pool/valuation"
import { type Range, startOf, starts } from "./ranges"
import { type MarketPast, type Sums, sums } from "./sums"

const RETRY_MS = 1_000
const SOON_MS = 2_000 // after a change: a busy market changes all the time
const REFRESH_MS = 30_000 // a new interval begins without a trade too
const AT_ONCE = 4 // markets that are read at the same time

interface Past {
  klines: Map<number, Kline>
  pool: Map<number, PoolInterval>
  /** Beginning of the last interval that was read; what is before it is final. Null: nothing was. */
  readMs: number | null
}

export class LivePast {
  sums = $state.raw<Sums | null>(null)
  /** The asset that all is valued in. */
  reference = $state("")
  /** Unix ms of this browser when the figures were the exchange's. */
  asOf = $state(0)
  /** Of the last read; null after one that was answered. */
  fault = $state.raw<unknown>(null)

  #pasts = new Map<string, Past>()
  #changed = new Set<string>()
  #stops = new Map<string, () => void>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #dueAt = Infinity
  #isReading = false
  #isClosed = false

  constructor(readonly range: Range) {
    this.#readWithin(0)
  }

  close(): void {
    this.#isClosed = true
    for (const stop of this.#stops.values()) stop()
    clearTimeout(this.#timer)
  }

  #readWithin(ms: number): void {
    const at = performance.now() + ms
    if (this.#isClosed || at >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = at
    this.#timer = setTimeout(() => void this.#read(), ms)
  }

  async #read(): Promise<void> {
    this.#dueAt = Infinity
    if (this.#isReading) return // the one under way asks for the next itself
    this.#isReading = true
    const nowMs = deployment.nowMs()
    const due = deployment.markets.filter((market) => this.#isDue(market, nowMs))
    try {
      await inTurns(due, (market) => this.#readMarket(market, nowMs))
      if (this.#isClosed) return
      this.reference = referenceOf(deployment.markets) ?? ""
      this.sums = sums(this.#markets(), starts(this.range, nowMs), this.reference)
      this.asOf = Date.now()
      this.fault = null
    } catch (fault) {
      this.fault = fault
    } finally {
      this.#isReading = false
      this.#readWithin(this.fault !== null ? RETRY_MS : this.#changed.size > 0 ? SOON_MS : REFRESH_MS)
    }
  }

  #isDue({ symbol }: Market, nowMs: number): boolean {
    this.#follow(symbol)
    const read = this.#pasts.get(symbol)?.readMs ?? null
    return this.#changed.has(symbol) || read === null || read < startOf(this.range, nowMs)
  }

  async #readMarket({ symbol }: Market, nowMs: number): Promise<void> {
    const { interval, lengthMs, count } = this.range
    const past = this.#pasts.get(symbol) ?? { klines: new Map(), pool: new Map(), readMs: null }
    const lastMs = startOf(this.range, nowMs)
    const firstMs = Math.max(past.readMs ?? 0, lastMs - (count - 1) * lengthMs)
    const limit = (lastMs - firstMs) / lengthMs + 1
    this.#changed.delete(symbol) // a change from here on is another one
    try {
      const [pool, klines] = await Promise.all([
        get<Page<PoolInterval>>(`/api/v1/pools/${encodeURIComponent(symbol)}/history`, { interval, limit }),
        get<Kline[]>("/api/v1/klines", { symbol, interval, startTime: firstMs / 1_000 }),
      ])
      for (const one of pool.items) past.pool.set(one.start, one)
      for (const one of klines) past.klines.set(timeOf(one.start), one)
      if (pool.complete) past.readMs = lastMs
      else this.#changed.add(symbol)
      this.#pasts.set(symbol, past)
    } catch (fault) {
      this.#changed.add(symbol)
      throw fault
    }
  }

  #markets(): MarketPast[] {
    return deployment.markets.flatMap(({ symbol, baseSymbol, quoteSymbol, makerFeeBps, takerFeeBps }) => {
      const [base, quote] = [deployment.token(baseSymbol), deployment.token(quoteSymbol)]
      const past = this.#pasts.get(symbol)
      if (!base || !quote || !past) return []
      const { klines, pool } = past
      const decimals = { baseDecimals: base.decimals, quoteDecimals: quote.decimals }
      return [{ symbol, baseSymbol, quoteSymbol, ...decimals, makerFeeBps, takerFeeBps, klines, pool }]
    })
  }

  #follow(symbol: string): void {
    if (this.#stops.has(symbol)) return
    const change = () => {
      this.#changed.add(symbol)
      this.#readWithin(SOON_MS)
    }
    const follower = { frame: change, subscribed: change }
    const stops = [stream.follow(`ticker.${symbol}`, follower), stream.follow(`pool.${symbol}`, follower)]
    this.#stops.set(symbol, () => stops.forEach((stop) => stop()))
  }
}

/** Of the convention: "2026-11-21 14:00:00", in UTC. */
function timeOf(start: string): number {
  return Date.parse(`${start.replace(" ", "T")}Z`)
}

/** All of them, a few at a time; throws the first failure when the others that began are through. */
async function inTurns<T>(list: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = [...list]
  const turn = async () => {
    for (let one = rest.shift(); one !== undefined; one = rest.shift()) await work(one)
  }
  const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, turn))
  for (const one of ended) if (one.status === "rejected") throw one.reason
}
