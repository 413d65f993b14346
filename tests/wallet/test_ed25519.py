"""The verification against OpenSSL's, and against the equation of RFC 8032 without its cofactor,
also where implementations are known to differ: points with a part of small order.

The curve here is the textbook's: slow, and of nobody's library.
"""

from base64 import b64encode
from hashlib import sha512

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from xyk.domain.rejections import Code, Rejected
from xyk.wallet.api_key import verify_request

Point = tuple[int, int]

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
NEUTRAL: Point = (0, 1)
TEXT = "instruction=orderExecute&symbol=ETH_USDC&timestamp=1750793021519&window=5000"


def plus(one: Point, other: Point) -> Point:
    (x, y), (u, v) = one, other
    both = D * x * y * u * v % P
    return (
        (x * v + u * y) * pow(1 + both, P - 2, P) % P,
        (y * v + x * u) * pow(1 - both, P - 2, P) % P,
    )


def times(count: int, point: Point) -> Point:
    total = NEUTRAL
    while count:
        if count & 1:
            total = plus(total, point)
        point, count = plus(point, point), count >> 1
    return total


def with_y(y: int) -> Point:
    """The point of even x."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - square) % P == 0
    return (P - x if x & 1 else x, y)


BASE = with_y(4 * pow(5, P - 2, P) % P)
ORDER_8 = with_y(2707385501144840649318225287225658788936804267575313519463743609750303402022)


def encoded(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def challenge(r: bytes, key: bytes, text: str) -> int:
    return int.from_bytes(sha512(r + key + text.encode()).digest(), "little")


def signed(secret: int, key: Point, nonce: int, shift: Point, text: str = TEXT) -> bytes:
    """By the holder of `secret`, who adds `shift` to R and knows it: s fits that R."""
    r = encoded(plus(times(nonce, BASE), shift))
    s = (nonce + challenge(r, encoded(key), text) * secret) % L
    return r + s.to_bytes(32, "little")


def is_accepted(key: bytes, signature: bytes, text: str = TEXT) -> bool:
    outcome = verify_request("0x" + key.hex(), b64encode(signature).decode(), (text, text))
    if isinstance(outcome, Rejected):
        assert outcome.code is Code.INVALID_SIGNATURE
        return False
    return outcome == text


def by_openssl(key: bytes, signature: bytes, text: str = TEXT) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text.encode())
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize("in_r", range(8))
@pytest.mark.parametrize("in_key", range(8))
@settings(max_examples=3, deadline=None)
@given(secret=st.integers(1, L - 1), nonce=st.integers(1, L - 1))
def test_parts_of_small_order_are_judged_without_the_cofactor(
    in_r: int, in_key: int, secret: int, nonce: int
) -> None:
    """With the cofactor all of these would fit: nobody but the holder of the key can make them,
    and who verifies a journal later, with any library, must not differ."""
    in_key_point, in_r_point = times(in_key, ORDER_8), times(in_r, ORDER_8)
    key = plus(times(secret, BASE), in_key_point)
    signature = signed(secret, key, nonce, in_r_point)
    # s * B = R + h * A leaves the parts of small order alone: 0 = in_r + h * in_key. Everybody
    # reduces h by the order of B first, which matters to them.
    h = challenge(signature[:32], encoded(key), TEXT) % L
    fits = (in_r + h * in_key) % 8 == 0
    assert is_accepted(encoded(key), signature) == fits
    assert by_openssl(encoded(key), signature) == fits


@settings(max_examples=300, deadline=None)
@given(
    secret=st.integers(1, L - 1),
    nonce=st.integers(1, L - 1),
    text=st.text(st.characters(codec="utf-8"), max_size=60),
    flips=st.lists(st.tuples(st.integers(0, 95), st.integers(0, 7)), max_size=2),
)
def test_what_is_bent_is_judged_as_openssl_does(
    secret: int, nonce: int, text: str, flips: list[tuple[int, int]]
) -> None:
    """Bits of key, R and s; keys that are no point and numbers out of range are among them."""
    key = times(secret, BASE)
    both = bytearray(encoded(key) + signed(secret, key, nonce, NEUTRAL, text))
    for place, bit in flips:
        both[place] ^= 1 << bit
    bent_key, signature = bytes(both[:32]), bytes(both[32:])
    assert is_accepted(bent_key, signature, text) == by_openssl(bent_key, signature, text)
    assert is_accepted(encoded(key), signature, text) or flips


@pytest.mark.parametrize("more", [1, 2, 15])
def test_s_has_one_spelling(more: int) -> None:
    key = times(7, BASE)
    signature = signed(7, key, 9, NEUTRAL)
    assert is_accepted(encoded(key), signature)
    s = int.from_bytes(signature[32:], "little") + more * L
    assert s < 2**256
    again = signature[:32] + s.to_bytes(32, "little")
    assert not is_accepted(encoded(key), again)
    assert not by_openssl(encoded(key), again)
