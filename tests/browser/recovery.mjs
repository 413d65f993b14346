// The server goes while pages are open, and comes back: they say so, recover by themselves, and show
// what is true then. And two browsers that see what the other one does.

import assert from "node:assert/strict"
import { before } from "node:test"

import { ETH, Trader, USDC, api, balances, deed, deedsOf, faucet, mark, paid, reserves, seed } from "./exchange.mjs"
import { askedFor, connect, live, notice, popup, readyLimit, readySwap, swap, swapForm } from "./person.mjs"
import { agree, bookAgrees, fillsAgree, historyAgrees, holdings, signedAs, tradesAgree } from "./screen.mjs"
import { scenario } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

before(seed)

/** A connected visitor with 10 ETH and 20,000 USDC. */
async function trader(visit) {
  const wallet = new InjectedWallet()
  wallet.isTrusting = true
  await faucet(wallet.address, "ETH", 10n * ETH)
  await faucet(wallet.address, "USDC", 20_000n * USDC)
  const visitor = await visit({ wallet })
  await connect(visitor.page, wallet)
  await live(visitor.page)
  return { wallet, page: visitor.page, visitor }
}

const offline = (page) => page.getByRole("banner").getByText("Offline", { exact: true }).waitFor()

for (const end of ["terminate", "kill"]) {
  scenario(`the server goes (${end}) and comes back: the page says so, then shows what is true`, async (visit) => {
    const { wallet, page, visitor } = await trader(visit)
    const own = new Trader(wallet.key)
    for (const price of [2_500n, 2_600n]) await own.place("ETH", "USDC", ETH, price * USDC)
    await agree(page, wallet.address)
    await readySwap(page, { sell: "ETH", buy: "USDC", amount: "1" })
    visitor.isServerAway = true
    await deed(end)
    await offline(page)
    await page.getByText("No connection to the exchange: what you see is old and nothing can be traded.").waitFor()
    await page.getByText(/^Not live: as of /).waitFor()
    await holdings(page).getByText(/^No connection: this is as of entry /).waitFor()
    assert.ok(await swapForm(page).getByRole("button", { name: "Asking for the price …" }).isDisabled())

    // Before the page is back the market moves, and one of the orders goes.
    await visitor.context.setOffline(true)
    await deed("start")
    const [gone] = await api("/api/v1/orders", { owner: wallet.address })
    await own.act("CancelOrder", "/api/v1/order", { orderId: gone.id, clientId: 0 }, "DELETE")
    const other = await Trader.with({ ETH: 3n * ETH })
    await other.sell("ETH", "USDC", 2n * ETH)
    await new Promise((resolve) => setTimeout(resolve, 1_000)) // frames of depth follow by 100 ms
    await visitor.context.setOffline(false)
    await live(page)
    visitor.isServerAway = false
    await bookAgrees(page, "ETH_USDC")
    await tradesAgree(page, "ETH_USDC")
    await agree(page, wallet.address)
    const [base, quote] = await reserves("ETH_USDC")
    const first = await mark()
    await swap(page, { sell: "ETH", buy: "USDC", amount: "1" })
    await signedAs(wallet, "SwapExactIn", first)
    assert.equal((await balances(wallet.address)).USDC.available, 20_000n * USDC + paid(ETH, base, quote))
    await tradesAgree(page, "ETH_USDC")
    await historyAgrees(page, wallet.address)
    await agree(page, wallet.address)
    await other.sell("ETH", "USDC", ETH) // the stream is alive again
    await tradesAgree(page, "ETH_USDC")
    await own.cancelAll()
  })
}

/** The wish is signed, and `during` happens to its first post; then the server is back. */
async function interrupted(visit, during) {
  const { wallet, page, visitor } = await trader(visit)
  const first = await mark()
  let posts = 0
  const cut = new Promise((resolve) =>
    page.route("**/api/v1/order", async (route) => {
      posts += 1
      if (posts > 1) return route.continue()
      visitor.isServerAway = true
      await during(route)
      await route.abort("connectionreset")
      resolve()
    }),
  )
  await (await readyLimit(page, { side: "Buy", price: "1500", amount: "2" })).click()
  await cut
  await offline(page)
  await Promise.all([deed("start"), notice(page, /In the book: buy 2 ETH at 1,500 USDC/)])
  await live(page)
  visitor.isServerAway = false
  askedFor(wallet, 1)
  assert.ok(posts > 1, "the same bytes were posted again")
  const { evidence } = await signedAs(wallet, "PlaceOrder", first)
  const orders = await api("/api/v1/orders", { owner: wallet.address })
  assert.deepEqual(orders.map(({ digest, price, quantity }) => [digest, price, quantity]), [[evidence.digest, "1500", "2"]])
  assert.deepEqual((await balances(wallet.address)).USDC, { available: 17_000n * USDC, locked: 3_000n * USDC })
  await agree(page, wallet.address)
  await new Trader(wallet.key).cancelAll()
}

scenario("an order that was accepted as the server was killed is shown as placed, once", (visit) =>
  interrupted(visit, async (route) => {
    assert.equal((await route.fetch()).status(), 201)
    await deed("kill")
  }),
)

scenario("an order that never reached the server before it was killed is placed after it", (visit) =>
  interrupted(visit, () => deed("kill")),
)

scenario("an order under way as the server is killed becomes what the screen says", async (visit) => {
  const { wallet, page, visitor } = await trader(visit)
  const first = await mark()
  const button = await readyLimit(page, { side: "Buy", price: "1500", amount: "2" })
  const answer = wallet.hold()
  await button.click()
  await popup(wallet, "PlaceOrder")
  visitor.isServerAway = true
  const killed = deed("kill")
  const placed = notice(page, /In the book: buy 2 ETH at 1,500 USDC/) // perhaps before the end
  answer("approve")
  await Promise.all([killed.then(() => deed("start")), placed])
  await live(page)
  visitor.isServerAway = false
  await signedAs(wallet, "PlaceOrder", first)
  await agree(page, wallet.address)
  await new Trader(wallet.key).cancelAll()
})

scenario("two browsers see each other's orders, trades and book", async (visit) => {
  const [seller, buyer] = [await trader(visit), await trader(visit)]
  const [base, quote] = await reserves("ETH_USDC")
  const price = (Math.round((Number(quote * 10n ** 12n) / Number(base)) * 100.1) / 100).toFixed(2) // inside the pool's spread
  const shown = Number(price).toLocaleString("en-US", { minimumFractionDigits: 2 })
  await (await readyLimit(seller.page, { side: "Sell", price, amount: "2" })).click()
  await notice(seller.page, /In the book: sell 2 ETH/)
  await seller.page.getByRole("button", { name: `Ask ${shown} 2.0000 2.0000, yours 2.0000` }).waitFor()
  const row = buyer.page.getByRole("button", { name: `Ask ${shown} 2.0000 2.0000`, exact: true })
  await row.click() // its price goes into the form
  const form = buyer.page.getByRole("form", { name: "Limit order" })
  assert.equal(await form.getByLabel("Limit price").inputValue(), String(Number(price)))
  const first = await mark()
  await (await readyLimit(buyer.page, { side: "Buy", price, amount: "0.5" })).click()
  await notice(buyer.page, /^Bought 0.5 ETH/)
  await signedAs(buyer.wallet, "PlaceOrder", first)
  await seller.page.getByRole("button", { name: `Ask ${shown} 1.5000 1.5000, yours 1.5000` }).waitFor()
  await buyer.page.getByRole("button", { name: `Ask ${shown} 1.5000 1.5000`, exact: true }).waitFor()
  const [order] = await api("/api/v1/orders", { owner: seller.wallet.address })
  assert.deepEqual([order.status, order.executedQuantity], ["PartiallyFilled", "0.5"])
  await holdings(seller.page).getByRole("button", { name: /^Cancel: sell 2 ETH/ }).click()
  await notice(seller.page, /^Cancelled/)
  for (const { page } of [seller, buyer]) {
    await page.getByRole("button", { name: new RegExp(`^Ask ${shown} `) }).waitFor({ state: "detached" })
  }
  await swap(seller.page, { sell: "ETH", buy: "USDC", amount: "1" })
  for (const { page, wallet } of [seller, buyer]) {
    await bookAgrees(page, "ETH_USDC")
    await tradesAgree(page, "ETH_USDC")
    await fillsAgree(page, wallet.address)
    await agree(page, wallet.address)
  }
  const { kinds } = await deedsOf(seller.wallet.address, first)
  assert.deepEqual(kinds, ["CancelOrder", "SwapExactIn"])
})
