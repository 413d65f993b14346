// The documents of the API, as far as the page reads them. Amounts named after base units are
// decimal strings of integers, prices and quantities of market data decimal strings of whole tokens.

export type Address = `0x${string}`
export type Hex = `0x${string}`

export interface Asset {
  symbol: string
  tokens: { contractAddress: Address; nativeDecimals: number }[]
}

export interface Market {
  symbol: string
  baseSymbol: string
  quoteSymbol: string
  filters: { price: { tickSize: string }; quantity: { minQuantity: string; stepSize: string } }
  orderBookState: "Open" | "CancelOnly" | "Closed"
  makerFeeBps: number
  takerFeeBps: number
  poolFeeBps: number
  book: boolean
  pool: boolean
}

export interface Status {
  status: string
  message: string | null
  seq: number
  hash: string
  stateDigest: { seq: number; digest: string } | null
  version: string
  sandbox: boolean
  operator?: Address
}

export interface Member {
  name: string
  type: string
}

export interface DomainDocument {
  domain: {
    name: string
    version: string
    salt: Hex
    chainId?: number
    verifyingContract?: Address
  }
  types: Record<string, Member[]>
}

export interface Balance {
  symbol: string
  token: Address
  decimals: number
  available: string
  locked: string
}

export interface Position {
  pool: string
  shares: string
  amounts: [string, string]
  shareOfPool: string
}

export interface Account {
  owner: Address
  balances: Balance[]
  positions: Position[]
  agents: { agent: Address; validUntil: number; revoked: boolean }[]
  apiKeys: { publicKey: Hex; validUntil: number; revoked: boolean }[]
  seq: number
}

export interface OwnPosition extends Position {
  owner: Address
  feesEarned: [string, string]
  seq: number
}

export interface Pool {
  symbol: string
  tokens: [Address, Address]
  reserves: [string, string]
  k: string
  /** Null where a pool on a chain has not told it yet. */
  totalSupply: string | null
  /** What V2's protocol fee would mint before liquidity moved now. */
  protocolShares: string
  liquidityToken: Address
  feeBps: number
  status: string
  dormant: boolean
  spotPrice: string | null
  inverseSpotPrice: string | null
  twap: string | null
  twapSeconds: number
  baseVolume24h: string
  quoteVolume24h: string
  baseFees24h: string
  quoteFees24h: string
  trades24h: number
  tvl: string
  apr: string
  seq: number
}

/** Amounts and reserves [base, quote], `reserves` and `totalSupply` after it; all in base units. */
export interface LiquidityItem {
  pool: string
  kind: "add" | "remove"
  amounts: [string, string]
  shares: string
  reserves: [string, string]
  totalSupply: string
  timestamp: number
  seq: number
}

export interface PoolInterval {
  start: number
  end: number
  reserves: [string, string]
  totalSupply: string
  tvl: string
  baseVolume: string
  quoteVolume: string
  baseFees: string
  quoteFees: string
  trades: number
}

/** A page of a history; `more`: an older one follows. `complete` false: entries after `seq` lack. */
export interface Page<T> {
  items: T[]
  more: boolean
  seq: number
  complete: boolean
}

export type Level = [price: string, quantity: string]

export interface Depth {
  asks: Level[]
  bids: Level[]
  lastUpdateId: string
  seq: number
}

export interface Trade {
  id: number
  price: string
  quantity: string
  quoteQuantity: string
  timestamp: number
  isBuyerMaker: boolean
}

export interface Ticker {
  symbol: string
  firstPrice: string
  lastPrice: string
  priceChange: string
  priceChangePercent: string
  high: string
  low: string
  volume: string
  quoteVolume: string
  trades: string
}

export interface Kline {
  start: string
  end: string
  open: string | null
  high: string | null
  low: string | null
  close: string | null
  volume: string
  quoteVolume: string
  trades: string
}

export interface Fee {
  market: string
  venue: "pool" | "book"
  token: Address
  amount: string
}

export interface Hop {
  market: string
  venue: "pool" | "book"
  tokenIn: Address
  tokenOut: Address
  amountIn: string
  amountOut: string
  fee: string
}

export interface Quote {
  amountIn: string
  amountOut: string
  minAmountOut?: string
  maxAmountIn?: string
  executionPrice: string
  spotPrice: string | null
  worstPrice: string | null
  priceImpactBps: number | null
  fees: Fee[]
  route: Hop[]
  seq: number
  expiresAt: number
}

export type Side = "Bid" | "Ask"

export interface Order {
  id: string
  clientId: number | null
  createdAt: number
  symbol: string
  side: Side
  orderType: string
  timeInForce: string
  status: string
  price: string
  quantity: string
  executedQuantity: string
  executedQuoteQuantity: string
  postOnly: boolean
  triggerPrice: string | null
  triggerQuantity: string | null
  triggerAbove: boolean | null
  expiryReason: string | null
  expires: number | null
  owner: Address
  digest: Hex
  seq: number
}

/** What an order would do now. Where it is refused, the figures are what it would have taken. */
export interface OrderQuote {
  symbol: string
  side: Side
  status: "New" | "PartiallyFilled" | "Filled" | "Expired" | null
  expiryReason: string | null
  executedQuantity: string
  executedQuoteQuantity: string
  remainingQuantity: string
  averagePrice: string | null
  priceImpactBps: number | null
  amountIn: string
  amountOut: string
  fees: Fee[]
  route: Hop[]
  refusal: Problem | null
  seq: number
  expiresAt: number
}

export interface Receipt {
  seq: number
  timestamp: number
  digest: Hex | null
  events: Record<string, unknown>[]
  [summary: string]: unknown
}

export interface Problem {
  code: string
  message: string
}
