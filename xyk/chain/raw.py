"""A signed transaction as a wallet gives it: strictly decoded, and who signed it.

Type 2 (EIP-1559), type 1 (EIP-2930) and legacy ones with EIP-155. One transaction has one text
here: RLP in its shortest form, no byte after it, the signature's low s. So what is changed in any
bit is refused, or is signed by somebody else.
"""

from collections.abc import Sequence

import msgspec
from sha3 import keccak_256

from xyk.domain.rejections import Code, Rejected
from xyk.wallet.verify import recover

RAW_BYTES_MAX = 16_384  # a swap has 400; the rest is for access lists

LEGACY, ACCESS_LIST, DYNAMIC_FEE = 0, 1, 2  # types

# Deeper than the keys of an access list's entry nothing is nested.
_DEPTH_MAX = 4
_SIGNATURE = ("r", "s")
_FIELDS = {
    LEGACY: ("nonce", "gas_price", "gas", "to", "value", "data", "v", *_SIGNATURE),
    ACCESS_LIST: (
        *("chain_id", "nonce", "gas_price", "gas", "to", "value", "data", "access_list", "v"),
        *_SIGNATURE,
    ),
    DYNAMIC_FEE: (
        *("chain_id", "nonce", "max_priority_fee", "max_fee", "gas", "to", "value", "data"),
        *("access_list", "v", *_SIGNATURE),
    ),
}
_TEXTS = frozenset({"to", "data", "access_list"})
_BITS = {"nonce": 64, "gas": 64}  # of an integer; the others have 256
_REFUSED_TYPES = {
    3: "carries blobs (EIP-4844), which no swap needs",
    4: "sets an account's code (EIP-7702), which nothing here needs",
}

Item = bytes | list["Item"]


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """`hash` as 0x hex, `sender` and `to` as lower case addresses; `value` in wei."""

    hash: str
    sender: str
    nonce: int
    to: str
    value: int
    gas: int
    data: bytes


class SignedTransaction(Transaction, frozen=True, kw_only=True):
    """Fees are wei per unit of gas, of a legacy transaction both its gas price."""

    raw: bytes
    type: int
    chain_id: int
    max_priority_fee: int
    max_fee: int


class _Malformed(Exception):
    pass


def decode_raw(raw: bytes) -> SignedTransaction | Rejected:
    """INVALID_TRANSACTION says what is wrong; never raises."""
    try:
        return _decoded(raw)
    except _Malformed as fault:
        return Rejected(Code.INVALID_TRANSACTION, str(fault))


def keccak(data: bytes) -> bytes:
    digest: bytes = keccak_256(data).digest()
    return digest


def _decoded(raw: bytes) -> SignedTransaction:
    if not 0 < len(raw) <= RAW_BYTES_MAX:
        raise _Malformed(f"The transaction has {len(raw)} bytes, expected 1 to {RAW_BYTES_MAX}")
    kind, envelope = _type(raw[0])
    items, end = _item(raw, len(envelope), len(raw), 1)
    if end != len(raw):
        raise _Malformed(f"{len(raw) - end} bytes follow the transaction's end")
    names = _FIELDS[kind]
    if not isinstance(items, list) or len(items) != len(names):
        raise _Malformed(f"A transaction of type {kind} is a list of {len(names)} fields")
    fields = dict(zip(names, items, strict=True))
    _check_access_list(fields.get("access_list", []))
    number = {name: _integer(name, item) for name, item in fields.items() if name not in _TEXTS}
    if kind == LEGACY:
        chain_id, parity = _of_eip_155(number["v"])
        signed = [*items[:6], _shortest(chain_id), b"", b""]
    else:
        chain_id, parity = number["chain_id"], number["v"]
        signed = items[:-3]
    max_fee = number["gas_price" if kind != DYNAMIC_FEE else "max_fee"]
    priority = number.get("max_priority_fee", max_fee)
    if priority > max_fee:
        raise _Malformed(
            "maxPriorityFeePerGas is above maxFeePerGas; a node takes it at most equal"
        )
    to, data = fields["to"], fields["data"]
    if not isinstance(data, bytes):
        raise _Malformed("The field data is a list, expected bytes")
    if not isinstance(to, bytes) or len(to) != 20:
        raise _Malformed("The field to has no 20 bytes; what makes a contract is not relayed")
    return SignedTransaction(
        hash="0x" + keccak(raw).hex(),
        raw=raw,
        type=kind,
        sender=_signer(keccak(envelope + _encoded(signed)), parity, number["r"], number["s"]),
        chain_id=chain_id,
        nonce=number["nonce"],
        max_priority_fee=priority,
        max_fee=max_fee,
        gas=number["gas"],
        to="0x" + to.hex(),
        value=number["value"],
        data=data,
    )


def _type(first: int) -> tuple[int, bytes]:
    """The transaction's type, and what stands before its list."""
    if first >= 0xC0:
        return LEGACY, b""
    if first in (ACCESS_LIST, DYNAMIC_FEE):
        return first, bytes((first,))
    why = _REFUSED_TYPES.get(first, "is unknown")
    raise _Malformed(f"Type {first} {why}; expected type 2 (EIP-1559), 1 or legacy with EIP-155")


def _of_eip_155(v: int) -> tuple[int, int]:
    """Chain id and parity."""
    if v < 35:
        raise _Malformed(
            f"v is {v}: the signature holds on every chain; sign with the chain id (EIP-155)"
        )
    return (v - 35) // 2, (v - 35) % 2


def _signer(signed: bytes, parity: int, r: int, s: int) -> str:
    if parity > 1:
        raise _Malformed(f"The parity is {parity}, expected 0 or 1")
    signer = recover(signed, r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes((parity,)))
    if isinstance(signer, Rejected):
        raise _Malformed(signer.message)
    return signer


def _check_access_list(items: Item) -> None:
    """[[address, [key, ...]], ...]"""
    for entry in _listed(items):
        address_and_keys = _listed(entry)
        if len(address_and_keys) != 2:
            raise _Malformed("An entry of the access list has an address and a list of keys")
        address, keys = address_and_keys
        if not isinstance(address, bytes) or len(address) != 20:
            raise _Malformed("An address of the access list has no 20 bytes")
        if any(not isinstance(key, bytes) or len(key) != 32 for key in _listed(keys)):
            raise _Malformed("A key of the access list has no 32 bytes")


def _listed(item: Item) -> list[Item]:
    if isinstance(item, bytes):
        raise _Malformed("The access list has bytes where a list was expected")
    return item


def _integer(name: str, item: Item) -> int:
    bits = _BITS.get(name, 256)
    if isinstance(item, list) or len(item) * 8 > bits:
        raise _Malformed(f"The field {name} is no integer of at most {bits} bits")
    if item[:1] == b"\0":
        raise _Malformed(f"The field {name} begins with a zero byte; expected the shortest form")
    return int.from_bytes(item, "big")


def _item(data: bytes, start: int, end: int, depth: int) -> tuple[Item, int]:
    """The RLP item at `start` and where it ends, at most at `end`."""
    if start >= end:
        raise _Malformed("The transaction is cut off")
    first = data[start]
    if first < 0x80:
        return data[start : start + 1], start + 1
    is_list = first >= 0xC0
    begin, stop = _bounds(data, start, end, first - (0xC0 if is_list else 0x80))
    if not is_list:
        if stop - begin == 1 and data[begin] < 0x80:
            raise _Malformed("A byte below 0x80 is its own RLP; expected the shortest form")
        return data[begin:stop], stop
    if depth > _DEPTH_MAX:
        raise _Malformed(f"Lists are nested more than {_DEPTH_MAX} deep")
    items = []
    while begin < stop:
        item, begin = _item(data, begin, stop, depth + 1)
        items.append(item)
    return items, stop


def _bounds(data: bytes, start: int, end: int, length: int) -> tuple[int, int]:
    """Where the payload of an item begins and ends; `length` as its first byte says it."""
    begin = start + 1
    if length > 55:
        size = length - 55
        written = data[begin : begin + size]
        begin += size
        length = int.from_bytes(written, "big")
        if begin > end:
            raise _Malformed("The transaction is cut off")
        if length <= 55 or written[0] == 0:
            raise _Malformed("A length is not in RLP's shortest form")
    if length > end - begin:
        raise _Malformed("The transaction is cut off")
    return begin, begin + length


def _encoded(item: Item | Sequence[Item]) -> bytes:
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _headed(0x80, item)
    return _headed(0xC0, b"".join(_encoded(one) for one in item))


def _headed(offset: int, payload: bytes) -> bytes:
    size = len(payload)
    if size <= 55:
        return bytes((offset + size,)) + payload
    length = _shortest(size)
    return bytes((offset + 55 + len(length),)) + length + payload


def _shortest(number: int) -> bytes:
    return number.to_bytes(-(-number.bit_length() // 8), "big")
