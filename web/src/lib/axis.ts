// Round numbers for the axes of a picture. Floats: they are drawn, never counted with.

/** Round numbers from 0 to at most `most`: 1, 2 or 5 times a power of ten apart. */
export function ticks(most: number, count = 5): number[] {
  if (!(most > 0)) return [0]
  const rough = most / count
  const power = Math.pow(10, Math.floor(Math.log10(rough)))
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999)!
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, index) => index * step)
}

/** A round number at or above `value`, so that an axis keeps its length while what it shows moves. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1
  const power = Math.pow(10, Math.floor(Math.log10(value)))
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((one) => one * power).find((one) => one >= value)!
}

export function tickText(value: number): string {
  return new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 }).format(value)
}
