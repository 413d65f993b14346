// The operator's view: closed to others in clear words, its figures those of /metrics, and markets
// that stop and go on by the operator's signature alone.

import assert from "node:assert/strict"
import { before } from "node:test"

import { ETH, Trader, USDC, api, deed, journal, mark, seed, until, url } from "./exchange.mjs"
import { askedFor, connect, live } from "./person.mjs"
import { scenario } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

let key
let operator
let trader

before(async () => {
  await seed()
  key = await deed("operator-key")
  operator = new Trader(key).address
  trader = await Trader.with({ ETH: 100n * ETH, USDC: 100_000n * USDC })
})

/** {name{labels}: value} of /metrics as it is now. */
async function metrics() {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = text.split("\n").filter((line) => line && !line.startsWith("#"))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]))
}

/** The operator, signed in. */
async function board(visit) {
  const wallet = new InjectedWallet({ key })
  const visitor = await visit({ wallet, at: "#/operator" })
  const { page } = visitor
  await connect(page, wallet)
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("heading", { name: "Markets" }).waitFor()
  await live(page)
  return { wallet, visitor, page }
}

const tile = (page, name) => page.locator(".tile").filter({ has: page.getByText(name, { exact: true }) }).locator(".value").innerText()
const counted = async (page, name) => Number((await tile(page, name)).replaceAll(",", ""))
const stateOf = async (symbol) => (await api("/api/v1/markets")).find((one) => one.symbol === symbol).orderBookState
const market = (page, symbol) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: symbol }) })

async function refusedSwap(code) {
  await assert.rejects(trader.sell("ETH", "USDC", code === "TRADING_PAUSED" ? ETH : 10n ** 6n * ETH), { code })
}

async function set(page, verb, what) {
  await page.getByRole("button", { name: `${verb}: ${what}` }).click()
  await page.getByRole("dialog").getByRole("button", { name: `Sign: ${verb.toLowerCase()}` }).click()
}

scenario("others read whom this view is for, and find nothing to press", async (visit) => {
  const wallet = new InjectedWallet()
  const { page } = await visit({ wallet, at: "#/operator" })
  const main = page.getByRole("main")
  await main.getByText("This view is for the operator of this exchange").waitFor()
  await main.getByText(operator).waitFor()
  await connect(page, wallet)
  await main.getByText("whose signature lists and pauses nothing here").waitFor()
  await main.getByText(wallet.address).waitFor()
  assert.equal(await main.getByRole("button").count(), 0)
  assert.equal(await page.getByRole("navigation").getByRole("link", { name: "Operator" }).count(), 0)
  await assert.rejects(new Trader(wallet.key).setStatus("ETH_USDC", "paused"), { code: "FORBIDDEN" })
  assert.equal(await stateOf("ETH_USDC"), "Open")
})

scenario("the figures are those of /metrics", async (visit) => {
  const { wallet, page } = await board(visit)
  askedFor(wallet, 1) // the sign-in, nothing else
  await until("it is live", async () => (await tile(page, "Live")) === "live")
  await until("it is ready", async () => (await tile(page, "Ready")) === "ready")
  for (const price of [2_100n, 2_110n, 2_120n]) await trader.place("ETH", "USDC", ETH, price * USDC)
  for (let tried = 0; tried < 3; tried += 1) await refusedSwap("INSUFFICIENT_FUNDS")
  const gauges = {
    "Open orders": "xyk_open_orders",
    Queue: "xyk_queue_depth",
    "Read lag": "xyk_projection_lag_entries",
    Sockets: "xyk_sockets",
    "Slow readers": "xyk_slow_readers",
  }
  assert.equal((await metrics()).get("xyk_open_orders"), 3)
  for (const [name, metric] of Object.entries(gauges)) {
    assert.ok((await metrics()).has(metric), metric)
    await until(name, async () => (await counted(page, name)) === (await metrics()).get(metric))
  }
  const row = page.getByRole("row").filter({ hasText: "INSUFFICIENT_FUNDS" })
  await until("refusals by code", async () => {
    const [code, , , total] = await row.getByRole("cell").allInnerTexts()
    return code === "INSUFFICIENT_FUNDS" && Number(total) === (await metrics()).get('xyk_refusals_total{code="INSUFFICIENT_FUNDS"}')
  })
  await until("commits are timed", async () => /^[> ]*\d+(\.\d+)? m?s$/.test(await tile(page, "Commit p99")))
  await until("entries are counted", async () => Number(await tile(page, "Entries / s")) > 0)
})

scenario("a market pauses and resumes by the operator's signature", async (visit) => {
  const { wallet, page } = await board(visit)
  const first = await mark()
  await set(page, "Pause", "ETH_USDC")
  await page.getByRole("status").getByText("ETH_USDC: paused from now on").waitFor()
  await market(page, "ETH_USDC").getByRole("cell", { name: "Paused", exact: true }).waitFor()
  assert.equal(await stateOf("ETH_USDC"), "Closed")
  const [entry] = (await journal(first)).filter(({ kind }) => kind === "SetMarketStatus")
  assert.deepEqual([entry.command.market, entry.command.status], ["ETH_USDC", "paused"])
  assert.equal(entry.evidence.signer.toLowerCase(), operator.toLowerCase())
  const read = wallet.signatures.at(-1).document.message
  assert.deepEqual([read.market, read.status], ["ETH_USDC", "paused"], "and the wallet showed it")
  await refusedSwap("TRADING_PAUSED")
  const row = page.getByRole("row").filter({ hasText: "TRADING_PAUSED" })
  await until("it is counted", async () => {
    const cells = await row.getByRole("cell").allInnerTexts()
    return Number(cells[3]) === (await metrics()).get('xyk_refusals_total{code="TRADING_PAUSED"}')
  })
  await set(page, "Open", "ETH_USDC")
  await page.getByRole("status").getByText("ETH_USDC: open from now on").waitFor()
  assert.equal(await stateOf("ETH_USDC"), "Open")
  await trader.sell("ETH", "USDC", ETH)
  askedFor(wallet, 3)
})

scenario("all markets stop and go on together", async (visit) => {
  const { page } = await board(visit)
  const states = async () => new Set((await api("/api/v1/markets")).map((one) => one.orderBookState))
  await set(page, "Cancel only", "all markets")
  await until("all stopped", async () => [...(await states())].join() === "CancelOnly")
  await until("and shown", async () => (await page.getByRole("cell", { name: "Cancel only", exact: true }).count()) === 4)
  await set(page, "Open", "all markets")
  await until("all open", async () => [...(await states())].join() === "Open")
})

scenario("an operator who says no changes nothing", async (visit) => {
  const { wallet, page } = await board(visit)
  const first = await mark()
  wallet.answers.push("reject")
  await set(page, "Pause", "BTC_USDC")
  await page.getByRole("dialog").getByText(/^Rejected in .*: nothing was done/).waitFor()
  await page.getByRole("dialog").getByRole("button", { name: "Leave it" }).click()
  await page.getByRole("dialog").waitFor({ state: "detached" })
  assert.equal(await stateOf("BTC_USDC"), "Open")
  assert.deepEqual((await journal(first)).filter(({ kind }) => kind === "SetMarketStatus"), [])
})

scenario("a server that is away is seen, and so is its return", async (visit) => {
  const { visitor, page } = await board(visit)
  visitor.isServerAway = true
  await deed("kill")
  await page.getByRole("alert").getByText("/metrics does not answer: what stands here is old").waitFor()
  await until("neither live nor ready", async () => (await tile(page, "Live")) === "no" && (await tile(page, "Ready")) === "no")
  await deed("start")
  await until("live and ready again", async () => (await tile(page, "Live")) === "live" && (await tile(page, "Ready")) === "ready")
  await page.getByText("what stands here is old").waitFor({ state: "detached" })
  await until("counted from the new start", async () => (await counted(page, "Open orders")) === (await metrics()).get("xyk_open_orders"))
})
