// How far back the figures go, and the intervals that they are added up by. All in UTC, as the
// exchange has them: the last interval is the present one, which is not over.

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export interface Range {
  name: string
  /** Of the API's klines and of its pools' history. */
  interval: "1h" | "1d"
  lengthMs: number
  count: number
}

export const RANGES = {
  "24h": { name: "24 h", interval: "1h", lengthMs: HOUR_MS, count: 24 },
  "7d": { name: "7 d", interval: "1h", lengthMs: HOUR_MS, count: 168 },
  "30d": { name: "30 d", interval: "1d", lengthMs: DAY_MS, count: 30 },
} as const satisfies Record<string, Range>

export type RangeName = keyof typeof RANGES

/** Where the interval that `timeMs` falls into begins. */
export function startOf({ lengthMs }: Range, timeMs: number): number {
  return timeMs - (timeMs % lengthMs)
}

/** The intervals' beginnings, ascending; the last one's is the present interval's. */
export function starts(range: Range, nowMs: number): number[] {
  const last = startOf(range, nowMs)
  return Array.from({ length: range.count }, (_, index) => last - (range.count - 1 - index) * range.lengthMs)
}

/** Hours of an interval that are over at `nowMs`, at least one minute's part. */
export function hoursOf(startMs: number, endMs: number, nowMs: number): number {
  return Math.max(Math.min(endMs, nowMs) - startMs, 60_000) / HOUR_MS
}

/**
 * Below the axis: hours have the time of whoever looks, as the candles have, and over more than a
 * day only midnights are named; days are the exchange's, in UTC. Empty for no name.
 */
export function timeText({ interval, count }: Range, startMs: number): string {
  if (interval === "1d") return format(DAY, startMs)
  if (count <= 24) return format(TIME, startMs)
  return new Date(startMs).getHours() === 0 ? format(LOCAL_DAY, startMs) : ""
}

/** "21 Nov, 14:00 to 15:00", "21 Nov (UTC)". */
export function spanText({ interval, lengthMs }: Range, startMs: number): string {
  if (interval === "1d") return `${format(DAY, startMs)} (UTC)`
  return `${format(TIME_OF_DAY, startMs)} to ${format(TIME, startMs + lengthMs)}`
}

const DAY = { day: "numeric", month: "short", timeZone: "UTC" } as const
const LOCAL_DAY = { day: "numeric", month: "short" } as const
const TIME = { hour: "2-digit", minute: "2-digit" } as const
const TIME_OF_DAY = { ...LOCAL_DAY, ...TIME } as const

function format(style: Intl.DateTimeFormatOptions, timeMs: number): string {
  return new Intl.DateTimeFormat("en-GB", style).format(timeMs)
}
