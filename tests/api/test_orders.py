"""Orders over HTTP: receipts, the order object in every state, and how it is found."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.api.desk import NOBODY, Desk, refusal
from tests.api.venue import Venue
from xyk.client.client import Client
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import checksum

NO_TRIGGER = {
    "triggerBy": None,
    "triggerPrice": None,
    "triggerQuantity": None,
    "triggerAbove": None,
    "triggeredAt": None,
}


@pytest.fixture
async def maker(url: str) -> AsyncIterator[Client]:
    async with Client(url, Wallet.random()) as client:
        yield client


@pytest.fixture
async def venue(operator: Client, alice: Client, maker: Client) -> Venue:
    """Alice and the maker have funds; there is no pool."""
    venue = await Venue.open(operator)
    await venue.fund(alice)
    await venue.fund(maker)
    return venue


def checksummed(client: Client) -> str:
    return checksum(client.owner)


async def get(http: httpx.AsyncClient, path: str, **params: Any) -> Any:
    response = await http.get(path, params=params)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_resting_order(
    http: httpx.AsyncClient, desk: Desk, alice: Client, venue: Venue
) -> None:
    action = venue.order(alice, "Bid", "0.5", "1990.01", client_id=9)
    body = desk.body(action)
    first = await desk.post("/api/v1/order", body)
    again = await desk.post("/api/v1/order", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    receipt = first.json()
    assert [event["type"] for event in receipt["events"]] == [
        "NonceUsed",
        "OrderPlaced",
        "OrderRested",
    ]
    order = receipt["order"]
    assert order == {
        "id": str(receipt["seq"]),
        "clientId": 9,
        "createdAt": receipt["timestamp"],
        "symbol": venue.market,
        "side": "Bid",
        "orderType": "Limit",
        "timeInForce": "GTC",
        "selfTradePrevention": "RejectTaker",
        "status": "New",
        "price": "1990.01",
        "quantity": "0.5",
        "executedQuantity": "0",
        "executedQuoteQuantity": "0",
        "postOnly": False,
        **NO_TRIGGER,
        "expiryReason": None,
        "owner": checksummed(alice),
        "expires": None,
        "reduceOnly": None,
        "relatedOrderId": None,
        "strategyId": None,
        "digest": receipt["digest"],
        "seq": receipt["seq"],
    }
    assert {**receipt, **order} == receipt, "the order's fields are the receipt's too"
    assert receipt["fills"] == []
    account = await alice.account()
    [locked] = [one["locked"] for one in account["balances"] if one["symbol"] == venue.quote]
    assert locked == "995005000"

    shown = await get(http, f"/api/v1/order/{order['id']}")
    assert {**shown, "seq": 0} == {**order, "seq": 0}
    assert shown["seq"] >= order["seq"]
    by = [{"orderId": order["id"]}, {"digest": order["digest"], "symbol": venue.market}]
    by.append({"clientId": "9", "owner": alice.owner})
    for query in by:
        assert (await get(http, "/api/v1/order", **query))["id"] == order["id"]
    for query in ({"owner": alice.owner}, {"market": venue.market}, {"symbol": venue.market}):
        assert [one["id"] for one in await get(http, "/api/v1/orders", **query)] == [order["id"]]


async def test_the_worked_example_of_a_taker(
    http: httpx.AsyncClient, alice: Client, maker: Client, venue: Venue
) -> None:
    """Pool of 100 / 200,000 and two asks; a bid for 15 at 2025 takes all below it and rests."""
    await venue.add_pool(maker)
    near = await venue.place(maker, "Ask", "3", "2012")
    far = await venue.place(maker, "Ask", "5", "2020", client_id=4)
    taken = await venue.place(alice, "Bid", "15", "2025")

    order, fills = taken["order"], taken["fills"]
    assert [(fill["venue"], fill["makerOrderId"]) for fill in fills] == [
        ("book", near["id"]),
        ("book", far["id"]),
        ("pool", "0"),
    ]
    assert [(fill["price"], fill["quantity"]) for fill in fills[:2]] == [
        ("2012", "3"),
        ("2020", "5"),
    ]
    assert (fills[0]["fee"], fills[0]["feeSymbol"]) == ("0.0015", venue.base)
    assert (fills[2]["quantity"], fills[2]["quoteQuantity"]) == ("0.4697", "946.673205")
    assert fills[2]["feeSymbol"] == venue.quote
    assert (order["status"], order["executedQuantity"]) == ("PartiallyFilled", "8.4697")
    assert order["executedQuoteQuantity"] == "17082.673205"
    [rested] = [event for event in taken["events"] if event["type"] == "OrderRested"]
    assert (rested["remaining"], rested["held"]) == ("65303", "13223857500")

    for one, filled in ((near, "3"), (far, "5")):
        closed = await get(http, f"/api/v1/order/{one['id']}")
        assert (closed["status"], closed["executedQuantity"]) == ("Filled", filled)
    found = await get(http, "/api/v1/order", clientId=4, owner=maker.owner)
    assert (found["id"], found["status"]) == (far["id"], "Filled")
    pool = await maker.pool(venue.market)
    assert pool["trades24h"] == 3
    assert Decimal(pool["quoteVolume24h"]) == Decimal("17082.673205")


async def test_a_swap_over_book_and_pool(
    http: httpx.AsyncClient, alice: Client, maker: Client, venue: Venue
) -> None:
    await venue.add_pool(maker)
    await venue.place(maker, "Ask", "3", "2012")
    quoted = await alice.quote(venue.quote, venue.base, amount_in=8_000 * 10**6)
    bought = await alice.sell(venue.quote, venue.base, 8_000 * 10**6)
    for name in ("amountIn", "amountOut", "fee", "fees", "route"):
        assert bought[name] == quoted[name], name
    assert [hop["venue"] for hop in bought["route"]] == ["book", "pool"]
    assert bought["fee"] is None, "the book's is in base, the pool's in quote"
    assert bought["fees"][0]["token"] == quoted["route"][0]["tokenOut"]
    assert sum(int(hop["amountOut"]) for hop in bought["route"]) == int(bought["amountOut"])


async def test_what_a_book_cannot_take_is_dust(alice: Client, maker: Client, venue: Venue) -> None:
    await venue.place(maker, "Bid", "1", "2000")
    sold = await alice.sell(venue.base, venue.quote, 10**17 + 7)
    assert sold["amountIn"] == str(10**17)
    assert sold["dust"] == [{"token": sold["route"][0]["tokenIn"], "amount": "7"}]
    assert (sold["amountOut"], sold["fee"]) == ("199900000", "100000")


async def test_replacing(
    http: httpx.AsyncClient, desk: Desk, alice: Client, maker: Client, venue: Venue
) -> None:
    first = await venue.place(alice, "Bid", "2", "1900")
    await venue.place(maker, "Ask", "0.5", "1900")
    smaller = venue.replacement(alice, first, "1.5", "1900")
    body = desk.body(smaller)
    response = await desk.post("/api/v1/order/replace", body)
    assert response.status_code == 201
    reduced = response.json()
    assert reduced["digest"] != first["digest"]
    order = reduced["order"]
    assert (order["digest"], order["id"]) == (first["digest"], first["id"])
    assert (order["quantity"], order["executedQuantity"]) == ("1.5", "0.5")
    assert (order["status"], order["executedQuoteQuantity"]) == ("PartiallyFilled", "950")
    assert [event["type"] for event in reduced["events"]] == ["NonceUsed", "OrderReduced"]

    await venue.place(maker, "Ask", "0.25", "1950")
    moved = await alice.act(venue.replacement(alice, first, "1.5", "1950"))
    assert [fill["quantity"] for fill in moved["fills"]] == ["0.25"]
    assert moved["order"]["executedQuoteQuantity"] == "1437.5"
    assert moved["order"]["price"] == "1950"
    again = await desk.post("/api/v1/order/replace", body)
    assert (again.status_code, again.content) == (200, response.content)
    shown = await get(http, "/api/v1/order", digest=first["digest"])
    assert {**shown, "seq": 0} == {**moved["order"], "seq": 0}
    unknown = await http.get("/api/v1/order", params={"digest": reduced["digest"]})
    assert refusal(unknown) == (404, "RESOURCE_NOT_FOUND")


async def test_cancelling(http: httpx.AsyncClient, desk: Desk, alice: Client, venue: Venue) -> None:
    ids = [(await venue.place(alice, "Bid", "1", str(1900 + n)))["id"] for n in range(4)]
    await venue.place(alice, "Bid", "1", "1800", client_id=77)
    body = desk.body(venue.cancel(alice, ids[0]))
    first = await desk.post("/api/v1/order", body, "DELETE")
    again = await desk.post("/api/v1/order", body, "DELETE")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    cancelled = first.json()
    assert (cancelled["id"], cancelled["status"]) == (ids[0], "Cancelled")
    assert cancelled["expiryReason"] == "UserCancelled"
    shown = await get(http, f"/api/v1/order/{ids[0]}")
    assert {**shown, "seq": 0} == {**cancelled["order"], "seq": 0}
    by_client_id = await alice.act(venue.cancel(alice, "", 77))
    assert (by_client_id["clientId"], by_client_id["status"]) == (77, "Cancelled")

    everything = await alice.act(venue.cancel_all(alice))
    assert [one["id"] for one in everything["orders"]] == ids[1:]
    assert {one["status"] for one in everything["orders"]} == {"Cancelled"}
    assert (await alice.act(venue.cancel_all(alice)))["orders"] == []
    assert await get(http, "/api/v1/orders", owner=alice.owner) == []
    twice = await desk.post("/api/v1/order", desk.body(venue.cancel(alice, ids[0])), "DELETE")
    assert refusal(twice) == (404, "RESOURCE_NOT_FOUND")
    assert "Not Found" in twice.json()["message"]


async def test_the_dead_mans_switch_says_when_it_fires(alice: Client, venue: Venue) -> None:
    armed = await alice.act(venue.cancel_after(alice, 600))
    assert armed["market"] == venue.market
    assert armed["firesAt"] == armed["timestamp"] + 600_000
    assert (await alice.act(venue.cancel_after(alice, 0)))["firesAt"] is None


async def test_a_waiting_trigger_is_shown_to_who_asks_for_its_owner(
    http: httpx.AsyncClient, alice: Client, maker: Client, venue: Venue
) -> None:
    await venue.place(maker, "Ask", "1", "2000")
    await venue.place(alice, "Bid", "0.1", "2000")  # the last price
    stop = await venue.place(
        alice, "Bid", "0.2", "2100", trigger_price=2050 * 10**6, trigger_above=True
    )
    order = stop["order"]
    assert order["status"] == "TriggerPending"
    assert (order["triggerPrice"], order["triggerQuantity"]) == ("2050", "0.2")
    assert (order["triggerBy"], order["triggerAbove"]) == ("LastPrice", True)
    own = await get(http, "/api/v1/orders", owner=alice.owner, market=venue.market)
    assert [one["id"] for one in own] == [stop["id"]]
    assert (await get(http, f"/api/v1/order/{stop['id']}"))["status"] == "TriggerPending"
    everybody = await get(http, "/api/v1/orders", market=venue.market)
    assert [one["owner"] for one in everybody] == [checksummed(maker)]


async def test_a_batch_of_orders(desk: Desk, alice: Client, venue: Venue) -> None:
    good = venue.order(alice, "Bid", "1", "1900", client_id=5)
    twin = venue.order(alice, "Bid", "1", "1901", client_id=5)
    cancel = venue.cancel(alice, "", 5)
    actions = [{"type": type(one).__name__, **desk.body(one)} for one in (good, twin, cancel, good)]
    outcomes = (await desk.post("/api/v1/actions", actions)).json()
    assert [one["status"] for one in outcomes] == [201, 422, 201, 200]
    stood = [one["order"]["status"] for one in outcomes if "order" in one]
    assert stood == ["New", "Cancelled", "New"]


async def test_asking_wrongly(http: httpx.AsyncClient) -> None:
    for order_id in ("999999999", "0", "01", "x", "-1", "9" * 40):
        response = await http.get(f"/api/v1/order/{order_id}")
        assert refusal(response) == (404, "RESOURCE_NOT_FOUND"), order_id
        assert "Not Found" in response.json()["message"]
    digest = "0x" + "7" * 64
    unknown = ({"digest": digest}, {"clientId": "3", "owner": NOBODY}, {"orderId": "9" * 17})
    for query in (*unknown, {"clientId": "0", "owner": NOBODY}):
        response = await http.get("/api/v1/order", params=query)
        assert refusal(response) == (404, "RESOURCE_NOT_FOUND"), query
    malformed: list[dict[str, str]] = [
        {},
        {"digest": "0x12"},
        {"clientId": "3"},
        {"clientId": "-3", "owner": NOBODY},
        {"clientId": "3", "owner": "0x12"},
        {"digest": digest, "orderId": "3"},
    ]
    for query in malformed:
        response = await http.get("/api/v1/order", params=query)
        assert refusal(response) == (400, "INVALID_CLIENT_REQUEST"), query
    assert refusal(await http.get("/api/v1/orders")) == (400, "INVALID_CLIENT_REQUEST")
    bad_limit = await http.get("/api/v1/orders", params={"owner": NOBODY, "limit": "0"})
    assert refusal(bad_limit) == (400, "INVALID_CLIENT_REQUEST")
    no_market = await http.get("/api/v1/orders", params={"market": "NO_SUCH"})
    assert refusal(no_market) == (404, "INVALID_MARKET")


async def test_in_a_batch_status_is_the_http_status_and_no_key_comes_twice(
    desk: Desk, alice: Client, venue: Venue
) -> None:
    """An order's receipt has a status of its own, which must not stand for that of the element."""
    place = venue.order(alice, "Bid", "0.5", "1990.01")
    elements = [
        {"type": "PlaceOrder", **desk.body(place)},
        {"type": "CancelAllOrders", **desk.body(venue.cancel_all(alice))},
        {"type": "PlaceOrder", **desk.body(place)},
    ]
    response = await desk.post("/api/v1/actions", elements)
    keys = [[key for key, _ in one] for one in json.loads(response.content, object_pairs_hook=list)]
    assert all(len(names) == len(set(names)) for names in keys)
    outcomes = response.json()
    assert [one["status"] for one in outcomes] == [201, 201, 200]
    single = (await desk.post("/api/v1/order", desk.body(place))).json()
    assert {**single, "status": 200} == outcomes[2]
    assert outcomes[0]["order"]["status"] == "New"
