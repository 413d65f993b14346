"""The life of an order: what it takes, what it holds, to the unit, and how it ends."""

from typing import Any

import pytest

from tests.exchange.venue import (
    ALICE,
    BOB,
    CAROL,
    LOT,
    NOW_S,
    OPERATOR,
    Outcome,
    Venue,
    both,
    refused,
    with_book,
)
from xyk.domain.commands import CancelAllOrders, CancelOrder, SetMarketStatus
from xyk.domain.events import (
    AnyEvent,
    BookFilled,
    OrderClosed,
    OrderReduced,
    OrderReplaced,
    OrderRested,
    PoolSwapped,
)
from xyk.domain.rejections import Code, Rejected

ETH, USDC = 1_000 * 10**18, 10_000_000 * 10**6  # what Bob and Carol begin with


def names(outcome: Outcome | tuple[AnyEvent, ...]) -> list[str]:
    """The events' names, NonceUsed left out; OrderClosed as status and reason."""
    assert not isinstance(outcome, Rejected), outcome
    found = [
        f"{event.status} {event.reason}".strip()
        if isinstance(event, OrderClosed)
        else type(event).__name__
        for event in outcome
    ]
    return [name for name in found if name != "NonceUsed"]


def test_the_worked_order_takes_pool_and_book_and_rests() -> None:
    """facts/routing.md: asks 2012 x 3 and 2020 x 5, taker 5 bps; a bid of 15 ETH at 2025."""
    venue = both()
    venue.rest("ask", CAROL, 30_000, 201_200)
    venue.rest("ask", CAROL, 50_000, 202_000)
    done = venue.bid(BOB, 150_000, 202_500)
    assert names(done) == [
        "OrderPlaced",
        "BookFilled",
        "BookFilled",
        "PoolSwapped",
        "OrderRested",
    ]
    assert not isinstance(done, Rejected)
    swap, rested = done[-2], done[-1]
    assert isinstance(swap, PoolSwapped) and isinstance(rested, OrderRested)
    assert (swap.amount_in, swap.amount_out) == (946_673_205, 4_697 * LOT)
    assert (rested.remaining, rested.held) == (65_303, 13_223_857_500)
    assert venue.held(BOB, "USDC") == 13_223_857_500
    assert venue.has(BOB, "USDC") == USDC - 13_223_857_500 - 946_673_205 - 16_136_000_000
    fees = 3 * 10**18 * 5 // 10**4 + 5 * 10**18 * 5 // 10**4
    assert venue.has(BOB, "ETH") == ETH + 8 * 10**18 - fees + 4_697 * LOT
    assert venue.has(OPERATOR, "ETH") == fees
    assert (
        venue.has(CAROL, "USDC") == USDC + 16_136_000_000 - 6_036_000_000 * 2 // 10**4 - 2_020_000
    )
    assert venue.book() == ([(202_500, 65_303)], [])
    assert [event.trade_id for event in done if isinstance(event, BookFilled)] == [1, 2]
    assert swap.trade_id == 3


def test_holds_are_to_the_unit_at_every_step() -> None:
    venue = with_book()
    number = venue.rest("bid", BOB, 1_000, 200_000)
    assert (venue.has(BOB, "USDC"), venue.held(BOB, "USDC")) == (USDC - 2 * 10**8, 2 * 10**8)
    partly = venue.ask(CAROL, 400, 199_000)
    assert names(partly) == ["OrderPlaced", "BookFilled", "Filled"], "at the maker's price"
    assert venue.held(BOB, "USDC") == 600 * 200_000 and venue.held(CAROL, "ETH") == 0
    paid = 400 * 200_000
    assert venue.has(CAROL, "USDC") == USDC + paid - paid * 5 // 10**4
    assert venue.has(BOB, "ETH") == ETH + 400 * LOT - 400 * LOT * 2 // 10**4
    assert names(venue.cancel(BOB, number)) == ["Cancelled UserCancelled"]
    assert (venue.has(BOB, "USDC"), venue.held(BOB, "USDC")) == (USDC - paid, 0)
    assert venue.book() == ([], [])


def test_an_improved_price_is_not_held() -> None:
    venue = with_book()
    venue.rest("ask", CAROL, 300, 190_000)
    done = venue.bid(BOB, 1_000, 200_000)
    assert names(done) == ["OrderPlaced", "BookFilled", "OrderRested"]
    assert venue.held(BOB, "USDC") == 700 * 200_000
    assert venue.has(BOB, "USDC") == USDC - 700 * 200_000 - 300 * 190_000
    assert venue.held(CAROL, "ETH") == 0


def test_a_bid_needs_all_of_its_limit_even_where_it_fills_better() -> None:
    venue = with_book()
    venue.rest("ask", CAROL, 1_000, 190_000)
    poor = "0x" + "d0" * 20
    venue.fund(poor, USDC=1_000 * 200_000 - 1)
    for time_in_force in ("GTC", "IOC", "FOK"):
        code, message = refused(venue.bid(poor, 1_000, 200_000, time_in_force=time_in_force))
        assert code is Code.INSUFFICIENT_FUNDS and "199999999 are available" in message
    venue.fund(poor, USDC=1)
    assert names(venue.bid(poor, 1_000, 200_000))[-1] == "Filled"


@pytest.mark.parametrize(
    ("time_in_force", "fate"),
    [("GTC", "OrderRested"), ("GTD", "OrderRested"), ("IOC", "Expired ImmediateOrCancel")],
)
def test_what_becomes_of_the_rest(time_in_force: str, fate: str) -> None:
    venue = with_book()
    venue.rest("ask", CAROL, 300, 190_000)
    fields: dict[str, Any] = dict(expires=NOW_S + 60) if time_in_force == "GTD" else {}
    done = venue.bid(BOB, 1_000, 190_000, time_in_force=time_in_force, **fields)
    assert names(done) == ["OrderPlaced", "BookFilled", fate]
    assert not isinstance(done, Rejected)
    assert done[-1].remaining == 700


def test_a_post_only_order_rests_behind_the_book_and_the_curve() -> None:
    """Spot 2,000 at 30 bps: the first lot costs tick 200,603 or more and brings at most 199,399."""
    venue = both()
    assert refused(venue.bid(BOB, 1, 200_603, post_only=True))[0] is Code.INVALID_ORDER
    assert refused(venue.ask(BOB, 1, 199_399, post_only=True))[0] is Code.INVALID_ORDER
    venue.rest("bid", BOB, 1, 200_602, post_only=True)
    venue.rest("ask", CAROL, 1, 200_603, post_only=True)
    assert refused(venue.bid(BOB, 1, 200_603, post_only=True))[0] is Code.INVALID_ORDER


def test_time_decides_within_a_price() -> None:
    venue = with_book()
    first = venue.rest("ask", BOB, 10, 200_000)
    second = venue.rest("ask", CAROL, 10, 200_000)
    done = venue.bid(ALICE, 15, 200_000)
    assert not isinstance(done, Rejected)
    fills = [
        (event.maker_order_id, event.quantity, event.maker_remaining)
        for event in done
        if isinstance(event, BookFilled)
    ]
    assert fills == [(first, 10, 0), (second, 5, 5)]


def test_a_client_id_may_come_again_when_its_order_is_over() -> None:
    venue = with_book()
    number = venue.rest("bid", BOB, 10, 200_000, client_id=5)
    assert refused(venue.bid(BOB, 10, 200_000, client_id=5))[0] is Code.INVALID_ORDER
    assert venue.rest("ask", CAROL, 10, 210_000, client_id=5), "another owner's is another"
    venue.cancel(BOB, number)
    venue.rest("bid", BOB, 10, 200_000, client_id=5)
    assert names(venue.ask(CAROL, 10, 200_000)) == ["OrderPlaced", "BookFilled", "Filled"]
    again = venue.rest("bid", BOB, 10, 200_000, client_id=5)
    gone = venue.do(CancelOrder, BOB, order_id="", client_id=5)
    assert not isinstance(gone, Rejected)
    closed = gone[-1]
    assert isinstance(closed, OrderClosed) and closed.order_id == again


def test_cancel_all_takes_the_market_or_everything_in_ascending_order() -> None:
    venue = with_book()
    numbers = [venue.rest("bid", BOB, 10, 200_000 - each) for each in range(3)]
    other = venue.rest("bid", CAROL, 10, 200_000)
    venue.do(SetMarketStatus, OPERATOR, market="*", status="paused")
    assert names(venue.do(CancelAllOrders, BOB, market="ETH_BTC")) == []
    done = venue.do(CancelAllOrders, BOB, market="ETH_USDC")
    assert not isinstance(done, Rejected)
    assert [event.order_id for event in done if isinstance(event, OrderClosed)] == numbers
    assert venue.held(BOB, "USDC") == 0
    assert names(venue.do(CancelAllOrders, BOB, market="")) == [], "nothing open is fine"
    assert names(venue.do(CancelAllOrders, CAROL, market="")) == ["Cancelled UserCancelled"]
    assert other not in venue.state.open_orders.by_id


@pytest.mark.parametrize(
    ("lots", "ticks", "held", "keeps_place"),
    [
        (600, 200_000, 500 * 200_000, True),
        (1_000, 200_000, 900 * 200_000, False),
        (1_500, 200_000, 1_400 * 200_000, False),
        (600, 199_000, 500 * 199_000, False),
        (1_000, 201_000, 900 * 201_000, False),
    ],
)
def test_a_replaced_order_holds_what_its_new_terms_need(
    lots: int, ticks: int, held: int, keeps_place: bool
) -> None:
    venue = with_book()
    number = venue.rest("bid", BOB, 1_000, 200_000, client_id=9)
    digest = venue.state.open_orders.by_id[number].digest
    rival = venue.rest("bid", ALICE, 10, 200_000)
    venue.ask(CAROL, 100, 200_000)
    done = venue.replace(number, lots, ticks)
    kind = OrderReduced if keeps_place else OrderReplaced
    assert not isinstance(done, Rejected) and isinstance(done[1], kind)
    assert venue.held(BOB, "USDC") == held
    assert venue.has(BOB, "USDC") == USDC - held - 100 * 200_000
    order = venue.state.open_orders.by_id[number]
    assert (order.quantity, order.filled, order.price) == (lots, 100, ticks)
    assert (order.digest, order.client_id) == (digest, 9)
    level = venue.state.open_orders.by_id[rival].level
    assert level is not None and level.first is not None
    assert (level.first.id == number) is (keeps_place or (ticks == 201_000 and False))


def test_a_replacement_that_crosses_takes_under_the_old_id() -> None:
    venue = with_book()
    number = venue.rest("bid", BOB, 100, 190_000)
    venue.ask(CAROL, 40, 190_000)
    venue.rest("ask", CAROL, 30, 195_000)
    done = venue.replace(number, 100, 195_000)
    assert names(done) == ["OrderReplaced", "BookFilled", "OrderRested"]
    assert not isinstance(done, Rejected)
    fill = done[2]
    assert isinstance(fill, BookFilled) and fill.order_id == number and fill.quantity == 30
    order = venue.state.open_orders.by_id[number]
    assert (order.filled, order.remaining, order.priority) == (70, 30, venue.state.seq)
    assert venue.held(BOB, "USDC") == 30 * 195_000
    venue.rest("ask", CAROL, 30, 196_000)
    assert names(venue.replace(number, 100, 196_000)) == ["OrderReplaced", "BookFilled", "Filled"]
    assert venue.held(BOB, "USDC") == 0 and number not in venue.state.open_orders.by_id


def test_a_replacement_may_use_what_the_order_holds() -> None:
    venue = with_book()
    owner = "0x" + "d0" * 20
    venue.fund(owner, ETH=10 * LOT)
    number = venue.rest("ask", owner, 10, 200_000)
    assert refused(venue.replace(number, 11, 200_000))[0] is Code.INSUFFICIENT_FUNDS
    assert names(venue.replace(number, 10, 190_000)) == ["OrderReplaced", "OrderRested"]
    assert venue.held(owner, "ETH") == 10 * LOT


def test_a_replacement_by_the_pool_fills_as_well() -> None:
    venue = both()
    number = venue.rest("ask", BOB, 100, 210_000)
    done = venue.replace(number, 100, 199_000)
    assert names(done) == ["OrderReplaced", "PoolSwapped", "Filled"]


def test_reducing_an_order_that_others_crossed_since_moves_nothing() -> None:
    venue = with_book()
    number = venue.rest("ask", BOB, 100, 200_000, post_only=True)
    done = venue.replace(number, 60, 200_000)
    assert names(done) == ["OrderReduced"]
    assert venue.held(BOB, "ETH") == 60 * LOT and venue.book() == ([], [(200_000, 60)])


def orders_of(venue: Venue, owner: str) -> list[int]:
    return list(venue.state.open_orders.by_owner.get(owner, {}))


def test_a_post_only_order_stays_so_through_a_replacement() -> None:
    venue = with_book()
    number = venue.rest("bid", BOB, 100, 190_000, post_only=True)
    assert names(venue.replace(number, 100, 191_000)) == ["OrderReplaced", "OrderRested"]
    venue.rest("ask", CAROL, 10, 195_000)
    assert refused(venue.replace(number, 100, 195_000))[0] is Code.INVALID_ORDER
    assert orders_of(venue, BOB) == [number]
