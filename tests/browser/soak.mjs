// The page on a market that changes 200 times a second: what it keeps does not grow. Counted in
// updates that arrived, so that a slow machine takes longer and proves the same.

import assert from "node:assert/strict"

import { deed, until } from "./exchange.mjs"
import { connect } from "./person.mjs"
import { scenario } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

const RATE = 200
const SECONDS = Number(process.env.XYK_PAGE_SOAK_S ?? 60)
// Lists fill at once to what they keep, the chart of seconds of a young market second by second up to
// the thousand at which it is cut.
const WARM = Math.max(15, SECONDS / 5) * RATE
const SAMPLES = 12
const MB = 1024 * 1024
// A page's heap is 4 MB and differs by 0.3 from look to look. One small object kept of each update
// is 1 MB in a minute.
const GROWTH_MAX = 1 * MB
const NODES_MAX = 150 // rows come and go with the book

scenario("memory stays flat", async (visit) => {
  const wallet = new InjectedWallet()
  const { page, context } = await visit({ wallet })
  await connect(page, wallet)
  let updates = 0
  page.on("websocket", (socket) => socket.on("framereceived", () => (updates += 1)))
  await page.reload() // the listener is there before the socket
  const cdp = await context.newCDPSession(page)
  await deed("pace")
  const reached = (count) => until(`${count} updates, ${updates} came`, () => updates >= count, 3_600_000)
  const measured = async () => {
    for (const _ of "12") await cdp.send("HeapProfiler.collectGarbage") // what the first let go of
    const { usedSize } = await cdp.send("Runtime.getHeapUsage")
    const { nodes, jsEventListeners } = await cdp.send("Memory.getDOMCounters")
    return { updates, heap: usedSize, nodes, listeners: jsEventListeners }
  }
  await reached(WARM)
  const samples = []
  const sample = async () => {
    const one = await measured()
    console.log(`${one.updates} updates: ${(one.heap / MB).toFixed(2)} MB, ${one.nodes} nodes, ${one.listeners} listeners`)
    samples.push(one)
  }
  await sample()
  const step = (RATE * SECONDS - WARM) / SAMPLES
  for (let number = 1; number <= SAMPLES; number += 1) {
    await reached(WARM + number * step)
    await sample()
  }
  await deed("rest")
  const third = Math.floor(samples.length / 3)
  const [early, late] = [samples.slice(0, third), samples.slice(-third)]
  const least = (part, what) => Math.min(...part.map((one) => one[what]))
  const growth = least(late, "heap") - least(early, "heap")
  console.log(`${(growth / MB).toFixed(2)} MB more after ${samples.at(-1).updates} updates`)
  assert.ok(growth <= GROWTH_MAX, `the heap grows by ${growth} bytes`)
  assert.ok(least(late, "nodes") <= least(early, "nodes") + NODES_MAX, "nodes pile up")
  assert.ok(least(late, "listeners") <= least(early, "listeners") + NODES_MAX, "listeners pile up")
})
