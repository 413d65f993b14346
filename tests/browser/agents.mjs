// Trading with an agent: one signature of the owner, then a key of this browser signs trades until
// its end, or until it is revoked.

import assert from "node:assert/strict"
import { before } from "node:test"

import { generatePrivateKey } from "viem/accounts"

import { ETH, Trader, api, balances, deedsOf, faucet, mark, seed, until, url } from "./exchange.mjs"
import { askedFor, closePanel, connect, form, notice, panel, popup, readyLimit, readySwap, swap } from "./person.mjs"
import { agree, holdings, signedAs, withoutTrace } from "./screen.mjs"
import { scenario } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

const WISH = { sell: "ETH", buy: "USDC", amount: "0.5" }
const DAY_S = 86_400

before(seed)

/** With 10 ETH. */
async function funded() {
  const wallet = new InjectedWallet()
  wallet.isTrusting = true
  await faucet(wallet.address, "ETH", 10n * ETH)
  return wallet
}

const nowS = async () => Math.floor((await api("/api/v1/time")) / 1_000)
const agentsOf = async (owner) => (await api(`/api/v1/accounts/${owner}`)).agents

/** Through the wallet's panel, until `end` as <input type=datetime-local> takes it, or for a day. */
async function approve(page, end) {
  await (await panel(page)).getByRole("button", { name: "Trade with an agent …" }).click()
  const dialog = page.getByRole("dialog", { name: "Trade with an agent" })
  if (end) {
    await dialog.getByRole("radio", { name: "until …" }).check()
    await dialog.getByLabel("End", { exact: true }).fill(end)
  }
  await dialog.getByRole("button", { name: "Approve the agent" }).click()
  await notice(page, "Trading needs no wallet pop-ups until")
  await dialog.waitFor({ state: "detached" })
}

/** What this browser keeps where a page approved `agent` earlier. */
async function keeping(owner, key, validUntil) {
  const { domain } = await api("/api/v1/domain")
  const localStorage = [
    { name: `xyk.agent.${domain.salt}.${owner.toLowerCase()}`, value: JSON.stringify({ key, validUntil }) },
    { name: "xyk.wallet", value: "proof.wallet" },
  ]
  return { cookies: [], origins: [{ origin: url, localStorage }] }
}

scenario("one signature, and trades need no more until it is revoked", async (visit) => {
  const wallet = await funded()
  const { page } = await visit({ wallet })
  await connect(page, wallet)
  let first = await mark()
  await approve(page)
  const { command } = await signedAs(wallet, "ApproveAgent", first)
  const { agent, validUntil } = command
  assert.ok(Math.abs(validUntil - ((await nowS()) + DAY_S)) < 120, "a day is the default")
  assert.notEqual(agent, wallet.address.toLowerCase())
  assert.deepEqual(
    (await agentsOf(wallet.address)).map((one) => ({ ...one, agent: one.agent.toLowerCase() })),
    [{ agent, validUntil, revoked: false }],
  )

  first = await mark()
  await swap(page, WISH)
  await page.reload() // the agent is this browser's, not this page's
  await page.getByRole("banner").getByRole("button", { name: /agent trades$/ }).waitFor()
  await (await readyLimit(page, { side: "Sell", price: "2500", amount: "1" })).click()
  await notice(page, /In the book: sell 1 ETH at 2,500 USDC/)
  const table = holdings(page).getByRole("table", { name: "Open orders" })
  await table.getByRole("button", { name: "Replace: sell 1 ETH at 2,500" }).click()
  const replace = form(page, /^Replace order/)
  await replace.getByLabel("New price").fill("2600")
  await replace.getByRole("button", { name: /^Replace with/ }).click()
  await notice(page, /In the book: sell 1 ETH at 2,600 USDC/)
  assert.deepEqual((await balances(wallet.address)).ETH, { available: (85n * ETH) / 10n, locked: ETH })
  await table.getByRole("button", { name: "Cancel: sell 1 ETH at 2,600" }).click()
  await notice(page, /^Cancelled: sell 1 ETH/)
  const { entries, kinds } = await deedsOf(wallet.address, first)
  assert.deepEqual(kinds, ["SwapExactIn", "PlaceOrder", "ReplaceOrder", "CancelOrder"])
  for (const { evidence, command } of entries) {
    assert.deepEqual([evidence.signer, command.owner], [agent, wallet.address.toLowerCase()])
  }
  askedFor(wallet, 1)
  await agree(page, wallet.address)

  // What moves funds out is the owner's to sign.
  const friend = new Trader().address
  first = await mark()
  const dialog = await panel(page)
  await dialog.getByText("Transfer or withdraw").click()
  await dialog.getByLabel("Asset").selectOption("ETH")
  await dialog.getByLabel("Amount").fill("2")
  await dialog.getByLabel("Recipient").fill(friend)
  await dialog.getByRole("button", { name: "Transfer", exact: true }).click()
  await dialog.getByText(/^2 ETH went to 0x/).waitFor()
  await signedAs(wallet, "Transfer", first)
  assert.equal((await balances(friend)).ETH.available, 2n * ETH)

  first = await mark()
  await dialog.getByRole("button", { name: "Revoke the agent" }).click()
  await dialog.getByText("Revoked: your wallet signs again").waitFor()
  assert.equal((await signedAs(wallet, "RevokeAgent", first)).command.agent, agent)
  assert.equal((await agentsOf(wallet.address))[0].revoked, true)
  await closePanel(page)
  first = await mark()
  await swap(page, WISH)
  await signedAs(wallet, "SwapExactIn", first)
  askedFor(wallet, 4)
  await agree(page, wallet.address)
})

scenario("the end that is chosen is the one that is signed, and the page keeps to it", async (visit) => {
  const wallet = await funded()
  const { page } = await visit({ wallet })
  await connect(page, wallet)
  const end = new Date(1_000 * ((await nowS()) + 7_200)).toISOString().slice(0, 16)
  const first = await mark()
  await approve(page, end)
  assert.equal((await signedAs(wallet, "ApproveAgent", first)).command.validUntil, Date.parse(`${end}Z`) / 1_000)

  // A minute before its end an agent signs no more: what it signs would outlive it.
  const last = await funded()
  const key = generatePrivateKey()
  const soon = (await nowS()) + 45
  await new Trader(last.key).approveAgent(new Trader(key).address, soon)
  const { page: other } = await visit({ wallet: last, storage: await keeping(last.address, key, soon) })
  await other.getByRole("banner").getByRole("button", { name: /agent trades$/ }).waitFor()
  const seq = await mark()
  await (await readySwap(other, WISH)).click()
  await notice(other, "The agent's time is over: your wallet signs again")
  await notice(other, /^Sold 0.5 ETH/)
  await signedAs(last, "SwapExactIn", seq)
})

scenario("where the exchange knows of the end first, the wallet signs the very same action", async (visit) => {
  const wallet = await funded()
  const key = generatePrivateKey()
  const end = (await nowS()) + 5 // the approval has to come before it
  await new Trader(wallet.key).approveAgent(new Trader(key).address, end)
  const visitor = await visit({ wallet, storage: await keeping(wallet.address, key, end + DAY_S) })
  const { page } = visitor
  await page.getByRole("banner").getByRole("button", { name: /agent trades$/ }).waitFor()
  await until("the agent's end", async () => (await nowS()) > end)
  visitor.expect(401, "/api/v1/sell")
  const posted = []
  page.on("request", (request) => {
    if (request.url().endsWith("/api/v1/sell")) posted.push(request.postDataJSON())
  })
  const first = await mark()
  await (await readySwap(page, WISH)).click()
  await notice(page, "your wallet signs again")
  await notice(page, /^Sold 0.5 ETH/)
  await signedAs(wallet, "SwapExactIn", first)
  assert.equal(posted.length, 2)
  assert.deepEqual(posted[0].action, posted[1].action)
  assert.notEqual(posted[0].signature, posted[1].signature)
  await agree(page, wallet.address)
})

scenario("an agent that was revoked elsewhere is dropped", async (visit) => {
  const wallet = await funded()
  const [key, owner] = [generatePrivateKey(), new Trader(wallet.key)]
  const end = (await nowS()) + DAY_S
  await owner.approveAgent(new Trader(key).address, end)
  const { page } = await visit({ wallet, storage: await keeping(wallet.address, key, end) })
  await page.getByRole("banner").getByRole("button", { name: /agent trades$/ }).waitFor()
  await owner.revokeAgent(new Trader(key).address)
  await faucet(wallet.address, "ETH", ETH) // the account's next frame
  await notice(page, "The agent was revoked: your wallet signs again")
  const first = await mark()
  await swap(page, WISH)
  await signedAs(wallet, "SwapExactIn", first)
  askedFor(wallet, 1)
})

scenario("a slot that another page of the same agent took is left for the next one", async (visit) => {
  const wallet = await funded()
  const key = generatePrivateKey()
  const [agent, owner, end] = [new Trader(key), new Trader(wallet.key), (await nowS()) + DAY_S]
  await owner.approveAgent(agent.address, end)
  const visitor = await visit({ wallet, storage: await keeping(wallet.address, key, end) })
  const { page } = visitor
  await page.evaluate(() => (Math.random = () => 0)) // the first slot of each second
  const button = await readySwap(page, WISH)
  const now = await nowS()
  const taken = { owner: wallet.address, market: "" }
  const burn = (at) => agent.act("CancelAllOrders", "/api/v1/orders", { ...taken, nonce: (now + at) * 256 }, "DELETE")
  await Promise.all(Array.from({ length: 60 }, (_, at) => burn(at)))
  visitor.expect(409, "/api/v1/sell")
  const first = await mark()
  await button.click()
  await notice(page, /^Sold 0.5 ETH/)
  const { entries, kinds } = await deedsOf(wallet.address, first)
  assert.deepEqual(kinds, ["SwapExactIn"])
  assert.equal(entries[0].command.nonce % 256, 1)
  assert.equal(entries[0].evidence.signer, agent.address.toLowerCase())
  askedFor(wallet, 0)
  await agree(page, wallet.address)
})

scenario("an approval that the person refuses leaves no agent", async (visit) => {
  const wallet = await funded()
  const { page } = await visit({ wallet })
  await connect(page, wallet)
  await withoutTrace(async () => {
    await (await panel(page)).getByRole("button", { name: "Trade with an agent …" }).click()
    const dialog = page.getByRole("dialog", { name: "Trade with an agent" })
    wallet.answers.push("reject")
    await dialog.getByRole("button", { name: "Approve the agent" }).click()
    await dialog.getByText("Rejected in Proof Wallet: nothing was done").waitFor()
    await popup(wallet, "ApproveAgent")
  })
  assert.deepEqual(await agentsOf(wallet.address), [])
  assert.ok(!(await page.evaluate(() => Object.keys(localStorage))).some((name) => name.startsWith("xyk.agent")))
})
