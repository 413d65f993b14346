// What a sign-in gives, as this browser keeps it.

export interface Tokens {
  token: string
  /** Of `token`, in ms. */
  expiresAt: number
  /** Good once. */
  refreshToken: string
  sessionExpiresAt: number
}

/** Null for nothing, for what is not of this form, and for a session that is over at `nowMs`. */
export function parsed(text: string | null, nowMs: number): Tokens | null {
  if (text === null) return null
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof document !== "object" || document === null) return null
  const { token, expiresAt, refreshToken, sessionExpiresAt } = document as Record<string, unknown>
  if (typeof token !== "string" || typeof refreshToken !== "string") return null
  if (typeof expiresAt !== "number" || typeof sessionExpiresAt !== "number") return null
  if (sessionExpiresAt <= nowMs) return null
  return { token, expiresAt, refreshToken, sessionExpiresAt }
}
