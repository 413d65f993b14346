"""EIP-2612: an approval that is a signature. The shares of Uniswap V2's pairs take it.

What is to be signed is read from the token and proven against the domain separator that it will
check the signature with: a token that computes another one gets an ordinary approval.
"""

import asyncio
from typing import Any

import msgspec
from eth_abi.abi import encode
from sha3 import keccak_256

from xyk.chain.call import Call, call_of, values_of
from xyk.chain.erc20 import read
from xyk.chain.refused import refused
from xyk.chain.router_calls import Signature
from xyk.chain.rpc import BadAnswer, Rpc
from xyk.chain.wishes import PermitParts
from xyk.domain.rejections import Code
from xyk.domain.units import parse_hex

VERSION = "1"  # of a token that does not say
VERSION_CALL = bytes.fromhex("54fd4d50")  # selector of version(), which EIP-2612 does not demand
DOMAIN = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)
PERMIT = (
    ("owner", "address"),
    ("spender", "address"),
    ("value", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint256"),
)


class PermitDomain(msgspec.Struct, frozen=True):
    """Where a permit counts, and the owner's next nonce there."""

    name: str
    version: str
    chain_id: int
    token: str
    nonce: int

    def separator(self) -> bytes:
        kinds = ",".join(f"{kind} {name}" for name, kind in DOMAIN)
        words = (
            _keccak(f"EIP712Domain({kinds})".encode()),
            _keccak(self.name.encode()),
            _keccak(self.version.encode()),
        )
        types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
        return _keccak(encode(types, [*words, self.chain_id, self.token]))

    def typed_data(self, owner: str, spender: str, value: int, deadline: int) -> dict[str, Any]:
        """Ready for `eth_signTypedData_v4`."""
        return {
            "types": {"EIP712Domain": _members(DOMAIN), "Permit": _members(PERMIT)},
            "primaryType": "Permit",
            "domain": {
                "name": self.name,
                "version": self.version,
                "chainId": self.chain_id,
                "verifyingContract": self.token,
            },
            "message": {
                "owner": owner,
                "spender": spender,
                "value": str(value),
                "nonce": str(self.nonce),
                "deadline": str(deadline),
            },
        }


async def permit_domain(
    rpc: Rpc, token: str, owner: str, chain_id: int, block: int
) -> PermitDomain | None:
    """None where the token has no permit that we could prove right."""
    name, version, nonce, separator = await asyncio.gather(
        _text(rpc, call_of("erc20", token, "name"), block),
        _text(rpc, Call(token, VERSION_CALL), block),
        read(rpc, call_of("erc20", token, "nonces", owner), block),
        read(rpc, call_of("erc20", token, "DOMAIN_SEPARATOR"), block),
    )
    if not name or not nonce or not separator:
        return None
    domain = PermitDomain(
        name, version or VERSION, chain_id, token, int.from_bytes(nonce[:32], "big")
    )
    return domain if domain.separator() == separator else None


def signature_of(permit: str | PermitParts) -> Signature:
    """From 65 bytes (r, s, v) or from its parts; a `v` of 0 or 1 is one of 27 or 28."""
    if isinstance(permit, PermitParts):
        v, r, s = permit.v, bytes.fromhex(permit.r[2:]), bytes.fromhex(permit.s[2:])
    else:
        try:
            raw = bytes.fromhex(parse_hex(permit, 65)[2:])
        except ValueError as fault:
            raise refused(Code.INVALID_SIGNATURE, f"{fault} - at `$.permit`") from fault
        r, s, v = raw[:32], raw[32:64], raw[64]
    if v < 2:
        v += 27
    if v not in (27, 28):
        raise refused(Code.INVALID_SIGNATURE, "Expected v to be 27 or 28 - at `$.permit`")
    return Signature(v, r, s)


async def _text(rpc: Rpc, call: Call, block: int) -> str:
    """Empty where the token does not say."""
    answer = await read(rpc, call, block)
    try:
        [text] = values_of("erc20", "name", answer or b"")
    except BadAnswer:
        return ""
    return str(text)


def _members(fields: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields]


def _keccak(data: bytes) -> bytes:
    digest: bytes = keccak_256(data).digest()
    return digest
