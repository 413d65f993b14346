// Limit orders of each kind on a market that is a book alone, so that every amount can be told
// beforehand: SOL_USDC, where nobody has put anything into the pool.

import assert from "node:assert/strict"

import { Trader, USDC, api, balances, faucet, journal, mark, until } from "./exchange.mjs"
import { askedFor, connect, form, notice, readyLimit, readyStop } from "./person.mjs"
import { agree, fillsAgree, historyAgrees, holdings, signedAs, tradesAgree, withoutTrace } from "./screen.mjs"
import { scenario } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

const SOL = 10n ** 9n
const MAKER_BPS = 2n
const TAKER_BPS = 5n

/** Of what each side of a fill receives. */
const fee = (amount, bps) => (amount * bps + 9_999n) / 10_000n

/** A connected visitor with 100 SOL and 10,000 USDC. */
async function trader(visit) {
  const wallet = new InjectedWallet()
  await faucet(wallet.address, "SOL", 100n * SOL)
  await faucet(wallet.address, "USDC", 10_000n * USDC)
  const visitor = await visit({ wallet, at: "#/trade/SOL_USDC" })
  await connect(visitor.page, wallet)
  return { wallet, page: visitor.page, visitor }
}

/** Somebody who sells, or buys, so much at a price; who takes it all back with `leave`. */
async function maker(side, amount, price) {
  const other = await Trader.with(side === "Sell" ? { SOL: amount } : { USDC: (amount * price * USDC) / SOL })
  const quote = (amount * price * USDC) / SOL
  if (side === "Sell") await other.place("SOL", "USDC", amount, quote)
  else await other.place("USDC", "SOL", quote, amount)
  return other
}

const orderOf = async (owner) => (await api("/api/v1/history/orders", { owner })).items[0]

scenario("an order rests, is replaced and is cancelled", async (visit) => {
  const { wallet, page } = await trader(visit)
  let first = await mark()
  const place = await readyLimit(page, { side: "Buy", price: "90", amount: "3" })
  assert.equal(await page.getByTestId("limit-holds").innerText(), "270 USDC")
  await place.click()
  await notice(page, /In the book: buy 3 SOL at 90 USDC/)
  const { evidence } = await signedAs(wallet, "PlaceOrder", first)
  const [order] = await api("/api/v1/orders", { owner: wallet.address })
  assert.equal(order.digest, evidence.digest)
  assert.deepEqual(await api(`/api/v1/order/${order.id}`), order)
  assert.deepEqual((await balances(wallet.address)).USDC, { available: 9_730n * USDC, locked: 270n * USDC })
  await agree(page, wallet.address)
  await page.getByRole("button", { name: "Bid 90.00 3.000 3.000, yours 3.000" }).waitFor()

  first = await mark()
  const table = holdings(page).getByRole("table", { name: "Open orders" })
  await table.getByRole("button", { name: "Replace: buy 3 SOL at 90" }).click()
  const replace = form(page, `Replace order ${order.id}`)
  await replace.getByLabel("New price").fill("91.5")
  await replace.getByLabel("New amount, filled included").fill("4")
  await replace.getByRole("button", { name: "Replace with 4 SOL" }).click()
  await notice(page, /In the book: buy 4 SOL at 91.5 USDC/)
  assert.equal((await signedAs(wallet, "ReplaceOrder", first)).command.order, order.digest)
  const replaced = await api(`/api/v1/order/${order.id}`)
  assert.deepEqual([replaced.price, replaced.quantity, replaced.digest], ["91.5", "4", order.digest])
  assert.deepEqual((await balances(wallet.address)).USDC, { available: 9_634n * USDC, locked: 366n * USDC })
  await agree(page, wallet.address)
  await page.getByRole("button", { name: "Bid 91.50 4.000 4.000, yours 4.000" }).waitFor()

  first = await mark()
  await table.getByRole("button", { name: "Cancel: buy 4 SOL at 91.5" }).click()
  await notice(page, /^Cancelled: buy 4 SOL at 91.5/)
  assert.equal((await signedAs(wallet, "CancelOrder", first)).command.orderId, order.id)
  assert.equal((await api(`/api/v1/order/${order.id}`)).status, "Cancelled")
  assert.deepEqual((await balances(wallet.address)).USDC, { available: 10_000n * USDC, locked: 0n })
  askedFor(wallet, 3)
  await historyAgrees(page, wallet.address)
  await agree(page, wallet.address)
  await page.getByRole("button", { name: /^Bid/ }).waitFor({ state: "detached" })
})

scenario("all orders are cancelled by one signature", async (visit) => {
  const { wallet, page } = await trader(visit)
  const other = new Trader(wallet.key)
  for (const price of [70n, 80n]) await other.place("USDC", "SOL", price * USDC, SOL)
  await agree(page, wallet.address)
  const first = await mark()
  await holdings(page).getByRole("button", { name: "Cancel all" }).click()
  await notice(page, /^Cancelled 2 orders/)
  assert.equal((await signedAs(wallet, "CancelAllOrders", first)).command.market, "")
  assert.deepEqual(await api("/api/v1/orders", { owner: wallet.address }), [])
  await agree(page, wallet.address)
})

scenario("post-only is refused where it would trade, and rests where it would not", async (visit) => {
  const { wallet, page, visitor } = await trader(visit)
  const seller = await maker("Sell", 5n * SOL, 100n)
  const order = { side: "Buy", price: "100", amount: "2", postOnly: true }
  visitor.expect(422, "/api/v1/order")
  await withoutTrace(async () => {
    const button = await readyLimit(page, order)
    await form(page, "Limit order").getByText("Post-only is refused at this price").waitFor()
    await button.click()
    await form(page, "Limit order").getByRole("alert").getByText(/INVALID_(ORDER|PRICE)/).waitFor()
  })
  const first = await mark()
  const button = await readyLimit(page, { ...order, price: "99.99" })
  await button.click()
  await notice(page, /In the book: buy 2 SOL at 99.99 USDC/)
  assert.equal((await signedAs(wallet, "PlaceOrder", first)).command.postOnly, true)
  const nonces = wallet.signatures.map(({ document }) => document.message.nonce)
  assert.equal(nonces[0], nonces[1], "two versions of one wish")
  const [open] = await api("/api/v1/orders", { owner: wallet.address })
  assert.deepEqual([open.postOnly, open.status, open.executedQuantity], [true, "New", "0"])
  await agree(page, wallet.address)
  for (const one of [seller, new Trader(wallet.key)]) await one.cancelAll()
})

scenario("immediate or cancel takes what is there, and nothing rests", async (visit) => {
  const { wallet, page, visitor } = await trader(visit)
  const seller = await maker("Sell", SOL / 2n, 100n)
  const first = await mark()
  const button = await readyLimit(page, { side: "Buy", price: "101", amount: "2", inForce: "IOC" })
  await button.click()
  await notice(page, /^Bought 0.5 SOL for 50 USDC; the rest was not placed/)
  assert.equal((await signedAs(wallet, "PlaceOrder", first)).command.timeInForce, "IOC")
  const order = await orderOf(wallet.address)
  assert.deepEqual([order.status, order.executedQuantity, order.executedQuoteQuantity], ["Expired", "0.5", "50"])
  const held = await balances(wallet.address)
  assert.deepEqual(held.USDC, { available: 9_950n * USDC, locked: 0n })
  assert.equal(held.SOL.available, 100n * SOL + SOL / 2n - fee(SOL / 2n, TAKER_BPS))
  assert.equal((await balances(seller.address)).USDC.available, 50n * USDC - fee(50n * USDC, MAKER_BPS))
  visitor.expect(422, "/api/v1/order")
  await withoutTrace(async () => {
    await (await readyLimit(page, { side: "Buy", price: "95", amount: "1", inForce: "IOC" })).click()
    await form(page, "Limit order").getByRole("alert").getByText("INSUFFICIENT_LIQUIDITY").waitFor()
  })
  await tradesAgree(page, "SOL_USDC")
  await fillsAgree(page, wallet.address)
  await historyAgrees(page, wallet.address)
  await agree(page, wallet.address)
})

scenario("fill or kill takes all of it or nothing", async (visit) => {
  const { wallet, page, visitor } = await trader(visit)
  const buyer = await maker("Buy", SOL, 99n)
  const sell = (amount) => readyLimit(page, { side: "Sell", price: "99", amount, inForce: "FOK" })
  visitor.expect(422, "/api/v1/order")
  await withoutTrace(async () => {
    await (await sell("1.001")).click()
    await form(page, "Limit order").getByRole("alert").getByText("INSUFFICIENT_LIQUIDITY").waitFor()
  })
  const first = await mark()
  await (await sell("1")).click()
  await notice(page, /^Sold 1 SOL for 99 USDC/)
  assert.equal((await signedAs(wallet, "PlaceOrder", first)).command.timeInForce, "FOK")
  assert.equal((await orderOf(wallet.address)).status, "Filled")
  const held = await balances(wallet.address)
  assert.equal(held.USDC.available, 10_000n * USDC + 99n * USDC - fee(99n * USDC, TAKER_BPS))
  assert.deepEqual(held.SOL, { available: 99n * SOL, locked: 0n })
  assert.equal((await balances(buyer.address)).SOL.available, SOL - fee(SOL, MAKER_BPS))
  await fillsAgree(page, wallet.address)
  await agree(page, wallet.address)
})

scenario("a stop waits off the book, and fires by the exchange's own clock entry", async (visit) => {
  const { wallet, page } = await trader(visit)
  const last = await maker("Sell", SOL, 100n)
  await (await Trader.with({ USDC: 200n * USDC })).place("USDC", "SOL", 100n * USDC, SOL)
  const first = await mark()
  const button = await readyStop(page, { side: "Sell", trigger: "95", price: "94", amount: "2" })
  await button.click()
  await notice(page, /Waiting for 95: sell 2 SOL at 94 USDC/)
  const { command } = await signedAs(wallet, "PlaceOrder", first)
  assert.deepEqual([BigInt(command.triggerPrice), command.triggerAbove], [95n * USDC, false])
  const [waiting] = await api("/api/v1/orders", { owner: wallet.address })
  assert.equal(waiting.status, "TriggerPending")
  assert.deepEqual((await balances(wallet.address)).SOL, { available: 98n * SOL, locked: 2n * SOL })
  assert.deepEqual((await api("/api/v1/depth", { symbol: "SOL_USDC" })).asks, [], "nobody sees it in the book")
  await agree(page, wallet.address)
  const buyer = await maker("Buy", 5n * SOL, 95n)
  await (await Trader.with({ SOL })).place("SOL", "USDC", SOL, 95n * USDC)
  const order = await until("the stop sells", async () => {
    const now = await api(`/api/v1/order/${waiting.id}`)
    return now.status === "Filled" && now
  })
  assert.deepEqual([order.executedQuantity, order.executedQuoteQuantity], ["2", "190"])
  const fired = (await journal(first)).filter(({ evidence }) => evidence.scheme === "clock")
  assert.equal(fired.length, 1)
  const held = await balances(wallet.address)
  assert.deepEqual(held.SOL, { available: 98n * SOL, locked: 0n })
  assert.equal(held.USDC.available, 10_190n * USDC - fee(190n * USDC, TAKER_BPS))
  askedFor(wallet, 1)
  await fillsAgree(page, wallet.address)
  await historyAgrees(page, wallet.address)
  await agree(page, wallet.address)
  for (const one of [last, buyer]) await one.cancelAll()
})
