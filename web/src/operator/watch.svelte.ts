// Asks the exchange how it is, every two seconds while the operator looks.

import { Refused, get, reason } from "../lib/api"
import { type Figures, type Reading, figures, kept } from "./figures"
import { parsed } from "./prometheus"

const PERIOD_MS = 2_000
const PATIENCE_MS = 10_000
const SPAN_MS = 60_000

export type Health = { is: "yes" } | { is: "no"; why: string } | { is: "unknown" }

export class Watch {
  figures = $state.raw<Figures | null>(null)
  live = $state.raw<Health>({ is: "unknown" })
  ready = $state.raw<Health>({ is: "unknown" })
  /** Unix seconds; null before the first answer. */
  startedS = $state.raw<number | null>(null)
  /** Why the figures are old or missing; empty while they are not. */
  fault = $state("")
  #readings: Reading[] = []
  #isStopped = false

  constructor() {
    void this.#run()
  }

  stop(): void {
    this.#isStopped = true
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const [live, ready] = await Promise.all([healthOf("/healthz"), healthOf("/readyz"), this.#read()])
      this.live = live
      this.ready = ready
      await new Promise((resolve) => setTimeout(resolve, PERIOD_MS))
    }
  }

  async #read(): Promise<void> {
    try {
      const answer = await fetch("/metrics", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) })
      if (!answer.ok) throw new Error(`/metrics answers ${answer.status}`)
      const now = { atMs: performance.now(), metrics: parsed(await answer.text()) }
      this.#readings = kept(this.#readings, now, SPAN_MS)
      this.figures = figures(this.#readings[0]!, now)
      this.startedS = now.metrics.get("process_start_time_seconds")?.[0]?.value ?? null
      this.fault = ""
    } catch (fault) {
      this.fault = fault instanceof TypeError ? "/metrics does not answer" : reason(fault)
    }
  }
}

async function healthOf(path: string): Promise<Health> {
  try {
    await get(path)
    return { is: "yes" }
  } catch (fault) {
    return { is: "no", why: fault instanceof Refused ? fault.message : reason(fault) }
  }
}
