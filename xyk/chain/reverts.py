"""Why a contract refused: the bytes that a revert returned, as text and as one of our codes.

Forks of Uniswap V2 keep its words behind prefixes of their own (`PancakeRouter: EXPIRED`), so the
part after the prefix decides. `INSUFFICIENT_OUTPUT_AMOUNT` means three things: of the router that
less came out than the minimum, of the pair and the library that the amount buys nothing.
"""

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from xyk.chain.rpc import RpcError
from xyk.domain.rejections import Code, Rejected

ERROR = bytes.fromhex("08c379a0")  # Error(string)
PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)
TEXT_MAX = 300  # characters of a contract's text that we repeat

EMPTY = "the contract reverted without a reason"

PANICS = {
    0x01: "an assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x21: "no such enum member",
    0x22: "broken storage",
    0x31: "pop of an empty array",
    0x32: "array index out of bounds",
    0x41: "out of memory",
    0x51: "call of an uninitialised function",
}

# Errors of OpenZeppelin's ERC-20 (EIP-6093), which many tokens raise.
NAMED = {
    bytes.fromhex("e450d38c"): ("ERC20InsufficientBalance", Code.INSUFFICIENT_FUNDS),
    bytes.fromhex("fb8f41b2"): ("ERC20InsufficientAllowance", Code.INSUFFICIENT_ALLOWANCE),
}

CODES = {
    "EXPIRED": Code.EXPIRED,
    "EXCESSIVE_INPUT_AMOUNT": Code.SLIPPAGE_EXCEEDED,
    "INSUFFICIENT_A_AMOUNT": Code.SLIPPAGE_EXCEEDED,
    "INSUFFICIENT_B_AMOUNT": Code.SLIPPAGE_EXCEEDED,
    "INSUFFICIENT_AMOUNT": Code.INVALID_QUANTITY,
    "INSUFFICIENT_INPUT_AMOUNT": Code.INVALID_QUANTITY,
    "INSUFFICIENT_OUTPUT_AMOUNT": Code.INVALID_QUANTITY,
    "INSUFFICIENT_LIQUIDITY": Code.INSUFFICIENT_LIQUIDITY,
    "INSUFFICIENT_LIQUIDITY_MINTED": Code.INSUFFICIENT_LIQUIDITY,
    "INSUFFICIENT_LIQUIDITY_BURNED": Code.INSUFFICIENT_LIQUIDITY,
    "IDENTICAL_ADDRESSES": Code.SAME_TOKEN,
    "INVALID_SIGNATURE": Code.INVALID_SIGNATURE,
    "OVERFLOW": Code.RESERVE_OVERFLOW,
}


def reason_of(data: bytes, otherwise: str = EMPTY) -> str:
    """What a revert says: the contract's own text, a panic's meaning, the selector of a custom
    error, or `otherwise` where it returned nothing."""
    if not data:
        return otherwise
    selector, rest = data[:4], data[4:]
    if selector in NAMED:
        return NAMED[selector][0]
    try:
        if selector == ERROR:
            return str(decode(["string"], rest)[0])[:TEXT_MAX]
        if selector == PANIC:
            [number] = decode(["uint256"], rest)
            return f"panic 0x{number:02x}: {PANICS.get(number, 'unknown')}"
    except (DecodingError, UnicodeDecodeError, OverflowError):
        pass  # then it only looks like one
    return f"custom error 0x{data.hex()}"[:TEXT_MAX]


def code_of(reason: str) -> Code:
    """Ours for a reason as `reason_of` gives it; REVERTED where we have no word for it."""
    for name, code in NAMED.values():
        if reason == name:
            return code
    contract, _, text = reason.rpartition(": ")
    if text == "INSUFFICIENT_OUTPUT_AMOUNT" and contract.endswith("Router"):
        return Code.SLIPPAGE_EXCEEDED
    return CODES.get(text, Code.REVERTED)


def rejected_revert(reason: str, what: str) -> Rejected:
    """`what` we asked the contracts for, as the beginning of a sentence."""
    return Rejected(code_of(reason), f"{what} would fail: {reason}")


def revert_of(fault: RpcError) -> str | None:
    """The reason where a node's error says that the call reverted, None where it is another one.

    Geth and anvil say 3 and give the data, Nethermind and others -32015; some only have a text.
    """
    text = fault.message.strip()
    lowered = text.lower()
    words = ("revert", "invalid opcode", "invalidfeopcode", "vm execution error")
    if not (fault.code in (3, -32015) or any(word in lowered for word in words)):
        return None
    after = text.partition("reverted: ")[2]
    return reason_of(fault.data, after[:TEXT_MAX] or (EMPTY if "revert" in lowered else text))
