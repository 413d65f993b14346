// Until when an agent may trade, and how long that still is. Unix seconds throughout.

export const LASTS = [
  ["hour", "1 hour", 3_600],
  ["day", "1 day", 86_400],
  ["week", "7 days", 7 * 86_400],
] as const

export type Lasting = (typeof LASTS)[number][0] | "custom"

const LEAST_S = 120 // an action lives a minute: an agent that ends sooner signs nothing
const YEAR_S = 365 * 86_400

/**
 * The end of the choice; `typed` is what an <input type="datetime-local"> holds, in the time of this
 * machine. Or why it is none.
 */
export function endOf(lasting: Lasting, typed: string, nowS: number): { endS: number } | { fault: string } {
  const fixed = LASTS.find(([name]) => name === lasting)
  if (fixed !== undefined) return { endS: nowS + fixed[2] }
  const ms = typed === "" ? NaN : new Date(typed).getTime()
  if (Number.isNaN(ms)) return { fault: "Choose a day and a time" }
  const endS = Math.floor(ms / 1_000)
  if (endS < nowS + LEAST_S) return { fault: "Choose a time at least two minutes from now" }
  if (endS > nowS + YEAR_S) return { fault: "Choose a time within a year" }
  return { endS }
}

/** For reading, in the two largest units: "6 d 23 h", "59 min 3 s". */
export function timeLeft(endS: number, nowS: number): string {
  const left = endS - nowS
  if (left <= 0) return "over"
  const [days, hours, minutes, seconds] = [
    Math.floor(left / 86_400),
    Math.floor((left % 86_400) / 3_600),
    Math.floor((left % 3_600) / 60),
    left % 60,
  ]
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${seconds} s` : `${seconds} s`
}

/** As the person's own calendar and clock write it. */
export function dateOf(endS: number): string {
  return new Date(endS * 1_000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })
}
