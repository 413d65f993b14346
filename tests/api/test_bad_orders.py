"""The issue's bad input over HTTP: each its own code, a message that says what would be right, and
nothing changed."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.api.desk import Desk, message_of, refusal
from tests.api.test_orders import maker, venue
from tests.api.venue import Venue
from xyk.client.client import Client
from xyk.domain.commands import SignedAction

__all__ = ["maker", "venue"]

Make = Callable[[Venue, Client], SignedAction]


def order(side: str, quantity: str, price: str, **changes: Any) -> Make:
    return lambda venue, alice: venue.order(alice, side, quantity, price, **changes)


PLACED: dict[str, tuple[Make, int, str, str]] = {
    "off tick": (order("Bid", "1", "1900.005"), 422, "INVALID_PRICE", "1900"),
    "off lot": (order("Bid", "1.00005", "2000"), 422, "INVALID_QUANTITY", "lot"),
    "zero": (order("Bid", "0", "2000", sell_amount=1), 422, "INVALID_QUANTITY", "at least 1"),
    "below minimum": (order("Bid", "0.0001", "1"), 422, "INVALID_QUANTITY", "10000"),
    "expires in the past": (
        order("Bid", "1", "1900", time_in_force="GTD", expires=int(time.time()) - 5),
        *(422, "INVALID_ORDER", "expires"),
    ),
    "FOK that cannot fill": (
        order("Bid", "3", "2000", time_in_force="FOK"),
        *(422, "INSUFFICIENT_LIQUIDITY", "FOK"),
    ),
    "IOC without a fill": (
        order("Bid", "1", "1900", time_in_force="IOC"),
        *(422, "INSUFFICIENT_LIQUIDITY", ""),
    ),
    "post-only that would take": (
        order("Bid", "1", "2000", post_only=True),
        *(422, "INVALID_ORDER", "Order would immediately match and take"),
    ),
    "duplicate client id": (
        order("Bid", "1", "1800", client_id=5),
        *(422, "INVALID_ORDER", "clientId"),
    ),
    "client id too large": (
        order("Bid", "1", "1800", client_id=2**32),
        *(422, "INVALID_ORDER", "clientId"),
    ),
    "unknown time in force": (
        order("Bid", "1", "1800", time_in_force="DAY"),
        *(422, "INVALID_ORDER", "GTC"),
    ),
    "unknown self trade prevention": (
        order("Bid", "1", "1800", self_trade_prevention="Allow"),
        *(422, "INVALID_ORDER", "RejectTaker"),
    ),
    "trigger that is reached already": (
        order("Bid", "1", "2100", trigger_price=2000 * 10**6, trigger_above=True),
        *(422, "INVALID_PRICE", ""),
    ),
    "more than there is": (order("Bid", "900", "1900"), 422, "INSUFFICIENT_FUNDS", "available"),
    "unlisted token": (
        order("Bid", "1", "1900", buy_token="0x" + "12" * 20),
        *(404, "INVALID_ASSET", ""),
    ),
}


@pytest.mark.parametrize("name", PLACED)
async def test_orders_that_are_refused(
    http: httpx.AsyncClient, desk: Desk, alice: Client, maker: Client, venue: Venue, name: str
) -> None:
    await venue.place(maker, "Ask", "2", "2000")
    await venue.place(alice, "Bid", "0.5", "2000")  # the last price
    await venue.place(alice, "Bid", "0.5", "1800", client_id=5)
    make, status, code, words = PLACED[name]
    before = await what_there_is(http, alice, venue)
    response = await desk.post("/api/v1/order", desk.body(make(venue, alice)))
    assert refusal(response) == (status, code), message_of(response)
    assert words in message_of(response)
    assert await what_there_is(http, alice, venue) == before


async def what_there_is(http: httpx.AsyncClient, owner: Client, venue: Venue) -> Any:
    account = await owner.account()
    orders = (await http.get("/api/v1/orders", params={"market": venue.market})).json()
    depth = (await http.get("/api/v1/depth", params={"symbol": venue.market})).json()
    return (
        account["balances"],
        [{**one, "seq": 0} for one in orders],
        (depth["asks"], depth["bids"]),
    )


async def test_orders_that_cannot_be_changed(
    desk: Desk, alice: Client, maker: Client, venue: Venue
) -> None:
    """Unknown, foreign, cancelled twice, filled."""
    theirs = await venue.place(maker, "Ask", "1", "2000")
    mine = await venue.place(alice, "Bid", "1", "1900")
    filled = await venue.place(alice, "Bid", "1", "2000")
    await alice.act(venue.cancel(alice, mine["id"]))
    for order_id in ("999999", theirs["id"], mine["id"], filled["id"], "x", ""):
        body = desk.body(venue.cancel(alice, order_id))
        response = await desk.post("/api/v1/order", body, "DELETE")
        assert refusal(response) == (404, "RESOURCE_NOT_FOUND"), order_id
        assert "Not Found" in message_of(response)
    for receipt in (theirs, mine, filled, {**mine, "digest": "0x" + "9" * 64}):
        body = desk.body(venue.replacement(alice, receipt, "0.5", "1900"))
        response = await desk.post("/api/v1/order/replace", body)
        assert refusal(response) == (404, "RESOURCE_NOT_FOUND")


async def test_replacements_that_are_refused(
    http: httpx.AsyncClient, desk: Desk, alice: Client, maker: Client, venue: Venue
) -> None:
    await venue.place(maker, "Ask", "0.4", "1900")
    mine = await venue.place(alice, "Bid", "1", "1900")
    before = await what_there_is(http, alice, venue)
    for quantity, price, code in (
        ("0.4", "1900", "INVALID_QUANTITY"),
        ("1.00005", "1900", "INVALID_QUANTITY"),
        ("1", "1900.005", "INVALID_PRICE"),
        ("900", "1900", "INSUFFICIENT_FUNDS"),
    ):
        body = desk.body(venue.replacement(alice, mine, quantity, price))
        response = await desk.post("/api/v1/order/replace", body)
        assert refusal(response) == (422, code), message_of(response)
    other_side = venue.replacement(alice, {**mine, "side": "Ask"}, "1", "1900")
    response = await desk.post("/api/v1/order/replace", desk.body(other_side))
    assert refusal(response) == (422, "INVALID_ORDER")
    assert await what_there_is(http, alice, venue) == before


@pytest.mark.parametrize("status", ["paused", "cancel_only"])
async def test_a_market_that_is_not_open(
    http: httpx.AsyncClient,
    desk: Desk,
    operator: Client,
    alice: Client,
    venue: Venue,
    status: str,
) -> None:
    mine = await venue.place(alice, "Bid", "1", "1900")
    await operator.set_market_status(venue.market, status)
    market = (await http.get("/api/v1/market", params={"symbol": venue.market})).json()
    assert market["orderBookState"] == {"paused": "Closed", "cancel_only": "CancelOnly"}[status]
    placed = await desk.post("/api/v1/order", desk.body(venue.order(alice, "Bid", "1", "1900")))
    assert refusal(placed) == (422, "TRADING_PAUSED")
    replaced = desk.body(venue.replacement(alice, mine, "0.5", "1900"))
    response = await desk.post("/api/v1/order/replace", replaced)
    assert refusal(response) == (422, "TRADING_PAUSED")
    assert (await alice.act(venue.cancel(alice, mine["id"])))["status"] == "Cancelled"


async def test_a_market_without_a_book(desk: Desk, alice: Client) -> None:
    eth, btc = await alice.token("ETH"), await alice.token("BTC")
    resting = Venue("ETH", "BTC", eth, btc).order(alice, "Ask", "1", "40")
    response = await desk.post("/api/v1/order", desk.body(resting))
    assert refusal(response) == (422, "INVALID_ORDER")


async def test_cancels_that_name_no_market_and_timers_that_are_too_long(
    desk: Desk, alice: Client, venue: Venue
) -> None:
    nowhere = Venue("NO", "SUCH", "", "")
    response = await desk.post("/api/v1/orders", desk.body(nowhere.cancel_all(alice)), "DELETE")
    assert refusal(response) == (404, "INVALID_MARKET")
    for made, expected in (
        (nowhere.cancel_after(alice, 60), (404, "INVALID_MARKET")),
        (venue.cancel_after(alice, 86_401), (422, "INVALID_QUANTITY")),
    ):
        path = "/api/v1/orders/cancel-all-after"
        assert refusal(await desk.post(path, desk.body(made))) == expected
