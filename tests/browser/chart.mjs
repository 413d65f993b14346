// The candles as somebody sees them: what the chart says of itself, what its legend says under a
// pointer, and what is painted there.

import assert from "node:assert/strict"
import { isDeepStrictEqual } from "node:util"

import { api, until } from "./exchange.mjs"
import { brief, change, klinesOf, marketOf, shown, startOf } from "./figures.mjs"

const [HOUR_S, DAY_S] = [3_600, 86_400]
const INTERVAL_S = {
  "1m": 60,
  "15m": HOUR_S / 4,
  "1h": HOUR_S,
  "4h": 4 * HOUR_S,
  "1d": DAY_S,
  "1w": 7 * DAY_S,
}
const AGO = 2_000 // candles; the page has the newest 500 until somebody goes back

export const panel = (page) => page.getByRole("region", { name: "Chart", exact: true })
export const picture = (page) => panel(page).getByRole("img")

export async function choose(page, interval) {
  await panel(page).getByRole("button", { name: interval, exact: true }).click()
}

/**
 * Until the chart says that its newest candle is the API's, and what it says. One without a trade
 * may be missing: the stream tells of it when it is over.
 */
export async function newestAgrees(page, symbol, interval) {
  const market = await marketOf(symbol)
  const price = (text) => shown(text, market.pricePlaces)
  const worded = ({ open, high, low, close, volume }) =>
    `${symbol} candles of ${interval}. The newest: open ${price(open)}, high ${price(high)}, ` +
    `low ${price(low)}, close ${price(close)} ${market.quoteSymbol}, ` +
    `volume ${brief(volume)} ${market.baseSymbol}`
  let both = []
  await until("the newest candle is the exchange's", async () => {
    const nowS = Math.floor(Number(await api("/api/v1/time")) / 1_000)
    const candles = await klinesOf(symbol, interval, nowS - 2 * INTERVAL_S[interval])
    const told = candles.slice(candles.at(-1).trades === "0" ? -2 : -1)
    both = [await picture(page).getAttribute("aria-label"), told.map(worded)]
    return both[1].includes(both[0])
  }).catch(() => assert.deepEqual([both[0]], both[1]))
  return both[0]
}

/** The candles of an interval as the legend words them, oldest first. */
export async function told(symbol, interval) {
  const { pricePlaces, baseSymbol } = await marketOf(symbol)
  const nowS = Math.floor(Date.now() / 1_000)
  const fromS = Math.max(0, nowS - AGO * INTERVAL_S[interval])
  const candles = await klinesOf(symbol, interval, fromS)
  return candles.map((one) => ({
    start: startOf(one),
    volume: Number(one.volume),
    colour: Number(one.close) >= Number(one.open) ? "up" : "down",
    isFlat: one.high === one.low, // a line
    text: [
      ...[one.open, one.high, one.low, one.close].map((price) => shown(price, pricePlaces)),
      `${brief(one.volume)} ${baseSymbol}`,
      change(one.open, one.close),
    ].join(" "),
  }))
}

export const legend = (page) => panel(page).locator(".legend").evaluate(readLegend)

/** Runs in the page. */
function readLegend(list) {
  return [...list.querySelectorAll("dd")].map((one) => one.innerText).join(" ")
}

/**
 * What the legend says while the pointer goes from right to left over the chart: each candle once
 * (those that say the same as their neighbour count as one), with the middle of where it lay. (To
 * the left, because a candle that begins meanwhile moves all others there: none is passed over.) The
 * pointer that comes and goes is a real one; a thousand real moves would wait for as many frames of
 * the screen.
 */
export async function swept(page) {
  const box = await picture(page).boundingBox()
  const [right, y] = [Math.floor(box.x + 0.9 * box.width), box.y + box.height / 2]
  await page.mouse.move(right, y)
  const seen = await picture(page).evaluate(
    async (box, { left, right, y, source }) => {
      const read = new Function(`return (${source})`)()
      const list = box.parentElement.querySelector(".legend")
      const seen = []
      for (let x = right; x > left; x -= 1) {
        const moved = { clientX: x, clientY: y, bubbles: true }
        document.elementFromPoint(x, y).dispatchEvent(new MouseEvent("mousemove", moved))
        await null // the page draws the legend
        const text = read(list)
        if (text !== seen.at(-1)?.text) seen.push({ text, right: x })
        seen.at(-1).left = x
      }
      // Two of the same text are one here, and between them is nothing: the middle of the first.
      const width = Math.min(...seen.slice(1, -1).map(({ left, right }) => right - left))
      return seen.map(({ text, right }) => ({ text, right, x: Math.floor(right - width / 2) }))
    },
    { left: Math.ceil(box.x), right, y, source: readLegend.toString() },
  )
  await page.mouse.move(0, 0)
  return seen.slice(1, -1) // those at the ends were passed over in part
}

/** What was swept is a stretch of `candles`, without a hole: it, newest first. */
export function stretch(seen, candles) {
  assert.ok(seen.length >= 4, `${seen.length} candles are no test`)
  const all = candles.toReversed().filter((one, at, list) => one.text !== list[at - 1]?.text)
  const from = (at) => all.slice(at, at + seen.length)
  const isHere = (_, at) => seen.every(({ text }, next) => text === all[at + next]?.text)
  const first = all.findIndex(isHere)
  if (first < 0) {
    const near = Math.max(0, all.findIndex(({ text }) => text === seen[0].text))
    const texts = [seen, from(near)].map((list) => list.map(({ text }) => text))
    assert.deepEqual(...texts, "what the legend says from right to left")
  }
  return seen.map((one, next) => ({ ...all[first + next], ...one }))
}

/** Bars have their candle's colour, and volumes are as high as they are large, within 2 pixels. */
export async function drawn(page, bars) {
  const inks = await painted(page, bars.map(({ x }) => x))
  const height = (ink) => ink["up-wash"] + ink["down-wash"]
  const most = Math.max(...bars.map(({ volume }) => volume))
  const tallest = Math.max(...inks.map(height))
  assert.ok(tallest > 20, `the tallest volume has ${tallest} px`)
  for (const [at, { volume, colour, isFlat, text }] of bars.entries()) {
    const [high, due] = [height(inks[at]), (tallest * volume) / most]
    assert.ok(Math.abs(high - due) <= 2, `${text}: ${high} px of volume, not ${due}`)
    assert.ok(isFlat || inks[at][colour] > 0, `${text}: no ${colour} candle`)
  }
}

/**
 * The bars in sight are the exchange's, in text and in paint. Looked at again where they moved under
 * the look, as they do when a candle without a trade is over.
 */
export async function barsAgree(page, symbol, interval) {
  for (;;) {
    const seen = await swept(page)
    try {
      return await drawn(page, stretch(seen, await told(symbol, interval)))
    } catch (fault) {
      if (isDeepStrictEqual(await swept(page), seen)) throw fault
    }
  }
}

/** How many pixels of each of the theme's colours are painted in the chart at these places. */
async function painted(page, places) {
  return picture(page).evaluate(
    (box, places) => {
      const probe = box.appendChild(document.createElement("span"))
      const resolved = (name) => {
        probe.style.color = `var(--${name})`
        return getComputedStyle(probe).color.match(/\d+/g).slice(0, 3).join()
      }
      const names = ["up", "down", "up-wash", "down-wash"].map((name) => [resolved(name), name])
      probe.remove()
      const pane = box.querySelector("table tr td:nth-child(2) canvas")
      const from = pane.getBoundingClientRect().left
      const known = new Map(names)
      const copy = new OffscreenCanvas(pane.width, pane.height)
      const context = copy.getContext("2d", { willReadFrequently: true })
      context.drawImage(pane, 0, 0)
      return places.map((x) => {
        const { data } = context.getImageData(x - from, 0, 1, copy.height)
        const counts = Object.fromEntries(names.map(([, name]) => [name, 0]))
        for (let at = 0; at < data.length; at += 4) {
          const name = known.get(data.slice(at, at + 3).join())
          if (name) counts[name] += 1
        }
        return counts
      })
    },
    places,
  )
}

/** Drags the candles to the right by most of the chart's width: older ones come from the left. */
export async function dragBack(page) {
  const box = await picture(page).boundingBox()
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + 0.05 * box.width, y)
  await page.mouse.down()
  await page.mouse.move(box.x + 0.85 * box.width, y, { steps: 4 })
  await page.mouse.up()
}
