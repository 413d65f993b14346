// What the limit form says that an order would do, against what it then did: on ETH_USDC, where a
// pool and orders of others lie on both sides of the price.

import assert from "node:assert/strict"

import { ETH, Trader, USDC, api, faucet, fillsOf, mark, seed, until } from "./exchange.mjs"
import { connect, form, notice, readyLimit } from "./person.mjs"
import { signedAs, withoutTrace } from "./screen.mjs"
import { scenario } from "./stage.mjs"
import { InjectedWallet } from "./wallet.mjs"

const SYMBOL = "ETH_USDC"
const bare = (text) => text.replaceAll(",", "")
let isSeeded = false

/** Orders of one ETH each around the pool, a connected visitor with funds, and who clears up. */
async function market(visit) {
  if (!isSeeded) await seed()
  isSeeded = true
  const maker = await Trader.with({ ETH: 2n * ETH, USDC: 4_000n * USDC })
  const [base, quote] = (await api(`/api/v1/pools/${SYMBOL}`)).reserves.map(BigInt)
  const spot = Number((quote * ETH) / base / USDC)
  const [bid, ask] = [spot - 30, spot + 30]
  await maker.place("ETH", "USDC", ETH, BigInt(ask) * USDC)
  await maker.place("USDC", "ETH", BigInt(bid) * USDC, ETH)
  const wallet = new InjectedWallet()
  await faucet(wallet.address, "ETH", 50n * ETH)
  await faucet(wallet.address, "USDC", 100_000n * USDC)
  const visitor = await visit({ wallet, at: `#/trade/${SYMBOL}` })
  await connect(visitor.page, wallet)
  /** A limit that is met by the pool and by the order behind it, and by less than 5 ETH. */
  const limit = { Buy: String(ask + 10), Sell: String(bid - 10) }
  const clear = async () => {
    for (const one of [maker, new Trader(wallet.key)]) await one.cancelAll()
  }
  return { wallet, page: visitor.page, visitor, limit, clear }
}

/** What stands there once the exchange has answered what is typed now, all of one moment. */
async function estimate(page) {
  return until("an estimate of what is typed", async () => {
    const { isOld, route, terms } = await form(page, "Limit order").evaluate((limit) => {
      const group = limit.querySelector("[aria-label=Estimate]")
      const pairs = [...group.querySelectorAll("dl > div")].map((one) => [...one.children])
      return {
        isOld: group.getAttribute("aria-busy") !== "false",
        route: limit.querySelector("[aria-label=Route]")?.innerText ?? "",
        terms: Object.fromEntries(pairs.map(([name, text]) => [name.innerText, text.innerText])),
      }
    })
    if (isOld || terms["Fills now"] === "–") return null
    return {
      now: bare(terms["Fills now"]),
      price: bare(terms["Average price"]),
      impact: terms["Price impact"],
      fee: bare(terms.Fee),
      rest: bare(terms["The rest"]),
      route,
    }
  })
}

/** The owner's newest order as the estimate would tell it, from the exchange's own records. */
async function done(owner, seq) {
  const [order] = (await api("/api/v1/history/orders", { owner, symbol: SYMBOL })).items
  const fills = (await fillsOf(owner, { symbol: SYMBOL })).filter((one) => one.seq === seq)
  const left = exact(units(order.quantity) - units(order.executedQuantity))
  const [base, quote] = [order.executedQuantity, order.executedQuoteQuantity]
  const average = (units(quote) * UNIT) / units(base)
  const fees = new Map()
  for (const { fee, feeSymbol } of fills) fees.set(feeSymbol, (fees.get(feeSymbol) ?? 0n) + units(fee))
  return {
    order,
    venues: new Set(fills.map(({ venue }) => venue)),
    now: `${base} ETH for ${quote} USDC`,
    price: exact(average - (average % 10n ** 14n)), // eight digits of thousands are shown
    fees: new Set([...fees].map(([symbol, sum]) => `${exact(sum - (sum % 10n ** 10n))} ${symbol}`)),
    left,
  }
}

const PLACES = 18
const UNIT = 10n ** BigInt(PLACES)
function units(text) {
  const [whole, part = ""] = text.split(".")
  return BigInt(whole + part.padEnd(PLACES, "0"))
}
function exact(amount) {
  const text = String(amount).padStart(PLACES + 1, "0")
  return `${text.slice(0, -PLACES)}.${text.slice(-PLACES)}`.replace(/\.?0+$/, "")
}

function same(told, did, rest) {
  assert.equal(told.now, did.now)
  assert.equal(exact(units(told.price.split(" ")[0])), did.price)
  assert.deepEqual(new Set(told.fee.split(" + ")), did.fees)
  assert.equal(told.rest, rest)
  assert.deepEqual(did.venues, new Set(["pool", "book"]))
  assert.match(told.route, /\d+ % ETH_USDC book, \d+ % ETH_USDC pool/)
  assert.match(told.impact, /^\d+\.\d\d %/)
}

for (const side of ["Buy", "Sell"]) {
  scenario(`${side}: a limit that crosses does what its estimate said`, async (visit) => {
    const { wallet, page, limit, clear } = await market(visit)
    const first = await mark()
    const button = await readyLimit(page, { side, price: limit[side], amount: "5" })
    const told = await estimate(page)
    await button.click()
    await notice(page, /the rest is in the book/)
    const { seq } = await signedAs(wallet, "PlaceOrder", first)
    const did = await done(wallet.address, seq)
    assert.equal(did.order.status, "PartiallyFilled")
    same(told, did, `${did.left} ETH in the book`)
    await clear()
  })

  scenario(`${side}: immediate or cancel takes what its estimate said`, async (visit) => {
    const { wallet, page, limit, clear } = await market(visit)
    const first = await mark()
    const button = await readyLimit(page, { side, price: limit[side], amount: "5", inForce: "IOC" })
    const told = await estimate(page)
    await button.click()
    await notice(page, /the rest was not placed/)
    const { seq } = await signedAs(wallet, "PlaceOrder", first)
    const did = await done(wallet.address, seq)
    assert.equal(did.order.status, "Expired")
    same(told, did, `${did.left} ETH cancelled`)
    await clear()
  })

  scenario(`${side}: what would be refused is said, and is refused`, async (visit) => {
    const { page, visitor, limit, clear } = await market(visit)
    const limitForm = form(page, "Limit order")
    const order = { side, price: limit[side], amount: "5" }
    visitor.expect(422, "/api/v1/order")
    const killed = /^Fill or kill would be refused: only [1-4]\.\d+ ETH can be had within the limit$/
    const posted = /^Post-only is refused at this price: it would trade at once$/
    for (const [how, said, code] of [
      [{ inForce: "FOK" }, killed, "INSUFFICIENT_LIQUIDITY"],
      [{ inForce: "GTC", postOnly: true }, posted, "INVALID_ORDER"],
    ]) {
      const button = await readyLimit(page, { ...order, ...how })
      await limitForm.getByRole("status").getByText(said).waitFor()
      const { now, price, fee, rest } = await estimate(page)
      assert.deepEqual([now, price, fee, rest], ["Nothing", "–", "–", "–"])
      await withoutTrace(async () => {
        await button.click()
        await limitForm.getByRole("alert").getByText(code).waitFor()
      })
    }
    const away = { Buy: 1_000, Sell: 4_000 }[side] // nobody offers that much
    await readyLimit(page, { ...order, price: String(away), inForce: "IOC" })
    await limitForm.getByRole("status").getByText("Nothing can be had at this price now").waitFor()
    await readyLimit(page, { ...order, price: String(away), inForce: "GTC" })
    const told = await until("it would rest", async () => {
      const one = await estimate(page)
      return one.rest.endsWith("in the book") && one
    })
    assert.deepEqual([told.now, told.rest, told.route], ["Nothing", "5 ETH in the book", ""])
    await clear()
  })
}
