"""Self-trade prevention against each time in force: what a taker does when it meets its own order.

Owners are compared, not signers. Asks: Carol 5 lots at 200,000, Bob's own 5 at 200,100, Carol 5 at
200,200; Bob bids 10 lots at 200,200.
"""

from typing import Any

import pytest

from tests.exchange.test_orders import names
from tests.exchange.venue import ALICE, BOB, CAROL, LOT, NOW_S, Venue, both, refused, with_book
from xyk.domain.commands import ApproveAgent
from xyk.domain.rejections import Code, Rejected

FIELDS: dict[str, dict[str, Any]] = {
    "GTC": dict(time_in_force="GTC"),
    "GTD": dict(time_in_force="GTD", expires=NOW_S + 60),
    "IOC": dict(time_in_force="IOC"),
    "FOK": dict(time_in_force="FOK"),
    "post": dict(time_in_force="GTC", post_only=True),
}
FILL, OWN = "BookFilled", "Cancelled SelfTrade"
STOPPED = [FILL, "Expired SelfTrade"]
STOPPED_BOTH = [FILL, OWN, "Expired SelfTrade"]
THROUGH = [FILL, OWN, FILL, "Filled"]


def venue_with(*, carols_first: bool) -> tuple[Venue, int]:
    """And the id of Bob's own ask."""
    venue = with_book()
    if carols_first:
        venue.rest("ask", CAROL, 5, 200_000)
    own = venue.rest("ask", BOB, 5, 200_100)
    venue.rest("ask", CAROL, 5, 200_200)
    return venue, own


@pytest.mark.parametrize(
    ("mode", "kind", "expected"),
    [
        ("RejectTaker", "GTC", STOPPED),
        ("", "GTC", STOPPED),
        ("RejectTaker", "GTD", STOPPED),
        ("RejectTaker", "IOC", STOPPED),
        ("RejectTaker", "FOK", Code.INVALID_ORDER),
        ("RejectTaker", "post", Code.INVALID_ORDER),
        ("RejectMaker", "GTC", THROUGH),
        ("RejectMaker", "GTD", THROUGH),
        ("RejectMaker", "IOC", THROUGH),
        ("RejectMaker", "FOK", THROUGH),
        ("RejectMaker", "post", Code.INVALID_ORDER),
        ("RejectBoth", "GTC", STOPPED_BOTH),
        ("RejectBoth", "GTD", STOPPED_BOTH),
        ("RejectBoth", "IOC", STOPPED_BOTH),
        ("RejectBoth", "FOK", Code.INVALID_ORDER),
        ("RejectBoth", "post", Code.INVALID_ORDER),
    ],
)
def test_an_own_order_between_two_others(mode: str, kind: str, expected: list[str] | Code) -> None:
    venue, own = venue_with(carols_first=True)
    before = venue.state.digest()
    done = venue.bid(BOB, 10, 200_200, self_trade_prevention=mode, **FIELDS[kind])
    if isinstance(expected, Code):
        assert refused(done)[0] is expected
        assert venue.state.digest() == before
        return
    assert names(done) == ["OrderPlaced", *expected]
    assert (own in venue.state.open_orders.by_id) is (OWN not in expected)
    assert venue.held(BOB, "ETH") == (0 if OWN in expected else 5 * LOT)
    assert venue.held(BOB, "USDC") == 0


@pytest.mark.parametrize(
    ("mode", "kind", "expected"),
    [
        *[("RejectTaker", kind, Code.INVALID_ORDER) for kind in FIELDS],
        ("RejectMaker", "GTC", [OWN, FILL, "OrderRested"]),
        ("RejectMaker", "GTD", [OWN, FILL, "OrderRested"]),
        ("RejectMaker", "IOC", [OWN, FILL, "Expired ImmediateOrCancel"]),
        ("RejectMaker", "FOK", Code.INSUFFICIENT_LIQUIDITY),
        ("RejectMaker", "post", Code.INVALID_ORDER),
        ("RejectBoth", "GTC", [OWN, "Expired SelfTrade"]),
        ("RejectBoth", "GTD", [OWN, "Expired SelfTrade"]),
        ("RejectBoth", "IOC", [OWN, "Expired SelfTrade"]),
        ("RejectBoth", "FOK", Code.INVALID_ORDER),
        ("RejectBoth", "post", Code.INVALID_ORDER),
    ],
)
def test_an_own_order_comes_first(mode: str, kind: str, expected: list[str] | Code) -> None:
    venue, own = venue_with(carols_first=False)
    before = venue.state.digest()
    done = venue.bid(BOB, 10, 200_200, self_trade_prevention=mode, **FIELDS[kind])
    if isinstance(expected, Code):
        assert refused(done)[0] is expected
        assert venue.state.digest() == before
        return
    assert names(done) == ["OrderPlaced", *expected]
    assert own not in venue.state.open_orders.by_id
    assert venue.held(BOB, "USDC") == (5 * 200_200 if expected[-1] == "OrderRested" else 0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("GTC", [OWN, "OrderRested"]),
        ("post", [OWN, "OrderRested"]),
        ("IOC", Code.INSUFFICIENT_LIQUIDITY),
        ("FOK", Code.INSUFFICIENT_LIQUIDITY),
    ],
)
def test_nothing_but_an_own_order_within_the_limit(kind: str, expected: list[str] | Code) -> None:
    venue, own = venue_with(carols_first=False)
    done = venue.bid(BOB, 10, 200_100, self_trade_prevention="RejectMaker", **FIELDS[kind])
    if isinstance(expected, Code):
        assert refused(done)[0] is expected
        assert own in venue.state.open_orders.by_id, "a refused order leaves everything"
        return
    assert names(done) == ["OrderPlaced", *expected]
    assert venue.book() == ([(200_100, 10)], [(200_200, 5)])


def test_an_order_that_is_done_before_its_own_one_does_not_meet_it() -> None:
    venue, own = venue_with(carols_first=True)
    assert names(venue.bid(BOB, 5, 200_200, time_in_force="FOK"))[-1] == "Filled"
    assert own in venue.state.open_orders.by_id


def test_an_agent_trades_against_its_owner_as_the_owner() -> None:
    venue, _ = venue_with(carols_first=False)
    venue.do(ApproveAgent, BOB, agent=ALICE, valid_until=NOW_S + 60)
    venue.rest("bid", CAROL, 5, 200_000)
    assert refused(venue.bid(BOB, 5, 200_100, signer=ALICE))[0] is Code.INVALID_ORDER


def test_the_pool_before_an_own_order_is_a_fill() -> None:
    venue = both()
    venue.rest("ask", BOB, 5, 201_000)
    done = venue.bid(BOB, 5_000, 202_000)
    assert names(done) == ["OrderPlaced", "PoolSwapped", "Expired SelfTrade"]


def test_a_swap_cancels_what_it_meets_of_its_own() -> None:
    venue, own = venue_with(carols_first=True)
    done = venue.sell(BOB, "USDC", "ETH", 10 * 200_200)
    assert not isinstance(done, Rejected)
    assert names(done) == [FILL, OWN, FILL]
    assert own not in venue.state.open_orders.by_id


def test_a_replacement_meets_its_owners_orders_like_a_new_one() -> None:
    venue, own = venue_with(carols_first=False)
    number = venue.rest("bid", BOB, 10, 190_000, self_trade_prevention="RejectBoth")
    done = venue.replace(number, 10, 200_200)
    assert names(done) == ["OrderReplaced", OWN, "Expired SelfTrade"]
    assert venue.held(BOB, "USDC") == 0 and own not in venue.state.open_orders.by_id
