// What a wallet says instead of an answer (EIP-1193, EIP-1474, and what wallets in use really send),
// in words for a person. Wallets throw plain objects, so without this "[object Object]" is shown.

export type WalletFaultKind =
  | "rejected" // the person said no in the wallet
  | "cancelled" // the person stopped waiting for the wallet
  | "busy" // the wallet has such a question open already
  | "unauthorized"
  | "unsupported"
  | "unreachable"
  | "unknown chain"
  | "other"

export class WalletFault extends Error {
  constructor(
    readonly kind: WalletFaultKind,
    message: string,
  ) {
    super(message)
  }

  /** The person's own choice: nothing has to be said about it. */
  get isChoice(): boolean {
    return this.kind === "rejected" || this.kind === "cancelled"
  }
}

const REJECTED = new Set<unknown>([4001, 5000, "ACTION_REJECTED"])
const DENIAL = /\b(user|request)\b.*\b(reject|denie|declin|cancel)/i

/** `fault`: whatever came out of the provider of the wallet called `name`. */
export function walletFault(fault: unknown, name: string): WalletFault {
  if (fault instanceof WalletFault) return fault
  const code = codeOf(fault)
  const said = messageOf(fault)
  if (REJECTED.has(code) || (code !== 4902 && DENIAL.test(said))) {
    return new WalletFault("rejected", `Rejected in ${name}`)
  }
  switch (code) {
    case -32002:
      return new WalletFault("busy", `${name} already has a question open: look at your wallet`)
    case 4100:
      return new WalletFault(
        "unauthorized",
        `${name} does not let this page use the account: unlock it there, or connect again`,
      )
    case 4200:
    case -32601:
      return new WalletFault("unsupported", `${name} cannot do this: ${said || "not supported"}`)
    case 4900:
    case 4901:
      return new WalletFault("unreachable", `${name} is disconnected from its network`)
    case 4902:
      return new WalletFault("unknown chain", `${name} does not know this network yet`)
    default:
      return new WalletFault("other", said ? `${name}: ${said}` : `${name} failed without a word`)
  }
}

/** Some wallets hide the code that matters in an "internal error". */
function codeOf(fault: unknown): unknown {
  if (typeof fault !== "object" || fault === null) return undefined
  const { code, data, cause } = fault as { code?: unknown; data?: unknown; cause?: unknown }
  if (code !== undefined && code !== -32603) return code
  const inner = (data as { originalError?: unknown } | undefined)?.originalError ?? cause
  return codeOf(inner) ?? code
}

function messageOf(fault: unknown): string {
  if (typeof fault === "string") return fault
  if (typeof fault !== "object" || fault === null) return ""
  const { message } = fault as { message?: unknown }
  return typeof message === "string" ? message.split("\n", 1)[0]!.slice(0, 200) : ""
}
