"""What is asked of an EVM node, whoever asks it: JSON-RPC calls that fail in two ways.

Nothing here imports web3; `node.py` does, and only an exchange with a `chain.toml` loads it.
"""

import re
from collections.abc import Sequence
from typing import Any, Protocol

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")


class RpcDown(Exception):
    """No endpoint gave an answer that can be used; the message says what each of them did."""


class WrongChain(Exception):
    """Every endpoint is of another chain than the configured one; the message names both."""


class RpcError(Exception):
    """The node answered with an error. `data`: of a revert, what the contract returned."""

    def __init__(self, code: int, message: str, data: bytes = b"") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class BadAnswer(ValueError):
    """What the node answered is malformed, contradicts itself or is not there yet: ask again."""


class Rpc(Protocol):
    async def call(self, method: str, *params: object) -> Any:
        """The result as JSON gave it, None included. Raises RpcError and RpcDown."""

    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Results in the order of the calls, of one endpoint. Raises RpcError for the first that
        failed, and RpcDown."""

    async def each(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """As `batch`, but a call that failed has its RpcError as the result. Raises RpcDown."""


def quantity(text: str) -> int:
    """Of a JSON-RPC QUANTITY, up to 2^256-1. Raises ValueError, and TypeError for what is no
    text."""
    if not _QUANTITY.fullmatch(text):
        raise ValueError(f"{text:.80} where a quantity of at most 256 bits was asked for")
    return int(text, 16)


def hexed(number: int) -> str:
    return hex(number)
