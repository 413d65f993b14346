"""Levels of orders and curve together, and the same ones reached event by event."""

import msgspec
import pytest

from tests.exchange.test_curve import ETH_USDC
from tests.exchange.venue import ALICE, BOB, seeded
from xyk.domain.events import MarketListed
from xyk.exchange.depth import Depth, Ladder

LISTED = MarketListed(
    market="ETH_USDC",
    base="ETH",
    quote="USDC",
    tick_size=ETH_USDC.tick_size,
    lot_size=ETH_USDC.lot_size,
    maker_fee_bps=2,
    taker_fee_bps=5,
    pool_fee_bps=30,
    book=True,
    implicit=False,
)


@pytest.fixture
def depth() -> Depth:
    """100 ETH and 200,000 USDC: asks from 2006.55 by 0.65, bids from 1993.55."""
    depth = Depth.listed(LISTED, 18)
    depth.set_reserves(100 * 10**18, 200_000 * 10**6)
    return depth


def test_without_a_pool_there_are_the_orders_alone() -> None:
    depth = Depth.listed(LISTED, 18)
    depth.add(True, 100, 5)
    depth.add(True, 101, 7)
    depth.add(False, 103, 2)
    assert depth.side(True, 10) == [(101, 7), (100, 5)]
    assert depth.side(True, 1) == [(101, 7)]
    assert depth.side(False, 10) == [(103, 2)]
    assert depth.curve(True) == depth.beside_book(False) == []


def test_a_limit_cuts_after_merging(depth: Depth) -> None:
    depth.add(False, 200_655, 10)
    depth.add(False, 200_700, 4)
    assert depth.side(False, 3) == [(200_655, 142), (200_700, 4), (200_720, 162)]


def test_a_curve_level_that_meets_an_order_moves_to_the_next_one(depth: Depth) -> None:
    depth.add(True, 200_655, 3)
    assert depth.beside_book(False)[:2] == [(200_720, 132 + 162), (200_785, 162)]
    assert depth.curve(False)[0] == (200_655, 132)
    depth.add(True, 200_720, 3)
    assert depth.beside_book(False)[0] == (200_785, 132 + 162 + 162)
    depth.add(False, 199_300, 1)
    assert depth.beside_book(True)[0] == (199_290, 113 + 163)


def test_where_all_levels_meet_an_order_they_stand_beyond_it(depth: Depth) -> None:
    asks, bids = depth.curve(False), depth.curve(True)
    depth.add(True, asks[-1][0] + 10, 1)
    assert depth.beside_book(False) == [(asks[-1][0] + 65, sum(lots for _, lots in asks))]
    depth.add(False, bids[-1][0] - 10, 1)
    assert depth.beside_book(True) == [(bids[-1][0] - 65, sum(lots for _, lots in bids))]


def test_a_ladder_remembers_what_stood_before_it_was_touched() -> None:
    ladder = Ladder(False)
    for price, lots in ((5, 2), (3, 1), (5, 4), (3, -1)):
        ladder.add(price, lots)
    assert (ladder.best, ladder.top(9)) == (5, [(5, 6)])
    assert ladder.touched == {5: 0, 3: 0}
    ladder.touched.clear()
    ladder.add(5, -6)
    assert (ladder.best, ladder.touched, [*ladder.keys]) == (None, {5: 6}, [])
    with pytest.raises(AssertionError, match="never falls"):
        ladder.add(5, -1)


def test_a_state_and_its_events_give_the_same_levels(depth: Depth) -> None:
    venue = seeded()
    venue.fund(BOB, USDC=10**12)
    for side, owner, lots, ticks in (
        ("bid", BOB, 10, 199_000),
        ("bid", BOB, 5, 199_000),
        ("ask", ALICE, 7, 201_000),
    ):
        venue.rest(side, owner, lots, ticks)
        depth.add(side == "bid", ticks, lots)
    now = Depth.of(venue.state, "ETH_USDC")
    assert now.side(True, 50) == depth.side(True, 50)
    assert now.side(False, 50) == depth.side(False, 50)
    assert not now.bids.touched
    assert Depth.of(venue.state, "BTC_USDC").side(True, 5) == []


def test_new_terms_move_the_grid(depth: Depth) -> None:
    depth.is_changed = False
    depth.set_terms(msgspec.structs.replace(ETH_USDC, tick_size=10**5), 100)
    assert depth.is_changed
    curve = depth.curve(False)
    # Spot is 20,000 ticks of 0.1, so the grid is 8 of them; the ask with 1 % inside is 20,202.02.
    assert curve[0][0] == 20_208
