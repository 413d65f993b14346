// Sign-in (EIP-4361) on an exchange whose accounts are private: who may read what, and what a session
// can do without the wallet.

import assert from "node:assert/strict"
import { before } from "node:test"

import { generatePrivateKey } from "viem/accounts"

import { ETH, Refusal, Trader, USDC, api, balances, deed, deedsOf, faucet, mark, seed } from "./exchange.mjs"
import { askedFor, connect, notice, panel, popup, readyLimit, swap } from "./person.mjs"
import { agree, fillsAgree, historyAgrees, holdings, signedAs, tab, withoutTrace } from "./screen.mjs"
import { scenario } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

let auditor // reads the journal, which is the operator's alone here

before(async () => {
  await seed()
  auditor = { token: await new Trader(await deed("operator-key")).signIn() }
})

const HIDDEN = "Accounts are private here: sign in to see your balances and orders."
const signInButton = (page) => holdings(page).getByRole("button", { name: "Sign in to see" })

/** A connected visitor with 10 ETH who is not signed in. */
async function stranger(visit) {
  const wallet = new InjectedWallet()
  await faucet(wallet.address, "ETH", 10n * ETH)
  const visitor = await visit({ wallet })
  for (const path of ["/api/v1/accounts/", "/api/v1/orders"]) visitor.expect(401, path)
  await connect(visitor.page, wallet)
  await visitor.page.getByText(HIDDEN).first().waitFor()
  return { wallet, page: visitor.page, visitor }
}

async function signIn(page) {
  await signInButton(page).click()
  await page.getByRole("banner").getByRole("button", { name: /signed in/ }).waitFor()
}

/** What this browser keeps of the session. */
function kept(page) {
  return page.evaluate(() => {
    const name = Object.keys(localStorage).find((one) => one.startsWith("xyk.session."))
    return name === undefined ? null : { name, tokens: JSON.parse(localStorage[name]) }
  })
}

const isRefused = (status) => (fault) => fault instanceof Refusal && fault.status === status

scenario("nothing is seen before the signature, and everything after it", async (visit) => {
  const { wallet, page } = await stranger(visit)
  const own = new Trader(wallet.key)
  await assert.rejects(balances(wallet.address), isRefused(401))
  await withoutTrace(async () => {
    wallet.answers.push("reject")
    await signInButton(page).click()
    await popup(wallet, "personal_sign")
    await signInButton(page).waitFor()
  })
  assert.equal(await kept(page), null)
  await signIn(page)
  askedFor(wallet, 2)
  const reader = { token: await own.signIn() }
  await agree(page, wallet.address, reader)

  // What comes from elsewhere is told by the private stream; a session cancels it without the wallet.
  await own.place("ETH", "USDC", ETH, 2_500n * USDC)
  await agree(page, wallet.address, reader)
  const first = await mark()
  await holdings(page).getByRole("button", { name: "Cancel: sell 1 ETH at 2,500" }).click()
  await notice(page, /^Cancelled: sell 1 ETH/)
  askedFor(wallet, 2)
  const { entries } = await deedsOf(wallet.address, first, auditor)
  assert.deepEqual(entries.map(({ kind, evidence }) => [kind, evidence.scheme]), [["CancelOrder", "session"]])
  assert.deepEqual((await balances(wallet.address, reader)).ETH, { available: 10n * ETH, locked: 0n })
  await agree(page, wallet.address, reader)
})

scenario("a session trades nothing: each trade is signed, and told to its owner alone", async (visit) => {
  const { wallet, page } = await stranger(visit)
  await signIn(page)
  const reader = { token: await new Trader(wallet.key).signIn() }
  const first = await mark()
  await swap(page, { sell: "ETH", buy: "USDC", amount: "1" })
  await signedAs(wallet, "SwapExactIn", first, auditor)
  const second = await mark()
  await (await readyLimit(page, { side: "Sell", price: "2500", amount: "1" })).click()
  await notice(page, /In the book: sell 1 ETH/)
  await signedAs(wallet, "PlaceOrder", second, auditor)
  askedFor(wallet, 3)
  await fillsAgree(page, wallet.address, reader)
  await historyAgrees(page, wallet.address, reader)
  await agree(page, wallet.address, reader)
  const other = { token: await new Trader().signIn() }
  await assert.rejects(balances(wallet.address, other), (fault) => fault instanceof Refusal && fault.status >= 401)
})

scenario("a session outlives reloads and its tokens, and ends when the person says so", async (visit) => {
  const { wallet, page, visitor } = await stranger(visit)
  await signIn(page)
  const reader = { token: await new Trader(wallet.key).signIn() }
  const { name, tokens } = await kept(page)
  await page.evaluate(([place, text]) => localStorage.setItem(place, text), [name, JSON.stringify({ ...tokens, expiresAt: 1 })])
  await page.reload()
  await page.getByRole("banner").getByRole("button", { name: /signed in/ }).waitFor()
  await agree(page, wallet.address, reader)
  const fresh = (await kept(page)).tokens
  // Not by the token itself: two of one second are the same.
  assert.notEqual(fresh.refreshToken, tokens.refreshToken, "the token that ran out was exchanged")
  assert.ok(fresh.expiresAt > Date.now())
  askedFor(wallet, 1)
  await balances(wallet.address, { token: fresh.token })
  const dialog = await panel(page)
  await dialog.getByRole("button", { name: "Sign out" }).click()
  await dialog.getByText("Signed out").waitFor()
  await assert.rejects(balances(wallet.address, { token: fresh.token }), isRefused(401))
  assert.equal(await kept(page), null)
  await page.keyboard.press("Escape")
  await page.getByText(HIDDEN).first().waitFor()
  visitor.check()
})

scenario("another account of the wallet sees nothing of the first one's session", async (visit) => {
  const { wallet, page } = await stranger(visit)
  await signIn(page)
  const [key, address] = [wallet.key, wallet.address]
  const reader = { token: await new Trader(key).signIn() }
  await agree(page, address, reader)
  await tab(page, "Balances")
  // Until then the exchange says nothing of the account: the page reads both, and one no is enough.
  let release
  const released = new Promise((resolve) => (release = resolve))
  const reads = /\/api\/v1\/(accounts\/|orders\?)/
  await page.route(reads, async (route) => {
    await released
    await route.continue()
  })
  await wallet.use(generatePrivateKey())
  await holdings(page).getByText("Loading …").waitFor()
  assert.equal(await holdings(page).getByRole("table").count(), 0)
  release()
  await signInButton(page).waitFor()
  await page.unroute(reads)
  assert.equal(await holdings(page).getByRole("table").count(), 0)
  await wallet.use(key)
  await page.getByRole("banner").getByRole("button", { name: /signed in/ }).waitFor()
  await agree(page, address, reader)
  askedFor(wallet, 1)
})
