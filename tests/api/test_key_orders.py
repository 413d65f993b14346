"""Orders by an API key, in the convention's own words, over HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api.desk import Json, message_of, refusal
from tests.api.key_user import KeyUser, limit, now_ms, placed, told
from tests.api.venue import Venue
from xyk.client.client import Client
from xyk.wallet.signer import Wallet

ORDER, ORDERS = "/api/v1/order", "/api/v1/orders"
NOTHING_MORE = {
    "reduceOnly": None,
    "relatedOrderId": None,
    "strategyId": None,
    "stopLossTriggerPrice": None,
    "stopLossLimitPrice": None,
    "stopLossTriggerBy": None,
    "takeProfitTriggerPrice": None,
    "takeProfitLimitPrice": None,
    "takeProfitTriggerBy": None,
}
NO_TRIGGER = {
    "triggerBy": None,
    "triggerPrice": None,
    "triggerQuantity": None,
    "triggeredAt": None,
    "expiryReason": None,
}


@pytest.fixture
async def maker(url: str) -> AsyncIterator[Client]:
    async with Client(url, Wallet.random()) as client:
        yield client


@pytest.fixture
async def venue(operator: Client, alice: Client, maker: Client) -> Venue:
    """Alice and the maker have funds; 3 are offered at 2012, and there is no pool."""
    venue = await Venue.open(operator)
    await venue.fund(alice)
    await venue.fund(maker)
    await venue.place(maker, "Ask", "3", "2012")
    await venue.place(maker, "Bid", "2", "1990")
    return venue


@pytest.fixture(params=["raw", "encoded"])
async def key(request: pytest.FixtureRequest, http: httpx.AsyncClient, alice: Client) -> KeyUser:
    return await KeyUser(http, encoded=request.param == "encoded").approved(alice)


@pytest.fixture
async def raw_key(http: httpx.AsyncClient, alice: Client) -> KeyUser:
    return await KeyUser(http).approved(alice)


async def test_a_resting_order(key: KeyUser, venue: Venue) -> None:
    order = await placed(
        key, limit(venue.market, "Bid", "0.5", "1950.01", clientId=7, postOnly=True)
    )
    assert order == {
        "id": order["id"],
        "clientId": 7,
        "createdAt": order["createdAt"],
        "symbol": venue.market,
        "side": "Bid",
        "orderType": "Limit",
        "timeInForce": "GTC",
        "selfTradePrevention": "RejectTaker",
        "status": "New",
        "price": "1950.01",
        "quantity": "0.5",
        "executedQuantity": "0",
        "executedQuoteQuantity": "0",
        "postOnly": True,
        **NO_TRIGGER,
        **NOTHING_MORE,
    }
    assert order["id"].isdigit() and abs(order["createdAt"] - now_ms()) < 60_000
    by = [{"orderId": order["id"]}, {"clientId": 7}]
    for name in by:
        assert await told(key, ORDER, "orderQuery", symbol=venue.market, **name) == order
    assert await told(key, ORDERS, "orderQueryAll") == [order]
    assert await told(key, ORDERS, "orderQueryAll", symbol=venue.market) == [order]
    assert await told(key, ORDERS, "orderQueryAll", symbol="ETH_USDC") == []
    assert await told(key, ORDERS, "orderQueryAll", marketType="PERP") == []
    [held] = [await told(key, "/api/v1/capital", "balanceQuery")]
    assert held[venue.quote] == {"available": "999024.995", "locked": "975.005", "staked": "0"}


async def test_a_taker_is_told_of_its_fills_at_once(raw_key: KeyUser, venue: Venue) -> None:
    """3 at 2012, all of the book; the fee of 5 bps comes out of what is received."""
    order = await placed(raw_key, limit(venue.market, "Bid", "4", "2012"))
    assert (order["status"], order["executedQuantity"]) == ("PartiallyFilled", "3")
    assert order["executedQuoteQuantity"] == "6036"
    capital = await told(raw_key, "/api/v1/capital", "balanceQuery")
    assert capital[venue.base] == {"available": "102.9985", "locked": "0", "staked": "0"}
    assert capital[venue.quote] == {"available": "991952", "locked": "2012", "staked": "0"}


async def test_market_orders(raw_key: KeyUser, venue: Venue) -> None:
    base = {"symbol": venue.market, "orderType": "Market"}
    bought = await placed(raw_key, {**base, "side": "Bid", "quantity": "0.5"})
    assert bought["orderType"] == "Market" and "price" not in bought
    assert (bought["status"], bought["quantity"], bought["quoteQuantity"]) == (
        "Filled",
        "0.5",
        None,
    )
    assert (bought["executedQuantity"], bought["executedQuoteQuantity"]) == ("0.5", "1006")

    spent = await placed(raw_key, {**base, "side": "Bid", "quoteQuantity": "1006"})
    assert (spent["status"], spent["quantity"], spent["quoteQuantity"]) == ("Filled", None, "1006")
    assert (spent["executedQuantity"], spent["executedQuoteQuantity"]) == ("0.5", "1006")

    sold = await placed(raw_key, {**base, "side": "Ask", "quantity": "5"})
    assert (sold["status"], sold["executedQuantity"]) == ("Expired", "2")
    assert sold["executedQuoteQuantity"] == "3980"
    assert sold["expiryReason"] == "ImmediateOrCancel"


async def test_nothing_to_take_is_an_expired_order_with_200(raw_key: KeyUser, venue: Venue) -> None:
    for more in ({"timeInForce": "IOC"}, {"timeInForce": "FOK"}):
        order = await placed(raw_key, limit(venue.market, "Bid", "1", "1000", **more))
        assert (order["status"], order["executedQuantity"]) == ("Expired", "0")
        assert order["expiryReason"] in ("ImmediateOrCancel", "FillOrKill", "InsufficientLiquidity")
        [known] = await told(
            raw_key, "/wapi/v1/history/orders", "orderHistoryQueryAll", orderId=order["id"]
        )
        assert (known["status"], known["expiryReason"]) == ("Expired", order["expiryReason"])


async def test_a_trigger_waits(
    raw_key: KeyUser, venue: Venue, maker: Client, alice: Client
) -> None:
    await venue.place(alice, "Bid", "0.1", "2012")  # the last price
    body = limit(venue.market, "Bid", "0.2", "2100", triggerPrice="2050")
    body["triggerQuantity"] = body.pop("quantity")
    order = await placed(raw_key, body)
    assert (order["status"], order["triggerPrice"]) == ("TriggerPending", "2050")
    assert (order["quantity"], order["triggerQuantity"]) == ("0.2", "0.2")
    named = {"symbol": venue.market, "orderId": order["id"]}
    assert await told(raw_key, ORDER, "orderQuery", **named) == order
    account = await told(raw_key, "/api/v1/account", "accountQuery")
    assert (account["limitOrders"], account["triggerOrders"]) == (0, 1)
    gone = await raw_key.cancel_all({"symbol": venue.market, "orderType": "RestingLimitOrder"})
    assert (gone.status_code, gone.json()) == (200, [])
    gone = await raw_key.cancel_all({"symbol": venue.market, "orderType": "ConditionalOrder"})
    assert [(one["id"], one["status"]) for one in gone.json()] == [(order["id"], "Cancelled")]


async def test_cancels(key: KeyUser, venue: Venue) -> None:
    symbol = venue.market
    first = await placed(key, limit(symbol, "Bid", "1", "1900", clientId=9))
    second = await placed(key, limit(symbol, "Bid", "1", "1901"))
    third = await placed(key, limit(symbol, "Ask", "1", "2100"))
    by_text = await key.cancel({"symbol": symbol, "clientId": "9"})  # as bpx-py says it
    assert by_text.status_code == 200
    assert by_text.json() == {**first, "status": "Cancelled"}
    by_id = await key.cancel({"symbol": symbol, "orderId": second["id"]})
    assert by_id.json() == {**second, "status": "Cancelled"}
    for body in ({"clientId": 9}, {"orderId": second["id"]}, {"orderId": "999999999"}):
        unknown = await key.cancel({"symbol": symbol, **body})
        assert refusal(unknown) == (404, "RESOURCE_NOT_FOUND")
        assert "Not Found" in message_of(unknown)
    everything = await key.cancel_all({"symbol": symbol})
    assert everything.json() == [{**third, "status": "Cancelled"}]
    assert await told(key, ORDERS, "orderQueryAll") == []


async def test_only_open_orders_of_ones_own_are_found(
    raw_key: KeyUser, venue: Venue, maker: Client
) -> None:
    [foreign, *_] = (await raw_key.http.get(ORDERS, params={"owner": maker.owner})).json()
    filled = await placed(raw_key, limit(venue.market, "Bid", "1", "2012", clientId=3))
    assert filled["status"] == "Filled"
    for name in ({"orderId": foreign["id"]}, {"orderId": filled["id"]}, {"clientId": 3}):
        answer = await raw_key.get(ORDER, "orderQuery", symbol=venue.market, **name)
        assert refusal(answer) == (404, "RESOURCE_NOT_FOUND")
        assert "Not Found" in message_of(answer)
    mine = await placed(raw_key, limit(venue.market, "Bid", "1", "1900"))
    elsewhere = await raw_key.get(ORDER, "orderQuery", symbol="ETH_USDC", orderId=mine["id"])
    assert refusal(elsewhere) == (404, "RESOURCE_NOT_FOUND")
    cancelled = await raw_key.cancel({"symbol": venue.market, "orderId": foreign["id"]})
    assert refusal(cancelled) == (404, "RESOURCE_NOT_FOUND")
    for wrong in ({}, {"orderId": "1", "clientId": 1}, {"orderId": "x"}):
        answer = await raw_key.get(ORDER, "orderQuery", symbol=venue.market, **wrong)
        assert refusal(answer) == (400, "INVALID_CLIENT_REQUEST")
    nowhere = await raw_key.get(ORDER, "orderQuery", symbol="NO_SUCH", orderId="1")
    assert refusal(nowhere) == (404, "INVALID_MARKET")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"price": "1950.001"}, (422, "INVALID_PRICE")),
        ({"quantity": "0.00015"}, (422, "INVALID_QUANTITY")),
        ({"quantity": "100000"}, (422, "INSUFFICIENT_FUNDS")),
        ({"symbol": "NO_SUCH"}, (404, "INVALID_MARKET")),
        ({"side": "Buy"}, (400, "INVALID_CLIENT_REQUEST")),
        ({"price": None}, (400, "INVALID_CLIENT_REQUEST")),
        ({"price": "2012", "postOnly": True}, (422, "INVALID_ORDER")),
        ({"clientId": 2**32}, (400, "INVALID_CLIENT_REQUEST")),
        ({"price": {"a": 1}}, (400, "INVALID_CLIENT_REQUEST")),
    ],
)
async def test_refused_orders(
    raw_key: KeyUser, venue: Venue, changes: Json, expected: tuple[int, str]
) -> None:
    body = {**limit(venue.market, "Bid", "0.5", "1950"), **changes}
    answer = await raw_key.order({name: value for name, value in body.items() if value is not None})
    assert refusal(answer) == expected, answer.text
    assert await told(raw_key, ORDERS, "orderQueryAll") == []
    if changes.get("postOnly"):
        assert "Order would immediately match and take" in message_of(answer)


async def test_a_client_id_is_unique_among_open_orders(raw_key: KeyUser, venue: Venue) -> None:
    body = limit(venue.market, "Bid", "0.5", "1950", clientId=5)
    first = await placed(raw_key, body)
    again = await raw_key.order(body)
    assert refusal(again) == (422, "INVALID_ORDER")
    await raw_key.cancel({"symbol": venue.market, "clientId": 5})
    second = await placed(raw_key, body)
    assert second["id"] != first["id"]


async def test_a_batch_has_an_outcome_for_each(key: KeyUser, venue: Venue) -> None:
    symbol = venue.market
    answer = await key.orders(
        [
            limit(symbol, "Bid", "1", "1950", clientId=1),
            limit(symbol, "Bid", "1", "1950.001"),
            limit(symbol, "Bid", "1", "1951", clientId=1),
            {"symbol": symbol, "side": "Bid"},
            limit(symbol, "Bid", "2", "2012"),
        ]
    )
    assert answer.status_code == 200, answer.text
    first, off_tick, twice, no_order, filled = answer.json()
    assert (first["operation"], first["status"], first["clientId"]) == ("Ok", "New", 1)
    assert set(off_tick) == {"operation", "code", "message"}
    assert (off_tick["operation"], off_tick["code"]) == ("Err", "INVALID_PRICE")
    assert (twice["operation"], twice["code"]) == ("Err", "INVALID_ORDER")
    assert (no_order["operation"], no_order["code"]) == ("Err", "INVALID_CLIENT_REQUEST")
    assert (filled["operation"], filled["status"], filled["executedQuantity"]) == (
        *("Ok", "Filled"),
        "2",
    )
    assert [one["id"] for one in await told(key, ORDERS, "orderQueryAll")] == [first["id"]]


async def test_a_batch_is_signed_as_a_whole_and_once(raw_key: KeyUser, venue: Venue) -> None:
    body = [limit(venue.market, "Bid", "1", price) for price in ("1950", "1951")]
    stamp = now_ms()
    first = await raw_key.orders(body, timestamp=stamp)
    again = await raw_key.orders(body, timestamp=stamp)
    assert [one["operation"] for one in first.json()] == ["Ok", "Ok"]
    assert refusal(again) == (409, "INVALID_CLIENT_REQUEST")
    headers = raw_key.headers("orderExecute", body)
    swapped = await raw_key.http.post(ORDERS, json=body[::-1], headers=headers)
    assert refusal(swapped) == (401, "INVALID_SIGNATURE")
    for wrong in ([], [body[0]] * 101):
        assert refusal(await raw_key.orders(wrong)) == (400, "INVALID_CLIENT_REQUEST")
    assert len(await told(raw_key, ORDERS, "orderQueryAll")) == 2


async def test_what_a_batch_was_refused_cannot_be_replayed(
    raw_key: KeyUser, venue: Venue, alice: Client
) -> None:
    """Else whoever kept the request could execute it when there are funds, beside the owner's own
    second try."""
    too_much = limit(venue.market, "Bid", "600", "1900")
    body = [limit(venue.market, "Bid", "1", "1950"), too_much]
    stamp = now_ms()
    first = (await raw_key.orders(body, timestamp=stamp)).json()
    assert [one["operation"] for one in first] == ["Ok", "Err"]
    assert first[1]["code"] == "INSUFFICIENT_FUNDS"
    await venue.fund(alice, 1, 1_000_000)
    again = await raw_key.orders(body, timestamp=stamp)
    assert refusal(again) == (409, "INVALID_CLIENT_REQUEST")
    assert len(await told(raw_key, ORDERS, "orderQueryAll")) == 1


async def test_a_text_that_would_swell_the_journal_is_refused(
    raw_key: KeyUser, venue: Venue
) -> None:
    order = limit(venue.market, "Bid", "1", "1950")
    for body, bound in (([order | {"note": "x" * 3_000}], 2_348), ([order] * 2, 2_648)):
        answer = await raw_key.orders(body)
        is_long = len(body) == 1
        assert (answer.status_code == 400) is is_long, answer.text
        assert not is_long or str(bound) in answer.json()["message"]
    single = await raw_key.order(order | {"note": "x" * 3_000})
    assert refusal(single) == (400, "INVALID_CLIENT_REQUEST")


async def test_the_native_form_is_as_it_was(
    raw_key: KeyUser, venue: Venue, alice: Client, http: httpx.AsyncClient
) -> None:
    """Both forms on one path; a key's order is an order of its owner like any other."""
    native = await venue.place(alice, "Bid", "1", "1950", client_id=4)
    mine = await placed(raw_key, limit(venue.market, "Bid", "1", "1949"))
    seen = (await http.get(ORDERS, params={"owner": alice.owner})).json()
    assert [one["id"] for one in seen] == [native["id"], mine["id"]]
    assert seen[1]["digest"].startswith("0x")
    by_key = await told(raw_key, ORDER, "orderQuery", symbol=venue.market, clientId=4)
    assert by_key["id"] == native["id"]
    await alice.act(venue.cancel(alice, mine["id"]))
    assert (await raw_key.cancel({"symbol": venue.market, "clientId": 4})).status_code == 200
    assert refusal(await http.post(ORDERS, json=[])) == (400, "INVALID_CLIENT_REQUEST")
