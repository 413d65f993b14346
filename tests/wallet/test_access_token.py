"""Tokens of a session, by a clock of the test's own."""

import base64

import pytest

from xyk.wallet.access_token import Claims, TokenFault, TokenMint, refresh_hash

SALT, OTHER_SALT = "0x" + "5a" * 32, "0x" + "5b" * 32
SECRET = b"\x01" * 32
CLAIMS = Claims("0x" + "a1" * 20, "0x" + "51" * 32, 1_000)
MINT = TokenMint(SECRET, SALT)


def test_a_token_is_good_until_the_second_that_it_names() -> None:
    token = MINT.access(CLAIMS, 100)
    assert MINT.read_access(token, 999) == CLAIMS
    assert MINT.read_access(token, 0) == CLAIMS, "only the end counts, on the caller's clock"
    with pytest.raises(TokenFault, match="expired at 1000"):
        MINT.read_access(token, 1_000)


@pytest.mark.parametrize("mint", [TokenMint(SECRET, OTHER_SALT), TokenMint(bytes(32), SALT)])
def test_another_deployment_or_secret_does_not_read_it(mint: TokenMint) -> None:
    with pytest.raises(TokenFault, match="none of this exchange"):
        mint.read_access(MINT.access(CLAIMS, 100), 100)
    with pytest.raises(TokenFault, match="none of this exchange"):
        mint.read_refresh(MINT.refresh(CLAIMS.session))


def test_a_refresh_token_names_its_session_and_is_never_the_same() -> None:
    one, two = MINT.refresh(CLAIMS.session), MINT.refresh(CLAIMS.session)
    assert one != two and refresh_hash(one) != refresh_hash(two)
    assert MINT.read_refresh(one) == MINT.read_refresh(two) == CLAIMS.session


def test_every_changed_bit_of_a_refresh_token_is_seen() -> None:
    raw = base64.urlsafe_b64decode(MINT.refresh(CLAIMS.session))
    for index in range(len(raw)):
        spoilt = bytearray(raw)
        spoilt[index] ^= 1
        with pytest.raises(TokenFault):
            MINT.read_refresh(base64.urlsafe_b64encode(bytes(spoilt)).decode())


@pytest.mark.parametrize("text", ["", "=", "a", "\u00e9", "A" * 127, "A" * 128, "A" * 10_000])
def test_what_is_no_refresh_token_is_refused(text: str) -> None:
    with pytest.raises(TokenFault):
        MINT.read_refresh(text)


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    good = MINT.refresh(CLAIMS.session)
    for spelling in (good + "=", good[:5] + "\n" + good[5:], good + "!!!!"):
        with pytest.raises(TokenFault):
            MINT.read_refresh(spelling)


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "...", "\u00e9.b.c", "A" * 5_000])
def test_what_is_no_access_token_is_refused(text: str) -> None:
    with pytest.raises(TokenFault):
        MINT.read_access(text, 0)
