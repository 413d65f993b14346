// An agent comes and goes by the owner's signature.

import { act } from "../lib/act"
import { newAgent } from "../lib/agent"
import { wallet } from "../lib/wallet.svelte"
import type { Address } from "../lib/wire"

/** Makes a key in this browser and lets the owner approve it until `endS`, in unix seconds. */
export async function approveAgent(endS: number): Promise<void> {
  const owner = wallet.owner
  const agent = await newAgent(endS)
  if (wallet.owner !== owner) throw new Error("The wallet's account changed meanwhile; try again")
  await act("ApproveAgent", { agent: agent.address, validUntil: endS })
  if (wallet.owner === owner) wallet.useAgent(agent)
}

/** For ever: an agent that was revoked cannot be approved again. */
export async function revokeAgent(agent: Address): Promise<void> {
  const owner = wallet.owner
  await act("RevokeAgent", { agent })
  const isOwn = wallet.agent?.address.toLowerCase() === agent.toLowerCase()
  if (wallet.owner === owner && isOwn) wallet.dropAgent()
}
