"""Swaps and quotes over book and pool, the fees of fills, and what forms the price."""

import json
from typing import Any

import pytest

from amm.price_target import max_out_to_price
from tests.exchange.test_orders import names
from tests.exchange.venue import (
    ALICE,
    BOB,
    CAROL,
    LOT,
    NOW_S,
    OPERATOR,
    Venue,
    both,
    refused,
    with_book,
)
from xyk.domain.commands import ApproveAgent, CancelAllAfter, SwapExactOut, UpdateMarket
from xyk.domain.events import BookFilled, PoolSwapped
from xyk.domain.rejections import Code, Rejected
from xyk.exchange.quote import quote_exact_in, quote_exact_out
from xyk.exchange.state import State


def fees(venue: Venue, maker: int, taker: int) -> None:
    done = venue.do(
        UpdateMarket,
        OPERATOR,
        market="ETH_USDC",
        tick_size=10**4,
        lot_size=LOT,
        maker_fee_bps=maker,
        taker_fee_bps=taker,
        pool_fee_bps=30,
        book=True,
    )
    assert not isinstance(done, Rejected)


def fill_of(outcome: Any) -> BookFilled:
    assert not isinstance(outcome, Rejected), outcome
    return next(event for event in outcome if isinstance(event, BookFilled))


@pytest.mark.parametrize(
    ("maker", "maker_fee", "maker_rebate"), [(2, 3 * LOT * 2 // 10**4, 0), (0, 0, 0), (-2, 0, 120)]
)
def test_fees_of_a_fill(maker: int, maker_fee: int, maker_rebate: int) -> None:
    """Three lots at 200,100 ticks: 600,300 quote units; the taker sells. Fees round up, the rebate
    down, and the fee recipient has what is left."""
    venue = with_book()
    fees(venue, maker, 5)
    venue.rest("bid", BOB, 3, 200_100)
    before = venue.has(OPERATOR, "USDC"), venue.has(OPERATOR, "ETH")
    fill = fill_of(venue.ask(CAROL, 3, 200_000))
    assert fill.quote_amount == 600_300 and fill.taker_fee == 301, "300.15 rounded up"
    assert (fill.maker_fee, fill.maker_rebate) == (maker_fee, maker_rebate), "120.06 rounded down"
    assert venue.has(OPERATOR, "USDC") == before[0] + 301 - fill.maker_rebate
    assert venue.has(OPERATOR, "ETH") == before[1] + fill.maker_fee


def test_a_fill_of_little_worth_forms_no_price() -> None:
    venue = with_book()
    venue.rest("ask", CAROL, 10, 1_001)
    assert fill_of(venue.bid(BOB, 1, 200_000)).price_forming is False
    assert "ETH_USDC" not in venue.state.last_fills
    assert fill_of(venue.bid(BOB, 9, 200_000)).price_forming is False, "9,009 quote units"
    assert "ETH_USDC" not in venue.state.last_fills


def test_triggers_are_reached_by_price_forming_fills_of_their_own_market_alone() -> None:
    venue = both()
    venue.fund(ALICE, BTC=10**8)
    venue.add(ALICE, "ETH", 10**18, "BTC", 5 * 10**6)
    venue.fund(BOB, BTC=10**8)
    venue.sell(CAROL, "ETH", "USDC", 10**15)
    stop = venue.rest("ask", BOB, 10, 150_000, trigger_price=1_993 * 10**6)
    small = venue.sell(CAROL, "ETH", "USDC", 10**12)
    assert names(small) == ["PoolSwapped"]
    assert names(venue.sell(BOB, "BTC", "ETH", 10**4)) == ["PoolSwapped"]
    assert names(venue.sell(BOB, "USDC", "ETH", 10**6)) == ["PoolSwapped"]
    own = venue.rest("bid", CAROL, 1, 199_300)
    assert names(venue.sell(CAROL, "ETH", "USDC", 10**17)) == [
        "Cancelled SelfTrade",
        "PoolSwapped",
        "TriggersReached",
    ]
    assert own not in venue.state.open_orders.by_id
    assert list(venue.state.open_orders.due) == [stop]


def test_a_swap_for_an_exact_amount_fills_orders() -> None:
    venue = with_book()
    venue.rest("ask", CAROL, 100, 200_000)
    fields: dict[str, Any] = dict(
        token_in=venue.token("USDC"), token_out=venue.token("ETH"), max_amount_in=10**12
    )
    done = venue.do(SwapExactOut, BOB, **fields, amount_out=10 * LOT)
    fill = fill_of(done)
    assert fill.quantity == 11, "ten lots less the fee are not ten; the surplus stays with Bob"
    assert refused(venue.do(SwapExactOut, BOB, **fields, amount_out=90 * LOT))[0] is (
        Code.INSUFFICIENT_LIQUIDITY
    )


def test_an_exact_amount_before_an_own_order_comes_from_the_pool_where_it_can() -> None:
    """Less than a lot is missing and the pool gives it: the own order is not reached."""
    venue = both()
    own = venue.rest("ask", BOB, 100, 200_700)
    fields: dict[str, Any] = dict(
        token_in=venue.token("USDC"), token_out=venue.token("ETH"), max_amount_in=10**12
    )
    done = venue.do(SwapExactOut, BOB, **fields, amount_out=4 * LOT)
    assert names(done) == ["PoolSwapped"]
    gone = venue.do(SwapExactOut, BOB, **fields, amount_out=10**18)
    assert names(gone) == ["Cancelled SelfTrade", "PoolSwapped"]
    assert own not in venue.state.open_orders.by_id


def test_dust_before_an_own_order_comes_from_the_pool() -> None:
    """The pool is at its target for the level, and less than a lot is missing: the pool gives it
    up to the price at which its other side would meet the level."""
    venue = both()
    own = venue.rest("ask", BOB, 100, 201_000)
    target = max_out_to_price(200_000 * 10**6, 100 * 10**18, 30, 201_000 * 10**4, LOT * (10**4 - 5))
    fields: dict[str, Any] = dict(
        token_in=venue.token("USDC"), token_out=venue.token("ETH"), max_amount_in=10**12
    )
    copy = State.load(json.loads(venue.state.encode()))
    done = venue.do(SwapExactOut, BOB, **fields, amount_out=target + LOT // 2)
    assert names(done) == ["PoolSwapped"] and own in venue.state.open_orders.by_id
    venue.state = copy
    done = venue.do(SwapExactOut, BOB, **fields, amount_out=target + 2 * LOT)
    assert names(done) == ["Cancelled SelfTrade", "PoolSwapped"]


def test_a_level_better_than_the_pool_comes_before_it() -> None:
    venue = both()
    venue.rest("ask", CAROL, 10, 200_100)
    done = venue.bid(BOB, 20, 202_000)
    assert names(done) == ["OrderPlaced", "BookFilled", "PoolSwapped", "Filled"]


def test_an_agents_order_on_an_empty_market_has_no_spot() -> None:
    venue = with_book()
    venue.do(ApproveAgent, BOB, agent=ALICE, valid_until=NOW_S + 10**6)
    fields = dict(time_in_force="IOC", signer=ALICE)
    code, message = refused(venue.order(BOB, ("USDC", 10**9), ("BTC", 10**6), **fields))
    assert code is Code.INVALID_PRICE and "BTC_USDC has no spot price yet" in message


def test_a_quote_over_a_book_without_a_mid() -> None:
    """With one side only the best order stands for spot."""
    venue = with_book()
    venue.rest("ask", CAROL, 100, 200_000)
    usdc, eth = venue.token("USDC"), venue.token("ETH")
    quote = quote_exact_in(venue.state, usdc, eth, 10 * 200_000)
    assert not isinstance(quote, Rejected)
    (hop,) = quote.route.hops
    assert (hop.book_in, hop.pool_in, hop.pool_fee) == (2_000_000, 0, 0)
    assert hop.book_fee == 10 * LOT * 5 // 10**4
    assert hop.book_out == 10 * LOT - hop.book_fee
    num, den = quote.spot_price
    assert num * 1 == 2_000 * den
    expiring = dict(time_in_force="GTD", expires=NOW_S + 9)
    venue.rest("ask", CAROL, 100, 199_999, **expiring)
    quote = quote_exact_out(venue.state, usdc, eth, 10 * LOT)
    assert not isinstance(quote, Rejected) and quote.expires_s == NOW_S + 9
    venue.rest("ask", CAROL, 5, 199_998, time_in_force="GTD", expires=NOW_S + 20)
    quote = quote_exact_out(venue.state, usdc, eth, 10 * LOT)
    assert not isinstance(quote, Rejected) and quote.expires_s == NOW_S + 9
    venue.rest("bid", BOB, 10, 190_000)
    quote = quote_exact_in(venue.state, usdc, eth, 10 * 200_000)
    assert not isinstance(quote, Rejected)
    num, den = quote.spot_price
    assert num * 20_000 == (199_998 + 190_000) * 100 * den, "the mid"


def test_an_agents_swap_needs_a_spot_and_its_band() -> None:
    venue = with_book()
    venue.do(ApproveAgent, BOB, agent=ALICE, valid_until=NOW_S + 10**6)
    venue.rest("ask", CAROL, 10, 200_000)
    venue.rest("ask", CAROL, 10, 300_000)
    code, message = refused(venue.sell(BOB, "USDC", "ETH", 10**7, signer=ALICE))
    assert code is Code.INVALID_PRICE and "no spot price yet" in message
    venue.bid(BOB, 1, 200_000)
    assert names(venue.sell(BOB, "USDC", "ETH", 400_000, signer=ALICE)) == ["BookFilled"]
    code, _ = refused(venue.sell(BOB, "USDC", "ETH", 10**7, signer=ALICE))
    assert code is Code.SLIPPAGE_EXCEEDED


def test_switches_and_dates_that_come_and_go_leave_nothing_behind() -> None:
    """Behind one that stays, so that nothing is dropped from the front of the heaps."""
    venue = with_book()
    stays = venue.rest("bid", CAROL, 1, 100_000, time_in_force="GTD", expires=NOW_S + 1)
    venue.do(CancelAllAfter, CAROL, market="", timeout_seconds=1)
    for second in range(2, 80):
        venue.do(CancelAllAfter, BOB, market="", timeout_seconds=second)
        number = venue.rest("bid", BOB, 1, 100_000, time_in_force="GTD", expires=NOW_S + second)
        venue.cancel(BOB, number)
    orders = venue.state.open_orders
    assert len(orders._timer_heap) <= 68 and len(orders._expiries) <= 68
    assert orders.next_expiry() == (NOW_S + 1, stays)
    assert orders.next_timer() == ((NOW_S + 1) * 1000, (CAROL, ""))
    venue.now_ms += 1_000
    assert len(venue.tick()) == 2
    assert orders.next_timer() == ((NOW_S + 79) * 1000, (BOB, ""))
    assert orders.next_expiry() is None


def test_the_pool_takes_part_between_two_levels() -> None:
    venue = both()
    venue.rest("bid", CAROL, 10, 199_000)
    venue.rest("bid", CAROL, 10, 198_000)
    done = venue.ask(BOB, 20_000, 197_000)
    assert not isinstance(done, Rejected)
    assert names(done)[:4] == ["OrderPlaced", "BookFilled", "BookFilled", "PoolSwapped"]
    swap = next(event for event in done if isinstance(event, PoolSwapped))
    assert swap.amount_in % LOT == 0
