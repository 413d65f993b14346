// What a wallet is asked to sign. Names and types of the fields come from the exchange's /domain,
// the person reads them in the wallet, and the same values are posted: the exchange hashes what it
// decoded, so text that differs from what was signed is another action and is refused.

import type { Address, DomainDocument, Hex, Member } from "./wire"

export type Value = string | number | boolean
export type Fields = Record<string, Value>

export interface TypedData {
  types: Record<string, Member[]>
  primaryType: string
  domain: DomainDocument["domain"]
  message: Fields
}

/** Route of each action: DESIGN's table. */
export const ROUTES = {
  SwapExactIn: ["POST", "/api/v1/sell"],
  SwapExactOut: ["POST", "/api/v1/buy"],
  AddLiquidity: ["POST", "/api/v1/add-liquidity"],
  RemoveLiquidity: ["POST", "/api/v1/remove-liquidity"],
  PlaceOrder: ["POST", "/api/v1/order"],
  ReplaceOrder: ["POST", "/api/v1/order/replace"],
  CancelOrder: ["DELETE", "/api/v1/order"],
  CancelAllOrders: ["DELETE", "/api/v1/orders"],
  Transfer: ["POST", "/api/v1/transfer"],
  Withdraw: ["POST", "/api/v1/withdraw"],
  ApproveAgent: ["POST", "/api/v1/agents"],
  RevokeAgent: ["DELETE", "/api/v1/agents"],
  RevokeApiKey: ["DELETE", "/api/v1/api-keys"],
  SetMarketStatus: ["POST", "/api/v1/markets/status"],
} as const satisfies Record<string, readonly ["POST" | "DELETE", string]>

export type Kind = keyof typeof ROUTES

/** What an agent may never sign: the exchange answers FORBIDDEN. */
export const OWNER_ONLY: ReadonlySet<Kind> = new Set([
  "Transfer",
  "Withdraw",
  "ApproveAgent",
  "RevokeAgent",
  "RevokeApiKey",
  "SetMarketStatus",
])

/** Throws RangeError where `fields` are not exactly those of the action. */
export function typedData(document: DomainDocument, kind: Kind, fields: Fields): TypedData {
  const members = document.types[kind]
  const domainMembers = document.types.EIP712Domain
  if (members === undefined || domainMembers === undefined) {
    throw new RangeError(`This exchange knows no action ${kind}`)
  }
  const names = new Set(Object.keys(fields))
  for (const { name } of members) {
    if (!names.delete(name)) throw new RangeError(`${kind} lacks ${name}`)
  }
  if (names.size > 0) throw new RangeError(`${kind} has no ${[...names].join(", ")}`)
  return {
    types: { EIP712Domain: domainMembers, [kind]: members },
    primaryType: kind,
    domain: document.domain,
    message: Object.fromEntries(members.map(({ name }) => [name, fields[name]!])),
  }
}

export interface Signer {
  address: Address
  signTypedData(document: TypedData): Promise<Hex>
}
