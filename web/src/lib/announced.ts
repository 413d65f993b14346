// What a wallet says of itself (EIP-6963) is written by a stranger: only what has the announced form
// is taken, and an icon only where it is in the text itself, so that nothing foreign is fetched.

export interface Provider {
  request(args: { method: string; params?: unknown[] }): Promise<unknown>
  on?(event: string, listener: (value: unknown) => void): void
  removeListener?(event: string, listener: (value: unknown) => void): void
}

export interface Injected {
  info: { uuid: string; name: string; icon: string; rdns: string }
  provider: Provider
}

const NAME_MAX = 40
const ICON_MAX = 256 * 1024
const ICON = /^data:image\/(png|jpeg|gif|webp|svg\+xml)[;,]/i

/** Null for what is no announcement of a wallet. */
export function announced(detail: unknown): Injected | null {
  if (typeof detail !== "object" || detail === null) return null
  const { info, provider } = detail as { info?: unknown; provider?: unknown }
  if (typeof info !== "object" || info === null || !isProvider(provider)) return null
  const { uuid, name, icon, rdns } = info as Record<string, unknown>
  if (typeof uuid !== "string" || typeof name !== "string" || typeof rdns !== "string") return null
  if (uuid === "" || rdns === "") return null
  const isShown = typeof icon === "string" && icon.length <= ICON_MAX && ICON.test(icon)
  return {
    info: {
      uuid,
      name: name.trim().slice(0, NAME_MAX) || rdns.slice(0, NAME_MAX),
      icon: isShown ? icon : "",
      rdns,
    },
    provider,
  }
}

/** Has what EIP-1193 asks for. */
export function isProvider(value: unknown): value is Provider {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { request?: unknown }).request === "function"
  )
}
