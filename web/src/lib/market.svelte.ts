// One market as it moves: depth, trades and ticker, read once and then followed. Frames change plain
// maps at once and what is drawn once a frame of the screen, however many came.

import { Refused, get } from "./api"
import { compare, decimal } from "./decimals"
import { stream } from "./stream.svelte"
import type { Depth, Level, Pool, Ticker, Trade } from "./wire"

const DEPTH_LEVELS = 1_000
const TRADES_KEPT = 100
const RETRY_MS = 1_000

interface DepthFrame {
  a: Level[]
  b: Level[]
  U: number
  u: number
}

interface TradeFrame {
  p: string
  q: string
  t: number
  T: number // microseconds
  m: boolean
}

interface TickerFrame {
  o: string
  c: string
  h: string
  l: string
  v: string
  V: string
  n: number
}

interface PoolFrame {
  reserves: [base: string, quote: string]
  seq: number
}

/** Base units. */
export interface Reserves {
  base: bigint
  quote: bigint
}

export interface Ticks {
  first: string
  last: string
  high: string
  low: string
  volume: string
  quoteVolume: string
  trades: string
}

export class LiveMarket {
  /** Best first. */
  asks = $state.raw<Level[]>([])
  bids = $state.raw<Level[]>([])
  /** Newest first. */
  trades = $state.raw<Trade[]>([])
  ticker = $state.raw<Ticks | null>(null)
  /** Of the pool whose curve is in `asks` and `bids`; null until they are known. */
  reserves = $state.raw<Reserves | null>(null)
  isLoaded = $state(false)

  #asks = new Map<string, string>()
  #bids = new Map<string, string>()
  #updated: bigint | null = null // the last update id that is in the maps; null while loading
  #missed: DepthFrame[] = []
  #pool: PoolFrame | null = null // the newest that was told
  #poolDrawn: PoolFrame | null = null // as of the newest depth
  #pendingTrades: Trade[] = []
  #isDepthDirty = false
  #drawing = 0
  #stops: (() => void)[] = []
  #isClosed = false

  constructor(readonly symbol: string) {
    this.#stops = [
      stream.follow(`depth.${symbol}`, {
        frame: (frame: DepthFrame) => this.#takeDepth(frame),
        subscribed: () => void this.#loadDepth(),
      }),
      stream.follow(`trade.${symbol}`, {
        frame: (frame: TradeFrame) => this.#takeTrade(frame),
        subscribed: () => void this.#loadTrades(),
      }),
      stream.follow(`pool.${symbol}`, {
        frame: (frame: PoolFrame) => {
          this.#pool = frame
        },
        subscribed: () => void this.#loadPool(),
      }),
      stream.follow(`ticker.${symbol}`, {
        frame: (frame: TickerFrame) => {
          this.ticker = {
            first: frame.o,
            last: frame.c,
            high: frame.h,
            low: frame.l,
            volume: frame.v,
            quoteVolume: frame.V,
            trades: String(frame.n),
          }
        },
        subscribed: () => void this.#loadTicker(),
      }),
    ]
  }

  close(): void {
    this.#isClosed = true
    for (const stop of this.#stops) stop()
    cancelAnimationFrame(this.#drawing)
  }

  /** Of the newest trade; null before the first. */
  get last(): string | null {
    return this.trades[0]?.price ?? this.ticker?.last ?? null
  }

  async #loadDepth(): Promise<void> {
    this.#updated = null
    this.#missed = []
    const depth = await this.#read<Depth>("/api/v1/depth", { limit: DEPTH_LEVELS })
    if (depth === null) return
    this.#asks = new Map(depth.asks)
    this.#bids = new Map(depth.bids)
    this.#updated = BigInt(depth.lastUpdateId)
    for (const frame of this.#missed.splice(0)) this.#takeDepth(frame)
    this.isLoaded = true
    this.#isDepthDirty = true
    this.#draw()
  }

  #takeDepth(frame: DepthFrame): void {
    if (this.#updated === null) {
      this.#missed.push(frame)
      return
    }
    if (BigInt(frame.u) <= this.#updated) return
    if (BigInt(frame.U) > this.#updated + 1n) {
      void this.#loadDepth() // one was lost: nothing that follows can be trusted
      return
    }
    this.#updated = BigInt(frame.u)
    // A frame of depth comes after those of the pool that it was made of.
    if (this.#poolDrawn !== this.#pool) {
      this.#poolDrawn = this.#pool
      this.#isDepthDirty = true
      this.#draw()
    }
    apply(frame.a, this.#asks)
    apply(frame.b, this.#bids)
    if (frame.a.length || frame.b.length) {
      this.#isDepthDirty = true
      this.#draw()
    }
  }

  async #loadPool(): Promise<void> {
    const pool = await this.#read<Pool>(`/api/v1/pools/${this.symbol}`, {})
    if (pool !== null && (this.#pool === null || pool.seq >= this.#pool.seq)) this.#pool = pool
  }

  async #loadTrades(): Promise<void> {
    const trades = await this.#read<Trade[]>("/api/v1/trades", { limit: TRADES_KEPT })
    if (trades === null) return
    const known = new Set(trades.map((one) => one.id))
    this.trades = [...this.trades.filter((one) => !known.has(one.id)), ...trades]
      .sort((a, b) => b.id - a.id)
      .slice(0, TRADES_KEPT)
  }

  #takeTrade(frame: TradeFrame): void {
    this.#pendingTrades.unshift({
      id: frame.t,
      price: frame.p,
      quantity: frame.q,
      quoteQuantity: "",
      timestamp: Math.floor(frame.T / 1_000),
      isBuyerMaker: frame.m,
    })
    if (this.#pendingTrades.length > TRADES_KEPT) this.#pendingTrades.length = TRADES_KEPT
    this.#draw()
  }

  async #loadTicker(): Promise<void> {
    const ticker = await this.#read<Ticker | null>("/api/v1/ticker", {})
    if (ticker === null) return
    this.ticker = {
      first: ticker.firstPrice,
      last: ticker.lastPrice,
      high: ticker.high,
      low: ticker.low,
      volume: ticker.volume,
      quoteVolume: ticker.quoteVolume,
      trades: ticker.trades,
    }
  }

  /** Tries until it is answered; null where the market has nothing yet, or once this is closed. */
  async #read<T>(path: string, params: Record<string, number>): Promise<T | null> {
    while (!this.#isClosed) {
      try {
        return await get<T>(path, { symbol: this.symbol, ...params })
      } catch (fault) {
        if (fault instanceof Refused && fault.status === 404) return null
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
    return null
  }

  #draw(): void {
    if (this.#drawing !== 0 || this.#isClosed) return
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0
      if (this.#isDepthDirty) {
        this.#isDepthDirty = false
        this.asks = sorted(this.#asks, 1)
        this.bids = sorted(this.#bids, -1)
        const reserves = this.#poolDrawn?.reserves
        if (reserves) this.reserves = { base: BigInt(reserves[0]), quote: BigInt(reserves[1]) }
      }
      if (this.#pendingTrades.length > 0) {
        const known = new Set(this.trades.map((one) => one.id))
        const news = this.#pendingTrades.splice(0).filter((one) => !known.has(one.id))
        this.trades = [...news, ...this.trades].slice(0, TRADES_KEPT)
      }
    })
  }
}

function apply(levels: Level[], side: Map<string, string>): void {
  for (const [price, quantity] of levels) {
    if (Number(quantity) === 0) side.delete(price)
    else side.set(price, quantity)
  }
}

/** A float never puts two decimals in the wrong order, but may hold two for the same. */
function sorted(side: Map<string, string>, direction: 1 | -1): Level[] {
  const levels = [...side].map((level) => ({ level: level as Level, key: Number(level[0]) }))
  levels.sort((a, b) => {
    const difference = a.key - b.key || compare(decimal(a.level[0]), decimal(b.level[0]))
    return direction * difference
  })
  return levels.map(({ level }) => level)
}
