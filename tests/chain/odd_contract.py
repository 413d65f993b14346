"""Contracts that no compiler would give: each selector answers fixed bytes, all others revert."""

from collections.abc import Mapping

from eth_abi.abi import encode

from contracts_abi.contract import contract


def answering(answers: Mapping[bytes, bytes]) -> str:
    """Code for anvil_setCode, in hex."""
    # CALLDATALOAD(0) >> 224; then for each: DUP1 PUSH4 EQ PUSH2 JUMPI; REVERT(0, 0)
    heads = 6 + 11 * len(answers) + 5
    # JUMPDEST CODECOPY(0, offset, size) RETURN(0, size)
    each = 1 + 9 + 6
    jumps, bodies, data = b"", b"", b""
    for i, (selector, answer) in enumerate(answers.items()):
        place = (heads + each * i).to_bytes(2, "big")
        size = len(answer).to_bytes(2, "big")
        offset = (heads + each * len(answers) + len(data)).to_bytes(2, "big")
        jumps += b"\x80\x63" + selector + b"\x14\x61" + place + b"\x57"
        bodies += b"\x5b\x61" + size + b"\x61" + offset + b"\x60\x00\x39"
        bodies += b"\x61" + size + b"\x60\x00\xf3"
        data += answer
    code = b"\x60\x00\x35\x60\xe0\x1c" + jumps + b"\x60\x00\x60\x00\xfd" + bodies + data
    return "0x" + code.hex()


def token(symbol: str | bytes | None, decimals: int | None) -> str:
    """The code of a token of that symbol: bytes are answered as they are, None by a revert."""
    functions = contract("erc20").functions
    answers = {}
    if symbol is not None:
        raw = symbol if isinstance(symbol, bytes) else encode(["string"], [symbol])
        answers[functions["symbol"].selector] = raw
    if decimals is not None:
        answers[functions["decimals"].selector] = decimals.to_bytes(32, "big")
    return answering(answers)
