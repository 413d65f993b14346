// Who trades here: an injected wallet (EIP-6963, EIP-1193), or a burner that this browser keeps in a
// sandbox; and the agent key that may sign trades for either without asking.

import { type Agent, forget, kept, keep, placeOf } from "./agent"
import { asked } from "./asked.svelte"
import { deployment } from "./deployment.svelte"
import { notices } from "./notices.svelte"
import { type Injected, providers } from "./providers.svelte"
import { stored } from "./stored"
import { OWNER_ONLY, type Kind, type Signer } from "./typed_data"
import { WalletFault } from "./wallet_fault"
import type { Address, Hex } from "./wire"

/** A way to sign as the owner. `personalSign` is for EIP-4361. */
export interface Connected extends Signer {
  name: string
  isBurner: boolean
  personalSign(message: string): Promise<Hex>
}

const CHOSEN = "xyk.wallet" // localStorage: rdns of the wallet, or "burner"
const CHOSEN_NAME = "xyk.wallet.name"
const BURNER = "xyk.burner" // localStorage, by deployment: its private key
const AGENT_MARGIN_S = 60 // an action lives so long: the agent must outlive what it signs

const ADDRESS = /^0x[0-9a-fA-F]{40}$/
const KEY = /^0x[0-9a-f]{64}$/
const SIGNATURE = /^0x[0-9a-fA-F]{128,}$/

class Wallet {
  connected = $state.raw<Connected | null>(null)
  agent = $state.raw<Agent | null>(null)
  /** Of the injected wallet, as it says; null for a burner. */
  chainId = $state.raw<number | null>(null)
  /** The wallet that was used here before and cannot be used now. */
  away = $state.raw<{ name: string; why: "locked" | "missing" } | null>(null)
  #injected: Injected | null = null
  #deafen = () => {}
  #attempt = 0

  constructor() {
    addEventListener("storage", (event) => void this.#changedElsewhere(event))
  }

  get owner(): Address | null {
    return this.connected?.address ?? null
  }

  /** The deployment counts signatures on one chain, and the wallet is on another. */
  get isOnWrongChain(): boolean {
    const wanted = deployment.domain?.domain.chainId
    return wanted !== undefined && this.chainId !== null && this.chainId !== wanted
  }

  /** Signing `kind` opens a window of the wallet. */
  asksFor(kind: Kind): boolean {
    if (this.connected === null || this.connected.isBurner) return false
    return OWNER_ONLY.has(kind) || !this.#isAgentGood()
  }

  /** The agent where it may and still can, else the owner. */
  async signerFor(kind: Kind): Promise<Signer> {
    if (this.connected === null) throw new Error("Connect a wallet first")
    if (!OWNER_ONLY.has(kind) && this.agent !== null) {
      if (this.#isAgentGood()) return this.agent
      this.dropAgent()
      notices.say("info", "The agent's time is over: your wallet signs again")
    }
    return this.connected
  }

  /** What was connected before a reload, without asking anybody. */
  async resume(): Promise<void> {
    const chosen = stored.get(CHOSEN)
    if (chosen === "burner") {
      if (deployment.isSandbox && this.burnerKey() !== null) await this.connectBurner()
    } else if (chosen !== null) {
      const attempt = this.#attempt
      const injected = await providers.named(chosen)
      if (attempt !== this.#attempt) return // meanwhile the person chose another
      if (injected === null) {
        this.away = { name: stored.get(CHOSEN_NAME) ?? "Your wallet", why: "missing" }
      } else {
        await this.connect(injected, { isSilent: true })
      }
    }
  }

  /** `isSilent`: only if the wallet already trusts this page. Throws WalletFault. */
  async connect(injected: Injected, { isSilent = false } = {}): Promise<void> {
    this.#attempt += 1
    const attempt = this.#attempt
    const { provider, info } = injected
    const read = async () => {
      const method = isSilent ? "eth_accounts" : "eth_requestAccounts"
      const accounts = await provider.request({ method })
      return { accounts, chainId: await chainOf(injected) }
    }
    const found = isSilent ? await read() : await asked.wait(info.name, "connection", read)
    if (attempt !== this.#attempt) return
    const address = firstOf(found.accounts)
    if (address === null && !isSilent) {
      throw new WalletFault("other", `${info.name} has no account: make one there first`)
    }
    this.#listenTo(injected)
    this.chainId = found.chainId
    stored.set(CHOSEN, info.rdns)
    stored.set(CHOSEN_NAME, info.name)
    this.#takeAccount(injected, address)
  }

  /** Asks the wallet that was here before; throws WalletFault. */
  async reconnect(): Promise<void> {
    if (this.#injected !== null) await this.connect(this.#injected)
    else await this.resume()
  }

  /** Asks the wallet to go to the deployment's chain; throws WalletFault. */
  async switchChain(): Promise<void> {
    const wanted = deployment.domain?.domain.chainId
    const injected = this.#injected
    if (wanted === undefined || injected === null) return
    const { provider, info } = injected
    const params = [{ chainId: `0x${wanted.toString(16)}` }]
    await asked.wait(info.name, "network", async () => {
      await provider.request({ method: "wallet_switchEthereumChain", params })
      this.chainId = await chainOf(injected)
    })
  }

  /** A key of this browser, for a sandbox: nothing that it holds is worth anything. */
  async connectBurner(): Promise<void> {
    if (!deployment.isSandbox) throw new Error("A burner wallet is for a sandbox only")
    this.#attempt += 1
    const attempt = this.#attempt
    const { signerOf, newKey } = await import("./keys")
    if (attempt !== this.#attempt) return
    const key = this.burnerKey() ?? newKey()
    stored.set(this.#burnerPlace(), key)
    this.#unlisten()
    this.chainId = null
    stored.set(CHOSEN, "burner")
    this.#use({ ...signerOf(key), name: "Sandbox burner", isBurner: true })
  }

  /** Null without a burner of this deployment. To be shown to its owner, and nobody else. */
  burnerKey(): Hex | null {
    const key = stored.get(this.#burnerPlace())
    return key !== null && KEY.test(key) ? (key as Hex) : null
  }

  /** For ever: what it holds can be reached by nobody who did not copy its key. */
  forgetBurner(): void {
    if (this.connected?.isBurner) {
      this.dropAgent()
      this.disconnect()
    }
    stored.remove(this.#burnerPlace())
  }

  /** Forgets who traded here; a burner's key and an approved agent stay for the next time. */
  disconnect(): void {
    stored.remove(CHOSEN)
    stored.remove(CHOSEN_NAME)
    this.#leave()
  }

  /** `agent` was approved by the owner's signature. */
  useAgent(agent: Agent): void {
    const [salt, owner] = this.#place()
    keep(salt, owner, agent)
    this.agent = agent
  }

  /** Forgets its key; what the exchange knows of it stays until it is revoked or over. */
  dropAgent(): void {
    const [salt, owner] = this.#place()
    forget(salt, owner)
    this.agent = null
  }

  #isAgentGood(): boolean {
    return this.agent !== null && this.agent.validUntil > deployment.nowS() + AGENT_MARGIN_S
  }

  #leave(): void {
    this.#attempt += 1
    this.#unlisten()
    this.connected = null
    this.agent = null
    this.chainId = null
    this.away = null
  }

  #use(connected: Connected): void {
    this.away = null
    this.connected = connected
    this.agent = null
    void this.#readAgent()
  }

  async #readAgent(): Promise<void> {
    const connected = this.connected
    const [salt, owner] = this.#place()
    const agent = await kept(salt, owner, deployment.nowS())
    if (this.connected === connected) this.agent = agent
  }

  /** `address` null: the wallet is locked, or trusts this page no more. */
  #takeAccount(injected: Injected, address: Address | null): void {
    if (address === null) {
      this.connected = null
      this.agent = null
      this.away = { name: injected.info.name, why: "locked" }
    } else if (this.connected?.address !== address || this.connected.isBurner) {
      this.#use(this.#signing(injected, address))
    }
  }

  #signing({ provider, info }: Injected, address: Address): Connected {
    const sign = (method: string, params: unknown[]) =>
      asked.wait(info.name, "signature", async () => {
        const signature = await provider.request({ method, params })
        if (typeof signature === "string" && SIGNATURE.test(signature)) return signature as Hex
        throw new WalletFault("other", `${info.name} answered with no signature`)
      })
    return {
      address,
      name: info.name,
      isBurner: false,
      signTypedData: async (document) => {
        if (this.isOnWrongChain) {
          const wanted = deployment.domain?.domain.chainId
          throw new WalletFault("other", `Switch ${info.name} to the network with chain id ${wanted} first`)
        }
        return sign("eth_signTypedData_v4", [address, JSON.stringify(document)])
      },
      personalSign: (message) => sign("personal_sign", [hexOf(message), address]),
    }
  }

  #listenTo(injected: Injected): void {
    this.#unlisten()
    const { provider } = injected
    let isHeard = true // not every wallet can be told that nobody listens any more
    const accountsChanged = (accounts: unknown) => {
      if (isHeard) this.#takeAccount(injected, firstOf(accounts))
    }
    const chainChanged = (chain: unknown) => {
      if (isHeard) this.chainId = numberOf(chain)
    }
    provider.on?.("accountsChanged", accountsChanged)
    provider.on?.("chainChanged", chainChanged)
    this.#injected = injected
    this.#deafen = () => {
      isHeard = false
      provider.removeListener?.("accountsChanged", accountsChanged)
      provider.removeListener?.("chainChanged", chainChanged)
      this.#deafen = () => {}
    }
  }

  #unlisten(): void {
    this.#deafen()
    this.#injected = null
  }

  /** Another tab of this browser disconnected, forgot the burner, or has a new agent. */
  async #changedElsewhere({ key, newValue }: StorageEvent): Promise<void> {
    if (deployment.domain === null) return
    if (key === CHOSEN && newValue === null) this.#leave()
    const connected = this.connected
    if (connected === null) return
    if (connected.isBurner && key === this.#burnerPlace()) {
      if (newValue === null) this.#leave()
      else await this.connectBurner()
    } else if (key === placeOf(...this.#place())) {
      await this.#readAgent()
    }
  }

  #place(): [salt: Hex, owner: Address] {
    return [deployment.domain!.domain.salt, this.connected!.address]
  }

  #burnerPlace(): string {
    return `${BURNER}.${deployment.domain!.domain.salt}`
  }
}

/** Null where the wallet does not say: then only the exchange can tell. */
async function chainOf({ provider }: Injected): Promise<number | null> {
  try {
    return numberOf(await provider.request({ method: "eth_chainId" }))
  } catch {
    return null
  }
}

function numberOf(chain: unknown): number | null {
  const number = Number(chain)
  return Number.isSafeInteger(number) && number > 0 ? number : null
}

function firstOf(accounts: unknown): Address | null {
  const first: unknown = Array.isArray(accounts) ? accounts[0] : undefined
  return typeof first === "string" && ADDRESS.test(first) ? (first as Address) : null
}

/** Of the text's UTF-8, as personal_sign wants it. */
function hexOf(text: string): Hex {
  const bytes = [...new TextEncoder().encode(text)]
  return `0x${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`
}

export const wallet = new Wallet()
