// What a person enters in a wallet that does not know a network. Adding it from here, by
// wallet_addEthereumChain, takes the address of a node for everybody: this exchange names none, and
// the node that it uses itself is its operator's.

const KNOWN: Readonly<Record<number, readonly [name: string, currency: string]>> = {
  1: ["Ethereum Mainnet", "ETH"],
  10: ["OP Mainnet", "ETH"],
  56: ["BNB Smart Chain", "BNB"],
  100: ["Gnosis", "XDAI"],
  137: ["Polygon", "POL"],
  8453: ["Base", "ETH"],
  31337: ["Local development (Anvil, Hardhat)", "ETH"],
  42161: ["Arbitrum One", "ETH"],
  11155111: ["Sepolia", "ETH"],
}

/** "Base, chain id 8453 (0x2105)" */
export function networkText(chainId: number): string {
  const [name] = KNOWN[chainId] ?? []
  const id = `chain id ${chainId} (0x${chainId.toString(16)})`
  return name === undefined ? id : `${name}, ${id}`
}

/** The fields of a wallet's form for a network, by their usual labels. */
export function networkFields(chainId: number): [label: string, value: string][] {
  const unknown = ["any name you like", "that of the network, such as ETH"] as const
  const [name, currency] = KNOWN[chainId] ?? unknown
  return [
    ["Network name", name],
    ["RPC URL", "of your own node, or of a provider that you trust; this exchange gives none"],
    ["Chain ID", String(chainId)],
    ["Currency symbol", currency],
  ]
}
