import type { Problem } from "./wire"

/** The exchange said no. `code` and `message` are its own words, `status` is HTTP's. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

/** No answer, or one that is not the exchange's: it may be down, or the network is. */
export class Unanswered extends Error {}

export type Params = Record<string, string | number | undefined>

const PATIENCE_MS = 10_000

/** A read. Throws Refused or Unanswered; `signal` gives it up with an AbortError. */
export async function get<T>(
  path: string,
  params: Params = {},
  options: { token?: string | null; signal?: AbortSignal } = {},
): Promise<T> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined) query.set(name, String(value))
  }
  const asked = query.size ? `${path}?${query}` : path
  const headers: HeadersInit = options.token ? { Authorization: `Bearer ${options.token}` } : {}
  return (await exchange(asked, { headers, cache: "no-store" }, options.signal)) as T
}

/** `body` is sent as it is, so that what is repeated is the same to the byte. */
export async function send<T>(
  method: "POST" | "DELETE",
  path: string,
  body: string,
  options: { token?: string | null } = {},
): Promise<T> {
  const headers: Record<string, string> = { "Content-Type": "application/json" }
  if (options.token) headers.Authorization = `Bearer ${options.token}`
  return (await exchange(path, { method, body, headers })) as T
}

async function exchange(path: string, init: RequestInit, signal?: AbortSignal): Promise<unknown> {
  const timeout = AbortSignal.timeout(PATIENCE_MS)
  let answer: Response
  let document: unknown
  try {
    answer = await fetch(path, { ...init, signal: signal ? AbortSignal.any([signal, timeout]) : timeout })
    document = answer.status === 204 ? null : await answer.json() // 204: there is nothing yet
  } catch (fault) {
    if (signal?.aborted) throw fault
    throw new Unanswered("The exchange does not answer")
  }
  if (answer.ok) return document
  const { code, message } = document as Partial<Problem>
  if (!code) throw new Unanswered(`The exchange answered ${answer.status}`)
  throw new Refused(answer.status, code, message ?? code)
}

/** One line for a person. */
export function reason(fault: unknown): string {
  if (fault instanceof Refused) return `${fault.message} (${fault.code})`
  return fault instanceof Error ? fault.message : String(fault)
}
