"""Book and pool side by side: dormant and waking pools, deposits that would cross, the alarm of
invariant 6, and agents' orders against spot.
"""

from typing import Any

import pytest

from tests.exchange.test_orders import names
from tests.exchange.venue import ALICE, BOB, CAROL, LOT, NOW_S, Venue, both, refused, with_book
from xyk.book.order import Order
from xyk.domain.commands import ApproveAgent, RemoveLiquidity
from xyk.domain.rejections import Code, Rejected
from xyk.exchange.crossing import allowed_quote, crosses, pool_crosses
from xyk.exchange.invariants import crossed, nothing_is_crossed


def deposit(venue: Venue, eth_lots: int, usdc: int) -> Any:
    return venue.add(ALICE, "ETH", eth_lots * LOT, "USDC", usdc)


def test_a_first_deposit_may_not_cross_the_book() -> None:
    venue = with_book()
    venue.rest("bid", BOB, 10_000, 190_000)
    venue.rest("ask", CAROL, 10_000, 210_000)
    book, market, pool = (
        venue.state.books["ETH_USDC"],
        venue.state.markets["ETH_USDC"],
        venue.state.pools["ETH_USDC"],
    )
    base = 10_000 * LOT
    allowed = allowed_quote(book, market, pool, base, 1)
    assert allowed.highest is not None
    for quote in (allowed.lowest - 1, allowed.highest + 1, 10**6, 10**11):
        assert pool_crosses(book, market, pool, base, quote, 1)
        code, message = refused(deposit(venue, 10_000, quote))
        assert code is Code.INVALID_PRICE
        words = f"the allowed ratio is {allowed.lowest} to {allowed.highest}"
        assert words in message, message
    assert 1_892_000_000 < allowed.lowest < 1_893_000_000, "1,900 less both fees and two lots"
    assert 2_107_000_000 < allowed.highest < 2_109_000_000
    for quote in (allowed.lowest, allowed.highest):
        copy = with_book()
        copy.rest("bid", BOB, 10_000, 190_000)
        copy.rest("ask", CAROL, 10_000, 210_000)
        assert not isinstance(deposit(copy, 10_000, quote), Rejected)


@pytest.mark.parametrize(
    ("side", "ticks", "quote", "words"),
    [
        ("bid", 200_000, 10**9, " to any"),
        ("ask", 200_000, 10**10, "the allowed ratio is 0 to 20"),
    ],
)
def test_one_side_bounds_one_end(side: str, ticks: int, quote: int, words: str) -> None:
    venue = with_book()
    venue.rest(side, BOB, 10_000, ticks)
    code, message = refused(deposit(venue, 10_000, quote))
    assert code is Code.INVALID_PRICE and words in message, message
    far = 10**10 if side == "bid" else 10**9
    assert not isinstance(deposit(venue, 10_000, far), Rejected)


def test_zero_amounts_are_named_before_the_price() -> None:
    venue = with_book()
    venue.rest("bid", BOB, 10_000, 200_000)
    assert refused(deposit(venue, 0, 1))[0] is Code.INVALID_QUANTITY
    poor = venue.add("0x" + "d0" * 20, "ETH", 10**18, "USDC", 10**6)
    assert refused(poor)[0] is Code.INVALID_PRICE, "before INSUFFICIENT_FUNDS"


def test_a_pool_of_two_lots_has_nothing_to_buy_from() -> None:
    venue = with_book()
    venue.rest("bid", BOB, 10_000, 600_000)
    assert not isinstance(deposit(venue, 2, 10**6), Rejected), "5,000 an ETH"
    assert refused(deposit(venue, 10_000, 10**10))[0] is Code.INVALID_PRICE


def test_a_dormant_pool_beside_a_live_book_is_skipped_until_a_deposit_wakes_it() -> None:
    venue = with_book()
    assert not isinstance(deposit(venue, 4, 999_999), Rejected), "below 10^6 quote units"
    venue.rest("ask", CAROL, 10, 200_000)
    venue.rest("bid", BOB, 10, 260_000 - 70_000, post_only=True)
    done = venue.bid(ALICE, 10, 400_000)
    assert names(done) == ["OrderPlaced", "BookFilled", "Filled"], "the pool sleeps"
    venue.rest("ask", CAROL, 10, 200_000)
    code, message = refused(deposit(venue, 4_000, 10**9))
    assert code is Code.INVALID_PRICE and "would cross orders that rest in ETH_USDC" in message
    for number in list(venue.state.open_orders.by_id):
        venue.cancel(venue.state.open_orders.by_id[number].owner, number)
    assert not isinstance(deposit(venue, 4_000, 10**9), Rejected), "it wakes"
    assert names(venue.bid(ALICE, 10, 400_000)) == ["OrderPlaced", "PoolSwapped", "Filled"]


def test_a_pool_may_fall_asleep_beside_a_live_book() -> None:
    venue = both()
    venue.rest("ask", BOB, 10, 210_000)
    shares = venue.has(ALICE, "LP:ETH_USDC")
    done = venue.do(
        RemoveLiquidity,
        ALICE,
        token_a=venue.token("ETH"),
        token_b=venue.token("USDC"),
        liquidity=shares,
        amount_a_min=0,
        amount_b_min=0,
    )
    assert not isinstance(done, Rejected)
    assert names(venue.bid(CAROL, 20, 300_000)) == ["OrderPlaced", "BookFilled", "OrderRested"]


def test_growing_liquidity_beside_a_live_book_is_fine_at_the_pools_ratio() -> None:
    venue = both()
    venue.rest("ask", BOB, 10, 200_700)
    venue.rest("bid", CAROL, 10, 199_300)
    assert not isinstance(deposit(venue, 10**6, 200_000 * 10**6), Rejected)


def test_the_alarm_names_the_market_that_crosses() -> None:
    venue = both()
    done = venue.ask(BOB, 10, 210_000)
    assert not isinstance(done, Rejected)
    book = venue.state.books["ETH_USDC"]
    low = Order(id=999, owner=BOB, is_bid=False, price=190_000, quantity=10)
    book.add(low)
    assert crosses(venue.state, "ETH_USDC") and not crosses(venue.state, "ETH_BTC")
    assert crossed(venue.state, done) == ("ETH_USDC",)
    with pytest.raises(AssertionError, match="ETH_USDC: book and pool cross"):
        nothing_is_crossed(venue.state)
    book.remove(low)
    assert crossed(venue.state, done) == ()
    high = Order(id=999, owner=BOB, is_bid=True, price=209_000, quantity=10)
    book.add(high)
    assert crosses(venue.state, "ETH_USDC"), "the pool sells below it"
    book.remove(high)
    book.add(Order(id=999, owner=BOB, is_bid=True, price=210_000, quantity=10))
    assert crosses(venue.state, "ETH_USDC"), "bid meets ask"
    swap = venue.sell(CAROL, "ETH", "BTC", 10**18)
    assert isinstance(swap, Rejected)


def with_agent(venue: Venue) -> Venue:
    venue.do(ApproveAgent, BOB, agent=ALICE, valid_until=NOW_S + 10**6)
    return venue


def test_an_agent_needs_a_spot_and_rests_within_the_band() -> None:
    venue = with_agent(with_book())
    for fields in (dict(), dict(time_in_force="IOC")):
        code, message = refused(venue.bid(BOB, 10, 200_000, signer=ALICE, **fields))
        assert code is Code.INVALID_PRICE and "no spot price yet" in message
    venue.rest("bid", CAROL, 10, 198_000)
    venue.rest("ask", CAROL, 10, 202_000)
    code, message = refused(venue.bid(BOB, 10, 220_001, signer=ALICE))
    assert code is Code.INVALID_PRICE and "bid at most 2200000000 USDC" in message
    code, message = refused(venue.ask(BOB, 10, 179_999, signer=ALICE))
    assert code is Code.INVALID_PRICE and "ask at least 1800000000 USDC" in message
    venue.rest("ask", BOB, 10, 500_000, signer=ALICE)
    number = venue.rest("bid", BOB, 10, 1_000, signer=ALICE)
    assert venue.state.open_orders.by_id[number].by_agent
    assert refused(venue.replace(number, 10**3, 220_001, signer=ALICE))[0] is Code.INVALID_PRICE
    assert names(venue.replace(number, 10**3, 1_001, signer=ALICE))[-1] == "OrderRested"
    assert names(venue.replace(number, 900, 1_001, signer=ALICE)) == ["OrderReduced"]
    assert names(venue.cancel(BOB, number, signer=ALICE)) == ["Cancelled UserCancelled"]


def test_an_agents_taker_stays_within_the_band_of_the_pool() -> None:
    venue = with_agent(both())
    fields = dict(time_in_force="IOC", signer=ALICE)
    code, message = refused(venue.bid(BOB, 100_000, 300_000, **fields))
    assert code is Code.INVALID_PRICE and "at most 1000 bps from spot" in message
    assert names(venue.bid(BOB, 100_000, 220_000, **fields)) == [
        "OrderPlaced",
        "PoolSwapped",
        "Expired ImmediateOrCancel",
    ]
    assert names(venue.bid(BOB, 50_000, 300_000, time_in_force="IOC"))[-1] == "Filled"
