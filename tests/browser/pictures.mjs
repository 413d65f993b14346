// Pictures of each view for the README: light, dark and phone, of an exchange whose demo traders are
// at work. XYK_PICTURES: the folder. Nothing here passes or fails.

import { mkdirSync, writeFileSync } from "node:fs"

import { ETH, Trader, USDC, api, deed, faucet, until } from "./exchange.mjs"
import { connect } from "./person.mjs"
import { PHONE, Visitor, launch } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

const FOLDER = process.env.XYK_PICTURES
const DESK = { width: 1440, height: 900 }
const CANDLES = 120 // of a second: what a chart needs to look like one
const QUALITY = 90 // of WebP: text stays sharp
const VIEWS = { trade: "#/trade/ETH_USDC", pools: "#/pools", pool: "#/pools/ETH_USDC", analytics: "#/analytics" }
const LOOKS = { light: { scheme: "light" }, dark: { scheme: "dark" }, phone: { scheme: "dark", screen: PHONE } }

const wallet = new InjectedWallet({ name: "Wallet" })
const operator = new InjectedWallet({ name: "Wallet", key: await deed("operator-key") })

mkdirSync(FOLDER, { recursive: true })
await furnish()
const browser = await launch()
for (const [look, options] of Object.entries(LOOKS)) {
  await pictures(look, options, wallet, VIEWS)
  await pictures(look, options, operator, { operator: "#/operator" })
}
await browser.close()
process.exit(0)

/** An owner with orders, trades and a position; and a chart that has something to show. */
async function furnish() {
  const trader = new Trader(wallet.key)
  for (const [symbol, amount] of [["ETH", 50n * ETH], ["USDC", 100_000n * USDC]]) {
    await faucet(wallet.address, symbol, amount)
  }
  const { reserves: [base, quote] } = await api("/api/v1/pools/ETH_USDC")
  const cents = (BigInt(quote) * ETH) / BigInt(base) / 10_000n // whole ticks of ETH_USDC
  await trader.sell("ETH", "USDC", ETH / 5n)
  await trader.sell("USDC", "ETH", 150n * USDC)
  for (const percent of [96n, 97n]) await trader.place("USDC", "ETH", ((cents * percent) / 100n) * 10_000n, ETH)
  await trader.place("ETH", "USDC", 2n * ETH, ((cents * 104n) / 100n) * 20_000n)
  await trader.addLiquidity("ETH", "USDC", 10n * ETH, 40_000n * USDC)
  const startTime = Math.floor(Date.now() / 1000)
  await until(
    "there are candles",
    async () => (await api("/api/v1/klines", { symbol: "ETH_USDC", interval: "1s", startTime })).length >= CANDLES,
    15 * 60_000,
  )
}

async function pictures(look, { scheme, screen = DESK }, whose, views) {
  const visitor = await Visitor.open(browser, { wallet: whose, at: Object.values(views)[0], scheme, screen })
  const { page, context } = visitor
  await connect(page, whose)
  if (whose === operator) await page.getByRole("button", { name: "Sign in" }).first().click()
  const cdp = await context.newCDPSession(page)
  for (const [view, at] of Object.entries(views)) {
    await visitor.go(at)
    const busy = page.locator("main [aria-busy=true]")
    await until(`${view} is there`, async () => (await busy.count()) === 0, 60_000)
    await page.mouse.move(1, 1) // no crosshair
    await page.waitForTimeout(3_000) // charts draw, numbers come
    await until(`${view} is there`, async () => (await busy.count()) === 0, 60_000)
    const { data } = await cdp.send("Page.captureScreenshot", { format: "webp", quality: QUALITY })
    writeFileSync(`${FOLDER}/${view}-${look}.webp`, Buffer.from(data, "base64"))
    console.log(`${view}, ${look}`)
  }
  for (const fault of visitor.faults) console.log(`${look}: ${fault}`)
  await context.close()
}
