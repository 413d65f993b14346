"""The pool as price levels: the numbers of the design, and each level against exact fractions."""

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pools.pool import Pool
from xyk.domain.market import ASK, BID, Market
from xyk.exchange.curve import GRID_PRICES, grid_step, levels

ETH_USDC = Market(
    symbol="ETH_USDC",
    base="ETH",
    quote="USDC",
    tick_size=10**4,
    lot_size=10**14,
    maker_fee_bps=2,
    taker_fee_bps=5,
    book=True,
    implicit=False,
    created_ms=0,
)


def pool_of(base: int, quote: int, fee_bps: int = 30) -> Pool:
    pool = Pool.new("ETH_USDC", fee_bps)
    pool.set_reserves(base, quote, 0)
    return pool


def test_the_example_of_the_design() -> None:
    pool = pool_of(100 * 10**18, 200_000 * 10**6)
    assert grid_step(pool, ETH_USDC, 10**18) == 65  # 0.65
    asks = levels(pool, ETH_USDC, ASK, base_decimals=18)
    bids = levels(pool, ETH_USDC, BID, base_decimals=18)
    assert asks[:3] == [(200_655, 132), (200_720, 162), (200_785, 162)]
    assert bids[:2] == [(199_355, 113), (199_290, 163)]
    assert len(asks) == len(bids) == GRID_PRICES
    assert levels(pool, ETH_USDC, ASK, 1, base_decimals=18) == asks[:1]
    assert levels(pool, ETH_USDC, BID, 7, base_decimals=18) == bids[:7]


@pytest.mark.parametrize("side", [ASK, BID])
def test_a_pool_that_nothing_trades_with_has_no_levels(side: str) -> None:
    assert levels(Pool.new("ETH_USDC", 30), ETH_USDC, side, base_decimals=18) == []
    dormant = pool_of(10**18, 10**6 - 1)
    assert levels(dormant, ETH_USDC, side, base_decimals=18) == []
    without_book = msgspec.structs.replace(ETH_USDC, book=False, tick_size=1)
    assert levels(dormant, without_book, side, base_decimals=18)


def test_prices_stay_above_zero_and_empty_levels_are_left_out() -> None:
    below_a_tick = pool_of(10**24, 10**9)  # spot is 0.1 ticks
    assert levels(below_a_tick, ETH_USDC, BID, base_decimals=18) == []
    assert grid_step(below_a_tick, ETH_USDC, 10**18) == 1
    assert [price for price, _ in levels(below_a_tick, ETH_USDC, ASK, base_decimals=18)] == [
        *range(1, GRID_PRICES + 1)
    ]
    three_ticks = pool_of(10**24, 3 * 10**10)
    assert [price for price, _ in levels(three_ticks, ETH_USDC, BID, base_decimals=18)] == [2, 1]
    thin = pool_of(10**18, 2_000 * 10**6)  # about 0.00016 ETH between two prices
    assert len(levels(thin, ETH_USDC, ASK, base_decimals=18)) == GRID_PRICES
    coarse = msgspec.structs.replace(ETH_USDC, lot_size=10**15)
    asks = levels(thin, coarse, ASK, base_decimals=18)
    assert 0 < len(asks) < GRID_PRICES
    assert {quantity for _, quantity in asks} == {1}


amounts = st.integers(10**6, 10**24)


@given(
    base=amounts,
    quote=amounts,
    fee_bps=st.integers(0, 100),
    tick_size=st.integers(1, 10**6),
    lot_size=st.integers(1, 10**6),
    side=st.sampled_from([ASK, BID]),
    limit=st.integers(1, GRID_PRICES),
)
def test_all_levels_up_to_one_trade_exactly_to_its_price(
    base: int, quote: int, fee_bps: int, tick_size: int, lot_size: int, side: str, limit: int
) -> None:
    """Whole lots up to a level leave the marginal price within it; one lot more would not."""
    market = msgspec.structs.replace(ETH_USDC, tick_size=tick_size, lot_size=lot_size)
    pool = pool_of(base, quote, fee_bps)
    found = levels(pool, market, side, base_decimals=9)
    assert levels(pool, market, side, limit, base_decimals=9) == found[:limit]
    step, kept = grid_step(pool, market, 10**9), Fraction(10_000 - fee_bps, 10_000)
    spot = Fraction(quote, base) * 10**9 / tick_size
    assert step == 1 or Fraction(5, 20_000) * spot < step + 1 <= Fraction(5, 10_000) * spot + 1

    def within(lots: int, ticks: int) -> bool:
        """Whether the marginal price with fee after so many lots, as one swap, is within `ticks`
        (the curve is continuous: for a buyer by the base that leaves, for a seller by what
        enters)."""
        amount, price = lots * lot_size, Fraction(ticks * tick_size, 10**9)
        if side == ASK:
            return amount < base and quote * base / kept <= price * (base - amount) ** 2
        return (base + kept * amount) ** 2 * price <= kept * quote * base

    total = 0
    for ticks, lots in found:
        assert ticks % step == 0
        assert ticks > spot / kept if side == ASK else 0 < ticks < spot * kept
        assert lots > 0
        total += lots
        assert within(total, ticks)
        assert not within(total + 1, ticks)
    prices = [ticks for ticks, _ in found]
    assert prices == sorted(prices, reverse=side == BID)
    edge = spot / kept if side == ASK else spot * kept
    assert all(abs(ticks - edge) <= GRID_PRICES * step for ticks in prices)
