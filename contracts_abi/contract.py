"""The contracts of a Uniswap-V2-compatible deployment, as typed tables: what may be called, what is
logged, and the bytes that name each on the chain.

The JSON beside this file is the contract ABI of Solidity
(https://docs.soliditylang.org/en/latest/abi-spec.html#json); names of parameters are ours where the
published ones have none.
"""

from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path

import msgspec
from sha3 import keccak_256

FOLDER = Path(__file__).parent
NAMES = (
    "erc20",  # with EIP-2612's permit
    "uniswap_v2_factory",
    "uniswap_v2_pair",
    "uniswap_v2_router02",
    "weth9",
    "multicall3",
)


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`type` in Solidity's words, `components` where it is a tuple or an array of tuples."""

    name: str
    type: str
    indexed: bool = False
    components: tuple["Parameter", ...] = ()

    @property
    def canonical(self) -> str:
        """The type as signatures spell it: `(address,bytes)[]` for `tuple[]`."""
        if not self.type.startswith("tuple"):
            return self.type
        return _listed(self.components) + self.type.removeprefix("tuple")


class Function(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="function", dict=True):
    name: str
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]
    stateMutability: str  # in the words of the ABI

    @property
    def signature(self) -> str:
        return self.name + _listed(self.inputs)

    @cached_property
    def selector(self) -> bytes:
        """The first four bytes of a call's data."""
        return _keccak(self.signature)[:4]

    @property
    def input_types(self) -> list[str]:
        return [one.canonical for one in self.inputs]

    @property
    def output_types(self) -> list[str]:
        return [one.canonical for one in self.outputs]


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="event", dict=True):
    """`inputs` in the order of declaration; the indexed ones are topics, the others data."""

    name: str
    inputs: tuple[Parameter, ...]
    anonymous: bool

    @property
    def signature(self) -> str:
        return self.name + _listed(self.inputs)

    @cached_property
    def topic(self) -> bytes:
        """The 32 bytes of a log's first topic."""
        return _keccak(self.signature)


class Receive(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="receive"):
    """The contract takes the chain's own coin without a call."""

    stateMutability: str


Item = Function | Event | Receive


class Contract:
    """Functions and events by name. No name is used twice in the contracts that we call."""

    def __init__(self, name: str, items: tuple[Item, ...]) -> None:
        self.name = name
        self.functions: Mapping[str, Function] = {
            item.name: item for item in items if isinstance(item, Function)
        }
        self.events: Mapping[str, Event] = {
            item.name: item for item in items if isinstance(item, Event)
        }
        self.is_payable = any(isinstance(item, Receive) for item in items)
        assert len(items) == len(self.functions) + len(self.events) + self.is_payable, name


@cache
def contract(name: str) -> Contract:
    """One of NAMES."""
    assert name in NAMES, f"{name} is none of {', '.join(NAMES)}"
    text = (FOLDER / f"{name}.json").read_bytes()
    return Contract(name, msgspec.json.decode(text, type=tuple[Item, ...]))


def _listed(parameters: tuple[Parameter, ...]) -> str:
    return f"({','.join(one.canonical for one in parameters)})"


def _keccak(signature: str) -> bytes:
    digest: bytes = keccak_256(signature.encode()).digest()
    return digest
