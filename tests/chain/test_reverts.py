"""What a contract's refusal says, and which of our codes it is."""

import pytest
from eth_abi.abi import encode

from xyk.chain.reverts import EMPTY, code_of, reason_of, rejected_revert, revert_of
from xyk.chain.rpc import RpcError


def error(text: str) -> bytes:
    return bytes.fromhex("08c379a0") + encode(["string"], [text])


def panic(number: int) -> bytes:
    return bytes.fromhex("4e487b71") + encode(["uint256"], [number])


CASES = [
    ("UniswapV2Router: EXPIRED", "EXPIRED"),
    ("UniswapV2: EXPIRED", "EXPIRED"),
    ("UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT", "SLIPPAGE_EXCEEDED"),
    ("PancakeRouter: INSUFFICIENT_OUTPUT_AMOUNT", "SLIPPAGE_EXCEEDED"),
    ("UniswapV2: INSUFFICIENT_OUTPUT_AMOUNT", "INVALID_QUANTITY"),
    ("UniswapV2Library: INSUFFICIENT_OUTPUT_AMOUNT", "INVALID_QUANTITY"),
    ("UniswapV2Router: EXCESSIVE_INPUT_AMOUNT", "SLIPPAGE_EXCEEDED"),
    ("UniswapV2Router: INSUFFICIENT_A_AMOUNT", "SLIPPAGE_EXCEEDED"),
    ("PancakeRouter: INSUFFICIENT_B_AMOUNT", "SLIPPAGE_EXCEEDED"),
    ("UniswapV2Library: INSUFFICIENT_AMOUNT", "INVALID_QUANTITY"),
    ("UniswapV2Library: INSUFFICIENT_INPUT_AMOUNT", "INVALID_QUANTITY"),
    ("UniswapV2Library: INSUFFICIENT_LIQUIDITY", "INSUFFICIENT_LIQUIDITY"),
    ("UniswapV2: INSUFFICIENT_LIQUIDITY_MINTED", "INSUFFICIENT_LIQUIDITY"),
    ("UniswapV2: INSUFFICIENT_LIQUIDITY_BURNED", "INSUFFICIENT_LIQUIDITY"),
    ("UniswapV2Library: IDENTICAL_ADDRESSES", "SAME_TOKEN"),
    ("UniswapV2: INVALID_SIGNATURE", "INVALID_SIGNATURE"),
    ("UniswapV2: OVERFLOW", "RESERVE_OVERFLOW"),
    ("UniswapV2: K", "REVERTED"),
    ("TransferHelper: TRANSFER_FROM_FAILED", "REVERTED"),
    ("ds-math-sub-underflow", "REVERTED"),
    ("Blacklistable: account is blacklisted", "REVERTED"),
    ("", "REVERTED"),
]


@pytest.mark.parametrize(("text", "code"), CASES)
def test_words_of_the_contracts_have_codes(text: str, code: str) -> None:
    assert reason_of(error(text)) == text
    assert code_of(text).name == code
    rejected = rejected_revert(text, "Swap 1 A for at least 2 B")
    assert rejected.code.name == code
    assert rejected.message == f"Swap 1 A for at least 2 B would fail: {text}"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", EMPTY),
        (panic(0x11), "panic 0x11: arithmetic overflow"),
        (panic(0x12), "panic 0x12: division by zero"),
        (panic(0x99), "panic 0x99: unknown"),
        (bytes.fromhex("12345678"), "custom error 0x12345678"),
        (bytes.fromhex("12"), "custom error 0x12"),
        (bytes.fromhex("08c379a0") + b"\xff" * 64, "custom error 0x08c379a0" + "ff" * 64),
        (bytes.fromhex("08c379a0"), "custom error 0x08c379a0"),
        (bytes.fromhex("4e487b7101"), "custom error 0x4e487b7101"),
    ],
)
def test_what_is_no_text_is_named(data: bytes, reason: str) -> None:
    assert reason_of(data) == reason
    assert code_of(reason).name == "REVERTED"


def test_a_text_that_is_no_utf8_is_shown_as_bytes() -> None:
    data = bytes.fromhex("08c379a0") + encode(["bytes"], [b"\xff\xfe"])
    assert reason_of(data).startswith("custom error 0x08c379a0")


def test_a_long_text_is_cut() -> None:
    assert len(reason_of(error("x" * 10_000))) == 300
    assert len(reason_of(b"\x01\x02\x03\x04" + b"x" * 10_000)) == 300


def test_errors_of_eip_6093_have_codes() -> None:
    me = "0x" + "ee" * 20
    balance = bytes.fromhex("e450d38c") + encode(["address", "uint256", "uint256"], [me, 1, 2])
    allowance = bytes.fromhex("fb8f41b2") + encode(["address", "uint256", "uint256"], [me, 1, 2])
    assert code_of(reason_of(balance)).name == "INSUFFICIENT_FUNDS"
    assert code_of(reason_of(allowance)).name == "INSUFFICIENT_ALLOWANCE"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (RpcError(3, "execution reverted: UniswapV2: K", error("UniswapV2: K")), "UniswapV2: K"),
        (RpcError(3, "execution reverted", b""), EMPTY),
        (RpcError(-32000, "execution reverted: UniswapV2: K"), "UniswapV2: K"),
        (RpcError(-32015, "VM execution error.", error("UniswapV2: K")), "UniswapV2: K"),
        (RpcError(-32015, "VM execution error."), "VM execution error."),
        (RpcError(-32000, "invalid opcode: INVALID"), "invalid opcode: INVALID"),
        (RpcError(-32603, "EVM error InvalidFEOpcode"), "EVM error InvalidFEOpcode"),
        (RpcError(-32602, "too many arguments, want at most 2"), None),
        (RpcError(-32005, "limit exceeded"), None),
    ],
)
def test_a_nodes_error_is_a_revert_or_another_fault(fault: RpcError, reason: str | None) -> None:
    assert revert_of(fault) == reason
