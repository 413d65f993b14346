"""Processes of one wallet that know nothing of each other, and draw the same nonces."""

import time
from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest

from tests.client.cutting_proxy import CuttingProxy
from tests.client.scripted_server import ScriptedServer
from tests.databases import Databases
from tests.server import Server, running_server
from xyk.client.client import Client
from xyk.client.connection import Refused
from xyk.client.signing import NONCES_TRIED_MAX
from xyk.domain.commands import Transfer
from xyk.domain.tokens import token_address
from xyk.domain.units import NONCE_SLOTS
from xyk.wallet.signer import NonceClock, Wallet

BOB = "0x" + "b0" * 20
SLOT = 7
DOMAIN = {"name": "xyk", "version": "1", "salt": "0x" + "5a" * 32}
KNOWN = (200, {}, msgspec.json.encode({"domain": DOMAIN}))
USED = (409, {}, msgspec.json.encode({"code": "NONCE_USED", "message": "take the next slot"}))
BUSY = (503, {"retry-after": "0"}, msgspec.json.encode({"code": "OVERLOADED", "message": "full"}))
TAKEN = (201, {}, b'{"seq":7}')


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("nonces") / "data"
    with databases() as url:
        with running_server(data, "--seed-demo", database_url=url) as server:
            yield server


@pytest.fixture
async def twins(server: Server) -> AsyncIterator[tuple[Client, Client]]:
    """Of one wallet with a thousand USDC, both in the same second for ever, both at one slot."""
    wallet, now_s = Wallet.random(), int(time.time())

    def twin() -> Client:
        return Client(server.url, wallet, nonces=NonceClock(SLOT), now_s=lambda: now_s)

    async with twin() as one, twin() as other:
        await one.faucet("USDC", 1_000)
        yield one, other


def nonce_of(posted: bytes) -> int:
    return int(msgspec.json.decode(posted)["action"]["nonce"])


async def has(client: Client, owner: str) -> int:
    balances = (await client.account(owner))["balances"]
    return int(next((one["available"] for one in balances if one["symbol"] == "USDC"), 0))


async def test_each_wish_is_executed_once(twins: tuple[Client, Client]) -> None:
    one, other = twins
    friend = Wallet.random().address
    seq = (await one.status())["seq"]
    receipts = [
        await client.transfer("USDC", amount, friend)
        for client, amount in ((one, 1), (other, 20), (one, 300), (other, 400))
    ]
    assert len({receipt["digest"] for receipt in receipts}) == 4
    assert await has(one, friend) == 721
    assert (await one.status())["seq"] == seq + 4


async def test_orders_and_cancels_too(twins: tuple[Client, Client]) -> None:
    one, other = twins
    await one.faucet("ETH", 10**18)
    for client, price in ((one, "3001"), (other, "3002")):
        await client.place_order("ETH_USDC", "Ask", price=price, quantity="0.01")
    open_orders = await one.open_orders()
    assert [order["price"] for order in open_orders] == ["3001", "3002"]
    moved = await other.replace_order(open_orders[0], price="3003")
    assert moved["order"]["price"] == "3003"
    await one.cancel_order(open_orders[1]["id"])
    assert [order["price"] for order in await one.open_orders()] == ["3003"]
    await other.cancel_all_orders()
    assert await one.open_orders() == []


async def test_a_nonce_that_the_caller_named_stays(twins: tuple[Client, Client]) -> None:
    """It ties this version of a wish to the other one, of which only one may be executed."""
    one, other = twins
    nonce = one.stamp()["nonce"]
    await one.transfer("USDC", 1, BOB, nonce=nonce)
    signed_by_hand = Transfer(
        owner=other.owner,
        token=token_address("USDC"),
        amount=2,
        recipient=BOB,
        **other.stamp(),
    )
    assert signed_by_hand.nonce == nonce
    for again in (other.transfer("USDC", 2, BOB, nonce=nonce), other.act(signed_by_hand)):
        with pytest.raises(Refused, match="NONCE_USED"):
            await again
    [answer] = await other.actions([signed_by_hand])
    assert answer["code"] == "NONCE_USED"
    assert await has(one, one.owner) == 999


async def test_a_lost_answer_is_no_reason_for_another_nonce(
    server: Server, twins: tuple[Client, Client]
) -> None:
    one, _ = twins
    async with CuttingProxy(server.port) as proxy:
        async with Client(proxy.url, one.wallet, nonces=one.nonces) as behind:
            await behind.domain()
            await behind.token("USDC")
            proxy.cuts = 2
            receipt = await behind.transfer("USDC", 600, BOB)
    assert proxy.lost == 2
    assert (await one.status())["seq"] == receipt["seq"], "one entry"
    assert await has(one, one.owner) == 400


async def test_the_next_nonce_is_signed_until_none_is_left_to_try() -> None:
    async with ScriptedServer(KNOWN, USED, USED, TAKEN, *[USED] * NONCES_TRIED_MAX) as scripted:
        async with Client(scripted.url, Wallet.random(), nonces=NonceClock(SLOT)) as client:
            assert await client.transfer(token_address("USDC"), 1, BOB) == {"seq": 7}
            first = [nonce_of(body) for body in scripted.bodies[1:]]
            assert [nonce - first[0] for nonce in first] == [0, 1, 2]
            with pytest.raises(Refused, match="NONCE_USED"):
                await client.transfer(token_address("USDC"), 1, BOB)
    tried = [nonce_of(body) for body in scripted.bodies[4:]]
    assert len(set(tried)) == len(tried) == NONCES_TRIED_MAX


async def test_a_refusal_after_an_attempt_that_may_have_arrived_stands() -> None:
    """That attempt may have been executed by an exchange that knows no more of it."""
    async with ScriptedServer(KNOWN, BUSY, USED) as scripted:
        async with Client(scripted.url, Wallet.random()) as client:
            with pytest.raises(Refused, match="NONCE_USED"):
                await client.transfer(token_address("USDC"), 1, BOB)
    assert len(scripted.bodies) == 3
    assert scripted.bodies[1] == scripted.bodies[2]


async def test_clients_that_start_within_one_second_draw_apart() -> None:
    """Which also keeps two equal wishes of one second from being one and the same action."""
    wallet, now_s = Wallet.random(), 1_750_000_000
    drawn = [Client(wallet=wallet, now_s=lambda: now_s).stamp()["nonce"] for _ in range(300)]
    assert {nonce // NONCE_SLOTS for nonce in drawn} <= set(range(now_s - 599, now_s + 1))
    # Of 153,600 about 0.3 pairs are expected; of one second's 256 it would be 175.
    assert len(set(drawn)) >= 290
