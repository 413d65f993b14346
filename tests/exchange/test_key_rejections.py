"""What API keys ask for: each row carries its own fault and every later one that can stand beside
it; the first one named wins, and nothing changes. Every message says what would be right."""

from typing import Any

import msgspec
import pytest

from tests.exchange.venue import (
    BOB,
    BOBS_KEY,
    CAROL,
    CAROLS_KEY,
    LOT,
    NOW_S,
    OPERATOR,
    Venue,
    both,
    refused,
    seeded,
)
from xyk.domain.commands import RevokeApiKey, SetMarketStatus, UpdateMarket
from xyk.domain.events import OrderPlaced, RequestUsed
from xyk.domain.key_commands import CancelOpenOrder, CancelOpenOrders
from xyk.domain.rejections import Code, Rejected
from xyk.exchange import orders, walk
from xyk.exchange.key_requests import window_fault
from xyk.exchange.state import State

NOW_MS = NOW_S * 1000
DEAD_KEY, OLD_KEY, STRANGE_KEY = ("0x" + byte * 32 for byte in ("de", "0d", "57"))


def busy() -> Venue:
    """Bob bids 1 ETH at 1,950 with clientId 7 and asks 1 ETH at 2,100 beside a pool at 2,000; he
    has a key, one that was revoked, and one that expired a second ago."""
    venue = both()
    venue.rest("bid", BOB, 10_000, 195_000, client_id=7)
    venue.rest("ask", BOB, 10_000, 210_000)
    venue.approve(BOB, BOBS_KEY)
    venue.approve(CAROL, CAROLS_KEY)
    venue.approve(BOB, DEAD_KEY)
    venue.do(RevokeApiKey, BOB, public_key=DEAD_KEY)
    venue.approve(BOB, OLD_KEY, NOW_S)
    venue.now_ms += 1_000
    return venue


class Rows:
    """Bob's order, wrong in every way that `mended` and a row's own changes do not mend."""

    def __init__(self) -> None:
        self.venue = busy()
        self.mended: dict[str, Any] = {}
        self.digest = ""

    def __call__(
        self, code: Code, words: str, key: str = BOBS_KEY, status: int = 0, **changes: Any
    ) -> None:
        fields: dict[str, Any] = {
            "timestamp": 5,
            "window": 0,
            "symbol": "ETH_GOLD",
            "side": "Buy",
            "price": "0.005",
            "quantity": "0.00005",
            "post_only": True,
            "client_id": 7,
            "time_in_force": "IOC",
        }
        before = self.venue.state.digest()
        outcome = self.venue.by_key(key, digest=self.digest, **fields | self.mended | changes)
        found, message = refused(outcome)
        assert (found, words in message) == (code, True), message
        assert isinstance(outcome, Rejected)
        assert outcome.http_status == (status or code.status)
        assert self.venue.state.digest() == before


def test_execute_order_by_descending_precedence() -> None:
    row = Rows()
    venue = row.venue
    now_ms = venue.now_ms
    first = venue.by_key(BOBS_KEY, price="1900", quantity="1")
    assert not isinstance(first, Rejected)
    assert isinstance(first[0], RequestUsed)
    row(Code.INVALID_CLIENT_REQUEST, "use one of Bid, Ask", STRANGE_KEY)
    row.mended = {"side": "Bid"}
    row(Code.INVALID_CLIENT_REQUEST, "X-Window 0 must be 1 to 60000", STRANGE_KEY)
    row.mended |= {"window": 5_000}
    row(Code.INVALID_CLIENT_REQUEST, "Request has expired", STRANGE_KEY)
    row.mended |= {"timestamp": now_ms}
    row.digest = first[0].digest
    row(Code.INVALID_CLIENT_REQUEST, "accepted before", STRANGE_KEY, status=409)
    row.digest = ""
    row(Code.UNAUTHORIZED, "is not approved", STRANGE_KEY)
    row(Code.UNAUTHORIZED, "was revoked", DEAD_KEY)
    row(Code.UNAUTHORIZED, f"expired at {NOW_S}", OLD_KEY)
    row(Code.INVALID_MARKET, "No market 'ETH_GOLD'")
    row.mended |= {"symbol": "ETH_USDC"}
    venue.do(SetMarketStatus, OPERATOR, market="ETH_USDC", status="cancel_only")
    row(Code.TRADING_PAUSED, "ETH_USDC is cancel_only")
    venue.do(SetMarketStatus, OPERATOR, market="ETH_USDC", status="open")
    row(Code.INVALID_PRICE, "price 0.005 is no price of ETH_USDC: it must be a whole number of")
    row(Code.INVALID_PRICE, "the nearest valid price is 0.01")
    row(Code.INVALID_PRICE, "the nearest valid price is 1999.99", price="1999.9949")
    row(Code.INVALID_PRICE, "the nearest valid price is 2000", price="1999.995")
    row(Code.INVALID_PRICE, "the nearest valid price is 0.01", price="0.000")
    row(Code.INVALID_PRICE, "at most 2^112-1 of them", price=f"{2**112 * 10**-2:.0f}00")
    row.mended |= {"price": "2000"}
    armed = {"trigger_price": "1950.001", "trigger_quantity": "0.00005", "quantity": ""}
    row(Code.INVALID_PRICE, "triggerPrice 1950.001 is no price", **armed)
    armed["trigger_price"] = "1950"
    row(Code.INVALID_PRICE, "no last price yet", **armed)
    resting = {"time_in_force": "GTC", "price": "2200.01"}
    row(Code.INVALID_PRICE, "bid at most 2200000000", **resting)
    row(Code.INVALID_PRICE, "ask at least 1800000000", **resting | {"side": "Ask", "price": "1799"})
    row(Code.INVALID_QUANTITY, "the nearest valid quantity is 0.0001")
    row(Code.INVALID_QUANTITY, "the nearest valid quantity is 1.5 or 1.5001", quantity="1.50005")
    row(Code.INVALID_QUANTITY, "the nearest valid quantity is 0.0001", quantity="0.0")
    row(Code.INVALID_QUANTITY, "at most 2^112-1 base units", quantity="9" * 20)
    row(Code.INVALID_QUANTITY, "must be at least 10000", price="0.01", quantity="0.0001")
    row.mended |= {"quantity": "9999"}
    row(Code.INVALID_ORDER, "postOnly cannot go with IOC")
    row.mended |= {"time_in_force": ""}
    row(Code.INVALID_ORDER, "clientId 7 is in use by an open order")
    row.mended |= {"client_id": 8}
    row(Code.INVALID_ORDER, "Order would immediately match and take", price="2100")


def test_execute_order_from_its_arrival_on(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Rows()
    row.mended = {"timestamp": NOW_MS, "window": 5_000, "symbol": "ETH_USDC", "side": "Ask"}
    row.mended |= {"client_id": 0, "time_in_force": "", "price": "1940", "quantity": "9999"}
    deep = {"price": "1700", "quantity": "20", "time_in_force": "IOC", "post_only": False}
    row(Code.INVALID_PRICE, "at most 1000 bps from spot", CAROLS_KEY, **deep)
    would = "Order would immediately match and take"
    row(Code.INVALID_ORDER, would, key=CAROLS_KEY)
    row(Code.INVALID_ORDER, would, key=CAROLS_KEY, quantity="0.0001")
    row.mended |= {"post_only": False}
    monkeypatch.setattr(walk, "FILLS_MAX", 0)
    row(Code.ORDER_LIMIT, "would meet more than", key=CAROLS_KEY)
    row(Code.ORDER_LIMIT, "would meet more than", key=CAROLS_KEY, time_in_force="FOK")
    market = {"order_type": "Market", "price": "", "quantity": ""}
    finer = {"quote_quantity": "50.00000051"}
    row(Code.INVALID_QUANTITY, "the nearest valid one is 50.000001", CAROLS_KEY, **market, **finer)
    row(Code.ORDER_LIMIT, "would meet more than", key=CAROLS_KEY, **market, quote_quantity="9000")
    monkeypatch.undo()
    monkeypatch.setattr(orders, "ORDERS_PER_OWNER_MAX", 0)
    row(Code.ORDER_LIMIT, "open orders; cancel some first", key=CAROLS_KEY, price="2150")
    monkeypatch.undo()
    row(Code.INSUFFICIENT_FUNDS, "ETH", key=CAROLS_KEY, price="2150")
    row(Code.INSUFFICIENT_FUNDS, "ETH", key=CAROLS_KEY, price="2150", time_in_force="IOC")
    row(Code.INSUFFICIENT_FUNDS, "USDC", side="Bid", price="1850", quantity="9000")


def test_a_market_without_a_book_and_a_full_pool() -> None:
    venue = both()
    terms = {"tick_size": 10**4, "lot_size": LOT, "maker_fee_bps": 0, "taker_fee_bps": 0}
    update = {"market": "ETH_USDC", **terms, "pool_fee_bps": 30, "book": False}
    assert not isinstance(venue.do(UpdateMarket, OPERATOR, **update), Rejected)
    venue.approve(BOB, BOBS_KEY)
    code, message = refused(venue.by_key(BOBS_KEY, price="1900", quantity="1"))
    assert (code, "no book" in message) == (Code.INVALID_ORDER, True)
    bought = venue.by_key(BOBS_KEY, order_type="Market", quantity="0.5")
    assert not isinstance(bought, Rejected)
    assert venue.has(BOB, "ETH") == 1_000 * 10**18 + 5 * 10**17


def test_a_reserve_that_would_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = busy()
    monkeypatch.setattr(walk, "RESERVE_MAX", 100 * 10**18 + 10**17)
    code, _ = refused(venue.by_key(CAROLS_KEY, side="Ask", price="1960", quantity="0.5"))
    assert code is Code.RESERVE_OVERFLOW
    assert not isinstance(
        venue.by_key(CAROLS_KEY, side="Ask", price="1960", quantity="0.1", time_in_force="IOC"),
        Rejected,
    )


SHAPES: list[tuple[dict[str, Any], str]] = [
    ({"side": "bid"}, "use one of Bid, Ask"),
    ({"order_type": "limit"}, "use one of Limit, Market"),
    ({"time_in_force": "GTD"}, "use one of GTC, IOC, FOK"),
    ({"self_trade_prevention": "Allow"}, "RejectTaker, RejectMaker, RejectBoth"),
    ({"trigger_by": "MarkPrice"}, "use one of LastPrice"),
    ({"trigger_by": "LastPrice"}, "triggerBy goes with triggerPrice"),
    ({"price": ""}, "price is missing"),
    ({"price": "1e3"}, "no decimal"),
    ({"price": "1."}, "no decimal"),
    ({"price": ".5"}, "no decimal"),
    ({"price": "9" * 79}, "no decimal"),
    ({"quantity": "-1"}, "no decimal"),
    ({"quantity": ""}, "name one amount, not none"),
    ({"quote_quantity": "5"}, "not quantity and quoteQuantity"),
    ({"quantity": "", "quote_quantity": "5"}, "quoteQuantity goes with Market orders"),
    ({"trigger_quantity": "1", "quantity": ""}, "triggerQuantity goes with triggerPrice"),
    ({"trigger_price": "1", "quantity": "", "quote_quantity": "5"}, "a trigger takes"),
    ({"client_id": 2**32}, "clientId"),
    ({"client_id": -1}, "clientId"),
    ({"slippage_tolerance": "1"}, "go together"),
    ({"slippage_tolerance_type": "Percent"}, "go together"),
    ({"slippage_tolerance": "1", "slippage_tolerance_type": "Bps"}, "TickSize, Percent"),
    (
        {"slippage_tolerance": "1", "slippage_tolerance_type": "Percent"},
        "slippageTolerance goes with Market orders",
    ),
    ({"order_type": "Market"}, "a Market order has no price"),
    ({"order_type": "Market", "price": "", "post_only": True}, "a Market order always takes"),
    (
        {"order_type": "Market", "price": "", "quantity": "", "quote_quantity": "50"}
        | {"time_in_force": "FOK"},
        "FOK goes with quantity",
    ),
    (
        {"order_type": "Market", "price": "", "slippage_tolerance": "0.5"}
        | {"slippage_tolerance_type": "TickSize"},
        "whole ticks",
    ),
]


@pytest.mark.parametrize(("changes", "words"), SHAPES, ids=lambda value: str(value)[:40])
def test_shapes_that_nothing_could_make_right(changes: dict[str, Any], words: str) -> None:
    venue = Venue()
    fields = {"price": "1900", "quantity": "1"} | changes
    outcome = venue.by_key(STRANGE_KEY, **fields)
    code, message = refused(outcome)
    assert (code, words in message) == (Code.INVALID_CLIENT_REQUEST, True), message
    assert isinstance(outcome, Rejected)
    assert outcome.http_status == 400


def test_the_window_is_inclusive_and_a_clock_may_run_ahead_by_five_seconds() -> None:
    for now_ms, timestamp, window, words in (
        (10_000, 10_000, 1, ""),
        (10_000, 9_999, 1, ""),
        (10_000, 9_998, 1, "Request has expired"),
        (70_000, 10_000, 60_000, ""),
        (70_001, 10_000, 60_000, "Request has expired"),
        (10_000, 15_000, 5_000, ""),
        (10_000, 15_001, 5_000, "Invalid timestamp"),
        (10_000, 10_000, 0, "1 to 60000"),
        (10_000, 10_000, 60_001, "1 to 60000"),
        (10_000, 10_000, -1, "1 to 60000"),
    ):
        fault = window_fault(now_ms, timestamp, window)
        assert (fault is None) == (not words)
        if fault is not None:
            assert fault.code is Code.INVALID_CLIENT_REQUEST
            assert words in fault.message


def test_cancels_by_descending_precedence() -> None:
    venue = busy()
    bid, ask = venue.state.open_orders.by_id

    def refusal(kind: type[Any], key: str = BOBS_KEY, **fields: Any) -> tuple[Code, str]:
        before = venue.state.digest()
        found = refused(venue.by_key(key, kind, **fields))
        assert venue.state.digest() == before
        return found

    one, every = CancelOpenOrder, CancelOpenOrders
    late = {"timestamp": 5, "symbol": "ETH_GOLD"}
    for fields in ({}, {"order_id": "7", "client_id": 7}):
        code, message = refusal(one, STRANGE_KEY, **late, **fields)
        assert (code, "exactly one" in message) == (Code.INVALID_CLIENT_REQUEST, True)
    code, message = refusal(every, STRANGE_KEY, **late, order_type="Limit")
    assert (code, "ConditionalOrder" in message) == (Code.INVALID_CLIENT_REQUEST, True)
    for kind, fields in ((one, {"order_id": "77"}), (every, {})):
        code, message = refusal(kind, STRANGE_KEY, **late, **fields)
        assert (code, "has expired" in message) == (Code.INVALID_CLIENT_REQUEST, True)
        code, _ = refusal(kind, STRANGE_KEY, symbol="ETH_GOLD", **fields)
        assert code is Code.UNAUTHORIZED
        code, _ = refusal(kind, symbol="ETH_GOLD", **fields)
        assert code is Code.INVALID_MARKET
    for key, fields in (
        (BOBS_KEY, {"order_id": "77"}),
        (BOBS_KEY, {"order_id": f"0{bid}"}),
        (BOBS_KEY, {"order_id": "x"}),
        (BOBS_KEY, {"client_id": 8}),
        (BOBS_KEY, {"order_id": str(bid), "symbol": "BTC_USDC"}),
        (CAROLS_KEY, {"order_id": str(ask)}),
        (CAROLS_KEY, {"client_id": 7}),
    ):
        code, message = refusal(one, key, **fields)
        assert (code, "Not Found" in message) == (Code.RESOURCE_NOT_FOUND, True)
    assert not isinstance(venue.by_key(BOBS_KEY, one, client_id=7), Rejected)
    assert not isinstance(venue.by_key(BOBS_KEY, one, order_id=str(ask)), Rejected)
    assert not isinstance(venue.by_key(BOBS_KEY, every), Rejected), "also where there is none"
    assert not venue.state.open_orders.by_id


def test_cancels_work_in_every_status() -> None:
    venue = busy()
    venue.do(SetMarketStatus, OPERATOR, market="ETH_USDC", status="paused")
    assert not isinstance(venue.by_key(BOBS_KEY, CancelOpenOrder, client_id=7), Rejected)
    assert not isinstance(venue.by_key(BOBS_KEY, CancelOpenOrders), Rejected)
    assert not venue.state.open_orders.by_id


def test_a_request_is_remembered_until_its_window_closes() -> None:
    venue = both()
    venue.approve(BOB, BOBS_KEY)
    before = venue.state.encode()
    assert b'"requests"' not in before
    stamp = {"timestamp": venue.now_ms, "window": 1_500}
    order = {"price": "1900", "quantity": "1", "digest": "0x" + "ab" * 32, **stamp}
    assert not isinstance(venue.by_key(BOBS_KEY, **order), Rejected)
    assert b'"requests"' in venue.state.encode()
    again = State.load(msgspec.json.decode(venue.state.encode()))
    assert again.digest() == venue.state.digest()
    assert again.request_used("0x" + "ab" * 32, venue.now_ms + 1_500)
    venue.now_ms += 1_500
    assert "accepted before" in refused(venue.by_key(BOBS_KEY, **order))[1]
    venue.now_ms += 1
    assert "has expired" in refused(venue.by_key(BOBS_KEY, **order))[1]
    venue.now_ms += 499
    venue.fund(BOB, USDC=1)  # in the second after the one in which the window closed
    assert not venue.state.requests
    assert b'"requests"' not in venue.state.encode()


def test_a_key_is_an_agent_of_its_owner() -> None:
    venue = busy()
    outcome = venue.by_key(CAROLS_KEY, price="1900", quantity="1", client_id=3)
    assert not isinstance(outcome, Rejected)
    placed = next(event for event in outcome if isinstance(event, OrderPlaced))
    assert (placed.owner, placed.by_agent, placed.client_id) == (CAROL, True, 3)
    assert (placed.order_type, placed.quote_quantity) == ("Limit", 0)


def test_a_request_is_remembered_within_the_second_in_which_its_window_closes() -> None:
    venue = both()
    venue.approve(BOB, BOBS_KEY)
    assert venue.now_ms % 1000 == 0
    stamp = {"timestamp": venue.now_ms, "window": 2_900}
    order = {"price": "1900", "quantity": "1", "digest": "0x" + "ab" * 32, **stamp}
    assert not isinstance(venue.by_key(BOBS_KEY, **order), Rejected)
    for ms in (2_100, 400, 400):
        venue.now_ms += ms
        venue.fund(BOB, USDC=1)
        assert "accepted before" in refused(venue.by_key(BOBS_KEY, **order))[1]


def test_a_key_works_in_the_last_second_of_its_approval() -> None:
    venue = both()
    venue.approve(BOB, BOBS_KEY, NOW_S + 1)
    venue.now_ms += 1_999
    assert not isinstance(venue.by_key(BOBS_KEY, price="1900", quantity="1"), Rejected)
    venue.now_ms += 1
    assert refused(venue.by_key(BOBS_KEY, price="1900", quantity="1"))[0] is Code.UNAUTHORIZED


def test_a_bid_without_a_book_needs_its_worth_rounded_up() -> None:
    venue = seeded()
    venue.approve(BOB, BOBS_KEY)
    # 1.000001 ETH at 0.05000001 BTC are 5,000,006.000001 units of BTC.
    order = {"symbol": "ETH_BTC", "price": "0.05000001", "quantity": "1.000001"}
    venue.fund(BOB, BTC=5_000_006)
    code, _ = refused(venue.by_key(BOBS_KEY, time_in_force="IOC", **order))
    assert code is Code.INSUFFICIENT_FUNDS
    venue.fund(BOB, BTC=1)
    assert not isinstance(venue.by_key(BOBS_KEY, time_in_force="IOC", **order), Rejected)
