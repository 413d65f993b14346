"""Who signed, and whether that signer may: over HTTP, with the code that the table promises."""

from typing import Any

import pytest

from tests.api.desk import Desk, message_of, now_s, refusal
from xyk.client.client import Client
from xyk.domain.commands import (
    AddLiquidity,
    ListAsset,
    RevokeAgent,
    SetMarketStatus,
    Transfer,
    Withdraw,
)
from xyk.domain.tokens import token_address
from xyk.domain.units import DEADLINE_AHEAD_S, NONCE_PAST_S, NONCE_SLOTS, ZERO_ADDRESS
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain
from xyk.wallet.verify import CURVE_ORDER

INVALID_SIGNATURE = (401, "INVALID_SIGNATURE")
ANOTHER_SALT = Domain("0x" + "11" * 32)
CHAIN_MODE = Domain("0x" + "11" * 32, 1, "0x" + "22" * 20)


async def test_both_forms_of_a_signature_are_accepted(desk: Desk) -> None:
    body = desk.body(desk.swap())
    assert (await desk.sell(body)).status_code == 201

    body = desk.body(desk.swap())
    raw = bytes.fromhex(body["signature"][2:])
    compact = raw[:32] + bytes([raw[32] | (raw[64] - 27) << 7]) + raw[33:64]
    assert (await desk.sell({**body, "signature": "0x" + compact.hex()})).status_code == 201


async def test_the_signature_of_another_wallet(desk: Desk) -> None:
    body = desk.body(desk.swap(), wallet=Wallet.random())
    assert refusal(await desk.sell(body)) == INVALID_SIGNATURE


@pytest.mark.parametrize("domain", [ANOTHER_SALT, CHAIN_MODE], ids=["salt", "chain and contract"])
async def test_a_signature_for_another_deployment(desk: Desk, domain: Domain) -> None:
    assert refusal(await desk.sell(desk.body(desk.swap(), domain=domain))) == INVALID_SIGNATURE


async def test_a_signature_over_other_values(desk: Desk) -> None:
    body = desk.body(desk.swap())
    body["action"]["minAmountOut"] = "1"
    assert refusal(await desk.sell(body)) == INVALID_SIGNATURE


def high_s(raw: bytes) -> bytes:
    s = CURVE_ORDER - int.from_bytes(raw[32:64], "big")
    return raw[:32] + s.to_bytes(32, "big") + bytes([55 - raw[64]])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(high_s, id="high s"),
        pytest.param(lambda raw: raw[:64] + b"\x05", id="v = 5"),
        pytest.param(lambda raw: raw[:63], id="63 bytes"),
        pytest.param(lambda raw: raw + b"\x00", id="66 bytes"),
        pytest.param(lambda raw: bytes(65), id="zeros"),
        pytest.param(lambda raw: b"\xff" * 64 + raw[64:], id="beyond the order"),
        pytest.param(lambda raw: b"", id="empty"),
        *(
            pytest.param(lambda raw, n=n: flipped(raw, n), id=f"bit {n} flipped")
            for n in (0, 100, 255, 256, 400, 511)
        ),
    ],
)
async def test_bytes_that_are_no_signature_of_the_owner(desk: Desk, change: Any) -> None:
    body = desk.body(desk.swap())
    raw = change(bytes.fromhex(body["signature"][2:]))
    response = await desk.sell({**body, "signature": "0x" + raw.hex()})
    assert refusal(response) == INVALID_SIGNATURE


@pytest.mark.parametrize("text", ["", "0x", "hello", "0x" + "zz" * 65, "00" * 65, "0x" + "é" * 130])
async def test_text_that_is_no_signature(desk: Desk, text: str) -> None:
    body = {**desk.body(desk.swap()), "signature": text}
    assert refusal(await desk.sell(body)) == INVALID_SIGNATURE


async def test_an_agent_trades_until_it_is_revoked(desk: Desk, alice: Client) -> None:
    agent = Wallet.random()
    refused = await desk.sell(desk.body(desk.swap(), wallet=agent))
    assert refusal(refused) == INVALID_SIGNATURE  # proves nothing about the owner yet
    await alice.approve_agent(agent.address, now_s() + 3600)

    assert (await desk.sell(desk.body(desk.swap(), wallet=agent))).status_code == 201

    move = Transfer(
        owner=desk.wallet.address,
        token=token_address("ETH"),
        amount=1,
        recipient=agent.address,
        **alice.stamp(),
    )
    leave = Withdraw(
        owner=desk.wallet.address,
        token=token_address("ETH"),
        amount=1,
        recipient=agent.address,
        **alice.stamp(),
    )
    for path, action in (("/api/v1/transfer", move), ("/api/v1/withdraw", leave)):
        response = await desk.post(path, desk.body(action, wallet=agent))
        assert refusal(response) == (403, "FORBIDDEN")
        assert "agent" in message_of(response).lower()

    revoke = RevokeAgent(owner=desk.wallet.address, agent=agent.address, **alice.stamp())
    response = await desk.post("/api/v1/agents", desk.body(revoke), "DELETE")
    assert response.status_code == 201
    response = await desk.sell(desk.body(desk.swap(), wallet=agent))
    assert refusal(response) == (401, "UNAUTHORIZED")
    assert "revoked" in message_of(response)


async def test_an_agent_does_not_create_a_pool(desk: Desk, alice: Client, operator: Client) -> None:
    """SOL and BTC have no market of their own in the sandbox."""
    agent = Wallet.random()
    await alice.approve_agent(agent.address, now_s() + 3600)
    add = AddLiquidity(
        owner=desk.wallet.address,
        token_a=token_address("SOL"),
        token_b=token_address("BTC"),
        amount_a_desired=10**9,
        amount_b_desired=10**9,
        amount_a_min=10**9,
        amount_b_min=10**9,
        **alice.stamp(),
    )
    response = await desk.post("/api/v1/add-liquidity", desk.body(add, wallet=agent))
    assert refusal(response) == (403, "FORBIDDEN")


async def test_the_operators_routes_are_the_operators(desk: Desk, alice: Client) -> None:
    owner = desk.wallet.address
    listing = ListAsset(owner=owner, symbol="MINE", token=ZERO_ADDRESS, decimals=6, **alice.stamp())
    pause = SetMarketStatus(owner=owner, market="*", status="paused", **alice.stamp())
    for path, action in (("/api/v1/assets", listing), ("/api/v1/markets/status", pause)):
        assert refusal(await desk.post(path, desk.body(action))) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (lambda now: {"deadline": now - 10}, (422, "EXPIRED")),
        (lambda now: {"deadline": now + DEADLINE_AHEAD_S + 60}, (422, "EXPIRED")),
        (
            lambda now: {"nonce": (now - NONCE_PAST_S - 60) * NONCE_SLOTS},
            (422, "NONCE_OUT_OF_WINDOW"),
        ),
        (lambda now: {"nonce": (now + 3600) * NONCE_SLOTS}, (422, "NONCE_OUT_OF_WINDOW")),
    ],
    ids=["deadline passed", "deadline too far", "nonce too old", "nonce too far"],
)
async def test_times_outside_their_windows(
    desk: Desk, changes: Any, expected: tuple[int, str]
) -> None:
    assert refusal(await desk.sell(desk.body(desk.swap(**changes(now_s()))))) == expected


async def test_the_same_action_again_gets_the_first_receipt(desk: Desk) -> None:
    swap = desk.swap()
    first = await desk.sell(desk.body(swap))
    again = await desk.sell(desk.body(swap))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content

    # Another form of the same signature is the same action.
    body = desk.body(swap)
    raw = bytes.fromhex(body["signature"][2:])
    other = raw[:64] + bytes([raw[64] - 27])
    assert (await desk.sell({**body, "signature": "0x" + other.hex()})).content == first.content


async def test_a_nonce_is_used_once_but_only_by_what_was_accepted(desk: Desk) -> None:
    greedy = desk.swap(min_amount_out=10**18)
    assert refusal(await desk.sell(desk.body(greedy))) == (422, "SLIPPAGE_EXCEEDED")
    modest = desk.swap(nonce=greedy.nonce)
    assert (await desk.sell(desk.body(modest))).status_code == 201
    assert refusal(await desk.sell(desk.body(greedy))) == (409, "NONCE_USED")


def flipped(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
