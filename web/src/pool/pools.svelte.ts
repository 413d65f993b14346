// Pools as they move. What a frame of `pool.S` says is drawn once per frame of the screen; volumes,
// fees and APR come from the read, which is repeated soon after a change and now and then anyway.

import { Refused, get } from "../lib/api"
import { deployment } from "../lib/deployment.svelte"
import { exact } from "../lib/decimals"
import { stream } from "../lib/stream.svelte"
import type { Pool } from "../lib/wire"
import { priceOf } from "./ratio"

const RETRY_MS = 1_000
const SOON_MS = 1_000 // after a frame: many come together
const REFRESH_MS = 15_000 // 24 hours roll on without a trade

export interface PoolFrame {
  s: string
  reserves: [string, string]
  k: string
  spotPrice: string | null
  totalSupply: string | null
  seq: number
}

export class LivePools {
  /** In order of listing. */
  list = $state.raw<Pool[]>([])
  isLoaded = $state(false)
  /** There is no pool of that name. */
  isUnknown = $state(false)
  /** Of the last read; null after one that was answered. */
  fault = $state.raw<unknown>(null)
  /** Unix ms of this browser when these figures were the exchange's. */
  asOf = $state(0)
  /** Goes up with each read, at most once a second: what else depends on the pool reads again. */
  version = $state(0)

  #stops = new Map<string, () => void>()
  #frames = new Map<string, PoolFrame>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #dueAt = Infinity
  #drawing = 0
  #reading = 0
  #isClosed = false

  /** All pools, or the one named. */
  constructor(readonly symbol: string | null = null) {
    if (symbol !== null) this.#follow(symbol)
    this.#readWithin(0)
  }

  close(): void {
    this.#isClosed = true
    for (const stop of this.#stops.values()) stop()
    clearTimeout(this.#timer)
    cancelAnimationFrame(this.#drawing)
  }

  /** Reads again at once. */
  refresh(): void {
    this.#readWithin(0)
  }

  #follow(symbol: string): void {
    if (this.#stops.has(symbol)) return
    const follower = {
      frame: (frame: PoolFrame) => this.#take(frame),
      subscribed: () => this.#readWithin(0),
    }
    this.#stops.set(symbol, stream.follow(`pool.${symbol}`, follower))
  }

  #readWithin(ms: number): void {
    const at = performance.now() + ms
    if (this.#isClosed || this.isUnknown || at >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = at
    this.#timer = setTimeout(() => void this.#read(), ms)
  }

  async #read(): Promise<void> {
    this.#dueAt = Infinity
    this.#reading += 1
    const reading = this.#reading
    try {
      const answer = await (this.symbol === null
        ? get<Pool[]>("/api/v1/pools")
        : get<Pool>(`/api/v1/pools/${encodeURIComponent(this.symbol)}`).then((one) => [one]))
      if (this.#isClosed || reading !== this.#reading) return
      this.list = answer.map((pool) => this.#newest(pool))
      for (const { symbol } of answer) this.#follow(symbol)
      this.asOf = Date.now()
      this.fault = null
      this.isLoaded = true
      this.version += 1
      this.#readWithin(REFRESH_MS)
    } catch (fault) {
      if (this.#isClosed || reading !== this.#reading) return
      this.fault = fault
      this.isUnknown = fault instanceof Refused && fault.status === 404
      this.#readWithin(RETRY_MS)
    }
  }

  #take(frame: PoolFrame): void {
    this.#frames.set(frame.s, frame)
    this.#readWithin(SOON_MS)
    if (this.#drawing !== 0 || this.#isClosed) return
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0
      this.list = this.list.map((pool) => this.#newest(pool))
      this.asOf = Date.now()
    })
  }

  /** The pool with what a later frame says of it. */
  #newest(pool: Pool): Pool {
    const frame = this.#frames.get(pool.symbol)
    if (frame === undefined || frame.seq <= pool.seq) return pool
    const [base, quote] = pool.tokens.map((token) => deployment.token(token))
    const [x, y] = frame.reserves.map(BigInt) as [bigint, bigint]
    return {
      ...pool,
      reserves: frame.reserves,
      k: frame.k,
      spotPrice: frame.spotPrice,
      inverseSpotPrice: base && quote ? priceOf(y, x, quote.decimals, base.decimals) : null,
      totalSupply: frame.totalSupply,
      tvl: quote ? exact(2n * y, quote.decimals) : pool.tvl,
      seq: frame.seq,
    }
  }
}
