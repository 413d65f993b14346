// The whole path without a pointer: whoever presses Tab, Enter, arrows and Escape connects, swaps,
// places and cancels an order, sees at each step where the focus is, and finds it again after a dialog.

import assert from "node:assert/strict"
import { before } from "node:test"

import { ETH, USDC, api, balances, deedsOf, faucet, mark, seed, until } from "./exchange.mjs"
import { connect, notice } from "./person.mjs"
import { PHONE, scenario } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

const STOPS_MAX = 120

before(seed)

scenario("connect, swap, place and cancel an order", async (visit) => {
  const wallet = new InjectedWallet()
  await faucet(wallet.address, "ETH", 10n * ETH)
  await faucet(wallet.address, "USDC", 20_000n * USDC)
  const { page } = await visit({ wallet })
  const banner = page.getByRole("banner")
  await banner.getByRole("button", { name: "Connect wallet" }).and(page.locator(":enabled")).waitFor()

  await tabTo(page, banner.getByRole("button", { name: "Connect wallet" }))
  await page.keyboard.press("Enter")
  await page.getByRole("dialog").waitFor()
  await tabTo(page, page.getByRole("dialog").getByRole("button", { name: wallet.info.name }))
  await page.keyboard.press("Enter")
  await page.getByRole("dialog").waitFor({ state: "detached" })
  await focused(page, banner.getByRole("button", { name: /^Wallet 0x/ }))

  const first = await mark()
  const form = page.getByRole("form", { name: "Swap" })
  await tabTo(page, form.getByLabel("Sell", { exact: true }))
  await page.keyboard.type("100")
  const button = form.getByRole("button", { name: "Swap USDC for ETH" }).and(page.locator(":enabled"))
  await button.waitFor()
  await tabTo(page, button)
  await page.keyboard.press("Enter")
  await notice(page, /^Sold /)
  assert.equal((await balances(wallet.address)).USDC.available, 19_900n * USDC)

  await tabTo(page, page.getByRole("tab", { name: "Swap" }), "Shift+Tab")
  await page.keyboard.press("ArrowRight")
  await focused(page, page.getByRole("tab", { name: "Limit" }))
  const limit = page.getByRole("form", { name: /limit order/i })
  await tabTo(page, limit.getByLabel("Limit price"))
  await rewrite(page, "1500")
  await tabTo(page, limit.getByLabel("Amount", { exact: true }))
  await rewrite(page, "2")
  await tabTo(page, limit.getByRole("button", { name: /^Buy / }).and(page.locator(":enabled")))
  await page.keyboard.press("Enter")
  const [order] = await until("the order rests", () => ordersOf(wallet.address, 1))
  assert.deepEqual([order.side, order.price, order.quantity].map(String), ["Bid", "1500", "2"])

  const cancel = page.getByRole("button", { name: /^Cancel: buy / })
  await cancel.waitFor()
  await tabTo(page, cancel)
  await page.keyboard.press("Enter")
  await until("the order is gone", () => ordersOf(wallet.address, 0))
  await cancel.waitFor({ state: "detached" })
  await page.keyboard.press("Tab")
  await isSeen(page) // near where the row was, not lost
  const { kinds } = await deedsOf(wallet.address, first)
  assert.deepEqual(kinds, ["SwapExactIn", "PlaceOrder", "CancelOrder"])
})

scenario("the first stop skips to the content, of every view", async (visit) => {
  const { page, visitor } = await opened(visit, "#/pools")
  for (const [at, inside] of [["#/pools", "Pools"], ["#/operator", "Operator"], ["#/trade/ETH_USDC", "ETH/USDC"]]) {
    await visitor.go(at)
    await page.reload()
    await page.getByRole("heading", { name: inside }).first().waitFor()
    await loaded(page) // a list that is on its way has nothing to stop at
    await page.keyboard.press("Tab")
    await focused(page, page.getByRole("link", { name: "Skip to the content" }))
    await isSeen(page)
    await page.keyboard.press("Enter")
    await focused(page, page.getByRole("main"))
    await page.keyboard.press("Tab")
    assert.ok(await page.evaluate(() => document.activeElement.closest("main") !== null), `${at}: not in the content`)
    assert.ok(page.url().endsWith(at), `${page.url()}: the view stays`)
  }
})

scenario("a dialog keeps the focus and gives it back", async (visit) => {
  const { page, wallet } = await opened(visit, "#/trade/ETH_USDC")
  const banner = page.getByRole("banner")
  const around = async (button, name) => {
    await button.focus()
    await page.keyboard.press("Enter")
    await page.getByRole("dialog", { name }).waitFor()
    const stops = new Set()
    for (let stop = 0; stop < 60; stop += 1) {
      await page.keyboard.press(stop < 40 ? "Tab" : "Shift+Tab")
      stops.add(await page.evaluate(() => (document.activeElement === document.body ? "browser" : document.activeElement.closest("dialog") ? "in" : document.activeElement.outerHTML)))
    }
    assert.deepEqual([...stops].filter((one) => !["in", "browser"].includes(one)), [], `${name} lets the focus out`)
    assert.ok(stops.has("in"))
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    await focused(page, button)
  }
  await around(banner.getByRole("button", { name: "Connect wallet" }), "Connect a wallet")
  await connect(page, wallet)
  await around(banner.getByRole("button", { name: /^Wallet 0x/ }), "Wallet")

  // Taken away by another one, whose opener went with it.
  const mine = banner.getByRole("button", { name: /^Wallet 0x/ })
  await mine.focus()
  await page.keyboard.press("Enter")
  const panel = page.getByRole("dialog", { name: "Wallet" })
  await tabTo(page, panel.getByRole("button", { name: /agent/i }).first())
  await page.keyboard.press("Enter")
  await page.getByRole("dialog", { name: /agent/i }).waitFor()
  await page.keyboard.press("Escape")
  await page.getByRole("dialog").waitFor({ state: "detached" })
  await focused(page, mine)
})

scenario("another market by search and arrows", async (visit) => {
  const { page } = await opened(visit, "#/trade/ETH_USDC")
  await tabTo(page, page.getByRole("button", { name: "Market ETH/USDC" }))
  await page.keyboard.press("Enter")
  const list = page.getByRole("dialog", { name: "Choose a market" })
  await focused(page, list.getByRole("searchbox"))
  await page.keyboard.press("Escape")
  await list.waitFor({ state: "detached" })
  await focused(page, page.getByRole("button", { name: "Market ETH/USDC" }))
  await page.keyboard.press("Enter")
  await page.keyboard.type("btc")
  await page.keyboard.press("ArrowDown")
  await focused(page, list.getByRole("link").first())
  await page.keyboard.press("Enter")
  await focused(page, page.getByRole("button", { name: /^Market .*BTC/ }))
})

for (const [name, options] of Object.entries({
  trade: { at: "#/trade/ETH_USDC" },
  "trade on a phone": { at: "#/trade/ETH_USDC", screen: PHONE },
  pools: { at: "#/pools" },
  pool: { at: "#/pools/ETH_USDC" },
  analytics: { at: "#/analytics" },
})) {
  scenario(`Tab comes by everything that can be pressed: ${name}`, async (visit) => {
    const { page, wallet } = await opened(visit, options.at, options)
    await connect(page, wallet)
    await loaded(page)
    const seen = new Set()
    for (let [stop, rounds] = [0, 0]; stop < STOPS_MAX && rounds < 2; stop += 1) {
      await page.keyboard.press("Tab")
      const at = await page.evaluate(nameOf)
      if (at === null) rounds += 1 // the browser's own controls
      else await isSeen(page)
      seen.add(at)
    }
    const missed = (await page.evaluate(everything, nameOf.toString())).filter((one) => !seen.has(one))
    assert.deepEqual(missed, [], "no Tab comes there")
  })
}

async function opened(visit, at, options = {}) {
  const wallet = new InjectedWallet()
  const visitor = await visit({ wallet, at, ...options })
  const { page } = visitor
  await page.getByRole("banner").getByRole("button", { name: "Connect wallet" }).and(page.locator(":enabled")).waitFor()
  return { wallet, visitor, page }
}

async function loaded(page) {
  const busy = page.locator("main [aria-busy=true]")
  await until("nothing is loading", async () => (await busy.count()) === 0)
}

/** The owner's open orders once there are so many; else false. */
async function ordersOf(owner, count) {
  const open = await api("/api/v1/orders", { owner })
  return open.length === count && open
}

/** Presses `key` until the focus is there, and sees it at each stop. */
async function tabTo(page, place, key = "Tab") {
  const stops = []
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    if (await isOn(place)) return isSeen(page)
    await page.keyboard.press(key)
    stops.push(await page.evaluate(nameOf))
    if (stops.at(-1) !== null) await isSeen(page)
  }
  throw new Error(`${key} never comes to ${place}; it comes by ${stops.join(" | ")}`)
}

async function rewrite(page, text) {
  await page.keyboard.press("Control+a")
  await page.keyboard.type(text)
}

async function isOn(place) {
  return (await place.count()) === 1 && place.evaluate((one) => one === document.activeElement)
}

async function focused(page, place) {
  await until(`the focus is on ${place}; it is on ${await page.evaluate(nameOf)}`, () => isOn(place), 10_000)
}

/** A person sees where the focus is: drawn around it or around its box, on the screen, under nothing. */
async function isSeen(page) {
  const fault = await page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    const one = document.activeElement
    const near = [one, one.parentElement, one.parentElement?.parentElement].filter(Boolean)
    const outlined = near.find((box) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(box)
      const { width, height } = box.getBoundingClientRect()
      return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && width > 8 && height > 8
    })
    if (outlined === undefined) return "has no outline"
    const { left, top, right, bottom } = outlined.getBoundingClientRect()
    const [x, y] = [(Math.max(left, 0) + Math.min(right, innerWidth)) / 2, (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2]
    const above = document.elementFromPoint(x, y)
    if (above === null) return `is off the screen: ${left},${top} to ${right},${bottom}`
    if (outlined.parentElement.contains(above) || above.contains(outlined)) return ""
    return `lies under ${above.outerHTML.slice(0, 200)}`
  })
  assert.equal(fault, "", await page.evaluate(nameOf))
}

/** Of what has the focus; null where nothing has. Runs in the page. */
function nameOf(one = document.activeElement) {
  if (one === null || one === document.body) return null
  const text = (one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent ?? "").trim().replace(/\s+/g, " ")
  // Prices and sizes move while a walk lasts.
  return `${one.tagName.toLowerCase()} ${one.id} ${text.replace(/0x\S+|[\d.,]+/g, "#").slice(0, 60)}`
}

/** The names of all that can be pressed or filled. Runs in the page. */
function everything(source) {
  const named = new Function(`return (${source})`)()
  return [...document.querySelectorAll("a[href], button, input, select, summary")]
    .filter((one) => !one.disabled && one.tabIndex >= 0 && one.checkVisibility({ visibilityProperty: true }))
    .filter((one) => one.type !== "radio" || one.checked)
    .map((one) => named(one))
}
