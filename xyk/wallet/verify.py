"""Who signed an action: strict signature forms, public key recovery, address.

It proves only who signed; whether that signer may act for the owner is `decide`'s judgement, in
order of precedence. Accepted are 65 bytes r||s||v or the 64 bytes of EIP-2098, r and s in range and
low s only (as EIP-2 and OpenZeppelin). That still leaves several encodings of one signature, so
nothing may be keyed by signature bytes; the key is the digest.
"""

from binascii import a2b_hex
from functools import lru_cache

from coincurve import PublicKey
from coincurve._libsecp256k1 import ffi
from coincurve.ecdsa import deserialize_recoverable
from coincurve.ecdsa import recover as recover_point

from xyk.domain.commands import SignedAction
from xyk.domain.rejections import Code, Rejected
from xyk.wallet.typed_data import Domain, digest, keccak256

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

SIGNERS_KEPT = 16_384  # addresses that are remembered; about 4 MB

# Big-endian words compare like the numbers that they hold, which saves converting them.
_ZERO = bytes(32)
_ORDER = CURVE_ORDER.to_bytes(32, "big")
_HALF_ORDER = (CURVE_ORDER // 2).to_bytes(32, "big")
_PARITIES = {0: b"\x00", 1: b"\x01", 27: b"\x00", 28: b"\x01"}

_FORM = "Expected 65 bytes r||s||v or the 64 bytes of EIP-2098, as 0x and 130 or 128 hex digits"


def verify_action(
    domain: Domain, action: SignedAction, signature: str | bytes
) -> tuple[str, str] | Rejected:
    """The signer's address (lower case) and the action's digest (0x and hex), or a refusal."""
    hashed = digest(domain, action)
    signer = recover(hashed, signature)
    if isinstance(signer, Rejected):
        return signer
    return signer, "0x" + hashed.hex()


def recover(hashed: bytes, signature: str | bytes) -> str | Rejected:
    """The address (lower case) whose key signed the 32-byte digest; INVALID_SIGNATURE if malformed.

    A well-formed signature over something else recovers some other address: the caller compares.
    """
    assert len(hashed) == 32
    raw = _from_hex(signature) if isinstance(signature, str) else signature
    if raw is None:
        return _refused(_FORM)
    r = raw[:32]
    if len(raw) == 65:
        s = raw[32:64]
        parity = _PARITIES.get(raw[64])
        if parity is None:
            return _refused(f"v is {raw[64]}, expected 0, 1, 27 or 28")
    elif len(raw) == 64:
        s = bytes((raw[32] & 0x7F,)) + raw[33:]
        parity = _PARITIES[raw[32] >> 7]
    else:
        return _refused(f"The signature has {len(raw)} bytes. {_FORM}")
    if not _ZERO < r < _ORDER:
        return _refused("r is outside 1 .. n-1 of secp256k1")
    if not _ZERO < s <= _HALF_ORDER:
        return _refused(
            "s is outside 1 .. n/2 of secp256k1, expected the low-s form: n - s with the other v"
        )
    try:
        point = recover_point(hashed, deserialize_recoverable(r + s + parity), hasher=None)
    except ValueError:
        return _refused(
            "No key can have made this signature, expected one over the action's typed data"
        )
    return _address(bytes(ffi.buffer(point)))


def address_of(public_key: PublicKey) -> str:
    """The account of a public key: the last 20 bytes of the hash of its point, lower case."""
    return "0x" + keccak256(public_key.format(compressed=False)[1:])[12:].hex()


@lru_cache(maxsize=SIGNERS_KEPT)
def _address(point: bytes) -> str:
    """Signers return, and their address is hashed once. `point` is the library's own form of a
    key, one for each key.

    Checking against the signer's known key instead of recovering it would save a seventh of the
    time and take a signature with the other v, which names somebody else.
    """
    copy = ffi.new("secp256k1_pubkey *")
    ffi.memmove(copy, point, len(point))
    return address_of(PublicKey(copy))


def _from_hex(text: str) -> bytes | None:
    if not text.startswith("0x"):
        return None
    try:
        return a2b_hex(text[2:])
    except ValueError:
        return None


def _refused(reason: str) -> Rejected:
    return Rejected(Code.INVALID_SIGNATURE, reason)
