// Candles as the page keeps them: ascending, without gaps, from what was read and what is told.

import type { Kline } from "../lib/wire"

export interface Candle {
  /** Where it begins and the next one does, Unix s. */
  start: number
  end: number
  open: string
  high: string
  low: string
  close: string
  /** Whole base and quote tokens. */
  volume: string
  quoteVolume: string
}

/** A frame of `kline.<interval>.S`. */
export interface KlineFrame {
  t: string
  T: string
  o: string
  h: string
  l: string
  c: string
  v: string
  V: string
  n: number
  X: boolean
}

/** By the wire's names, with their length in seconds (the longest month's). */
export const INTERVALS = {
  "1s": 1,
  "1m": 60,
  "3m": 180,
  "5m": 300,
  "15m": 900,
  "30m": 1_800,
  "1h": 3_600,
  "2h": 7_200,
  "4h": 14_400,
  "6h": 21_600,
  "8h": 28_800,
  "12h": 43_200,
  "1d": 86_400,
  "3d": 259_200,
  "1w": 604_800,
  "1month": 2_678_400,
} as const

export type Interval = keyof typeof INTERVALS

export function isInterval(name: string | null): name is Interval {
  return name !== null && Object.hasOwn(INTERVALS, name)
}

/** Those with a price. */
export function ofKlines(klines: readonly Kline[]): Candle[] {
  const found: Candle[] = []
  for (const { start, end, open, high, low, close, volume, quoteVolume } of klines) {
    if (!open || !high || !low || !close) continue
    found.push({ start: seconds(start), end: seconds(end), open, high, low, close, volume, quoteVolume })
  }
  return found
}

export function ofFrame(frame: KlineFrame): Candle {
  return {
    start: seconds(frame.t),
    end: seconds(frame.T),
    open: frame.o,
    high: frame.h,
    low: frame.l,
    close: frame.c,
    volume: frame.v,
    quoteVolume: frame.V,
  }
}

/** What was read later, `page`, in place of what is known of the same times. */
export function joined(known: readonly Candle[], page: readonly Candle[]): Candle[] {
  const [first, last] = [page[0], page.at(-1)]
  if (first === undefined || last === undefined) return [...known]
  return [
    ...known.filter((one) => one.start < first.start),
    ...page,
    ...known.filter((one) => one.start > last.start),
  ]
}

/** What became of `known` (changed in place) with a candle that was told. */
export type Taken = "last" | "earlier" | "missed"

/**
 * "last": it is the newest one now. "earlier": it took the place of one before, or is older than all
 * of them. "missed": candles between are not known, and it was not taken.
 */
export function take(known: Candle[], candle: Candle): Taken {
  const last = known.at(-1)
  if (last === undefined || candle.start === last.end) {
    known.push(candle)
    return "last"
  }
  if (candle.start > last.end) return "missed"
  if (candle.start === last.start) {
    known[known.length - 1] = candle
    return "last"
  }
  const at = known.findLastIndex((one) => one.start === candle.start)
  if (at >= 0) known[at] = candle
  return "earlier"
}

/** "2026-11-21 14:40:00" or with a T, UTC. */
function seconds(naive: string): number {
  return Date.parse(`${naive.replace(" ", "T")}Z`) / 1_000
}
