// One websocket for the whole page. Streams are counted by who follows them; after a reconnect all
// of them are subscribed again and each follower is told, because frames were missed meanwhile.

import { untrack } from "svelte"

export type Connection = "connecting" | "live" | "stale" | "disconnected"

export interface Follower {
  /** Each frame's `data`, in order. */
  frame(data: never): void
  /** The stream is heard (again): what was read before may be old. */
  subscribed?(): void
}

/** Nothing came for so long that the connection may be dead: a live one carries pings at least. */
const SILENCE_MS = 15_000
const PROBE_MS = 5_000
const RETRY_MS = [250, 500, 1_000, 2_000, 5_000] as const

class Stream {
  connection = $state<Connection>("connecting")
  #socket: WebSocket | null = null
  #followers = new Map<string, Set<Follower>>()
  #requests = new Map<number, string[]>()
  #lastRequest = 0
  #failures = 0
  #heardAt = 0
  #isOpened = false
  /** Accounts are private here: their streams want a session's token. */
  #isPrivate = false
  #credentials: () => Promise<string | null> = async () => null

  /** When something came last, in Unix ms on this machine's clock; null before anything did. */
  get heardMs(): number | null {
    return this.#heardAt === 0 ? null : Date.now() - (performance.now() - this.#heardAt)
  }

  /** Opens the connection, and keeps it open until the page goes. */
  open(): void {
    if (this.#isOpened) return
    this.#isOpened = true
    this.#connect()
    setInterval(() => this.#probe(), PROBE_MS)
    addEventListener("online", () => this.#hurry())
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#hurry()
    })
  }

  /** Who reads: asked for a token where account streams are private. */
  identify(credentials: () => Promise<string | null>): void {
    this.#credentials = credentials
  }

  /** Somebody signed in: account streams that were refused may be followed now. */
  signedIn(): void {
    if (this.#isPrivate) this.#subscribe([...this.#followers.keys()].filter(isOfAccount))
  }

  /** Returns how to stop. Frames of `name` ("trade.ETH_USDC") are given from the next one on. */
  follow(name: string, follower: Follower): () => void {
    const others = this.#followers.get(name)
    if (others !== undefined) {
      others.add(follower)
      // Untracked: an effect that follows must not follow again with each change of the connection.
      if (untrack(() => this.connection) === "live") queueMicrotask(() => follower.subscribed?.())
    } else {
      this.#followers.set(name, new Set([follower]))
      if (this.#socket?.readyState === WebSocket.OPEN) this.#subscribe([name])
    }
    return () => {
      const rest = this.#followers.get(name)
      if (!rest?.delete(follower) || rest.size > 0) return
      this.#followers.delete(name)
      this.#send({ method: "UNSUBSCRIBE", params: [name] })
    }
  }

  #connect(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws"
    const socket = new WebSocket(`${scheme}://${location.host}/ws`)
    this.#socket = socket
    this.#requests.clear()
    socket.onopen = () => {
      this.#failures = 0
      this.#heardAt = performance.now()
      this.connection = "live"
      this.#subscribe([...this.#followers.keys()])
    }
    socket.onmessage = (event) => {
      this.#heardAt = performance.now()
      if (this.connection === "stale") this.connection = "live"
      this.#take(JSON.parse(event.data as string))
    }
    socket.onclose = () => {
      if (this.#socket !== socket) return
      this.#socket = null
      this.connection = "disconnected"
      const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)]!
      this.#failures += 1
      setTimeout(() => this.#socket ?? this.#connect(), wait * (0.75 + Math.random() / 2))
    }
  }

  #take(frame: { stream?: string; data?: unknown; id?: number; error?: unknown }): void {
    if (frame.stream !== undefined) {
      for (const follower of this.#followers.get(frame.stream) ?? []) {
        follower.frame(frame.data as never)
      }
    } else if (frame.error !== undefined && typeof frame.id === "number") {
      const isOfAccounts = (this.#requests.get(frame.id) ?? []).some(isOfAccount)
      if (!isOfAccounts || this.#isPrivate) return
      this.#isPrivate = true
      this.signedIn()
    } else if (typeof frame.id === "number") {
      for (const name of this.#requests.get(frame.id) ?? []) {
        for (const follower of this.#followers.get(name) ?? []) follower.subscribed?.()
      }
      this.#requests.delete(frame.id)
    }
  }

  #subscribe(names: string[]): void {
    const isPlain = (name: string) => !this.#isPrivate || !isOfAccount(name)
    const later = names.filter((name) => !isPlain(name))
    if (later.length > 0) void this.#subscribePrivately(later)
    if (later.length < names.length || names.length === 0) this.#request(names.filter(isPlain))
  }

  async #subscribePrivately(names: string[]): Promise<void> {
    const socket = this.#socket
    const token = await this.#credentials()
    if (token === null || socket !== this.#socket) return
    this.#request(names.filter((name) => this.#followers.has(name)), token)
  }

  #request(names: string[], token?: string): void {
    this.#lastRequest += 1
    this.#requests.set(this.#lastRequest, names)
    this.#send({ method: "SUBSCRIBE", params: names, id: this.#lastRequest, token })
  }

  /** A subscription to nothing is answered: a ping that a page can send. */
  #probe(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    const silence = performance.now() - this.#heardAt
    if (silence > 2 * SILENCE_MS) this.#socket.close()
    else if (silence > SILENCE_MS) this.connection = "stale"
    if (silence > PROBE_MS) this.#subscribe([])
  }

  #hurry(): void {
    if (this.#socket === null) this.#connect()
    else this.#probe()
  }

  #send(request: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request))
  }
}

function isOfAccount(name: string): boolean {
  return name.startsWith("account.")
}

export const stream = new Stream()
