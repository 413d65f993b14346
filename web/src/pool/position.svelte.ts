// The connected owner's position in one pool, and how it came to be.

import { Refused, get } from "../lib/api"
import { session } from "../lib/session.svelte"
import type { Address, LiquidityItem, OwnPosition, Page } from "../lib/wire"

const RETRY_MS = 1_000
const PAGE = 500
const PAGES_MOST = 40

export class LivePosition {
  position = $state.raw<OwnPosition | null>(null)
  /** All deposits and withdrawals, newest first; null while they are read or cannot be. */
  moves = $state.raw<LiquidityItem[] | null>(null)
  /** Positions are private here, and the owner has not signed in. */
  isHidden = $state(false)
  fault = $state.raw<unknown>(null)
  /** What `moves` was read for: they change with the account only. */
  #movesOf: string | null = null
  /** The tables do not have the newest moves yet: soon they will. */
  #isTrailing = false
  #reading = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #isClosed = false

  constructor(
    readonly symbol: string,
    readonly owner: Address,
  ) {}

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  /** `version` of the account: with another one the moves are read again too. */
  async read(version: number): Promise<void> {
    clearTimeout(this.#timer)
    this.#reading += 1
    const reading = this.#reading
    try {
      const token = await session.token()
      const path = `/api/v1/pools/${encodeURIComponent(this.symbol)}/positions/${this.owner}`
      const position = await get<OwnPosition>(path, {}, { token })
      const movesOf = `${position.shares}@${version}`
      const moves = movesOf !== this.#movesOf ? await this.#moves(token) : this.moves
      if (this.#isClosed || reading !== this.#reading) return
      this.position = position
      this.moves = moves
      this.#movesOf = moves === null ? null : movesOf
      this.isHidden = false
      this.fault = null
      if (moves === null && this.#isTrailing) this.#timer = setTimeout(() => void this.read(version), RETRY_MS)
    } catch (fault) {
      if (this.#isClosed || reading !== this.#reading) return
      this.isHidden = fault instanceof Refused && (fault.status === 401 || fault.status === 403)
      this.fault = fault
      if (!this.isHidden) this.#timer = setTimeout(() => void this.read(version), RETRY_MS)
    }
  }

  /** Null where there are more than are read, or the tables trail: then nothing is summed. */
  async #moves(token: string | null): Promise<LiquidityItem[] | null> {
    const { owner, symbol } = this
    this.#isTrailing = false
    const found: LiquidityItem[] = []
    for (let page = 0; page < PAGES_MOST; page += 1) {
      const params = { owner, symbol, limit: PAGE, offset: page * PAGE }
      const answer = await get<Page<LiquidityItem>>("/api/v1/history/liquidity", params, { token })
      if (!answer.complete) {
        this.#isTrailing = true
        return null
      }
      found.push(...answer.items)
      if (!answer.more) return found
    }
    return null
  }
}
