// Each view in light and dark, on a desk and on a phone: whoever cannot see it or cannot point can
// use it (axe-core finds nothing serious), and nothing must be scrolled sideways.

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { before } from "node:test"

import { ETH, Trader, USDC, deed, faucet, seed, until } from "./exchange.mjs"
import { connect } from "./person.mjs"
import { DESKTOP, PHONE, scenario } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
/** `parts`: tabs whose panels are looked at too, in this order. */
const VIEWS = {
  trade: { at: "#/trade/ETH_USDC", parts: ["Limit", "Market", "Stop", "Order history", "Balances"] },
  "trade of a pool alone": { at: "#/trade/ETH_BTC", parts: ["Limit"] },
  "a market that is not there": { at: "#/trade/NO_SUCH" },
  pools: { at: "#/pools" },
  pool: { at: "#/pools/ETH_USDC", buttons: ["Remove"] },
  analytics: { at: "#/analytics" },
  operator: { at: "#/operator" },
}
const ON_A_PHONE = ["Book", "Trades"] // where one of three is shown, beginning with the chart
const DIALOGS = ["Connect wallet", /^Wallet 0x/]

const wallet = new InjectedWallet()
let operator = null

before(async () => {
  await seed()
  operator = new InjectedWallet({ name: "Operator", key: await deed("operator-key") })
  await furnish()
})

/** An owner with something in every table. */
async function furnish() {
  const trader = new Trader(wallet.key)
  for (const [symbol, amount] of [["ETH", 50n * ETH], ["USDC", 100_000n * USDC]]) {
    await faucet(wallet.address, symbol, amount)
  }
  await trader.sell("ETH", "USDC", ETH / 10n)
  await trader.place("USDC", "ETH", 1_900n * USDC, ETH)
  await trader.place("ETH", "USDC", ETH, 2_100n * USDC)
  await trader.addLiquidity("ETH", "USDC", ETH, 2_000n * USDC)
}

for (const [name, { at, parts = [], buttons = [] }] of Object.entries(VIEWS)) {
  for (const scheme of ["light", "dark"]) {
    for (const screen of [DESKTOP, PHONE]) {
      const where = screen === PHONE ? "a phone" : "a desk"
      scenario(`${name}, ${scheme}, on ${where}`, async (visit) => {
        const whose = name === "operator" ? operator : wallet
        const { page } = await visit({ wallet: whose, at, scheme, screen })
        await connect(page, whose)
        if (name === "operator") {
          await page.getByRole("button", { name: "Sign in" }).first().click()
          await page.getByRole("heading", { name: "Markets" }).waitFor() // the board, not what is before it
        }
        await settled(page)
        await judge(page, name)
        const market = screen === PHONE && name.startsWith("trade") ? ON_A_PHONE : []
        for (const part of [...market, ...parts]) {
          const where = market.includes(part) ? page.getByRole("tablist", { name: "The market" }) : page
          await where.getByRole("tab", { name: part, exact: true }).click()
          await settled(page)
          await judge(page, `${part} of ${name}`)
        }
        for (const button of buttons) {
          await page.getByRole("button", { name: button, exact: true }).click()
          await judge(page, `${button} of ${name}`)
        }
      })
    }
  }
}

for (const scheme of ["light", "dark"]) {
  for (const screen of [DESKTOP, PHONE]) {
    scenario(`the wallet's dialogs, ${scheme}, ${screen.width} wide`, async (visit) => {
      const visitor = await visit({ wallet: new InjectedWallet(), scheme, screen })
      const { page } = visitor
      for (const button of DIALOGS) {
        await page.getByRole("banner").getByRole("button", { name: button }).click()
        await page.getByRole("dialog").waitFor()
        await judge(page, `dialog of ${button}`)
        await page.keyboard.press("Escape")
        await page.getByRole("dialog").waitFor({ state: "detached" })
        if (button === DIALOGS[0]) await connect(page, visitor.wallet)
      }
    })
  }
}

/** Everything that a first look waits for is there. */
async function settled(page) {
  await page.locator("main").waitFor()
  const busy = page.locator("main [aria-busy=true], main[aria-busy=true]")
  await until("nothing is loading", async () => (await busy.count()) === 0)
}

async function judge(page, what) {
  const { wide, over } = await page.evaluate(() => ({
    // A dialog stands outside of what scrolls, and one at the right edge goes beyond the left one.
    wide: Math.max(
      document.documentElement.scrollWidth - document.documentElement.clientWidth,
      ...[...document.querySelectorAll("dialog[open]")]
        .map((one) => one.getBoundingClientRect())
        .flatMap(({ left, right }) => [-Math.ceil(left), Math.floor(right) - document.documentElement.clientWidth]),
    ),
    over: [...document.querySelectorAll("body *")]
      .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".sr-only"))
      .slice(0, 5)
      .map((one) => `${one.tagName}.${one.className} to ${Math.round(one.getBoundingClientRect().right)}`),
  }))
  assert.ok(wide <= 0, `${what} is ${wide} px wider than the screen: ${over.join(", ")}`)
  await page.evaluate(AXE)
  const faults = await page.evaluate(async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] })
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`))
  })
  assert.deepEqual(faults, [], what)
}
