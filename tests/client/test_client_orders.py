"""Every order method of the client against a real server."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.client.cutting_proxy import CuttingProxy
from tests.databases import Databases
from tests.server import Server, running_server
from xyk.cli.keys import OPERATOR, read_wallet
from xyk.client.client import Client
from xyk.client.connection import Refused
from xyk.client.market_terms import Unfit
from xyk.domain.tokens import token_address
from xyk.wallet.signer import Wallet

ETH, USDC = token_address("ETH"), token_address("USDC")
MARKET = "ETH_USDC"
PATIENCE_S = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("orders") / "data"
    with databases() as url, running_server(data, database_url=url) as server:
        yield server


@pytest.fixture
async def alice(server: Server) -> AsyncIterator[Client]:
    """Funded; nothing of hers stays in the book."""
    async with Client(server.url, Wallet.random()) as client:
        await client.faucet("ETH", 10**20)
        await client.faucet("USDC", 10**12)
        yield client
        await client.cancel_all_orders()


@pytest.fixture
async def bob(server: Server) -> AsyncIterator[Client]:
    async with Client(server.url, Wallet.random()) as client:
        await client.faucet("ETH", 10**20)
        await client.faucet("USDC", 10**12)
        yield client
        await client.cancel_all_orders()


async def test_an_order_from_human_numbers(alice: Client, bob: Client) -> None:
    ask = await alice.place_order(MARKET, "Ask", price="2000.50", quantity="1.5", client_id=7)
    assert (ask["status"], ask["price"], ask["quantity"]) == ("New", "2000.5", "1.5")
    bid = await bob.place_order(
        MARKET, "Bid", price="2001", quantity="0.5", time_in_force="IOC", nonce=bob.stamp()["nonce"]
    )
    assert (bid["status"], bid["executedQuantity"]) == ("Filled", "0.5")
    assert [fill["price"] for fill in bid["fills"]] == ["2000.5"]

    found = await alice.order(ask["id"])
    assert (found["status"], found["executedQuantity"]) == ("PartiallyFilled", "0.5")
    assert found == await alice.order_by_digest(ask["digest"])
    assert found == await bob.order_by_client_id(7, alice.owner)
    assert await alice.open_orders() == [found] == await bob.open_orders(MARKET, alice.owner)
    assert await alice.resting_orders(MARKET) == [found]
    assert (await alice.depth(MARKET))["asks"] == [["2000.5", "1"]]
    assert (await alice.depth(MARKET, source="pool", limit=1))["asks"] == []
    assert (await alice.bbo(MARKET))["askPrice"] == "2000.5"

    gone = await alice.cancel_order(client_id=7)
    assert (gone["status"], gone["expiryReason"]) == ("Cancelled", "UserCancelled")
    assert await alice.open_orders() == []


async def test_the_raw_form_signs_base_units(alice: Client) -> None:
    bid = await alice.place_order_amounts("USDC", ETH, 1_999_990_000, 10**18, post_only=True)
    assert (bid["side"], bid["price"], bid["quantity"]) == ("Bid", "1999.99", "1")
    digest = bid["order"]["digest"]
    moved = await alice.replace_order_amounts(digest, USDC, "ETH", 1_000_000_000, 5 * 10**17)
    assert (moved["price"], moved["quantity"], moved["id"]) == ("2000", "0.5", bid["id"])
    with pytest.raises(Refused) as refused:
        await alice.place_order_amounts("USDC", "ETH", 1_999_995_000, 10**18)
    assert refused.value.code == "INVALID_PRICE"


async def test_a_replacement_keeps_what_is_not_named(alice: Client) -> None:
    ask = await alice.place_order(MARKET, "Ask", price="2100", quantity="1")
    smaller = await alice.replace_order(ask, quantity="0.4")
    assert (smaller["price"], smaller["quantity"]) == ("2100", "0.4")
    dearer = await alice.replace_order(smaller, price="2200.01")
    assert (dearer["price"], dearer["quantity"]) == ("2200.01", "0.4")
    by_id = await alice.replace_order(ask["id"], price="2300", quantity="2")
    assert (by_id["id"], by_id["price"], by_id["quantity"]) == (ask["id"], "2300", "2")
    found = await alice.order(ask["id"])
    assert (found["price"], found["digest"]) == ("2300", ask["digest"])
    assert (await alice.replace_order(found, price="2301"))["price"] == "2301"


async def test_numbers_off_the_grid_are_not_signed(alice: Client) -> None:
    before = (await alice.status())["seq"]
    with pytest.raises(Unfit) as price:
        await alice.place_order(MARKET, "Bid", price="1999.999", quantity="1")
    assert price.value.nearest == "2000"
    with pytest.raises(Unfit) as quantity:
        await alice.place_order(MARKET, "Bid", price="2000", quantity="0.00015")
    assert quantity.value.nearest == "0.0001"
    with pytest.raises(ValueError, match="No market 'ETH_DOGE'; there are ETH_USDC"):
        await alice.place_order("ETH_DOGE", "Bid", price="1", quantity="1")
    with pytest.raises(ValueError, match="one of them"):
        await alice.cancel_order()
    assert (await alice.status())["seq"] == before


async def test_terms_that_the_operator_changed_are_asked_for_again(
    server: Server, alice: Client
) -> None:
    assert (await alice.market_terms("SOL_USDC")).price(1) == "0.01"
    async with Client(server.url, read_wallet(server.data / OPERATOR)) as operator:
        fees = {"maker_fee_bps": 0, "taker_fee_bps": 5, "pool_fee_bps": 30}
        await operator.update_market("SOL_USDC", tick_size=1_000, lot_size=10**6, **fees, book=True)
    bid = await alice.place_order("SOL_USDC", "Bid", price="150.001", quantity="1")
    assert bid["price"] == "150.001"


async def test_triggers_wait_with_their_price(alice: Client, bob: Client) -> None:
    await alice.place_order(MARKET, "Ask", price="2000", quantity="1")
    await bob.place_order(MARKET, "Bid", price="2000", quantity="1")
    stop = await bob.place_order(
        MARKET, "Ask", price="1800", quantity="0.5", trigger_price="1900.005"
    )
    assert (stop["status"], stop["triggerPrice"]) == ("TriggerPending", "1900.005")
    assert stop["triggerAbove"] is False
    assert [one["id"] for one in await bob.open_orders()] == [stop["id"]]
    assert stop["id"] not in [one["id"] for one in await bob.resting_orders(MARKET)]


async def test_all_of_a_market_or_of_all_are_cancelled(alice: Client) -> None:
    for market, price in ((MARKET, "1000"), (MARKET, "1001"), ("BTC_USDC", "50000")):
        await alice.place_order(market, "Bid", price=price, quantity="0.01")
    armed = await alice.cancel_all_after(600, MARKET)
    assert armed["firesAt"] == armed["timestamp"] + 600_000
    assert (await alice.cancel_all_after(0, MARKET))["firesAt"] is None
    of_one = await alice.cancel_all_orders(MARKET)
    assert [one["status"] for one in of_one["orders"]] == ["Cancelled", "Cancelled"]
    assert len((await alice.cancel_all_orders())["orders"]) == 1
    assert (await alice.cancel_all_orders())["orders"] == []


async def test_orders_of_one_market_are_followed(alice: Client) -> None:
    async with alice.watch_orders(MARKET) as watch, asyncio.timeout(PATIENCE_S):
        updates = aiter(watch)
        assert (await anext(updates)) == {"e": "openOrders", "orders": [], "closed": []}
        await alice.place_order("BTC_USDC", "Bid", price="50000", quantity="0.01")
        bid = await alice.place_order(MARKET, "Bid", price="1000", quantity="1")
        update = await anext(updates)
        assert (update["e"], update["i"]) == ("orderAccepted", bid["id"])
        assert list(watch.open) == [bid["id"]]
        await alice.cancel_order(bid["id"])
        assert (await anext(updates))["e"] == "orderCancelled"
        assert list(watch.open) == []


async def test_a_lost_answer_places_one_order(server: Server, alice: Client) -> None:
    """The same bytes, so the same nonce, go out until there is an answer."""
    async with CuttingProxy(server.port) as proxy, Client(proxy.url, alice.wallet) as cut:
        await cut.domain()
        await cut.market_terms(MARKET)
        await cut.token("ETH")
        proxy.forwarded.clear()
        proxy.cuts = 3
        bid = await cut.place_order(MARKET, "Bid", price="1500", quantity="1")
        assert proxy.lost == 3
        posted = b"".join(proxy.forwarded)
        [nonce] = {line.split(b",")[0] for line in posted.split(b'"nonce":')[1:]}
        assert posted.count(b'"nonce":' + nonce) == 4
    [order] = await alice.open_orders()
    assert order["id"] == bid["id"]


async def test_one_intent_with_one_nonce_is_one_order(alice: Client) -> None:
    nonce = alice.stamp()["nonce"]
    await alice.place_order(MARKET, "Bid", price="1500", quantity="1", nonce=nonce)
    with pytest.raises(Refused) as refused:
        await alice.place_order(MARKET, "Bid", price="1501", quantity="1", nonce=nonce)
    assert refused.value.code == "NONCE_USED"
    assert len(await alice.open_orders()) == 1
