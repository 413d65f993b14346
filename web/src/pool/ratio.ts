// Quotients of exact amounts as text: prices, parts of a whole.

import { type Decimal, decimal, exact, scaled, shown } from "../lib/decimals"

/** `numerator` / `denominator` with so many significant digits, cut; null without a denominator. */
export function quotient(numerator: bigint, denominator: bigint, digits = 8): string | null {
  if (denominator === 0n) return null
  if (numerator === 0n) return "0"
  const magnitude = numerator.toString().length - denominator.toString().length
  const places = Math.max(0, digits - magnitude)
  return significant(exact((numerator * 10n ** BigInt(places)) / denominator, places), digits)
}

/** A decimal string cut to so many significant digits; whole digits always stay. */
export function significant(text: string, digits = 8): string {
  const value = decimal(text)
  const size = (value.digits < 0n ? -value.digits : value.digits).toString().length
  const places = Math.max(0, value.places - Math.max(0, size - digits))
  return exact(scaled(value, places), places)
}

/** For reading: grouped, as many digits (about `digits`) whatever they are, so that it never jumps. */
export function steady(text: string, digits = 8): string {
  const value = decimal(text)
  const wholeDigits = (value.digits / 10n ** BigInt(value.places)).toString().length
  if (value.digits !== 0n && wholeDigits === 1 && scaled(value, 0) === 0n) {
    const size = value.digits.toString().length // below one: zeros behind the point are no digits
    return shown(value.digits, value.places, Math.max(value.places - size + digits, 0))
  }
  return shown(value.digits, value.places, Math.max(digits - wholeDigits, 0))
}

/** Quote per base, both in whole tokens; null without a base amount. */
export function priceOf(
  base: bigint,
  quote: bigint,
  baseDecimals: number,
  quoteDecimals: number,
): string | null {
  return quotient(quote * 10n ** BigInt(baseDecimals), base * 10n ** BigInt(quoteDecimals))
}

/** "12.3456%", cut; "<0.0001%" for a part too small to show; null of an empty whole. */
export function percentOf(part: bigint, whole: bigint, places = 4): string | null {
  if (whole === 0n) return null
  const cut = (part * 10n ** BigInt(places + 2)) / whole
  if (cut === 0n && part !== 0n) return `<${exact(1n, places)}%`
  return `${shown(cut, places, places)}%`
}

/** A fraction of the wire ("0.1234") in per cent, cut: "12.34%". */
export function percentText(fraction: string, places = 2): string {
  return `${shown(scaled(decimal(fraction), places + 2), places, places)}%`
}

export function times(a: Decimal, b: Decimal): Decimal {
  return { digits: a.digits * b.digits, places: a.places + b.places }
}

export function plus(a: Decimal, b: Decimal): Decimal {
  const places = Math.max(a.places, b.places)
  return { digits: scaled(a, places) + scaled(b, places), places }
}
