// The exchange's time in whole seconds, for what counts down. Ticks only while somebody looks.

import { createSubscriber } from "svelte/reactivity"

import { deployment } from "../lib/deployment.svelte"

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, 1_000)
  return () => clearInterval(timer)
})

export function tickingNowS(): number {
  subscribe()
  return deployment.nowS()
}
