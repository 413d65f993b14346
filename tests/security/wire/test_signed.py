"""What was signed for one thing is good for that alone, in all the spellings of its signature."""

import base64
import time
from typing import Any

import httpx
import pytest

from tests.api.desk import Desk, refusal
from tests.api.key_user import KeyUser, limit
from xyk.client.client import Client
from xyk.domain.commands import CancelAllOrders, CancelOrder, Transfer
from xyk.domain.tokens import token_address
from xyk.domain.units import NONCE_SLOTS
from xyk.wallet.api_key import FIELD_PRIME, GROUP_ORDER, SMALL_ORDER_YS
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain, digest
from xyk.wallet.verify import CURVE_ORDER, recover

INVALID_SIGNATURE = (401, "INVALID_SIGNATURE")
MALFORMED = (400, "INVALID_CLIENT_REQUEST")
ORDER, ORDERS = "/api/v1/order", "/api/v1/orders"
BID = limit("ETH_USDC", "Bid", "0.01", "1000")
ETH = token_address("ETH")


async def answered(desk: Desk, method: str, path: str, body: Any) -> tuple[int, str]:
    return refusal(await desk.post(path, body, method))


# Replay


@pytest.mark.parametrize("changed", ["salt", "chain", "contract"])
async def test_a_signature_of_another_deployment_moves_nothing(desk: Desk, changed: str) -> None:
    ours = desk.domain
    other = {
        "salt": Domain("0x" + "11" * 32),
        "chain": Domain(ours.salt, 1, "0x" + "22" * 20),
        "contract": Domain(ours.salt, 1, "0x" + "23" * 20),
    }[changed]
    action = transfer(desk)
    body = desk.body(action, domain=other)
    assert await answered(desk, "POST", "/api/v1/transfer", body) == INVALID_SIGNATURE
    assert (await desk.post("/api/v1/transfer", desk.body(action))).status_code == 201


def test_a_signature_is_for_one_chain_and_one_contract() -> None:
    """Of deployments that are on a chain all three: salt, chain and contract."""
    wallet, salt, contract = Wallet.random(), "0x" + "11" * 32, "0x" + "22" * 20
    action = CancelAllOrders(owner=wallet.address, market="", nonce=1, deadline=1)
    signature = wallet.sign(Domain(salt, 1, contract), action)
    for domain, is_signed in (
        (Domain(salt, 1, contract), True),
        (Domain(salt, 2, contract), False),
        (Domain(salt, 1, "0x" + "23" * 20), False),
        (Domain("0x" + "12" * 32, 1, contract), False),
        (Domain(salt), False),
    ):
        assert (recover(digest(domain, action), signature) == wallet.address) is is_signed


def transfer(desk: Desk) -> Transfer:
    recipient = "0x" + "77" * 20
    owner = desk.wallet.address
    return Transfer(owner=owner, token=ETH, amount=1, recipient=recipient, **desk.alice.stamp())


async def test_a_signature_is_for_its_own_route(desk: Desk) -> None:
    """Also where two actions have the same fields, as a transfer and a withdrawal have: the type's
    name is signed."""
    moved = desk.body(transfer(desk))
    assert await answered(desk, "POST", "/api/v1/withdraw", moved) == INVALID_SIGNATURE
    [one] = (await desk.post("/api/v1/actions", [{"type": "Withdraw", **moved}])).json()
    assert (one["status"], one["code"]) == INVALID_SIGNATURE
    swap = desk.body(desk.swap())
    for path in ("/api/v1/buy", "/api/v1/transfer", "/api/v1/add-liquidity", ORDER):
        assert await answered(desk, "POST", path, swap) == MALFORMED, path
    owner = desk.wallet.address
    cancel = CancelOrder(owner=owner, order_id="1", client_id=0, **desk.alice.stamp())
    assert await answered(desk, "DELETE", ORDERS, desk.body(cancel)) == MALFORMED
    every = CancelAllOrders(owner=owner, market="", **desk.alice.stamp())
    assert await answered(desk, "DELETE", ORDER, desk.body(every)) == MALFORMED
    assert await answered(desk, "POST", ORDERS, desk.body(every)) in (
        MALFORMED,
        (405, MALFORMED[1]),
    )


async def test_the_two_forms_are_never_taken_for_each_other(
    http: httpx.AsyncClient, alice: Client, desk: Desk
) -> None:
    key = await KeyUser(http).approved(alice)
    every = desk.body(CancelAllOrders(owner=alice.owner, market="", **alice.stamp()))
    by_key = await key.send("DELETE", ORDERS, "orderCancelAll", every)
    assert refusal(by_key) == MALFORMED, "a body that a wallet signed, as a key's"
    bare = await desk.post(ORDERS, {"symbol": "ETH_USDC"}, "DELETE")
    assert refusal(bare) == MALFORMED, "a key's body without its headers"


async def test_a_keys_request_is_for_its_own_route_and_verb(
    http: httpx.AsyncClient, alice: Client
) -> None:
    key = await KeyUser(http).approved(alice)
    body = {"symbol": "ETH_USDC"}
    signed = key.headers("orderCancelAll", [body])
    for method, path in (("DELETE", ORDER), ("POST", ORDER), ("PATCH", "/api/v1/account")):
        answer = await http.request(method, path, json=body, headers=signed)
        assert refusal(answer) in (INVALID_SIGNATURE, MALFORMED), (method, path)
    signed = key.headers("orderQueryAll", [body])
    for path in ("/wapi/v1/history/orders", "/wapi/v1/history/fills", "/api/v1/capital", ORDER):
        answer = await http.get(path, params=body, headers=signed)
        assert answer.status_code in (400, 401), path
    assert (await http.get(ORDERS, params=body, headers=signed)).status_code == 200
    sent = await http.request("DELETE", ORDERS, json=body, headers=signed)
    assert refusal(sent) == INVALID_SIGNATURE, "a read is no cancel"


# Malleability


def spelled(signature: str) -> dict[str, bytes]:
    """All that stand for the same r and s."""
    raw = bytes.fromhex(signature[2:])
    rs, v = raw[:64], raw[64]
    parity = v - 27
    compact = raw[:32] + bytes([raw[32] | parity << 7]) + raw[33:64]
    return {"v of 0 and 1": rs + bytes([parity]), "v of 27 and 28": raw, "EIP-2098": compact}


def twisted(signature: str) -> dict[str, bytes]:
    """What others make of it."""
    raw = bytes.fromhex(signature[2:])
    r, s, v = raw[:32], int.from_bytes(raw[32:64], "big"), raw[64]
    high = CURVE_ORDER - s
    compact = spelled(signature)["EIP-2098"]
    order = CURVE_ORDER.to_bytes(32, "big")
    return {
        "high s": r + high.to_bytes(32, "big") + bytes([55 - v]),
        "high s and the same v": r + high.to_bytes(32, "big") + bytes([v]),
        "s and n": r + (s + CURVE_ORDER).to_bytes(33, "big")[-32:] + bytes([v]),
        "the other v": raw[:64] + bytes([55 - v]),
        "v of EIP-155": raw[:64] + bytes([v + 10]),
        "v of 2": raw[:64] + b"\x02",
        "v of 29": raw[:64] + b"\x1d",
        "r of 0": bytes(32) + raw[32:],
        "s of 0": r + bytes(32) + raw[64:],
        "r of n": order + raw[32:],
        "s of n": r + order + raw[64:],
        "r and n": (int.from_bytes(r, "big") + CURVE_ORDER).to_bytes(33, "big")[-32:] + raw[32:],
        "a byte behind": raw + b"\x00",
        "a byte behind the compact one": compact + b"\x00\x00",
        "twice": raw + raw,
        "v in front": bytes([v]) + raw[:64],
        "half": raw[:32],
    }


async def test_every_spelling_of_a_signature_is_the_same_action(desk: Desk) -> None:
    body = desk.body(desk.swap())
    first = await desk.sell(body)
    assert first.status_code == 201
    for name, raw in spelled(body["signature"]).items():
        for text in ("0x" + raw.hex(), "0x" + raw.hex().upper()):
            again = await desk.sell({**body, "signature": text})
            assert (again.status_code, again.json()) == (200, first.json()), name


async def test_a_signature_that_others_made_of_it_is_none(desk: Desk) -> None:
    """Before and after the action was accepted: not as a new one, not as the same."""
    body = desk.body(desk.swap())
    forms = twisted(body["signature"])
    for _ in range(2):
        for name, raw in forms.items():
            answer = await desk.sell({**body, "signature": "0x" + raw.hex()})
            assert refusal(answer) == INVALID_SIGNATURE, name
        assert (await desk.sell(body)).status_code in (201, 200)


def ed25519_twisted(signature: str) -> dict[str, str]:
    raw = base64.b64decode(signature)
    s = int.from_bytes(raw[32:], "little")
    weak = [y.to_bytes(32, "little") for y in sorted(SMALL_ORDER_YS)]
    forms = {
        "s and the order": raw[:32] + (s + GROUP_ORDER).to_bytes(32, "little"),
        "s of 0": raw[:32] + bytes(32),
        "the top bit of s": raw[:63] + bytes([raw[63] | 0x80]),
        "r beyond the field": (FIELD_PRIME + 1).to_bytes(32, "little") + raw[32:],
        "a byte behind": raw + b"\x00",
        "a byte short": raw[:63],
        **{f"r of small order {n}": point + bytes(32) for n, point in enumerate(weak)},
    }
    texts = {name: base64.b64encode(one).decode() for name, one in forms.items()}
    # Other texts that decode to the same bytes.
    texts["no padding"] = signature.rstrip("=")
    texts["a bit in the padding"] = signature[:-3] + chr(ord(signature[-3]) + 1) + "=="
    urlsafe = signature.replace("+", "-").replace("/", "_")
    if urlsafe != signature:
        texts["urlsafe"] = urlsafe
    return texts


async def test_a_keys_signature_has_one_spelling(http: httpx.AsyncClient, alice: Client) -> None:
    key = await KeyUser(http).approved(alice)
    headers = key.headers("orderExecute", [BID])
    for _ in range(2):
        for name, text in ed25519_twisted(headers["X-Signature"]).items():
            twisted_one = {**headers, "X-Signature": text}
            answer = await http.post(ORDER, json=BID, headers=twisted_one)
            assert refusal(answer) in (INVALID_SIGNATURE, MALFORMED), name
        answer = await http.post(ORDER, json=BID, headers=headers)
        assert answer.status_code in (200, 409), "good once"


async def test_a_key_that_anybody_could_sign_for_signs_nothing(
    http: httpx.AsyncClient, alice: Client
) -> None:
    """Points of small order, in every encoding: some signature fits every text."""
    points = [(y + sign * 2**255).to_bytes(32, "little") for y in SMALL_ORDER_YS for sign in (0, 1)]
    points += [(y + FIELD_PRIME).to_bytes(32, "little") for y in (0, 1)]
    user = KeyUser(http)
    for point in points:
        answer = await approve(alice, "0x" + point.hex())
        headers = user.headers("orderCancelAll", [{"symbol": "ETH_USDC"}])
        headers["X-API-Key"] = base64.b64encode(point).decode()
        headers["X-Signature"] = base64.b64encode(point + bytes(32)).decode()
        sent = await http.request("DELETE", ORDERS, json={"symbol": "ETH_USDC"}, headers=headers)
        assert refusal(sent) in (INVALID_SIGNATURE, MALFORMED), answer


async def approve(owner: Client, public_key: str) -> int:
    """Whatever becomes of it."""
    try:
        await owner.approve_api_key(public_key, 2**33)
    except Exception:
        return 0
    return 1


# Nonces


async def test_nonces_are_the_signers_own(desk: Desk, http: httpx.AsyncClient) -> None:
    """256 a second, used up by nobody else: not by a stranger who names the same owner."""
    second = int(time.time()) - 3_600
    nonces = [second << 8 | slot for slot in range(NONCE_SLOTS)]
    stranger = Wallet.random()
    for start in range(0, NONCE_SLOTS, 100):
        forged = [
            {"type": "SwapExactIn", **desk.body(desk.swap(nonce=nonce), wallet=stranger)}
            for nonce in nonces[start : start + 100]
        ]
        refused = (await desk.post("/api/v1/actions", forged)).json()
        assert {one["status"] for one in refused} == {401}
    for start in range(0, NONCE_SLOTS, 100):
        own = [
            {"type": "SwapExactIn", **desk.body(desk.swap(nonce=nonce))}
            for nonce in nonces[start : start + 100]
        ]
        taken = (await desk.post("/api/v1/actions", own)).json()
        assert {one["status"] for one in taken} == {201}
    full = desk.swap(nonce=nonces[7], amount_in=10**14)
    assert await answered(desk, "POST", "/api/v1/sell", desk.body(full)) == (409, "NONCE_USED")
    assert (await desk.sell(desk.body(desk.swap(nonce=nonces[0] - 1)))).status_code == 201


@pytest.mark.parametrize("shift", [-2 * 86_400 - 60, 300 + 60, -(10**9), 2**40, 2**55])
async def test_a_nonce_far_away_is_refused(desk: Desk, shift: int) -> None:
    """So nobody is made to remember a nonce for longer than two days."""
    body = desk.body(desk.swap(nonce=(int(time.time()) + shift) << 8 & 2**64 - 1))
    refused = (422, "NONCE_OUT_OF_WINDOW")
    assert await answered(desk, "POST", "/api/v1/sell", body) == refused
