// What the connected owner has: balances, open orders and positions. Read whole again after each
// change that the stream tells of, so that the screen is the exchange's answer and not our sum.

import { Refused, get } from "./api"
import { session } from "./session.svelte"
import { stream } from "./stream.svelte"
import type { Account, Address, Balance, Order } from "./wire"

const PAUSE_MS = 100 // changes that come together are read once
const PAUSE_SHARE = 3 // a large account that changes all the time is read a third of the time
const RETRY_MS = 1_000

class LiveAccount {
  owner = $state<Address | null>(null)
  account = $state.raw<Account | null>(null)
  orders = $state.raw<Order[]>([])
  /** Accounts are private here, and the owner has not signed in. */
  isHidden = $state(false)
  /** Goes up with each change: what else depends on the account reads again. */
  version = $state(0)
  #stops: (() => void)[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #dueAt = Infinity
  #pauseMs = PAUSE_MS
  #following = 0
  #isReading = false
  #isOutdated = false // something changed since the read that is on its way began

  follow(owner: Address | null): void {
    if (owner === this.owner) return
    for (const stop of this.#stops.splice(0)) stop()
    clearTimeout(this.#timer)
    this.#dueAt = Infinity
    this.#following += 1
    this.#isReading = false
    this.owner = owner
    this.account = null
    this.orders = []
    this.isHidden = false
    if (owner === null) return
    const lower = owner.toLowerCase()
    const changed = { frame: () => this.refresh(), subscribed: () => this.refresh() }
    this.#stops = [
      stream.follow(`account.orderUpdate@${lower}`, changed),
      stream.follow(`account.balanceUpdate@${lower}`, changed),
    ]
    this.refresh(0)
  }

  /**
   * Soon: also what the page did itself calls this. Never later than was promised before, however
   * often it is called.
   */
  refresh(afterMs = this.#pauseMs): void {
    const dueAt = performance.now() + afterMs
    if (dueAt >= this.#dueAt) return
    this.#dueAt = dueAt
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#dueAt = Infinity
      void this.#read()
    }, afterMs)
  }

  balance(symbol: string): Balance | undefined {
    return this.account?.balances.find((one) => one.symbol === symbol)
  }

  /** Base units that can be spent. */
  available(symbol: string): bigint {
    return BigInt(this.balance(symbol)?.available ?? 0)
  }

  async #read(): Promise<void> {
    const [owner, following] = [this.owner, this.#following]
    if (owner === null) return
    this.#isOutdated = this.#isReading
    if (this.#isReading) return
    this.#isReading = true
    const began = performance.now()
    let token: string | null = null
    try {
      token = await session.token()
      const [account, orders] = await Promise.all([
        get<Account>(`/api/v1/accounts/${owner}`, {}, { token }),
        get<Order[]>("/api/v1/orders", { owner }, { token }),
      ])
      if (following !== this.#following) return
      this.account = account
      this.orders = orders
      this.isHidden = false
      this.version += 1
    } catch (fault) {
      if (following !== this.#following) return
      if (fault instanceof Refused && (fault.status === 401 || fault.status === 403)) {
        this.isHidden = true
        this.account = null
        this.orders = []
        if (token !== null && fault.status === 401) session.forget()
      } else {
        this.refresh(RETRY_MS)
      }
    } finally {
      if (following === this.#following) {
        this.#isReading = false
        this.#pauseMs = Math.max(PAUSE_MS, PAUSE_SHARE * (performance.now() - began))
        if (this.#isOutdated) this.refresh()
      }
    }
  }
}

export const account = new LiveAccount()
