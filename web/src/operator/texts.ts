import type { Quantile } from "./histogram"

export const NONE = "–"

/** Seconds as ms or s; ">" before what lies above the histogram's last bound. */
export function latency(found: Quantile | null): string {
  if (found === null) return NONE
  const { value, isBeyond } = found
  const text = value < 1 ? `${(value * 1_000).toFixed(value < 0.1 ? 2 : 0)} ms` : `${value.toFixed(2)} s`
  return isBeyond ? `> ${text}` : text
}

export function perSecond(rate: number | null): string {
  return rate === null ? NONE : rate.toFixed(rate < 100 ? 1 : 0)
}

export function megabytes(bytes: number | null): string {
  return bytes === null ? NONE : `${(bytes / 1_000_000).toFixed(0)} MB`
}

export function count(value: number | null): string {
  return value === null ? NONE : value.toLocaleString("en-US", { maximumFractionDigits: 0 })
}
