// Connecting, on a deployment that counts signatures on one network: injected wallets to choose
// from, a person who says no, a burner, another account, another network, a page that is reloaded.

import assert from "node:assert/strict"
import { before } from "node:test"

import { generatePrivateKey } from "viem/accounts"

import { ETH, Trader, USDC, balances, deedsOf, faucet, fillsOf, mark, paid, reserves, seed, until } from "./exchange.mjs"
import { askedFor, closePanel, connect, notice, panel, popup, readySwap, swap, swapForm } from "./person.mjs"
import { agree, fillsAgree, signedAs, withoutTrace } from "./screen.mjs"
import { scenario } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

const CHAIN_ID = 31337 // test_wallet.py
const WISH = { sell: "ETH", buy: "USDC", amount: "1" }

before(seed)

const onChain = (more = {}) => new InjectedWallet({ chainId: CHAIN_ID, ...more })
const mine = (page) => page.getByRole("banner").getByRole("button", { name: /^Wallet 0x/ })
const connectButton = (page) => page.getByRole("banner").getByRole("button", { name: "Connect wallet" })

async function funded(wallet) {
  await faucet(wallet.address, "ETH", 10n * ETH)
  return wallet
}

scenario("a wallet connects, and the faucet fills it", async (visit) => {
  const wallet = onChain()
  const { page } = await visit({ wallet })
  await connectButton(page).click()
  await page.getByRole("dialog").getByRole("button", { name: "Proof Wallet" }).click()
  await mine(page).click()
  const dialog = page.getByRole("dialog", { name: "Wallet" })
  await dialog.getByText(wallet.address).waitFor()
  await dialog.getByRole("button", { name: "Get 1,000 ETH" }).click()
  await until("the faucet gives", async () => (await balances(wallet.address)).ETH.available === 1_000n * ETH)
  await dialog.getByRole("region", { name: "Balances" }).getByRole("row", { name: /ETH.*1,000/ }).waitFor()
  assert.equal(wallet.popups.length, 1, "connecting asks once, the faucet never")
  await closePanel(page)
  await agree(page, wallet.address)
})

scenario("of two wallets the one that was chosen signs, and comes back after a reload", async (visit) => {
  const first = onChain({ name: "First Wallet", rdns: "first.wallet" })
  const second = await funded(onChain({ name: "Second Wallet", rdns: "second.wallet" }))
  const { page } = await visit({ wallet: first, others: [second] })
  await connectButton(page).click()
  const list = page.getByRole("list", { name: "Wallets in this browser" })
  assert.deepEqual(await list.getByRole("button").allInnerTexts(), ["F\nFirst Wallet", "S\nSecond Wallet"])
  second.answers.push("reject")
  await list.getByRole("button", { name: "Second Wallet" }).click()
  await page.getByRole("dialog").getByText("Rejected in Second Wallet. Nothing was connected.").waitFor()
  assert.equal(await mine(page).count(), 0)
  await list.getByRole("button", { name: "Second Wallet" }).click()
  await mine(page).waitFor()
  await page.reload()
  await mine(page).waitFor()
  assert.equal(second.popups.length, 2, "a reload asks nobody")
  const seq = await mark()
  await swap(page, WISH)
  await signedAs(second, "SwapExactIn", seq)
  assert.deepEqual(first.popups, [])
  await agree(page, second.address)
  await (await panel(page)).getByRole("button", { name: "Disconnect" }).click()
  await connectButton(page).waitFor()
  await page.reload()
  await connectButton(page).waitFor()
  await page.getByText("Connect a wallet to see your orders, trades and balances.").waitFor()
})

scenario("the account that the wallet changes to is the one that is shown and signs", async (visit) => {
  const wallet = await funded(onChain())
  const before = new Trader(wallet.key)
  const { page } = await visit({ wallet })
  await connect(page, wallet)
  await before.place("ETH", "USDC", ETH, 9_000n * USDC)
  await agree(page, wallet.address)
  await wallet.use(generatePrivateKey())
  await faucet(wallet.address, "ETH", 3n * ETH)
  await agree(page, wallet.address)
  assert.deepEqual((await balances(wallet.address)).ETH, { available: 3n * ETH, locked: 0n })
  const first = await mark()
  await swap(page, WISH)
  await signedAs(wallet, "SwapExactIn", first)
  await agree(page, wallet.address)
  assert.deepEqual((await balances(before.address)).ETH, { available: 9n * ETH, locked: ETH }, "untouched")
  await wallet.use(null)
  await page.getByText("Proof Wallet is locked, or shows this page no account.").waitFor()
  await connectButton(page).waitFor()
  await page.getByRole("button", { name: "Unlock Proof Wallet" }).click()
  await mine(page).waitFor()
  await agree(page, wallet.address)
  await before.cancelAll()
})

scenario("on another network nothing is signed, and the page helps to switch", async (visit) => {
  const wallet = await funded(new InjectedWallet({ chainId: 1 }))
  const { page } = await visit({ wallet })
  await connect(page, wallet)
  await page.getByText(`is on the network with chain id 1; signatures count here on ${CHAIN_ID}`).waitFor()
  await withoutTrace(async () => {
    await (await readySwap(page, WISH)).click()
    await swapForm(page).getByText(`Switch Proof Wallet to the network with chain id ${CHAIN_ID} first`).waitFor()
  })
  askedFor(wallet, 0)
  wallet.chains.delete(CHAIN_ID)
  await page.getByRole("button", { name: "Switch network" }).click()
  const help = page.getByText(/^Proof Wallet does not know this network yet: .*chain id 31337 \(0x7a69\)/)
  await help.waitFor()
  const fields = await page.locator(".unknown dl > div").allInnerTexts()
  assert.deepEqual(fields.map((text) => text.split("\n")[0]), ["Network name", "RPC URL", "Chain ID", "Currency symbol"])
  assert.equal(fields[2].split("\n")[1], String(CHAIN_ID))
  wallet.chains.add(CHAIN_ID) // by hand, as it is told there
  await page.getByRole("button", { name: "Switch network" }).click()
  const { document } = await popup(wallet, "wallet_switchEthereumChain")
  assert.equal(Number(document.chainId), CHAIN_ID)
  await page.getByRole("button", { name: "Switch network" }).waitFor({ state: "detached" })
  await help.waitFor({ state: "detached" })
  const first = await mark()
  await (await readySwap(page, WISH)).click()
  await notice(page, /^Sold 1 ETH/)
  await signedAs(wallet, "SwapExactIn", first)
  assert.equal(wallet.signatures.at(-1).document.domain.chainId, CHAIN_ID)
  await agree(page, wallet.address)
})

scenario("a burner trades without any wallet, and is there after a reload", async (visit) => {
  const { page } = await visit({})
  await connectButton(page).click()
  await page.getByRole("button", { name: "Make a sandbox burner" }).click()
  await mine(page).waitFor()
  const dialog = await panel(page)
  const owner = await dialog.getByRole("region", { name: "Address" }).locator("code").innerText()
  await dialog.getByText("keys in this browser, play money").first().waitFor()
  await dialog.getByRole("button", { name: "Get 1,000 ETH" }).click()
  await until("the faucet gives", async () => (await balances(owner)).ETH.available === 1_000n * ETH)
  await closePanel(page)
  const [base, quote] = await reserves("ETH_USDC")
  const first = await mark()
  await swap(page, WISH)
  await page.reload()
  await swap(page, { ...WISH, amount: "2" })
  const due = paid(ETH, base, quote)
  const more = paid(2n * ETH, base + ETH, quote - due)
  assert.equal((await balances(owner)).USDC.available, due + more)
  const { entries, kinds } = await deedsOf(owner, first)
  assert.deepEqual(kinds, ["SwapExactIn", "SwapExactIn"])
  assert.deepEqual(new Set(entries.map(({ evidence }) => evidence.signer)), new Set([owner.toLowerCase()]))
  await agree(page, owner)
  const again = await panel(page)
  await again.getByText("Burner's key").click()
  await again.getByRole("button", { name: "Forget the burner …" }).click()
  await again.getByRole("button", { name: "Forget it for ever" }).click()
  await connectButton(page).click()
  await page.getByRole("button", { name: "Make a sandbox burner" }).waitFor()
})

scenario("a reload under the wallet's open window posts nothing", async (visit) => {
  const wallet = await funded(onChain())
  const { page } = await visit({ wallet })
  await connect(page, wallet)
  const button = await readySwap(page, WISH)
  await withoutTrace(async () => {
    const answer = wallet.hold()
    await button.click()
    await popup(wallet, "SwapExactIn")
    await page.reload()
    answer("approve") // for a page that is gone
    await mine(page).waitFor()
    await agree(page, wallet.address)
  })
  const first = await mark()
  await swap(page, WISH)
  await signedAs(wallet, "SwapExactIn", first)
})

scenario("a reload before the answer shows the trade that was accepted, once", async (visit) => {
  const wallet = await funded(onChain())
  const { page } = await visit({ wallet })
  await connect(page, wallet)
  let posts = 0
  const accepted = new Promise((resolve) =>
    page.route("**/api/v1/sell", async (route) => {
      posts += 1
      resolve((await route.fetch()).status()) // and no answer for the page
    }),
  )
  const [first, [base, quote]] = [await mark(), await reserves("ETH_USDC")]
  await (await readySwap(page, WISH)).click()
  assert.equal(await accepted, 201)
  await page.reload()
  await fillsAgree(page, wallet.address)
  await agree(page, wallet.address)
  await signedAs(wallet, "SwapExactIn", first)
  assert.equal((await balances(wallet.address)).USDC.available, paid(ETH, base, quote))
  assert.equal(posts, 1)
  askedFor(wallet, 1)
  assert.equal((await fillsOf(wallet.address)).length, 1)
})
