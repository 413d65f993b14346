// The exchange without the page: what its API says is true, traders who use it from outside, and
// the deeds of whoever runs the server.

import assert from "node:assert/strict"
import { createInterface } from "node:readline"

import { generatePrivateKey, privateKeyToAccount } from "viem/accounts"

export const url = process.env.XYK_URL
export const PATIENCE_MS = Number(process.env.XYK_PATIENCE_MS ?? 60_000) // a CI may share two cores

export class Refusal extends Error {
  constructor(status, { code, message }) {
    super(`${status} ${code}: ${message}`)
    Object.assign(this, { status, code })
  }
}

/** A read; `token` of a session. Throws Refusal. */
export async function api(path, params = {}, { token, method = "GET", body } = {}) {
  const query = new URLSearchParams(params)
  const answer = await fetch(`${url}${path}${query.size ? `?${query}` : ""}`, {
    method,
    headers: {
      ...(body && { "content-type": "application/json" }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: body && JSON.stringify(body),
  })
  const document = await answer.json()
  if (!answer.ok) throw new Refusal(answer.status, document)
  return document
}

/** Waits until `look` gives something true, and returns it. Its last word is in the failure. */
export async function until(what, look, timeoutMs = PATIENCE_MS) {
  const end = Date.now() + timeoutMs
  let last
  do {
    try {
      last = await look()
      if (last) return last
    } catch (fault) {
      last = fault
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  } while (Date.now() < end)
  throw new Error(`never: ${what}; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`)
}

/** Entries from `first` on, with command, evidence and events read. */
export async function journal(first = 1, options = {}) {
  const entries = []
  for (;;) {
    const page = await api("/api/v1/journal", { from: first + entries.length, limit: 1000 }, options)
    if (page.length === 0) return entries
    for (const entry of page) {
      for (const part of ["command", "evidence", "events"]) entry[part] = JSON.parse(exact(entry[part]))
      entries.push(entry)
    }
  }
}

/** Whole numbers beyond what JSON.parse keeps, as text. */
function exact(json) {
  return json.replace(/(?<=[:[,])-?[0-9]{16,}(?=[,\]}])/g, '"$&"')
}

/** What `owner`, or who signs for it, did from `first` on: [kind, ...] with `entries` of them. */
export async function deedsOf(owner, first, options) {
  const entries = (await journal(first, options)).filter(
    ({ command, evidence }) => evidence.signer && command.owner?.toLowerCase() === owner.toLowerCase(),
  )
  return { entries, kinds: entries.map(({ kind }) => kind) }
}

/** The next seq: entries of what comes now begin there. */
export async function mark() {
  return (await api("/api/v1/status")).seq + 1
}

/** {symbol: {available, locked}} in base units, zero where there is nothing. */
export async function balances(owner, options) {
  const { balances: list } = await api(`/api/v1/accounts/${owner}`, {}, options)
  const held = Object.fromEntries(
    list.map(({ symbol, available, locked }) => [
      symbol,
      { available: BigInt(available), locked: BigInt(locked) },
    ]),
  )
  return new Proxy(held, { get: (all, symbol) => all[symbol] ?? { available: 0n, locked: 0n } })
}

/** The owner's fills, newest first, with what was committed last: the read tables trail by a moment. */
export async function fillsOf(owner, more = {}) {
  const { items } = await until("the tables have every fill", async () => {
    const page = await api("/api/v1/history/fills", { owner, ...more })
    return page.complete && page
  })
  return items
}

/** [base, quote] in base units. */
export async function reserves(symbol) {
  return (await api(`/api/v1/pools/${symbol}`)).reserves.map(BigInt)
}

/** What a pool pays for `amountIn`, as Uniswap V2 at 30 bps. Base units. */
export function paid(amountIn, reserveIn, reserveOut) {
  const net = amountIn * 997n
  return (net * reserveOut) / (reserveIn * 1000n + net)
}

/** Pools of 100 ETH at 2,000 USDC, and of 10 BTC at 20 ETH each, by somebody who goes away. */
export async function seed() {
  const provider = await Trader.with({ ETH: 300n * ETH, USDC: 200_000n * USDC, BTC: 10n * BTC })
  await provider.addLiquidity("ETH", "USDC", 100n * ETH, 200_000n * USDC)
  await provider.addLiquidity("ETH", "BTC", 200n * ETH, 10n * BTC)
  return provider
}

let lastNonce = 0

/** Signs and posts as any bot does. */
export class Trader {
  constructor(key = generatePrivateKey()) {
    this.account = privateKeyToAccount(key)
    this.address = this.account.address
  }

  /** With these whole amounts from the faucet: {ETH: 10n * 10n ** 18n}. */
  static async with(funds) {
    const trader = new Trader()
    for (const [token, amount] of Object.entries(funds)) await faucet(trader.address, token, amount)
    return trader
  }

  /** `fields` may name an owner that this is an agent of, and a nonce. */
  async act(kind, path, fields, method = "POST") {
    const { domain, types } = await domainOf()
    const nowS = Math.floor(Date.now() / 1000)
    lastNonce = Math.max(lastNonce + 1, nowS * 256)
    const action = { owner: this.address, nonce: lastNonce, deadline: nowS + 60, ...fields }
    const { EIP712Domain: _, ...rest } = { EIP712Domain: 0, [kind]: types[kind] }
    const signature = await this.account.signTypedData({ domain, types: rest, primaryType: kind, message: action })
    return api(path, {}, { method, body: { action, signature } })
  }

  async addLiquidity(tokenA, tokenB, a, b) {
    const [A, B] = [await token(tokenA), await token(tokenB)]
    return this.act("AddLiquidity", "/api/v1/add-liquidity", {
      tokenA: A.address,
      tokenB: B.address,
      amountADesired: String(a),
      amountBDesired: String(b),
      amountAMin: "0",
      amountBMin: "0",
    })
  }

  async sell(tokenIn, tokenOut, amountIn) {
    return this.act("SwapExactIn", "/api/v1/sell", {
      tokenIn: (await token(tokenIn)).address,
      tokenOut: (await token(tokenOut)).address,
      amountIn: String(amountIn),
      minAmountOut: "0",
    })
  }

  /** Amounts in base units; the price is their ratio. */
  async place(sell, buy, sellAmount, buyAmount, more = {}) {
    return this.act("PlaceOrder", "/api/v1/order", {
      sellToken: (await token(sell)).address,
      buyToken: (await token(buy)).address,
      sellAmount: String(sellAmount),
      buyAmount: String(buyAmount),
      timeInForce: "GTC",
      postOnly: false,
      selfTradePrevention: "",
      triggerPrice: "0",
      triggerAbove: false,
      clientId: 0,
      expires: 0,
      ...more,
    })
  }

  async cancelAll(market = "") {
    return this.act("CancelAllOrders", "/api/v1/orders", { market }, "DELETE")
  }

  /** `validUntil` in unix seconds. */
  async approveAgent(agent, validUntil) {
    return this.act("ApproveAgent", "/api/v1/agents", { agent, validUntil })
  }

  async revokeAgent(agent) {
    return this.act("RevokeAgent", "/api/v1/agents", { agent }, "DELETE")
  }

  /** `status`: open, cancel_only, paused. Of the operator. */
  async setStatus(market, status) {
    return this.act("SetMarketStatus", "/api/v1/markets/status", { market, status })
  }

  /** The token of a session. */
  async signIn() {
    const body = { address: this.address }
    const { nonce, message } = await api("/api/v1/auth/challenge", {}, { method: "POST", body })
    const signature = await this.account.signMessage({ message })
    const session = await api("/api/v1/auth/signin", {}, { method: "POST", body: { nonce, signature } })
    return session.token
  }
}

let domain = null
async function domainOf() {
  domain ??= await api("/api/v1/domain")
  return domain
}

export async function faucet(owner, symbol, amount) {
  return api("/api/v1/faucet", {}, { method: "POST", body: { owner, token: symbol, amount: String(amount) } })
}

let tokens = null
/** {symbol, address, decimals} of a symbol or an address. */
export async function token(name) {
  tokens ??= (await api("/api/v1/assets")).map((one) => ({
    symbol: one.symbol,
    address: one.tokens[0].contractAddress,
    decimals: one.tokens[0].nativeDecimals,
  }))
  const found = tokens.find((one) => one.symbol === name || one.address.toLowerCase() === name.toLowerCase())
  assert.ok(found, `no token ${name}`)
  return found
}

/** "1.5" of ETH -> 1500000000000000000n. Exact, or it throws. */
export function units(text, decimals) {
  const [whole, part = ""] = text.replaceAll(",", "").split(".")
  assert.ok(part.length <= decimals, `${text} has more than ${decimals} places`)
  return BigInt(whole + part.padEnd(decimals, "0"))
}

export const ETH = 10n ** 18n
export const USDC = 10n ** 6n
export const BTC = 10n ** 8n

const answers = createInterface({ input: process.stdin })
process.stdin.unref?.()
const waiting = []
answers.on("line", (line) => waiting.shift()(JSON.parse(line)))

/** A deed of whoever runs the server: stop, terminate, kill, start, operator-key (conftest.py). */
export async function deed(name) {
  const answer = new Promise((resolve) => waiting.push(resolve))
  process.stdin.ref?.()
  process.stdout.write(`\n@@${name}\n`)
  try {
    return await answer
  } finally {
    process.stdin.unref?.()
  }
}
