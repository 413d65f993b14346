// What this exchange is: its domain for signatures, its assets and markets, and its clock.

import { get } from "./api"
import { stream } from "./stream.svelte"
import type { Address, Asset, DomainDocument, Market, Status } from "./wire"

const REFRESH_MS = 30_000
const CLOSED_REFRESH_MS = 3_000 // people wait for a market that was paused

export interface Token {
  symbol: string
  address: `0x${string}`
  decimals: number
}

class Deployment {
  domain = $state.raw<DomainDocument | null>(null)
  markets = $state.raw<Market[]>([])
  tokens = $state.raw<Token[]>([])
  status = $state.raw<Status | null>(null)
  /** Why nothing could be loaded yet; null once something was. */
  fault = $state.raw<unknown>(null)
  #isAllOpen = $derived(this.markets.every(({ orderBookState }) => orderBookState === "Open"))
  #aheadMs = 0

  get isLoaded(): boolean {
    return this.domain !== null
  }

  get isSandbox(): boolean {
    return this.status?.sandbox ?? false
  }

  /** Who lists, pauses and sets fees here; null where the exchange does not say. */
  get operator(): Address | null {
    return this.status?.operator ?? null
  }

  /** Loads, and goes on refreshing what an operator may change. Tries for ever. */
  async start(): Promise<void> {
    for (let wait = 250; !(await this.refresh()); wait = Math.min(2 * wait, 5_000)) {
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
    $effect.root(() => {
      $effect(() => {
        const timer = setInterval(() => void this.refresh(), this.#isAllOpen ? REFRESH_MS : CLOSED_REFRESH_MS)
        return () => clearInterval(timer)
      })
      $effect(() => {
        if (stream.connection === "live") void this.refresh()
      })
    })
  }

  async refresh(): Promise<boolean> {
    try {
      const asked = performance.now()
      const [domain, assets, markets, status, time] = await Promise.all([
        get<DomainDocument>("/api/v1/domain"),
        get<Asset[]>("/api/v1/assets"),
        get<Market[]>("/api/v1/markets"),
        get<Status>("/api/v1/status"),
        get<number>("/api/v1/time"),
      ])
      this.#aheadMs = time - Date.now() + (performance.now() - asked) / 2
      if (this.domain !== null && this.domain.domain.salt !== domain.domain.salt) {
        location.reload() // another exchange answers at this address now
      }
      this.domain = domain
      this.markets = markets
      this.tokens = assets.map((asset) => ({
        symbol: asset.symbol,
        address: asset.tokens[0]!.contractAddress,
        decimals: asset.tokens[0]!.nativeDecimals,
      }))
      this.status = status
      this.fault = null
      return true
    } catch (fault) {
      this.fault = fault
      return false
    }
  }

  /** Unix ms on the exchange's clock, which deadlines and nonces are judged by. */
  nowMs(): number {
    return Date.now() + this.#aheadMs
  }

  nowS(): number {
    return Math.floor(this.nowMs() / 1_000)
  }

  market(symbol: string): Market | undefined {
    return this.markets.find((one) => one.symbol === symbol)
  }

  /** By symbol or by address in any case. */
  token(name: string): Token | undefined {
    const wanted = name.toLowerCase()
    return this.tokens.find(
      (one) => one.symbol === name || one.address.toLowerCase() === wanted,
    )
  }
}

export const deployment = new Deployment()
