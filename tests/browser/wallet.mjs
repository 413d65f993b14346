// An injected wallet (EIP-6963, EIP-1193) as an extension would be, backed by a real key that stays
// here in node. It reads what it is asked to sign as a careful person would, and counts how often
// it was asked.

import assert from "node:assert/strict"

import { generatePrivateKey, privateKeyToAccount } from "viem/accounts"

import { api } from "./exchange.mjs"

const DEADLINE_MAX_S = 24 * 3600
const REJECTED = { code: 4001, message: "User rejected the request." }

export class InjectedWallet {
  constructor({ name = "Proof Wallet", rdns = "proof.wallet", key = generatePrivateKey(), chainId = 1 } = {}) {
    this.info = { uuid: crypto.randomUUID(), name, rdns, icon: "" }
    this.key = key
    this.account = privateKeyToAccount(key)
    this.address = this.account.address
    this.chainId = chainId
    /** The networks that it can be told to go to. */
    this.chains = new Set([1, 31337])
    /** Whether the page may see the address without asking. */
    this.isTrusting = false
    /** Each pop-up that a person would have seen: {method, document} in order. */
    this.popups = []
    /** What this found wrong with a request; the scenario fails with it. */
    this.faults = []
    /** The person's next answers: "reject", or a promise to wait for; else the answer is yes. */
    this.answers = []
    this.pages = new Set()
  }

  /** Pop-ups that asked for a signature. */
  get signatures() {
    return this.popups.filter(({ method }) => method !== "eth_requestAccounts")
  }

  /** Answers the next pop-up only when the returned function is called, with "approve" or "reject". */
  hold() {
    let answer
    this.answers.push(new Promise((resolve) => (answer = resolve)))
    return answer
  }

  /** The person chooses another account in the wallet; null: locks it. */
  async use(key) {
    if (key !== null) {
      this.key = key
      this.account = privateKeyToAccount(key)
      this.address = this.account.address
    }
    this.isTrusting = key !== null
    await this.emit("accountsChanged", key === null ? [] : [this.address.toLowerCase()])
  }

  get #binding() {
    return `__proofWallet_${this.info.uuid.replaceAll("-", "_")}`
  }

  async inject(context) {
    await context.exposeBinding(this.#binding, async ({ page }, method, params) => {
      this.pages.add(page)
      try {
        return { result: await this.request(method, params) }
      } catch (fault) {
        if (fault.code === undefined || typeof fault.code !== "number") {
          this.faults.push(`${method}: ${fault.message}`)
          return { error: { code: -32603, message: fault.message } }
        }
        return { error: { code: fault.code, message: fault.message } }
      }
    })
    await context.addInitScript(announce, { info: this.info, binding: this.#binding })
  }

  /** As the extension tells its pages. */
  async emit(event, value) {
    for (const page of this.pages) {
      if (page.isClosed()) continue
      await page.evaluate(([emit, name, said]) => window[emit](name, said), [`${this.#binding}_emit`, event, value])
    }
  }

  async request(method, params) {
    switch (method) {
      case "eth_accounts":
        return this.isTrusting ? [this.address.toLowerCase()] : []
      case "eth_requestAccounts":
        if (!this.isTrusting) await this.#ask(method)
        this.isTrusting = true
        return [this.address.toLowerCase()]
      case "eth_chainId":
        return `0x${this.chainId.toString(16)}`
      case "eth_signTypedData_v4": {
        const document = JSON.parse(params[1])
        assert.equal(params[0].toLowerCase(), this.address.toLowerCase(), "asked of another account")
        await this.#read(document)
        await this.#ask(method, document)
        const { EIP712Domain: _, ...types } = document.types
        return this.account.signTypedData({ ...document, types })
      }
      case "personal_sign": {
        const message = Buffer.from(params[0].slice(2), "hex").toString("utf8")
        assert.equal(params[1].toLowerCase(), this.address.toLowerCase(), "asked of another account")
        assert.match(message, new RegExp(`account:\n${this.address}\n`), "signs in somebody else")
        assert.ok(message.startsWith(new URL(process.env.XYK_URL).host), "signs in somewhere else")
        await this.#ask(method, message)
        return this.account.signMessage({ message })
      }
      case "wallet_switchEthereumChain":
        if (!this.chains.has(Number(params[0].chainId))) {
          throw Object.assign(new Error("Unrecognized chain ID"), { code: 4902 })
        }
        await this.#ask(method, params[0])
        this.chainId = Number(params[0].chainId)
        queueMicrotask(() => void this.emit("chainChanged", params[0].chainId))
        return null
      default:
        throw Object.assign(new Error(`${method} is not supported`), { code: 4200 })
    }
  }

  async #ask(method, document) {
    this.popups.push({ method, document })
    if ((await (this.answers.shift() ?? "approve")) === "reject") {
      throw Object.assign(new Error(REJECTED.message), { code: REJECTED.code })
    }
  }

  /** The document is of this very deployment, and says all of the action and nothing else. */
  async #read({ types, primaryType, domain, message }) {
    const wanted = await api("/api/v1/domain")
    assert.deepEqual(domain, wanted.domain, "another domain")
    assert.equal(domain.chainId ?? this.chainId, this.chainId, "of another network than the wallet's")
    assert.deepEqual(types[primaryType], wanted.types[primaryType], "another type")
    assert.deepEqual(types.EIP712Domain, wanted.types.EIP712Domain, "another type of domain")
    assert.deepEqual(Object.keys(types).sort(), ["EIP712Domain", primaryType].sort())
    assert.deepEqual(Object.keys(message).sort(), types[primaryType].map(({ name }) => name).sort())
    for (const { name, type } of types[primaryType]) {
      const value = message[name]
      if (type === "uint256") assert.match(value, /^(0|[1-9][0-9]{0,77})$/, `${name} is no amount`)
      else if (type.startsWith("uint")) assert.ok(Number.isSafeInteger(value) && value >= 0, `${name}: ${value}`)
      else assert.equal(typeof value, type === "bool" ? "boolean" : "string", name)
    }
    const now = Number(await api("/api/v1/time")) / 1000
    assert.equal(message.owner.toLowerCase(), this.address.toLowerCase(), "another owner")
    assert.ok(message.deadline > now && message.deadline < now + DEADLINE_MAX_S, "deadline")
    assert.ok(Math.abs(Math.floor(message.nonce / 256) - now) < 300, "nonce")
  }
}

/** Runs in the page, before its own scripts. */
function announce({ info, binding }) {
  const listeners = []
  const provider = {
    async request({ method, params }) {
      const { result, error } = await window[binding](method, params ?? [])
      if (error !== undefined) throw Object.assign(new Error(error.message), { code: error.code })
      return result
    },
    on(event, listener) {
      listeners.push([event, listener])
    },
    removeListener(event, listener) {
      const at = listeners.findIndex(([name, one]) => name === event && one === listener)
      if (at >= 0) listeners.splice(at, 1)
    },
  }
  window[`${binding}_emit`] = (event, value) => {
    for (const [name, listener] of [...listeners]) if (name === event) listener(value)
  }
  const say = () =>
    dispatchEvent(
      new CustomEvent("eip6963:announceProvider", {
        detail: Object.freeze({ info: Object.freeze({ ...info }), provider }),
      }),
    )
  addEventListener("eip6963:requestProvider", say)
  say()
}
