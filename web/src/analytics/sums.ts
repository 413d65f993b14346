// What all markets together did in each interval, in one asset. Exact sums of what the API says;
// what is quoted in another asset is converted at the prices of that interval's end.
//
// volume = everything traded, through books and pools; the pools' part and fees are from the pools'
// own history. What a book takes no read adds up: it is computed from what was traded outside of
// the pool and the market's fees of today, exact but for past fees and the rounding of each fill.

import { type Decimal, compare, decimal } from "../lib/decimals"
import type { Kline, PoolInterval } from "../lib/wire"
import { plus, quotient, times } from "../pool/ratio"
import { inQuote, rates } from "../pool/valuation"

const PRICE_DIGITS = 18
const BPS_PLACES = 4
const ZERO: Decimal = { digits: 0n, places: 0 }

/** One market as it was, by the beginning of each interval; an interval without anything has none. */
export interface MarketPast {
  symbol: string
  baseSymbol: string
  quoteSymbol: string
  baseDecimals: number
  quoteDecimals: number
  /** Of the order book, as they are now. */
  makerFeeBps: number
  takerFeeBps: number
  klines: ReadonlyMap<number, Kline>
  pool: ReadonlyMap<number, PoolInterval>
}

/** Amounts in whole tokens of the reference. */
export interface Slot {
  startMs: number
  volume: Decimal
  /** Of the volume. */
  throughPools: Decimal
  /** V2's whole fee, the protocol's share of it included. */
  fees: Decimal
  /** Of order books: what they traded at today's fees, rebates taken off, without rounding. */
  bookFees: Decimal
  /** At the interval's end, or now. */
  tvl: Decimal
  /** Fills: each resting order that was met, and each passage through a pool. */
  trades: number
}

export interface PoolTotal {
  symbol: string
  /** Through the pool alone. */
  volume: Decimal
  fees: Decimal
  tvl: Decimal
  swaps: number
}

export interface Sums {
  slots: Slot[]
  /** By volume, the largest first. */
  pools: PoolTotal[]
  volume: Decimal
  throughPools: Decimal
  fees: Decimal
  bookFees: Decimal
  trades: number
  /** Symbols of what no price connected to the reference when it was traded or held. */
  without: string[]
}

export function sums(markets: readonly MarketPast[], starts: readonly number[], reference: string): Sums {
  const without = new Set<string>()
  const pools = new Map<string, PoolTotal>()
  const slots = starts.map((startMs) => {
    const slot: Slot = { startMs, volume: ZERO, throughPools: ZERO, fees: ZERO, bookFees: ZERO, tvl: ZERO, trades: 0 }
    const known = rates(markets.map((market) => ({ ...market, price: priceAt(market, startMs) })), reference)
    for (const market of markets) {
      const { volume, throughPool, fees, bookFees, tvl, trades, swaps } = done(market, startMs)
      slot.trades += trades
      const rate = known.get(market.quoteSymbol)
      if (rate === undefined) {
        if ([volume, fees, tvl].some(({ digits }) => digits !== 0n)) without.add(market.quoteSymbol)
        continue
      }
      const valued = [volume, throughPool, fees, tvl, bookFees].map((amount) => times(amount, rate)) as Five
      slot.volume = plus(slot.volume, valued[0])
      slot.throughPools = plus(slot.throughPools, valued[1])
      slot.fees = plus(slot.fees, valued[2])
      slot.tvl = plus(slot.tvl, valued[3])
      slot.bookFees = plus(slot.bookFees, valued[4])
      const before = pools.get(market.symbol)
      pools.set(market.symbol, {
        symbol: market.symbol,
        volume: plus(before?.volume ?? ZERO, valued[1]),
        fees: plus(before?.fees ?? ZERO, valued[2]),
        tvl: valued[3],
        swaps: (before?.swaps ?? 0) + swaps,
      })
    }
    return slot
  })
  const sum = (of: "volume" | "throughPools" | "fees" | "bookFees") => slots.reduce((all, slot) => plus(all, slot[of]), ZERO)
  return {
    slots,
    pools: [...pools.values()].sort((a, b) => -compare(a.volume, b.volume) || -compare(a.tvl, b.tvl)),
    volume: sum("volume"),
    throughPools: sum("throughPools"),
    fees: sum("fees"),
    bookFees: sum("bookFees"),
    trades: slots.reduce((all, { trades }) => all + trades, 0),
    without: [...without],
  }
}

type Five = [Decimal, Decimal, Decimal, Decimal, Decimal]

/** Of one market in one interval, amounts in its quote. */
function done(market: MarketPast, startMs: number) {
  const kline = market.klines.get(startMs)
  const pool = market.pool.get(startMs)
  const throughPool = decimal(pool?.quoteVolume ?? "0")
  const traded = decimal(kline?.quoteVolume ?? "0")
  // The two reads may be a moment apart, and before a market's first price it has no candles.
  const volume = compare(traded, throughPool) < 0 ? throughPool : traded
  const throughBook = plus(volume, { ...throughPool, digits: -throughPool.digits })
  const bookBps = BigInt(market.makerFeeBps + market.takerFeeBps)
  return {
    volume,
    throughPool,
    bookFees: times(throughBook, { digits: bookBps, places: BPS_PLACES }),
    fees: (pool && inQuote(pool.baseFees, pool.quoteFees, poolPrice(market, pool))) ?? ZERO,
    tvl: decimal(pool?.tvl ?? "0"),
    trades: Math.max(Number(kline?.trades ?? 0), pool?.trades ?? 0),
    swaps: pool?.trades ?? 0,
  }
}

/** Quote per base at the interval's end: by the pool's reserves, else the last trade's; null without. */
function priceAt(market: MarketPast, startMs: number): string | null {
  const pool = market.pool.get(startMs)
  return (pool && poolPrice(market, pool)) ?? market.klines.get(startMs)?.close ?? null
}

function poolPrice({ baseDecimals, quoteDecimals }: MarketPast, { reserves }: PoolInterval): string | null {
  const [base, quote] = reserves.map(BigInt) as [bigint, bigint]
  if (base === 0n || quote === 0n) return null
  return quotient(quote * 10n ** BigInt(baseDecimals), base * 10n ** BigInt(quoteDecimals), PRICE_DIGITS)
}
