// Prometheus' text format 0.0.4, as /metrics gives it.

export interface Sample {
  labels: Readonly<Record<string, string>>
  value: number
}

/** By the name of the series: a histogram's are NAME_bucket, NAME_sum and NAME_count. */
export type Metrics = ReadonlyMap<string, readonly Sample[]>

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/
const LABEL = /\s*([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"\s*(?:,|$)/y

/** Lines that are not of the format are left out: one new kind of line must not hide the others. */
export function parsed(text: string): Metrics {
  const metrics = new Map<string, Sample[]>()
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue
    const found = LINE.exec(line)
    const labels = found && labelsOf(found[2] ?? "")
    const value = found ? numberOf(found[3]!) : null
    if (found === null || labels === null || value === null) continue
    const series = metrics.get(found[1]!)
    if (series === undefined) metrics.set(found[1]!, [{ labels, value }])
    else series.push({ labels, value })
  }
  return metrics
}

/** Of the one series without labels; null where there is none. */
export function single(metrics: Metrics, name: string): number | null {
  return metrics.get(name)?.find(({ labels }) => Object.keys(labels).length === 0)?.value ?? null
}

/** Over all series of the name. */
export function total(metrics: Metrics, name: string): number {
  return (metrics.get(name) ?? []).reduce((sum, { value }) => sum + value, 0)
}

/** Summed by the values of one label. */
export function totals(metrics: Metrics, name: string, label: string): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { labels, value } of metrics.get(name) ?? []) {
    const key = labels[label] ?? ""
    sums.set(key, (sums.get(key) ?? 0) + value)
  }
  return sums
}

/** A number of the format; null for none. */
export function numberOf(text: string): number | null {
  if (text === "+Inf" || text === "Inf") return Infinity
  if (text === "-Inf") return -Infinity
  if (text === "NaN") return NaN
  const value = Number(text)
  return text === "" || Number.isNaN(value) ? null : value
}

function labelsOf(inside: string): Record<string, string> | null {
  const text = inside.trim()
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  let end = 0
  while (end < text.length) {
    const found = LABEL.exec(text)
    if (found === null) return null
    labels[found[1]!] = found[2]!.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped))
    end = LABEL.lastIndex
  }
  return labels
}
