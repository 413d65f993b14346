"""EIP-712 typed data of the signed actions: type strings, digests and the documents to be signed.

Everything is derived once, at import, from the Structs of `xyk.domain.commands`: a field's
annotation names its Solidity type, plain `str` is `string`, plain `bool` is `bool`. Digests are
computed from the typed values of a decoded Struct, never from a client's JSON.
"""

from binascii import a2b_hex
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from sha3 import keccak_256

from xyk.domain.commands import ACTIONS, SignedAction
from xyk.domain.units import parse_hex

NAME = "xyk"
VERSION = "1"


def keccak256(data: bytes) -> bytes:
    """Ethereum's hash, which differs from the standardised SHA3-256 in its padding."""
    hashed: bytes = keccak_256(data).digest()
    return hashed


# Several packages install a module `sha3`; one that pads as SHA3-256 would refuse every signature.
assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def checksum(address: str) -> str:
    """An address in EIP-55's mixed case, for people and wallets; inside it stays lower case."""
    digits = parse_hex(address, 20)[2:]
    hashed = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if nibble >= "8" else digit
        for digit, nibble in zip(digits, hashed, strict=False)
    )


class Domain:
    """Where a signature counts: this deployment (`salt`) and, in chain mode, one chain's contract.

    `salt` is 0x and 32 bytes; `chain_id` 0 and an empty `contract` mean ledger mode, which leaves
    both out, because a wallet refuses to sign for a chain that it is not on. ValueError for
    anything else.
    """

    __slots__ = ("chain_id", "contract", "prefix", "salt", "separator")

    def __init__(self, salt: str, chain_id: int = 0, contract: str = "") -> None:
        if bool(chain_id) != bool(contract) or chain_id < 0:
            raise ValueError(
                "Expected both a chain id and a contract (chain mode) or neither (ledger mode)"
            )
        self.salt = parse_hex(salt, 32)
        self.chain_id = chain_id
        self.contract = parse_hex(contract, 20) if contract else ""
        self.separator = self._separator()
        self.prefix = b"\x19\x01" + self.separator

    def members(self) -> list[dict[str, str]]:
        """The fields of `EIP712Domain` in the standard order, as a wallet wants them."""
        fields = [("name", "string"), ("version", "string")]
        if self.chain_id:
            fields += [("chainId", "uint256"), ("verifyingContract", "address")]
        fields.append(("salt", "bytes32"))
        return [{"name": name, "type": solidity} for name, solidity in fields]

    def values(self) -> dict[str, object]:
        """The domain as a wallet wants it; chainId is a number, for wallets took "42" for hex."""
        chain: dict[str, object] = {}
        if self.chain_id:
            chain = {"chainId": self.chain_id, "verifyingContract": checksum(self.contract)}
        return {"name": NAME, "version": VERSION, **chain, "salt": self.salt}

    def _separator(self) -> bytes:
        fields = ",".join(f"{member['type']} {member['name']}" for member in self.members())
        words = [keccak256(f"EIP712Domain({fields})".encode()), _string(NAME), _string(VERSION)]
        if self.chain_id:
            words += [_uint256(self.chain_id), _address(self.contract)]
        return keccak256(b"".join([*words, _bytes32(self.salt)]))


def digest(domain: Domain, action: SignedAction) -> bytes:
    """The 32 bytes that the wallet signs, and the key of idempotency.

    A value outside its type raises (OverflowError, ValueError, AssertionError) and is a bug, since
    decoding refuses it.
    """
    type_hash, values, encoders = _LAYOUTS[type(action)]
    words = [encode(value) for encode, value in zip(encoders, values(action), strict=True)]
    return keccak256(domain.prefix + keccak256(type_hash + b"".join(words)))


def message(action: SignedAction) -> dict[str, object]:
    """The action as it travels: camelCase, uint256 as decimal strings, smaller ints as numbers."""
    return {
        name: str(value) if solidity == "uint256" else value
        for (name, solidity), value in zip(
            _MEMBERS[type(action).__name__], msgspec.structs.astuple(action), strict=True
        )
    }


def typed_data(domain: Domain, action: SignedAction) -> dict[str, object]:
    """The document of one action, ready for `eth_signTypedData_v4`."""
    kind = type(action).__name__
    return {
        "types": {"EIP712Domain": domain.members(), kind: _documented(kind)},
        "primaryType": kind,
        "domain": domain.values(),
        "message": message(action),
    }


def domain_document(domain: Domain) -> dict[str, object]:
    """What `GET /api/v1/domain` answers: the domain and the types of every action."""
    types = {"EIP712Domain": domain.members()}
    return {
        "domain": domain.values(),
        "types": types | {kind: _documented(kind) for kind in ACTIONS},
    }


def _documented(kind: str) -> list[dict[str, str]]:
    return [{"name": name, "type": solidity} for name, solidity in _MEMBERS[kind]]


_PAD_8, _PAD_4, _PAD_1, _PAD_ADDRESS = bytes(24), bytes(28), bytes(31), bytes(12)
_FALSE, _TRUE = bytes(32), bytes(31) + b"\x01"


def _uint256(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _uint64(value: int) -> bytes:
    return _PAD_8 + value.to_bytes(8, "big")


def _uint32(value: int) -> bytes:
    return _PAD_4 + value.to_bytes(4, "big")


def _uint8(value: int) -> bytes:
    return _PAD_1 + value.to_bytes(1, "big")


def _int32(value: int) -> bytes:
    sign = b"\xff" if value < 0 else b"\x00"
    return sign * 28 + value.to_bytes(4, "big", signed=True)


def _address(value: str) -> bytes:
    assert len(value) == 42
    return _PAD_ADDRESS + a2b_hex(value[2:])


def _bytes32(value: str) -> bytes:
    assert len(value) == 66
    return a2b_hex(value[2:])


def _string(value: str) -> bytes:
    return keccak256(value.encode())


def _bool(value: bool) -> bytes:
    return _TRUE if value else _FALSE


_ENCODERS: Mapping[str, Callable[[Any], bytes]] = {
    "uint256": _uint256,
    "uint64": _uint64,
    "uint32": _uint32,
    "uint8": _uint8,
    "int32": _int32,
    "address": _address,
    "bytes32": _bytes32,
    "string": _string,
    "bool": _bool,
}


class _Layout(NamedTuple):
    """How one kind of action is encoded: the type's hash, then a 32-byte word for each value."""

    type_hash: bytes
    values: Callable[[SignedAction], tuple[Any, ...]]
    encoders: tuple[Callable[[Any], bytes], ...]


def _solidity(annotation: Any) -> str:
    if annotation is str:
        return "string"
    if annotation is bool:
        return "bool"
    return str(annotation.solidity)


def _layout(kind: type[SignedAction]) -> _Layout:
    return _Layout(
        keccak256(TYPE_STRINGS[kind.__name__].encode()),
        attrgetter(*(field.name for field in msgspec.structs.fields(kind))),
        tuple(_ENCODERS[solidity] for _, solidity in _MEMBERS[kind.__name__]),
    )


_MEMBERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    name: tuple(
        (field.encode_name, _solidity(field.type)) for field in msgspec.structs.fields(kind)
    )
    for name, kind in ACTIONS.items()
}
TYPE_STRINGS: Mapping[str, str] = {
    kind: f"{kind}({','.join(f'{solidity} {name}' for name, solidity in members)})"
    for kind, members in _MEMBERS.items()
}
_LAYOUTS: Mapping[type, _Layout] = {kind: _layout(kind) for kind in ACTIONS.values()}
