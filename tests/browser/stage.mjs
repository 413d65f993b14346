// One browser for a file of scenarios, and for each visitor of a scenario a context of its own.
// Whatever the browser complains of fails the scenario: errors of scripts and console, requests
// that failed, what the page's content security policy stopped.

import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { after, before, test } from "node:test"

import { chromium } from "playwright-core"

import { PATIENCE_MS, url } from "./exchange.mjs"

export const DESKTOP = { width: 1440, height: 900 }
export const PHONE = { width: 390, height: 844 }
const SHOTS = new URL("../../build/browser/", import.meta.url).pathname

let browser

before(async () => {
  browser = await launch()
})
after(async () => browser?.close())

export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.XYK_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", ...more],
  })
}

/** `run` gets a function that opens a visitor: `const {page} = await visit({wallet, at: "#/pools"})`. */
export function scenario(name, run) {
  if (process.env.XYK_ONLY && !name.includes(process.env.XYK_ONLY)) return
  test(name, async (t) => {
    const visitors = []
    const visit = async (options) => {
      const visitor = await Visitor.open(browser, options)
      visitors.push(visitor)
      return visitor
    }
    try {
      await run(visit, t)
      for (const visitor of visitors) visitor.check()
    } catch (fault) {
      for (const [number, visitor] of visitors.entries()) await visitor.shoot(`${name} ${number + 1}`)
      for (const text of visitors.flatMap((one) => one.faults)) console.log(`the browser said: ${text}`)
      throw fault
    } finally {
      for (const visitor of visitors) await visitor.close()
    }
  })
}

export class Visitor {
  faults = []
  /** While the server is away, nobody answers, and that is not the page's fault. */
  isServerAway = false
  /** HTTP statuses that a scenario means to see: {status, path}. */
  expected = []

  /** `others`: more wallets that announce themselves; `storage`: what the browser keeps already. */
  static async open(browser, { wallet = null, others = [], at = "#/trade/ETH_USDC", scheme = "dark", screen = DESKTOP, storage } = {}) {
    const visitor = new Visitor()
    visitor.wallet = wallet
    visitor.wallets = wallet ? [wallet, ...others] : others
    visitor.context = await browser.newContext({
      viewport: screen,
      colorScheme: scheme,
      storageState: storage,
      isMobile: screen === PHONE,
      hasTouch: screen === PHONE,
      deviceScaleFactor: 1,
      locale: "en-US",
      timezoneId: "UTC",
    })
    visitor.context.setDefaultTimeout(PATIENCE_MS)
    await visitor.context.exposeBinding("__proofFault", (_, text) => visitor.fault(text))
    await visitor.context.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) =>
        window.__proofFault(`content security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
      )
    })
    for (const one of visitor.wallets) await one.inject(visitor.context)
    visitor.page = await visitor.context.newPage()
    visitor.#watch(visitor.page)
    await visitor.page.goto(`${url}/${at}`)
    return visitor
  }

  async go(hash) {
    await this.page.goto(`${url}/${hash}`)
  }

  expect(status, path) {
    this.expected.push({ status, path })
  }

  fault(text) {
    this.faults.push(text)
  }

  check() {
    assert.deepEqual(this.faults, [], "the browser complained")
    assert.deepEqual(this.wallets.flatMap(({ faults }) => faults), [], "the wallet was asked for something odd")
  }

  async shoot(name) {
    mkdirSync(SHOTS, { recursive: true })
    const file = `${SHOTS}${name.replace(/[^a-z0-9]+/gi, "-")}.png`
    await this.page.screenshot({ path: file, timeout: 5_000 }).catch(() => {})
  }

  async close() {
    await this.context.close()
  }

  #watch(page) {
    page.on("pageerror", (error) => this.fault(`page error: ${error.stack ?? error}`))
    page.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return
      const { url: from } = message.location()
      // Each is told by its response or its failure too, with more to judge it by.
      if (message.text().startsWith("Failed to load resource")) return
      if (this.isServerAway && message.text().includes("WebSocket connection")) return
      this.fault(`console ${message.type()}: ${message.text()} ${from}`)
    })
    page.on("response", (response) => {
      if (response.status() < 400) return
      const path = new URL(response.url()).pathname
      if (this.expected.some((one) => one.status === response.status() && path.startsWith(one.path))) return
      if (this.isServerAway && response.status() === 503) return
      this.fault(`${response.status()} ${response.request().method()} ${path}`)
    })
    page.on("requestfailed", (request) => {
      const why = request.failure()?.errorText ?? ""
      if (why === "net::ERR_ABORTED") return // given up by the page, or by leaving it
      if (!this.isServerAway) this.fault(`${request.method()} ${request.url()}: ${why}`)
    })
  }
}
