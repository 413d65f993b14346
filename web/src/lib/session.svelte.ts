// Signing in with the wallet (EIP-4361): a session reads private data and cancels, nothing more.
//
// All tabs of a browser share one session. Its refresh token is good once, and one that comes twice
// ends the session as stolen: so only the tab that holds the lock refreshes, and first looks whether
// another one has done so.

import { Refused, send } from "./api"
import { deployment } from "./deployment.svelte"
import { stored } from "./stored"
import { stream } from "./stream.svelte"
import { type Tokens, parsed } from "./tokens"
import { wallet } from "./wallet.svelte"
import type { Address } from "./wire"

const PLACE = "xyk.session" // localStorage, by deployment and owner
const MARGIN_MS = 30_000
/** localStorage of another tab may follow a moment after the lock does. */
const SETTLE_MS = 300

class Session {
  /** The owner that is signed in; null without one. */
  owner = $state<Address | null>(null)
  /** Unix ms: then the owner has to sign in again. */
  expiresAt = $state<number | null>(null)
  #tokens: Tokens | null = null
  #refreshing = new Map<string, Promise<string | null>>()
  #ending: ReturnType<typeof setTimeout> | undefined

  constructor() {
    stream.identify(() => this.token())
    addEventListener("storage", ({ key }) => {
      if (key !== null && deployment.domain !== null && this.#isHere(key)) {
        this.resume()
        if (this.owner !== null) stream.signedIn()
      }
    })
  }

  /** Takes up the session of the connected owner, if this browser has one. */
  resume(): void {
    this.#use(wallet.owner === null ? null : this.#kept())
  }

  /** Throws Refused, Unanswered or what the wallet said. */
  async signIn(): Promise<void> {
    const connected = wallet.connected
    if (connected === null) throw new Error("Connect a wallet first")
    const challenge = await send<{ nonce: string; message: string }>(
      "POST",
      "/api/v1/auth/challenge",
      JSON.stringify({ address: connected.address }),
    )
    const signature = await connected.personalSign(challenge.message)
    const body = JSON.stringify({ nonce: challenge.nonce, signature })
    const tokens = await send<Tokens>("POST", "/api/v1/auth/signin", body)
    if (wallet.owner !== connected.address) throw new Error("The wallet's account changed meanwhile; sign in again")
    this.#keep(tokens)
  }

  /** This browser forgets the session whatever happens; throws where the exchange did not close it. */
  async signOut(): Promise<void> {
    const token = await this.token()
    const tokens = this.#tokens
    this.forget()
    if (tokens === null) return
    const body = JSON.stringify(token === null ? { refreshToken: tokens.refreshToken } : {})
    await send("POST", "/api/v1/auth/signout", body, { token })
  }

  /** For Authorization; null while nobody is signed in. */
  async token(): Promise<string | null> {
    const tokens = this.#tokens
    if (tokens === null || this.owner === null || this.owner !== wallet.owner) return null
    if (this.#isFresh(tokens)) return tokens.token
    const place = this.#place()
    let refreshing = this.#refreshing.get(place)
    if (refreshing === undefined) {
      refreshing = this.#refresh(place).finally(() => this.#refreshing.delete(place))
      this.#refreshing.set(place, refreshing)
    }
    return refreshing
  }

  /** The exchange does not know it any more: it was closed elsewhere. */
  forget(): void {
    if (wallet.owner !== null) stored.remove(this.#place())
    this.#use(null)
  }

  #isFresh(tokens: Tokens): boolean {
    return tokens.expiresAt > deployment.nowMs() + MARGIN_MS
  }

  async #refresh(place: string): Promise<string | null> {
    const alone = async () => {
      if (!this.#isHere(place)) return { token: null, isNew: false } // another account meanwhile
      const kept = this.#kept()
      if (kept === null || this.#isFresh(kept)) {
        this.#use(kept)
        return { token: kept?.token ?? null, isNew: false }
      }
      return { token: await this.#exchange(place, kept), isNew: true }
    }
    // Without https (and not on this machine) there are no locks: then two tabs may collide, and
    // the worst of it is that the owner signs in again.
    if (navigator.locks === undefined) return (await alone()).token
    return new Promise((resolve, reject) => {
      void navigator.locks
        .request(place, async () => {
          const { token, isNew } = await alone()
          resolve(token)
          if (isNew) await new Promise((settled) => setTimeout(settled, SETTLE_MS))
        })
        .catch(reject)
    })
  }

  async #exchange(place: string, tokens: Tokens): Promise<string | null> {
    try {
      const body = JSON.stringify({ refreshToken: tokens.refreshToken })
      const fresh = await send<Tokens>("POST", "/api/v1/auth/refresh", body)
      stored.set(place, JSON.stringify(fresh))
      if (!this.#isHere(place)) return null // another account meanwhile
      this.#use(fresh)
      return fresh.token
    } catch (fault) {
      // Only a no is the end of it: after silence, and while the exchange is busy, it is asked again.
      if (fault instanceof Refused && fault.status === 401) {
        stored.remove(place)
        if (this.#isHere(place)) this.#use(null)
      }
      return null
    }
  }

  #keep(tokens: Tokens): void {
    stored.set(this.#place(), JSON.stringify(tokens))
    this.#use(tokens)
    stream.signedIn()
  }

  #kept(): Tokens | null {
    return parsed(stored.get(this.#place()), deployment.nowMs())
  }

  #use(tokens: Tokens | null): void {
    clearTimeout(this.#ending)
    this.#tokens = tokens
    this.owner = tokens === null ? null : wallet.owner
    this.expiresAt = tokens?.sessionExpiresAt ?? null
    if (tokens === null) return
    const leftMs = Math.max(0, tokens.sessionExpiresAt - deployment.nowMs())
    this.#ending = setTimeout(() => this.resume(), Math.min(leftMs + 1, 2 ** 31 - 1))
  }

  #isHere(place: string): boolean {
    return wallet.owner !== null && place === this.#place()
  }

  #place(): string {
    return `${PLACE}.${deployment.domain!.domain.salt}.${wallet.owner!.toLowerCase()}`
  }
}

export const session = new Session()
