"""A call of a contract: whom, with which bytes, with how much of the native coin; and what nodes
answer."""

from collections.abc import Sequence
from typing import Any

import msgspec
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from contracts_abi.contract import contract
from xyk.chain.rpc import BadAnswer, quantity


class Call(msgspec.Struct, frozen=True):
    """`to` is lower case, `value` in wei."""

    to: str
    data: bytes
    value: int = 0

    def parameters(self, sender: str = "") -> dict[str, str]:
        """As JSON-RPC takes it."""
        named = {"to": self.to, "data": "0x" + self.data.hex(), "value": hex(self.value)}
        return named | {"from": sender} if sender else named


def call_of(abi: str, to: str, function: str, *arguments: object, value: int = 0) -> Call:
    """`abi`: one of contracts_abi.contract.NAMES. Arguments are ours to get right."""
    known = contract(abi).functions[function]
    return Call(to, known.selector + encode(known.input_types, arguments), value)


def values_of(abi: str, function: str, answer: bytes) -> tuple[Any, ...]:
    """What the function returned. Raises BadAnswer where the bytes are no such answer: whatever
    stands at the address is no such contract."""
    types: Sequence[str] = contract(abi).functions[function].output_types
    try:
        return tuple(decode(types, answer))
    except (DecodingError, OverflowError, UnicodeDecodeError) as fault:
        raise BadAnswer(f"{function} answered {len(answer)} bytes that mean nothing") from fault


def number_of(answer: Any) -> int:
    """Of a JSON-RPC QUANTITY that a node answered. Raises BadAnswer."""
    try:
        return quantity(answer)
    except (TypeError, ValueError) as fault:
        raise BadAnswer(f"{answer!r:.80} where a quantity was asked for") from fault


def bytes_of(answer: Any) -> bytes:
    """Of JSON-RPC DATA. Raises BadAnswer."""
    if isinstance(answer, str) and answer.startswith("0x"):
        try:
            return bytes.fromhex(answer[2:])
        except ValueError:
            pass
    raise BadAnswer(f"{answer!r:.80} where bytes were asked for")
