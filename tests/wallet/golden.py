"""What the wallet layer is measured against: type strings, published vectors, strategies."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import strategies as st

from xyk.domain.commands import ACTIONS, SignedAction
from xyk.domain.units import decode_wire
from xyk.wallet.typed_data import Domain

# Section 5 of the design, letter for letter.
_VECTORS = Path(__file__).parent.parent / "vectors"
TYPE_STRINGS = (_VECTORS / "action_types.txt").read_text().splitlines()

FILE: dict[str, Any] = json.loads((_VECTORS / "typed_data_vectors.json").read_text())
VECTORS: list[dict[str, Any]] = FILE["vectors"]
VECTOR_IDS = [f"{vector['type']}-{vector['domain']}" for vector in VECTORS]
OWNER: str = FILE["owner"].lower()
KEY = bytes.fromhex(FILE["privateKey"][2:])

DOMAINS = {
    name: Domain(
        document["salt"], document.get("chainId", 0), document.get("verifyingContract", "")
    )
    for name, document in FILE["domains"].items()
}


def action_of(vector: dict[str, Any]) -> SignedAction:
    """The vector's action, decoded as a request is."""
    kind = ACTIONS[vector["type"]]
    return msgspec.convert(vector["action"], kind, dec_hook=decode_wire, strict=True)


def members_of(type_string: str) -> list[tuple[str, str]]:
    """(solidity type, name) of each member, read from the type string and not from our Structs."""
    inner = re.fullmatch(r"\w+\((.*)\)", type_string)
    assert inner is not None
    return [
        (solidity, name) for solidity, name in (pair.split(" ") for pair in inner[1].split(","))
    ]


def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.sampled_from([low, 0, 1, high - 1, high]) | st.integers(low, high)


def _hex(size: int) -> st.SearchStrategy[str]:
    edges = [bytes(size), b"\xff" * size, bytes(size - 1) + b"\x01"]
    return (st.sampled_from(edges) | st.binary(min_size=size, max_size=size)).map(
        lambda b: f"0x{b.hex()}"
    )


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "uint256": _integers(0, 2**256 - 1),
    "uint64": _integers(0, 2**64 - 1),
    "uint32": _integers(0, 2**32 - 1),
    "uint8": _integers(0, 2**8 - 1),
    "int32": _integers(-(2**31), 2**31 - 1) | st.sampled_from([-1, -2, -256]),
    "address": _hex(20),
    "bytes32": _hex(32),
    "string": st.sampled_from(["", "ETH_USDC", "é", "\x00", "価格 🦄", "x" * 200]) | st.text(),
    "bool": st.booleans(),
}


def documents(type_string: str) -> st.SearchStrategy[dict[str, Any]]:
    """Messages of one type, as Python values keyed by the names of the wire."""
    return st.fixed_dictionaries(
        {name: VALUES[solidity] for solidity, name in members_of(type_string)}
    )


def struct_of(kind: str, document: dict[str, Any]) -> SignedAction:
    """The Struct with exactly these values, with no wire form in between."""
    struct = ACTIONS[kind]
    names = {field.encode_name: field.name for field in msgspec.structs.fields(struct)}
    return struct(**{names[name]: value for name, value in document.items()})
