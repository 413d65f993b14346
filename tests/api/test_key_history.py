"""Order history, fills, deposits and withdrawals of an API key, page by page."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.desk import Json, message_of, refusal
from tests.api.held import held_exchange
from tests.api.key_user import KeyUser, limit, placed, told
from tests.api.venue import Venue
from xyk.client.client import Client
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import checksum

ORDERS, FILLS = "/wapi/v1/history/orders", "/wapi/v1/history/fills"
ORDER_QUERY, FILL_QUERY = "orderHistoryQueryAll", "fillHistoryQueryAll"
DEPOSITS, WITHDRAWALS = "/wapi/v1/capital/deposits", "/wapi/v1/capital/withdrawals"


@pytest.fixture
async def maker(url: str) -> AsyncIterator[Client]:
    async with Client(url, Wallet.random()) as client:
        yield client


@pytest.fixture
async def venue(operator: Client, alice: Client, maker: Client) -> Venue:
    venue = await Venue.open(operator)
    await venue.fund(alice)
    await venue.fund(maker)
    await venue.place(maker, "Ask", "3", "2000")
    await venue.place(maker, "Bid", "3", "1990")
    return venue


@pytest.fixture
async def key(http: httpx.AsyncClient, alice: Client) -> KeyUser:
    return await KeyUser(http).approved(alice)


async def orders(key: KeyUser, **params: Any) -> list[Json]:
    found: list[Json] = await told(key, ORDERS, ORDER_QUERY, **params)
    return found


async def fills(key: KeyUser, **params: Any) -> list[Json]:
    found: list[Json] = await told(key, FILLS, FILL_QUERY, **params)
    return found


async def test_orders_open_and_closed(key: KeyUser, venue: Venue, alice: Client) -> None:
    symbol = venue.market
    rests = await placed(key, limit(symbol, "Bid", "1", "1900", clientId=3))
    filled = await placed(key, limit(symbol, "Bid", "1", "2000"))
    market = {"symbol": symbol, "side": "Bid", "orderType": "Market", "quoteQuantity": "1000"}
    spent = await placed(key, market)
    gone = await placed(key, limit(symbol, "Ask", "1", "2500", clientId=4))
    await key.cancel({"symbol": symbol, "clientId": 4})
    native = await venue.place(alice, "Bid", "1", "1800")
    newest_first = [native["id"], gone["id"], spent["id"], filled["id"], rests["id"]]
    found = await orders(key)
    assert [one["id"] for one in found] == newest_first
    assert [one["status"] for one in found] == ["New", "Cancelled", "Filled", "Filled", "New"]
    assert [one["clientId"] for one in found] == [None, 4, None, None, 3]
    assert found[4] == {
        "id": rests["id"],
        "clientId": 3,
        "createdAt": found[4]["createdAt"],
        "symbol": symbol,
        "side": "Bid",
        "orderType": "Limit",
        "timeInForce": "GTC",
        "selfTradePrevention": "RejectTaker",
        "status": "New",
        "price": "1900",
        "quantity": "1",
        "quoteQuantity": None,
        "executedQuantity": "0",
        "executedQuoteQuantity": "0",
        "postOnly": False,
        "triggerBy": None,
        "triggerPrice": None,
        "triggerQuantity": None,
        "triggeredAt": None,
        "expiryReason": None,
        "systemOrderType": None,
        "reduceOnly": None,
        "relatedOrderId": None,
        "strategyId": None,
    }
    assert len(found[4]["createdAt"]) == len("2025-07-27T17:39:00.092")
    assert (found[2]["orderType"], found[2]["price"], found[2]["quantity"]) == (
        "Market",
        None,
        None,
    )
    assert (found[2]["quoteQuantity"], found[2]["executedQuantity"]) == ("1000", "0.5")
    assert found[1]["expiryReason"] is None, "nobody but its owner ended it"
    oldest_first = await orders(key, sortDirection="Asc")
    assert [one["id"] for one in oldest_first] == newest_first[::-1]
    for number in newest_first:
        assert [one["id"] for one in await orders(key, orderId=number)] == [number]
    assert await orders(key, symbol="ETH_USDC") == []
    assert await orders(key, marketType="PERP") == []
    assert len(await orders(key, symbol=symbol, marketType="SPOT")) == 5


async def test_pages_of_orders(key: KeyUser, venue: Venue) -> None:
    """Two at a time, both ways, with what the headers say of it."""
    made = await key.orders([limit(venue.market, "Bid", "0.1", f"19{n:02}") for n in range(5)])
    ids = [one["id"] for one in made.json()]
    for direction, expected in (("Asc", ids), ("Desc", ids[::-1])):
        seen = []
        for offset in (0, 2, 4, 6):
            answer = await key.get(
                ORDERS, ORDER_QUERY, limit="2", offset=str(offset), sortDirection=direction
            )
            seen += [one["id"] for one in answer.json()]
            headers = {name: answer.headers[f"x-{name}"] for name in ("page-count", "total")}
            assert headers == {"page-count": "3", "total": "5"}
            assert answer.headers["x-current-page"] == str(offset // 2 + 1)
            assert answer.headers["x-page-size"] == "2"
        assert seen == expected
    many = await key.get(ORDERS, ORDER_QUERY, limit="5000")
    assert (many.headers["x-page-size"], many.headers["x-page-count"]) == ("1000", "1")
    for wrong in ({"limit": "0"}, {"limit": "x"}, {"offset": "-1"}, {"sortDirection": "Up"}):
        answer = await key.get(ORDERS, ORDER_QUERY, **wrong)
        assert refusal(answer) == (400, "INVALID_CLIENT_REQUEST"), wrong
    nowhere = await key.get(ORDERS, ORDER_QUERY, symbol="NO_SUCH")
    assert refusal(nowhere) == (404, "INVALID_MARKET")


async def test_orders_are_found_while_the_read_tables_trail(
    tmp_path: Path, database_url: str
) -> None:
    """Here they stay empty for ever."""
    async with (
        held_exchange(tmp_path, database_url) as held,
        Client(held.url, Wallet.random()) as alice,
        Client(held.url, Wallet.random()) as maker,
        httpx.AsyncClient(base_url=held.url, trust_env=False, timeout=30) as http,
    ):
        for owner in (alice, maker):
            await owner.faucet("ETH")
            await owner.faucet("USDC", 10**12)
        spot = Venue("ETH", "USDC", await alice.token("ETH"), await alice.token("USDC"))
        await spot.place(maker, "Ask", "1", "2000")
        await spot.place(maker, "Bid", "1", "1990")
        key = await KeyUser(http).approved(alice)
        made = [
            await placed(key, limit("ETH_USDC", "Bid", "1", price))
            for price in ("1900", "2000", "1901", "1902")
        ]
        await key.cancel({"symbol": "ETH_USDC", "orderId": made[2]["id"]})
        ids = [one["id"] for one in made]
        found = await orders(key)
        assert [one["id"] for one in found] == ids[::-1]
        assert [one["status"] for one in found] == ["New", "Cancelled", "Filled", "New"]
        assert [one["id"] for one in await orders(key, orderId=ids[1])] == [ids[1]]
        page = await key.get(ORDERS, ORDER_QUERY, limit="3", offset="2", sortDirection="Asc")
        assert [one["id"] for one in page.json()] == ids[2:]
        assert page.headers["x-total"] == "4"


async def test_fills_of_both_sides(
    key: KeyUser, venue: Venue, maker: Client, http: httpx.AsyncClient
) -> None:
    """Taker fee 5 bps of what is received, maker fee 2 bps."""
    bought = await placed(key, limit(venue.market, "Bid", "2", "2000", clientId=7))
    theirs = await KeyUser(http).approved(maker)
    [fill] = await fills(key)
    assert fill == {
        "tradeId": 1,
        "orderId": bought["id"],
        "clientId": "7",
        "symbol": venue.market,
        "side": "Bid",
        "price": "2000",
        "quantity": "2",
        "fee": "0.001",
        "feeSymbol": venue.base,
        "isMaker": False,
        "timestamp": fill["timestamp"],
        "systemOrderType": None,
    }
    [made] = await fills(theirs)
    assert (made["tradeId"], made["side"], made["isMaker"]) == (1, "Ask", True)
    assert (made["fee"], made["feeSymbol"], made["clientId"]) == ("0.8", venue.quote, None)
    assert made["orderId"] != bought["id"]
    sold = await placed(key, limit(venue.market, "Ask", "1", "1990"))
    newest = await fills(key)
    assert [(one["orderId"], one["feeSymbol"]) for one in newest] == [
        (sold["id"], venue.quote),
        (bought["id"], venue.base),
    ]
    assert (newest[0]["fee"], newest[0]["side"]) == ("0.995", "Ask")
    assert (await fills(theirs))[0]["feeSymbol"] == venue.base


async def test_swaps_are_fills_and_no_orders(
    key: KeyUser, venue: Venue, maker: Client, alice: Client
) -> None:
    """A pool's fee of 30 bps is in what goes in; the entry's seq stands as the order's id."""
    await alice.act(venue.cancel_all(alice))
    await maker.act(venue.cancel_all(maker))
    await venue.add_pool(maker)
    swap = await alice.sell(venue.base, venue.quote, 10**18)
    [fill] = await fills(key)
    assert (fill["orderId"], fill["side"], fill["isMaker"]) == (str(swap["seq"]), "Ask", False)
    assert (fill["quantity"], fill["fee"], fill["feeSymbol"]) == ("1", "0.003", venue.base)
    assert fill["clientId"] is None
    assert await fills(key, orderId=swap["seq"]) == [fill]
    assert await orders(key) == []


async def test_fills_are_narrowed_down(key: KeyUser, venue: Venue) -> None:
    taken = [await placed(key, limit(venue.market, "Bid", "0.5", "2000")) for _ in range(4)]
    ids, times = [one["id"] for one in taken], [one["createdAt"] for one in taken]
    everything = await fills(key)
    assert [one["orderId"] for one in everything] == ids[::-1]
    for name in ("orderId", "order_id"):  # the second is the Rust client's spelling
        assert [one["orderId"] for one in await fills(key, **{name: ids[1]})] == [ids[1]]
    since = await fills(key, from_=str(times[2]))
    assert {one["orderId"] for one in since} == {
        i for i, t in zip(ids, times, strict=True) if t >= times[2]
    }
    until = await fills(key, to=str(times[1]))
    assert {one["orderId"] for one in until} == {
        i for i, t in zip(ids, times, strict=True) if t <= times[1]
    }
    assert await fills(key, from_=str(times[3] + 1)) == []
    assert await fills(key, symbol=venue.market, fillType="User") == everything
    assert await fills(key, fill_type="User", market_type="SPOT") == everything
    assert await fills(key, fillType="Liquidation") == []
    assert await fills(key, marketType="PERP") == []
    assert await fills(key, symbol="ETH_USDC") == []
    assert [one["orderId"] for one in await fills(key, sort_direction="Asc")] == ids
    page = await key.get(FILLS, FILL_QUERY, limit="3", offset="3")
    assert [one["orderId"] for one in page.json()] == ids[:1]
    assert (page.headers["x-total"], page.headers["x-current-page"]) == ("4", "2")
    answer = await key.get(FILLS, FILL_QUERY, fillType="Gift")
    assert refusal(answer) == (400, "INVALID_CLIENT_REQUEST")


async def test_deposits_and_withdrawals(
    http: httpx.AsyncClient, bob: Client, alice: Client
) -> None:
    key = await KeyUser(http).approved(bob)
    first = await bob.faucet("USDC", 5 * 10**6)
    sent = await alice.transfer("USDC", 2_500_000, bob.owner)
    out = await bob.withdraw("USDC", 1_000_000, "0x" + "77" * 20)
    back = await bob.transfer("USDC", 500_000, alice.owner)
    got = await told(key, DEPOSITS, "depositQueryAll")
    assert [one["id"] for one in got] == [sent["seq"], first["seq"]]
    assert got[0] == {
        "id": sent["seq"],
        "source": "internal",
        "status": "confirmed",
        "symbol": "USDC",
        "quantity": "2.5",
        "createdAt": got[0]["createdAt"],
        "fromAddress": checksum(alice.owner),
        "toAddress": checksum(bob.owner),
        "transactionHash": None,
        "subaccountId": None,
        "confirmationBlockNumber": None,
        "platformMemo": None,
    }
    assert (got[1]["source"], got[1]["quantity"]) == ("administrator", "5")
    went = await told(key, WITHDRAWALS, "withdrawalQueryAll")
    assert [(one["id"], one["isInternal"]) for one in went] == [
        (back["seq"], True),
        (out["seq"], False),
    ]
    assert (went[1]["toAddress"], went[1]["quantity"]) == ("0x" + "77" * 20, "1")
    assert (went[1]["status"], went[1]["fee"], went[1]["symbol"]) == ("confirmed", "0", "USDC")
    one = await told(key, WITHDRAWALS, "withdrawalQueryAll", id=str(out["seq"]))
    assert one == went[1:]
    page = await key.get(DEPOSITS, "depositQueryAll", limit="1", offset="1")
    assert [each["id"] for each in page.json()] == [first["seq"]]
    assert page.headers["x-total"] == "2"
    later = str(sent["timestamp"] + 1)
    assert await told(key, DEPOSITS, "depositQueryAll", from_=later) == []
    assert await told(key, DEPOSITS, "depositQueryAll", to=str(first["timestamp"] - 1)) == []


async def test_shares_are_no_deposits(
    key: KeyUser, venue: Venue, alice: Client, bob: Client
) -> None:
    """Their colon breaks the convention's clients."""
    await alice.add_liquidity(venue.base, venue.quote, 10**18, 1995 * 10**6)
    await alice.transfer(f"LP:{venue.market}", 10**6, bob.owner)
    got = await told(key, DEPOSITS, "depositQueryAll")
    assert len(got) == 4 and await told(key, WITHDRAWALS, "withdrawalQueryAll") == []
    assert not [name for name in await told(key, "/api/v1/capital", "balanceQuery") if ":" in name]


async def test_what_a_spot_ledger_has_none_of(key: KeyUser) -> None:
    refused = await key.get(
        "/wapi/v1/capital/deposit/address", "depositAddressQuery", blockchain="Ethereum"
    )
    assert refusal(refused) == (501, "NOT_IMPLEMENTED")
    assert "/api/v1/faucet" in message_of(refused)
    for path, instruction in (
        ("/wapi/v1/history/borrowLend", "borrowHistoryQueryAll"),
        ("/wapi/v1/history/borrowLend/positions", "borrowPositionHistoryQueryAll"),
        ("/wapi/v1/history/interest", "interestHistoryQueryAll"),
        ("/wapi/v1/history/dust", "dustHistoryQueryAll"),
        ("/wapi/v1/history/funding", "fundingHistoryQueryAll"),
        ("/wapi/v1/history/settlement", "settlementHistoryQueryAll"),
        ("/wapi/v1/history/strategies", "strategyHistoryQueryAll"),
        ("/wapi/v1/history/rfq", "rfqHistoryQueryAll"),
        ("/wapi/v1/history/quote", "quoteHistoryQueryAll"),
        ("/wapi/v1/history/position", "positionHistoryQueryAll"),
        ("/api/v1/position", "positionQuery"),
        ("/api/v1/borrowLend/positions", "borrowLendPositionQuery"),
    ):
        assert await told(key, path, instruction, symbol="ETH_USDC") == [], path
