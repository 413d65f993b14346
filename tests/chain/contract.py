"""A deployed contract seen through its ABI: arguments to calldata, answers to values."""

from collections.abc import Mapping, Sequence
from typing import Any

import sha3
from eth_abi.abi import decode, encode


def keccak(data: bytes) -> bytes:
    digest: bytes = sha3.keccak_256(data).digest()
    return digest


def deployment(build: Mapping[str, Any], *arguments: object) -> bytes:
    """Creation code of a published build, with the constructor's arguments."""
    constructors = [entry for entry in build["abi"] if entry["type"] == "constructor"]
    types = _types(constructors[0]["inputs"]) if constructors else []
    return bytes.fromhex(build["bytecode"].removeprefix("0x")) + encode(types, arguments)


class Contract:
    """`address` is lower case. The ABI may not overload a name."""

    def __init__(self, address: str, abi: Sequence[Mapping[str, Any]]) -> None:
        self.address = address
        self._functions = {entry["name"]: entry for entry in abi if entry["type"] == "function"}

    def call(self, function: str, *arguments: object) -> tuple[str, bytes]:
        """Address and calldata, as the node wants them."""
        types = _types(self._functions[function]["inputs"])
        selector = keccak(f"{function}({','.join(types)})".encode())[:4]
        return self.address, selector + encode(types, arguments)

    def values(self, function: str, answer: bytes) -> tuple[Any, ...]:
        """What `function` returned, one value for each of its outputs."""
        return tuple(decode(_types(self._functions[function]["outputs"]), answer))


def _types(parameters: Sequence[Mapping[str, str]]) -> list[str]:
    return [parameter["type"] for parameter in parameters]
