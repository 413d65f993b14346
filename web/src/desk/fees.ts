import { deployment } from "../lib/deployment.svelte"
import type { Fee } from "../lib/wire"
import { about } from "./words"

/** What is paid of each token, all venues together. */
export function feesText(fees: readonly Fee[]): string {
  const sums = new Map<string, bigint>()
  for (const fee of fees) sums.set(fee.token, (sums.get(fee.token) ?? 0n) + BigInt(fee.amount))
  const texts = [...sums].map(([address, sum]) => {
    const token = deployment.token(address)
    return token === undefined ? String(sum) : about(sum, token)
  })
  return texts.length ? texts.join(" + ") : "none"
}
