"""Targets for signed texts that come from outside: an API key's request, a session's tokens, a
sign-in message. Accepted as the one text that says it, or refused by its documented error.
"""

from base64 import b64encode
from collections.abc import Iterator

from api import examples
from api.limits import Limits, LimitSettings
from tests.keys import Key
from xyk.domain.rejections import Code, Rejected
from xyk.domain.session_commands import OpenSession
from xyk.wallet.access_token import Claims, TokenFault, TokenMint
from xyk.wallet.api_key import (
    commands_of,
    public_key_of,
    request_digest,
    request_of,
    signed_texts,
    verify_request,
)
from xyk.wallet.session import SignIn, recover_sign_in, session_fault, session_id
from xyk.wallet.typed_data import Domain

KEY = Key(bytes(range(32)))
NOW_S = 1_790_000_000
SALT = "0x" + "5a" * 32
MINT = TokenMint(bytes(32), SALT)
PROXIED = Limits(LimitSettings(trusted_proxies=("10.0.0.0/8", "::1")))


def key_text(data: bytes) -> None:
    """A signed text: taken apart, it gives itself again in one of its two forms, and commands or
    refusals; signed, it verifies, and with a letter changed it does not."""
    text = data.decode("utf-8", "surrogateescape")
    request = request_of(text)
    commands = commands_of(text)
    if request is None:
        assert isinstance(commands, Rejected) and commands.code is Code.INVALID_CLIENT_REQUEST
    else:
        assert text in signed_texts(*request)
        assert isinstance(commands, tuple) and len(commands) == len(request.elements) > 0
        for one in commands:
            if isinstance(one, Rejected):
                assert one.code in (Code.INVALID_CLIENT_REQUEST, Code.INVALID_ORDER), one
    assert len(request_digest(KEY.public, text, 0)) == 66
    plain = text.encode(errors="replace").decode()
    signature = KEY.sign(plain)
    assert verify_request(KEY.public, signature, (plain, plain)) == plain
    other = verify_request(KEY.public, signature, (plain + "!", plain + "?"))
    assert isinstance(other, Rejected) and other.code is Code.INVALID_SIGNATURE


def key_proof(data: bytes) -> None:
    """Key, signature and text on three lines, as headers bring them: a key of 32 bytes or none, a
    proof or none."""
    named, signature, text = [
        part.decode("latin-1") for part in [*data.split(b"\n", 2), b"", b""][:3]
    ]
    public = public_key_of(named)
    if isinstance(public, Rejected):
        assert public.code is Code.INVALID_SIGNATURE
        return
    assert b64encode(bytes.fromhex(public[2:])).decode() == named
    proven = verify_request(public, signature, (text, text))
    if isinstance(proven, Rejected):
        assert proven.code is Code.INVALID_SIGNATURE and proven.message
    else:
        assert proven == text and public == KEY.public


def tokens(data: bytes) -> None:
    """A bearer token, a refresh token, and the address that a proxy names: nobody else's reads as
    ours, whatever it says of itself."""
    text = data.decode("latin-1")
    for read in (lambda: MINT.read_access(text, NOW_S), lambda: MINT.read_refresh(text)):
        try:
            found = read()
        except TokenFault as fault:
            assert str(fault)
            continue
        if isinstance(found, Claims):
            assert MINT.read_access(MINT.access(found, NOW_S), NOW_S) == found
            assert found.expires > NOW_S
        else:
            assert len(found) == 66
    headers = [(b"x-forwarded-for", data)]
    assert isinstance(PROXIED.client_ip({"client": ("10.0.0.1", 1), "headers": headers}), str)


def sign_in(data: bytes) -> None:
    """A sign-in message: parsed only as what builds the same letters again."""
    text = data.decode("utf-8", "replace")
    message: SignIn | None = None
    try:
        message = SignIn.parse(text)
    except ValueError as fault:
        assert type(fault) is ValueError and str(fault)
    else:
        assert message.text() == text
    opened = OpenSession(owner="0x" + "11" * 20, session=session_id(text), expires=NOW_S)
    assert session_fault(Domain(SALT), opened, text, "0x" + "1b" * 65, opened.owner)
    proven = recover_sign_in(text, text[:140])
    assert isinstance(proven, str) or proven.code is Code.INVALID_SIGNATURE


def key_text_seeds() -> Iterator[bytes]:
    order = {"symbol": "ETH_USDC", "side": "Bid", "orderType": "Limit", "note": "12.5% a/b"}
    terms = {"price": "1900.55", "quantity": "0.5", "clientId": "7", "postOnly": "true"}
    cancel = {"symbol": "ETH_USDC", "orderId": "12"}
    for elements in ([{**order, **terms}], [order, cancel], [{}], [{"reduceOnly": "False"}]):
        for instruction in ("orderExecute", "orderCancel", "orderCancelAll"):
            for text in signed_texts(instruction, elements, 1_790_000_000_000, 5_000):
                yield text.encode()


def key_proof_seeds() -> Iterator[bytes]:
    public = b64encode(bytes.fromhex(KEY.public[2:]))
    text = "instruction=balanceQuery&timestamp=1790000000000&window=5000"
    yield b"\n".join((public, KEY.sign(text).encode(), text.encode()))
    yield b"\n".join((public, b"A" * 86 + b"==", text.encode()))
    yield b"\n".join((b64encode(bytes(31) + b"\x80"), b"A" * 86 + b"==", text.encode()))


def token_seeds() -> Iterator[bytes]:
    claims = Claims("0x" + "11" * 20, "0x" + "22" * 32, NOW_S + 900)
    access = MINT.access(claims, NOW_S)
    header, payload, _ = access.split(".")
    yield access.encode()
    yield f"eyJhbGciOiJub25lIn0.{payload}.".encode()
    yield f"{header}.{payload}.{'A' * 43}".encode()
    yield TokenMint(bytes(31) + b"\x01", SALT).access(claims, NOW_S).encode()
    yield MINT.refresh("0x" + "22" * 32).encode()
    yield b"203.0.113.9, 10.0.0.2,::ffff:10.1.1.1, fe80::1%eth0"


def sign_in_seeds() -> Iterator[bytes]:
    yield examples.SIGN_IN.text().encode()
    yield examples.SIGN_IN.text().replace("2025", "0001").encode()
    yield examples.SIGN_IN.text().replace("Chain ID: 1", "Chain ID: 18446744073709551615").encode()
