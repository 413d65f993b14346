// Exact decimals. Amounts of the signed part of the wire are integers in base units (bigint here),
// the market data are decimal strings of whole tokens. No number of either kind becomes a float
// except to be drawn.

/** A decimal as digits and how many of them stand behind the point: value = digits / 10^places. */
export interface Decimal {
  digits: bigint
  places: number
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/
const TYPED = /^(\d*)(?:\.(\d*))?$/
const GROUPED = /^[1-9]\d{0,2}(?:(?:,\d{3})+\.\d*|(?:,\d{3}){2,})$/

/** Of a decimal string of the wire; throws RangeError for anything else. */
export function decimal(text: string): Decimal {
  const found = DECIMAL.exec(text)
  if (found === null) throw new RangeError(`Not a decimal: ${text}`)
  const [, sign, whole = "", fraction = ""] = found
  const digits = BigInt(whole + fraction)
  return { digits: sign === "-" ? -digits : digits, places: fraction.length }
}

/** `value` in units of 10^-places, rounded towards zero where it has more places. */
export function scaled(value: Decimal, places: number): bigint {
  const more = places - value.places
  return more >= 0 ? value.digits * 10n ** BigInt(more) : value.digits / 10n ** BigInt(-more)
}

/** Base units of a decimal string of whole tokens; what lies below a unit is cut off. */
export function units(text: string, decimals: number): bigint {
  return scaled(decimal(text), decimals)
}

/**
 * What a person typed without its commas, which group thousands. "1,234" alone keeps its comma, and
 * is no number then: where a comma is the decimal point it would be a thousandth of what is read.
 */
export function ungrouped(text: string): string {
  const trimmed = text.trim()
  return GROUPED.test(trimmed) ? trimmed.replaceAll(",", "") : trimmed
}

/**
 * What a person typed, in base units: "1,234.5" and "1234.5" and ".5" are read; null for what is
 * no number or has more places than the token.
 */
export function typed(text: string, decimals: number): bigint | null {
  const found = TYPED.exec(ungrouped(text))
  if (found === null) return null
  const [, whole = "", fraction = ""] = found
  if (whole === "" && fraction === "") return null
  if (fraction.replace(/0+$/, "").length > decimals) return null
  return BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, "0") || "0")
}

/** Every digit, as an input field holds it: no grouping, no zeros at the end. */
export function exact(amount: bigint, decimals: number): string {
  const sign = amount < 0n ? "-" : ""
  const text = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, "0")
  const whole = text.slice(0, text.length - decimals)
  const fraction = decimals ? text.slice(-decimals).replace(/0+$/, "") : ""
  return sign + (fraction ? `${whole}.${fraction}` : whole)
}

/**
 * For reading: thousands grouped, cut (not rounded) to `places` behind the point and filled with
 * zeros to it, so that columns line up and no balance looks larger than it is.
 */
export function shown(amount: bigint, decimals: number, places = Math.min(decimals, 6)): string {
  const sign = amount < 0n ? "-" : ""
  const text = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, "0")
  const whole = grouped(text.slice(0, text.length - decimals))
  const fraction = text.slice(text.length - decimals).slice(0, places).padEnd(places, "0")
  return sign + (places ? `${whole}.${fraction}` : whole)
}

/** `shown` of a decimal string; `places` undefined keeps those it has. */
export function shownText(text: string, places?: number): string {
  const value = decimal(text)
  return shown(value.digits, value.places, places ?? value.places)
}

/** For narrow places: 12.34k, 4.56M; below 10,000 two places, below 1 three digits, cut. */
export function brief(text: string): string {
  const value = Number(text)
  const magnitude = Math.abs(value)
  for (const [size, letter] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e4, "k"]] as const) {
    const unit = letter === "k" ? 1e3 : size
    if (magnitude >= size) return `${(value / unit).toFixed(2)}${letter}`
  }
  const zeros = magnitude < 1 ? (/\.(0*)[1-9]/.exec(text)?.[1]?.length ?? -1) : -1
  return shownText(text, zeros < 0 ? 2 : zeros + 3)
}

/** How many places a step such as a tick size has: "0.01" is 2. */
export function places(step: string): number {
  return decimal(step).places
}

/** -1, 0 or 1 as `a` is less than, equal to or more than `b`. */
export function compare(a: Decimal, b: Decimal): number {
  const common = Math.max(a.places, b.places)
  const [left, right] = [scaled(a, common), scaled(b, common)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** Rounded away from zero where it does not divide; both positive. */
export function ceilDiv(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b
}

/** The difference in per cent of `now` against `then`, two places and a sign; null without either. */
export function percentChange(then: string, now: string): string | null {
  const [before, after] = [Number(then), Number(now)]
  if (!(before > 0) || !(after > 0)) return null
  const change = (after / before - 1) * 100
  return `${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(2)}%`
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",")
}
