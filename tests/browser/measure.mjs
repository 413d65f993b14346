// Figures of a first visit and of a busy market, as one line of JSON: for bench/page.py, which runs
// the exchange. Nothing here passes or fails.

import { deed, until } from "./exchange.mjs"
import { DESKTOP, Visitor, launch } from "./stage.mjs"

const BUSY_MS = Number(process.env.XYK_BUSY_S ?? 20) * 1000
const VISITS = 5

const browser = await launch()
const figures = { visits: [], weight: 0 }
try {
  for (let number = 0; number < VISITS; number += 1) figures.visits.push(await visit())
  figures.busy = await busy()
} finally {
  await browser.close()
}
console.log(JSON.stringify(figures))
process.exit(0)

/** In ms since the visit began: first paint, and a candle that moved. */
async function visit() {
  const visitor = await Visitor.open(browser, { at: "" })
  const { page, context } = visitor
  try {
    const firstPaint = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const seen = (list) => {
            const paint = list.getEntries().find(({ name }) => name === "first-contentful-paint")
            if (paint) resolve(paint.startTime)
          }
          new PerformanceObserver(seen).observe({ type: "paint", buffered: true })
        }),
    )
    await page.locator("main canvas").first().waitFor()
    const candles = page.getByRole("img", { name: /candle/i }).first()
    const label = () => candles.getAttribute("aria-label")
    const first = await until("there are candles", async () => /newest/.exec(await label())?.input, 60_000)
    await until("a candle moves", async () => (await label()) !== first, 60_000)
    const moved = await page.evaluate(() => performance.now())
    const weight = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .filter(({ name }) => /\.(js|css|svg|html)$/.test(new URL(name).pathname))
        .reduce((sum, { transferSize }) => sum + transferSize, performance.getEntriesByType("navigation")[0].transferSize),
    )
    return { firstPaint, moved, weight, faults: visitor.faults }
  } finally {
    await context.close()
  }
}

/** Frames of the screen and long tasks while the market changes; `updates` that the page heard. */
async function busy() {
  const { page, context } = await Visitor.open(browser, { screen: DESKTOP })
  let updates = 0
  page.on("websocket", (socket) => socket.on("framereceived", () => (updates += 1)))
  await page.reload()
  await page.locator("main canvas").first().waitFor()
  await deed("pace")
  const paced = Date.now()
  const before = updates
  await until("it is under way", () => updates > before + 100)
  const events = []
  const cdp = await context.newCDPSession(page)
  cdp.on("Tracing.dataCollected", ({ value }) => events.push(...value))
  const over = new Promise((resolve) => cdp.once("Tracing.tracingComplete", resolve))
  const categories = ["devtools.timeline", "disabled-by-default-devtools.timeline", "disabled-by-default-devtools.timeline.frame"]
  await cdp.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: categories },
  })
  const [heard, started] = [updates, Date.now()]
  await new Promise((resolve) => setTimeout(resolve, BUSY_MS))
  const [took, came] = [Date.now() - started, updates - heard]
  await cdp.send("Tracing.end")
  await over
  const changes = (await deed("rest")) * (took / (Date.now() - paced))
  const count = (name) => events.filter((one) => one.name === name).length
  const renderer = events.find(({ name }) => name === "TracingStartedInBrowser")?.args.data.frames?.[0]?.processId
  const main = events.find(
    ({ name, args, pid }) => name === "thread_name" && args.name === "CrRendererMain" && (!renderer || pid === renderer),
  )
  const tasks = events.filter(
    ({ name, pid, tid, dur }) => name === "RunTask" && dur !== undefined && (!main || (pid === main.pid && tid === main.tid)),
  )
  const durations = tasks.map(({ dur }) => dur / 1000).sort((a, b) => a - b)
  await context.close()
  return {
    seconds: took / 1000,
    updates: came,
    changes,
    drawn: count("DrawFrame"),
    dropped: count("DroppedFrame"),
    task99: durations[Math.floor(0.99 * durations.length)] ?? 0,
    longTasks: durations.filter((one) => one > 50).length,
    longestTask: durations.at(-1) ?? 0,
    busyShare: durations.reduce((sum, one) => sum + one, 0) / took,
  }
}
