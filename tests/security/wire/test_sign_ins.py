"""Sign-ins under a flood, tokens with headers that choose their own key, and forged requests to the
routes that cost nothing.
"""

import hmac
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import msgspec
import pytest

from api.challenges import OPEN_MAX, PER_IP_MAX
from tests.api.desk import refusal
from tests.api.key_user import KeyUser
from tests.api.test_limits import signed
from tests.api.test_sessions import b64, forged, parts
from tests.security.wire.raw import connected
from tests.server import Server, running_server
from xyk.cli.keys import SESSIONS
from xyk.client.client import Client
from xyk.domain.commands import CancelAllOrders
from xyk.wallet.signer import Wallet

CHALLENGE, SIGN_IN = "/api/v1/auth/challenge", "/api/v1/auth/signin"
ORDERS = "/api/v1/orders"


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Behind a proxy that names its clients, and with few weights for each of them."""
    data = tmp_path_factory.mktemp("proxied") / "data"
    limits = ("--trusted-proxies", "127.0.0.1", "--limit-ip", "1:1300")
    with running_server(data, *limits) as running:
        yield running


def client(server: Server, ip: str) -> httpx.AsyncClient:
    headers = {"x-forwarded-for": ip}
    return httpx.AsyncClient(base_url=server.url, trust_env=False, headers=headers, timeout=60)


async def test_a_flood_of_challenges_displaces_itself(proxied: Server) -> None:
    """From more addresses than it takes to use up every place: who began to sign in before still
    can, and who begins now can too."""
    early, late = Wallet.random(), Wallet.random()
    async with client(proxied, "192.0.2.1") as victim:
        begun = (await victim.post(CHALLENGE, json={"address": early.address})).json()
        body = msgspec.json.encode({"address": Wallet.random().address})
        for number in range(OPEN_MAX // PER_IP_MAX + 2):
            await flooded(proxied, f"198.51.100.{number}", body)
        answer = await victim.post(CHALLENGE, json={"address": late.address})
        assert answer.status_code == 200
        for wallet, view in ((early, begun), (late, answer.json())):
            proof = {"nonce": view["nonce"], "signature": wallet.sign_text(view["message"])}
            assert (await victim.post(SIGN_IN, json=proof)).status_code == 200


async def flooded(server: Server, ip: str, body: bytes) -> None:
    """As many places as one address gets, and one more, which it is refused."""
    head = f"POST {CHALLENGE} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {ip}\r\n"
    ask = head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body
    async with connected(server.port) as raw:
        for _ in range(PER_IP_MAX // 64):
            await raw.send(ask * 64)
            assert {(await raw.answer()).status for _ in range(64)} <= {200, 503}
        await raw.send(ask)
        refused = (await raw.answer()).refusal
        assert refused in ((429, "TOO_MANY_REQUESTS"), (503, "OVERLOADED"))


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../../../dev/null"},
        {"kid": "' UNION SELECT '"},
        {"kid": "https://evil.example/key"},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"jwk": {"kty": "oct", "k": ""}},
        {"alg": "ES256"},
        {"alg": "PS256"},
        {"alg": "HS256 "},
        {"alg": "hs256"},
        {"alg": ""},
        {"alg": None},
        {"alg": ["HS256"]},
        {"typ": "JWE", "enc": "A256GCM", "alg": "dir"},
        {"crit": ["exp"]},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
    ],
)
async def test_a_token_does_not_choose_how_it_is_read(
    http: httpx.AsyncClient, server: Server, alice: Client, header: dict[str, Any]
) -> None:
    """With an empty key, which a file or a URL might give; and with ours where the algorithm is
    another one or must be understood."""
    await alice.sign_in()
    good, payload = parts(await alice.access_token())
    secret = bytes.fromhex((server.data / SESSIONS).read_text().strip()[2:])
    key = hmac.digest(secret, b"access", sha256)
    tokens = [forged({**good, **header}, payload, b"")]
    if "alg" in header or "crit" in header:
        tokens.append(forged({**good, **header}, payload, key))
    for token in tokens:
        answer = await http.request(
            "DELETE", ORDERS, json={}, headers={"authorization": f"Bearer {token}"}
        )
        assert refusal(answer) == (401, "UNAUTHORIZED"), header


@pytest.mark.parametrize("claims", [[], "x", 7, {"exp": "9e9"}, {"exp": 1e400}, {"sub": {}}])
async def test_claims_of_another_form_are_none(
    http: httpx.AsyncClient, server: Server, claims: Any
) -> None:
    """Signed with our own key, which nobody else has: also then it is a refusal, no fault."""
    secret = bytes.fromhex((server.data / SESSIONS).read_text().strip()[2:])
    key = hmac.digest(secret, b"access", sha256)
    token = forged({"alg": "HS256", "typ": "JWT"}, claims, key)
    for text in (token, token + "." + b64(b"x"), token.replace(".", "..", 1), "\xff" + token):
        headers = {"authorization": f"Bearer {text}".encode("latin-1")}
        answer = await http.request("DELETE", ORDERS, json={}, headers=headers)
        assert refusal(answer) == (401, "UNAUTHORIZED")


async def test_forged_cancels_are_bounded_and_valid_ones_are_not(proxied: Server) -> None:
    """An address that forges is answered 429 and hung up on; from the same one, at that time, an
    owner's signed cancel, one by its API key and one by its session are all taken."""
    async with client(proxied, "203.0.113.5") as http, Client(proxied.url, Wallet.random()) as bob:
        await bob.sign_in()
        token = await bob.access_token()
        key = await KeyUser(http).approved(bob)
        stranger = Wallet.random()
        for form in ("signed", "batch", "key", "session"):
            forged_one = await forgery(form, proxied.url, stranger, bob)
            for _ in range(200):
                answer = await http.request(**forged_one)
                if answer.status_code == 429:
                    break
            assert refusal(answer) == (429, "TOO_MANY_REQUESTS"), form
            assert answer.headers["connection"] == "close"
            assert int(answer.headers["retry-after"]) > 0

        cancel = await signed(bob, CancelAllOrders, market="")
        assert (await http.request("DELETE", ORDERS, json=cancel)).status_code == 201
        element = {"type": "CancelAllOrders", **await signed(bob, CancelAllOrders, market="")}
        [one] = (await http.post("/api/v1/actions", json=[element])).json()
        assert one["status"] == 201
        assert (await key.cancel_all({"symbol": "ETH_USDC"})).status_code == 200
        headers = {"authorization": f"Bearer {token}"}
        assert (await http.request("DELETE", ORDERS, json={}, headers=headers)).status_code == 201
        repeated = await http.request("DELETE", ORDERS, json=cancel)
        assert repeated.status_code == 200


async def forgery(form: str, url: str, stranger: Wallet, bob: Client) -> dict[str, Any]:
    """A request to a free route that nobody had the right to make."""
    action = {"owner": bob.owner, "market": "", "nonce": 1, "deadline": 1}
    body = {"action": action, "signature": "0x" + "11" * 65}
    if form == "signed":  # well formed, by somebody whom the owner never approved
        async with Client(url, stranger, owner=bob.owner) as thief:
            return {
                "method": "DELETE",
                "url": ORDERS,
                "json": await signed(thief, CancelAllOrders, market=""),
            }
    if form == "batch":
        elements = [{"type": "CancelAllOrders", **body}] * 100
        return {"method": "POST", "url": "/api/v1/actions", "json": elements}
    headers = {"authorization": "Bearer a.b.c"}
    if form == "key":
        user = KeyUser(httpx.AsyncClient(timeout=60))
        headers = user.headers("orderCancelAll", [{"symbol": "ETH_USDC"}], signature=b64_zeros())
    named = {"symbol": "ETH_USDC"} if form == "key" else {}
    return {"method": "DELETE", "url": ORDERS, "json": named, "headers": headers}


def b64_zeros() -> str:
    return "A" * 86 + "=="
