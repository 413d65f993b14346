// The agent key of an owner at a deployment, kept by this browser: it can trade with what the owner
// has there until its end date, and never move it out.

import { stored } from "./stored"
import type { Signer } from "./typed_data"
import type { Address, Hex } from "./wire"

export interface Agent extends Signer {
  key: Hex
  /** Unix seconds, inclusive. */
  validUntil: number
}

const KEY = /^0x[0-9a-f]{64}$/

export async function agentOf(key: Hex, validUntil: number): Promise<Agent> {
  const { signerOf } = await import("./keys")
  const { address, signTypedData } = signerOf(key)
  return { address, signTypedData, key, validUntil }
}

export async function newAgent(validUntil: number): Promise<Agent> {
  const { newKey } = await import("./keys")
  return agentOf(newKey(), validUntil)
}

export function keep(salt: Hex, owner: Address, { key, validUntil }: Agent): void {
  stored.set(placeOf(salt, owner), JSON.stringify({ key, validUntil }))
}

export function forget(salt: Hex, owner: Address): void {
  stored.remove(placeOf(salt, owner))
}

/** Null without one, and for one whose end has come. */
export async function kept(salt: Hex, owner: Address, nowS: number): Promise<Agent | null> {
  const text = stored.get(placeOf(salt, owner))
  if (text === null) return null
  const read = parsed(text)
  if (read === null || read.validUntil <= nowS) {
    forget(salt, owner)
    return null
  }
  return agentOf(read.key, read.validUntil)
}

/** Its key of localStorage, which the event of another tab names. */
export function placeOf(salt: Hex, owner: Address): string {
  return `xyk.agent.${salt}.${owner.toLowerCase()}`
}

/** Null for what this page did not write so. */
function parsed(text: string): { key: Hex; validUntil: number } | null {
  try {
    const { key, validUntil } = JSON.parse(text) as { key: unknown; validUntil: unknown }
    if (typeof key !== "string" || !KEY.test(key) || typeof validUntil !== "number") return null
    return { key: key as Hex, validUntil }
  } catch {
    return null
  }
}
