// What the page shows and what a wallet signed, each told against the exchange's own state.

import assert from "node:assert/strict"

import { api, deedsOf, until } from "./exchange.mjs"

export const holdings = (page) => page.getByRole("region", { name: "Your orders and balances" })

/** Balances and open orders on the screen become those of the exchange, to the unit. */
export async function agree(page, owner, options = {}) {
  await tab(page, "Balances")
  await same("balances", () => balancesShown(page), () => balancesHeld(owner, options))
  await tab(page, "Open orders")
  await same("open orders", () => ordersShown(page), () => ordersOpen(owner, options))
}

/** `shown` becomes the same text as `known`, which is asked anew each time. */
export async function same(what, shown, known) {
  let both = []
  await until(`the screen shows the exchange's ${what}`, async () => {
    both = [await shown(), await known()]
    return JSON.stringify(both[0]) === JSON.stringify(both[1])
  }).catch((fault) => {
    assert.deepEqual(both[0], both[1], what)
    throw fault // nothing could be compared
  })
}

/** Of the owner's tables: "Open orders", "Order history", "Trades", "Balances". */
export async function tab(page, name) {
  await holdings(page).getByRole("tab", { name }).click()
}

/** The rows of a table, each as the list of its cells' texts. */
export async function rows(page, table) {
  return holdings(page)
    .getByRole("table", { name: table, exact: true })
    .locator("tbody tr:not(.edit)")
    .evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.innerText.trim())))
}

const bare = (text) => text.replaceAll(",", "")

/** Each token's whole amounts are in the titles of its cells. */
async function balancesShown(page) {
  const cells = await holdings(page)
    .locator("table[aria-label=Balances] tbody tr")
    .evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.title || cell.innerText)))
  return cells.map(([symbol, available, locked]) => [symbol, ...[available, locked].map((text) => bare(text.split(" ")[0]))].join(" ")).sort()
}

async function balancesHeld(owner, options) {
  const { balances } = await api(`/api/v1/accounts/${owner}`, {}, options)
  return balances
    .filter(({ available, locked }) => available !== "0" || locked !== "0")
    .map(({ symbol, decimals, available, locked }) => `${symbol} ${whole(available, decimals)} ${whole(locked, decimals)}`)
    .sort()
}

async function ordersShown(page) {
  const all = await rows(page, "Open orders")
  return all.map(([symbol, side, kind, price, quantity, filled]) => [symbol, side, kind, bare(price), bare(quantity), filled].join(" ")).sort()
}

async function ordersOpen(owner, options) {
  const orders = await api("/api/v1/orders", { owner }, options)
  return orders.map((one) => [one.symbol, one.side === "Bid" ? "Buy" : "Sell", kindOf(one), one.price, one.quantity, filled(one)].join(" ")).sort()
}

function kindOf({ orderType, timeInForce, postOnly, triggerPrice, triggerAbove }) {
  const kind = triggerPrice === null ? orderType : `Stop ${triggerAbove ? "≥" : "≤"} ${triggerPrice}`
  return [kind, timeInForce, ...(postOnly ? ["post-only"] : [])].join(" · ")
}

function filled({ executedQuantity, quantity }) {
  return `${Math.floor((100 * Number(executedQuantity)) / Number(quantity))} %`
}

/** Base units as a decimal of whole tokens without zeros at its end. */
export function whole(amount, decimals) {
  const text = String(amount).padStart(decimals + 1, "0")
  return `${text.slice(0, -decimals)}.${text.slice(-decimals)}`.replace(/\.?0+$/, "")
}

/** Of a market, newest first: side, price and size. */
export async function tradesAgree(page, symbol) {
  const shown = page.getByRole("region", { name: "Recent trades" }).locator("tbody tr")
  await same(
    "recent trades",
    () => shown.evaluateAll((all) => all.map(({ cells }) => `${cells[0].title} ${cells[1].title}`)),
    async () => {
      const trades = await api("/api/v1/trades", { symbol, limit: 60 })
      return trades.map((one) => `${one.isBuyerMaker ? "Sold" : "Bought"} at ${one.price} ${one.quantity}`)
    },
  )
}

/** Of a market: the best level of each side, its price and size. */
export async function bookAgrees(page, symbol) {
  const best = (levels) =>
    ["Ask", "Bid"].map((side) => {
      const own = levels.filter(([of]) => of === side).map(([, price, size]) => [Number(price), Number(size)])
      return own.sort(([a], [b]) => (side === "Ask" ? a - b : b - a))[0]
    })
  const shown = page.getByRole("button", { name: /^(Ask|Bid) [\d,.]+ / })
  await same(
    "best prices",
    async () => best(await shown.evaluateAll((all) => all.map((row) => row.ariaLabel.replaceAll(",", "").split(" ")))),
    async () => {
      const { asks, bids } = await api("/api/v1/depth", { symbol, limit: 1_000 })
      return best([...asks.map((level) => ["Ask", ...level]), ...bids.map((level) => ["Bid", ...level])])
    },
  )
}

/** The owner's own fills, newest first: market, side, role, venue, price, size. */
export async function fillsAgree(page, owner, options) {
  await tab(page, "Trades")
  const shown = holdings(page).locator("table[aria-label=Trades] tbody tr")
  await same(
    "fills",
    () =>
      shown.evaluateAll((all) =>
        all.map(({ cells }) => [...[1, 2, 3, 4].map((at) => cells[at].innerText), ...[5, 6, 7].map((at) => cells[at].title)].join(" ")),
      ),
    async () => {
      const { items } = await api("/api/v1/history/fills", { owner, limit: 50 }, options)
      return items.map((one) => {
        const role = one.isMaker ? "Maker" : one.orderId === null ? "Swap" : "Taker"
        return [one.symbol, one.side === "Bid" ? "Buy" : "Sell", role, one.venue, one.price, one.quantity, one.quoteQuantity].join(" ")
      })
    },
  )
}

/** The owner's orders in any state, newest first: market, side, kind, price, amount, status. */
export async function historyAgrees(page, owner, options) {
  await tab(page, "Order history")
  await same(
    "order history",
    async () =>
      (await rows(page, "Order history")).map((cells) =>
        [...cells.slice(1, 4), bare(cells[4]), bare(cells[6]), cells[7], cells[8].split(":")[0]].join(" "),
      ),
    async () => {
      const { items } = await api("/api/v1/history/orders", { owner, limit: 50 }, options)
      return items.map((one) =>
        [one.symbol, one.side === "Bid" ? "Buy" : "Sell", kindOf(one), one.price, one.quantity, filled(one), STATUS[one.status] ?? one.status].join(" "),
      )
    },
  )
}

const STATUS = { New: "Open", PartiallyFilled: "Partly filled", TriggerPending: "Waiting", TriggerFailed: "Trigger failed" }

/** The owner's one entry since `first`: of this kind, and all of it as the wallet showed it. */
export async function signedAs(wallet, kind, first, options) {
  const { entries, kinds } = await deedsOf(wallet.address, first, options)
  assert.deepEqual(kinds, [kind])
  const [entry] = entries
  assert.equal(entry.evidence.scheme, "eip712")
  assert.equal(entry.evidence.signer, wallet.address.toLowerCase())
  const { document } = wallet.signatures.findLast(({ document }) => document.primaryType === kind)
  for (const [name, value] of Object.entries(document.message)) {
    assert.equal(String(entry.command[name]).toLowerCase(), String(value).toLowerCase(), `${kind}.${name}`)
  }
  return entry
}

/** Nothing is committed while `run` runs. */
export async function withoutTrace(run) {
  const before = (await api("/api/v1/status")).seq
  const result = await run()
  assert.equal((await api("/api/v1/status")).seq, before, "nothing was to be committed")
  return result
}
