"""Signing in over HTTP: challenge, signature, tokens, refresh, sign-out, and cancels by session."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.api.desk import Json, message_of, refusal
from tests.server import Server
from xyk.cli.keys import SESSIONS
from xyk.client.client import Client
from xyk.domain.commands import CancelAllOrders
from xyk.wallet.access_token import TokenMint
from xyk.wallet.session import SignIn, session_id
from xyk.wallet.signer import Wallet
from xyk.wallet.verify import CURVE_ORDER

CHALLENGE, SIGN_IN = "/api/v1/auth/challenge", "/api/v1/auth/signin"
REFRESH, SIGN_OUT = "/api/v1/auth/refresh", "/api/v1/auth/signout"


@pytest.fixture
async def signed_in(alice: Client) -> AsyncIterator[Client]:
    await alice.sign_in()
    yield alice


def wallet_of(client: Client) -> Wallet:
    assert client.wallet is not None
    return client.wallet


async def challenge(http: httpx.AsyncClient, address: str) -> Json:
    answer = await http.post(CHALLENGE, json={"address": address})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def sign_in(http: httpx.AsyncClient, nonce: str, signature: str) -> httpx.Response:
    return await http.post(SIGN_IN, json={"nonce": nonce, "signature": signature})


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def cancel_all(http: httpx.AsyncClient, token: str, body: Any = None) -> httpx.Response:
    """What every good token may do."""
    return await http.request("DELETE", "/api/v1/orders", json=body or {}, headers=bearer(token))


# The challenge


async def test_the_message_is_built_by_the_server_from_what_it_knows_itself(
    http: httpx.AsyncClient, server: Server, bob: Client
) -> None:
    salt = (await http.get("/api/v1/domain")).json()["domain"]["salt"]
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example", "origin": "http://evil"}
    answer = await http.post(CHALLENGE, json={"address": bob.owner}, headers=headers)
    view = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    message = SignIn.parse(view["message"])
    assert (message.domain, message.uri) == (f"127.0.0.1:{server.port}", server.url)
    assert (message.address, message.chain_id, message.salt) == (bob.owner, 1, salt)
    assert message.nonce == view["nonce"]
    assert abs(message.issued - time.time()) < 60
    assert message.expires - message.issued == 7 * 86_400
    assert view["expiresAt"] == (message.issued + 300) * 1000


async def test_a_challenge_is_good_once(http: httpx.AsyncClient, bob: Client) -> None:
    view = await challenge(http, bob.owner)
    signature = wallet_of(bob).sign_text(view["message"])
    assert (await sign_in(http, view["nonce"], signature)).status_code == 200
    again = await sign_in(http, view["nonce"], signature)
    assert refusal(again) == (401, "UNAUTHORIZED")


async def test_a_wrong_signature_spends_the_challenge_too(
    http: httpx.AsyncClient, bob: Client
) -> None:
    view = await challenge(http, bob.owner)
    thief = Wallet.random().sign_text(view["message"])
    assert refusal(await sign_in(http, view["nonce"], thief)) == (401, "INVALID_SIGNATURE")
    own = wallet_of(bob).sign_text(view["message"])
    assert refusal(await sign_in(http, view["nonce"], own)) == (401, "UNAUTHORIZED")


async def test_a_nonce_that_nobody_was_given_is_refused(
    http: httpx.AsyncClient, bob: Client
) -> None:
    signature = wallet_of(bob).sign_text("x")
    assert refusal(await sign_in(http, "0" * 32, signature)) == (401, "UNAUTHORIZED")


def high_s(signature: str) -> str:
    raw = bytes.fromhex(signature[2:])
    s = CURVE_ORDER - int.from_bytes(raw[32:64], "big")
    return "0x" + (raw[:32] + s.to_bytes(32, "big") + bytes([55 - raw[64]])).hex()


@pytest.mark.parametrize(
    "spoil",
    [
        high_s,
        lambda good: "",
        lambda good: "0x",
        lambda good: good[2:],
        lambda good: good + "00",
        lambda good: good[:-2] + "1d",
        lambda good: "0x" + "00" * 65,
        lambda good: good[:-4] + "zz" + good[-2:],
    ],
    ids=["high s", "empty", "0x", "no 0x", "66 bytes", "v 29", "zeros", "no hex"],
)
async def test_malformed_signatures_are_refused(
    http: httpx.AsyncClient, bob: Client, spoil: Any
) -> None:
    view = await challenge(http, bob.owner)
    good = wallet_of(bob).sign_text(view["message"])
    assert refusal(await sign_in(http, view["nonce"], spoil(good))) == (401, "INVALID_SIGNATURE")


async def test_a_signature_over_another_text_is_refused(
    http: httpx.AsyncClient, bob: Client
) -> None:
    view = await challenge(http, bob.owner)
    other = view["message"].replace("Chain ID: 1", "Chain ID: 2")
    signature = wallet_of(bob).sign_text(other)
    assert refusal(await sign_in(http, view["nonce"], signature)) == (401, "INVALID_SIGNATURE")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHALLENGE, {}),
        (CHALLENGE, {"address": "0x12"}),
        (CHALLENGE, {"address": "0x" + "11" * 20, "domain": "evil.example"}),
        (SIGN_IN, {"nonce": "x"}),
        (SIGN_IN, {"nonce": 7, "signature": "0x"}),
        (SIGN_IN, {"nonce": "x", "signature": "0x", "message": "y"}),
        (REFRESH, {}),
        (REFRESH, {"refreshToken": None}),
        (SIGN_OUT, {"refresh": "x"}),
        (SIGN_OUT, []),
    ],
)
async def test_bodies_are_read_strictly(http: httpx.AsyncClient, path: str, body: object) -> None:
    assert refusal(await http.post(path, json=body)) == (400, "INVALID_CLIENT_REQUEST")


async def test_two_hundred_sign_ins_at_once(http: httpx.AsyncClient) -> None:
    wallets = [Wallet.random() for _ in range(200)]

    async def one(wallet: Wallet) -> Json:
        view = await challenge(http, wallet.address)
        answer = await sign_in(http, view["nonce"], wallet.sign_text(view["message"]))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    views = await asyncio.gather(*(one(wallet) for wallet in wallets))
    assert [view["owner"].lower() for view in views] == [wallet.address for wallet in wallets]
    assert len({view["session"] for view in views}) == 200
    assert len({view["refreshToken"] for view in views}) == 200


# Access tokens


def parts(token: str) -> tuple[Json, Json]:
    header, payload, _ = token.split(".")
    decode = [json.loads(base64.urlsafe_b64decode(one + "==")) for one in (header, payload)]
    return decode[0], decode[1]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(header: Json, payload: Json, key: bytes | None) -> str:
    """A token made by hand, without the library under test."""
    text = ".".join(b64(json.dumps(one).encode()) for one in (header, payload))
    signature = b"" if key is None else hmac.digest(key, text.encode(), sha256)
    return f"{text}.{b64(signature)}"


async def test_the_token_says_whose_it_is_and_lives_for_a_quarter_of_an_hour(
    signed_in: Client,
) -> None:
    session = signed_in.session
    assert session is not None
    header, payload = parts(session["token"])
    assert header == {"alg": "HS256", "typ": "JWT"}
    assert (payload["sub"], payload["sid"]) == (signed_in.owner, session["session"])
    assert payload["iss"] == "xyk" and payload["aud"] == (await signed_in.domain()).salt
    assert payload["exp"] - payload["iat"] == 900
    assert session["expiresAt"] == payload["exp"] * 1000
    assert session["tokenType"] == "Bearer"


async def test_forged_tokens_are_refused(
    http: httpx.AsyncClient, server: Server, signed_in: Client
) -> None:
    session = signed_in.session
    assert session is not None
    good = session["token"]
    assert (await cancel_all(http, good)).status_code == 201
    header, payload = parts(good)
    # The server's own secret: forgeries that are wrong in one way only.
    secret = bytes.fromhex((server.data / SESSIONS).read_text().strip()[2:])
    key = hmac.digest(secret, b"access", sha256)
    mint = TokenMint(secret, payload["aud"])
    assert (await cancel_all(http, forged(header, payload, key))).status_code == 201
    late = int(time.time()) - 1
    tokens = {
        "alg none": forged({"alg": "none", "typ": "JWT"}, payload, None),
        "alg None with a signature": forged({"alg": "None", "typ": "JWT"}, payload, key),
        "RS256 confusion": forged({"alg": "RS256", "typ": "JWT"}, payload, key),
        "HS512": forged({"alg": "HS512", "typ": "JWT"}, payload, key),
        "another key": forged(header, payload, bytes(32)),
        "the whole secret as key": forged(header, payload, secret),
        "no signature": good.rpartition(".")[0] + ".",
        "a changed owner": forged(header, {**payload, "sub": "0x" + "11" * 20}, key),
        "another session": forged(header, {**payload, "sid": "0x" + "11" * 32}, key),
        "expired": forged(header, {**payload, "exp": late}, key),
        "another deployment": forged(header, {**payload, "aud": "0x" + "00" * 32}, key),
        "another issuer": forged(header, {**payload, "iss": "xyz"}, key),
        **{
            f"without {name}": forged(header, {k: v for k, v in payload.items() if k != name}, key)
            for name in payload
        },
        "a refresh token": mint.refresh(session["session"]),
        "no token": "a.b.c",
        "too long": good + "A" * 3_000,
    }
    for what, token in tokens.items():
        assert refusal(await cancel_all(http, token)) == (401, "UNAUTHORIZED"), what
    changed = good[:-2] + ("AA" if good[-2:] != "AA" else "EA")
    assert refusal(await cancel_all(http, changed)) == (401, "UNAUTHORIZED")


async def test_other_schemes_are_no_bearer_token(http: httpx.AsyncClient, alice: Client) -> None:
    """A proxy's own password does not turn a signed action into another form."""
    signed = await alice.sign(CancelAllOrders(owner=alice.owner, market="", **alice.stamp()))
    headers = {"authorization": "Basic eHl6Onh5eg=="}
    answer = await http.request(signed.method, signed.path, content=signed.body, headers=headers)
    assert answer.status_code == 201


# Refresh and sign-out


async def test_a_refresh_gives_new_tokens_and_its_reuse_closes_the_session(
    http: httpx.AsyncClient, signed_in: Client
) -> None:
    first = signed_in.session
    assert first is not None
    second = await signed_in.refresh()
    assert second["session"] == first["session"] and second["owner"] == first["owner"]
    assert second["sessionExpiresAt"] == first["sessionExpiresAt"]
    third = await signed_in.refresh()
    assert len({one["refreshToken"] for one in (first, second, third)}) == 3
    assert (await cancel_all(http, third["token"])).status_code == 201
    stolen = await http.post(REFRESH, json={"refreshToken": first["refreshToken"]})
    assert refusal(stolen) == (401, "UNAUTHORIZED")
    assert "used before" in message_of(stolen)
    assert refusal(await cancel_all(http, third["token"])) == (401, "UNAUTHORIZED")
    late = await http.post(REFRESH, json={"refreshToken": third["refreshToken"]})
    assert refusal(late) == (401, "UNAUTHORIZED")


async def test_only_one_of_two_refreshes_at_once_succeeds(
    http: httpx.AsyncClient, signed_in: Client
) -> None:
    session = signed_in.session
    assert session is not None
    body = {"refreshToken": session["refreshToken"]}
    answers = await asyncio.gather(*(http.post(REFRESH, json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers).count(200) <= 1
    assert refusal(await cancel_all(http, session["token"])) == (401, "UNAUTHORIZED")


async def test_a_refresh_token_that_is_none_closes_nothing(
    http: httpx.AsyncClient, signed_in: Client
) -> None:
    """The id of a session is public; knowing it must not be enough to end it."""
    session = signed_in.session
    assert session is not None
    good = session["refreshToken"]
    made_up = b64(bytes.fromhex(session["session"][2:]) + bytes(64))
    flipped = good[:-1] + ("A" if good[-1] != "A" else "B")
    for token in ("", "x", made_up, flipped, good + "=", good + "!", good[:-4], session["token"]):
        answer = await http.post(REFRESH, json={"refreshToken": token})
        assert refusal(answer) == (401, "UNAUTHORIZED"), token
    assert (await cancel_all(http, session["token"])).status_code == 201
    assert (await http.post(REFRESH, json={"refreshToken": good})).status_code == 200


async def test_signing_out_ends_every_token_of_the_session_and_no_other(
    http: httpx.AsyncClient, signed_in: Client
) -> None:
    first = signed_in.session
    second = await signed_in.sign_in()
    assert first is not None and first["session"] != second["session"]
    answer = await http.post(SIGN_OUT, headers=bearer(first["token"]))
    assert answer.status_code == 200
    assert answer.json() == {"owner": first["owner"], "session": first["session"]}
    assert refusal(await cancel_all(http, first["token"])) == (401, "UNAUTHORIZED")
    late = await http.post(REFRESH, json={"refreshToken": first["refreshToken"]})
    assert refusal(late) == (401, "UNAUTHORIZED")
    again = await http.post(SIGN_OUT, headers=bearer(first["token"]))
    assert refusal(again) == (401, "UNAUTHORIZED")
    assert (await cancel_all(http, second["token"])).status_code == 201
    by_refresh = await http.post(SIGN_OUT, json={"refreshToken": second["refreshToken"]})
    assert by_refresh.status_code == 200
    assert refusal(await cancel_all(http, second["token"])) == (401, "UNAUTHORIZED")


async def test_a_sign_out_needs_a_token(http: httpx.AsyncClient) -> None:
    assert refusal(await http.post(SIGN_OUT)) == (401, "UNAUTHORIZED")
    assert refusal(await http.post(SIGN_OUT, json={})) == (401, "UNAUTHORIZED")
    none = await http.post(SIGN_OUT, headers=bearer("x"))
    assert refusal(none) == (401, "UNAUTHORIZED")


async def test_the_session_is_the_hash_of_its_message(http: httpx.AsyncClient, bob: Client) -> None:
    view = await challenge(http, bob.owner)
    answer = await sign_in(http, view["nonce"], wallet_of(bob).sign_text(view["message"]))
    assert answer.json()["session"] == session_id(view["message"])
