"""The ladder: a table with prices that a trader can check by hand, and what always holds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xyk.maker.quoting import (
    BPS,
    Bounds,
    Grid,
    Price,
    Quote,
    Stock,
    Style,
    ladder,
    prices,
    shift_ppm,
)

ETH, USDC = 10**18, 10**6
GRID = Grid(tick_size=10**4, lot_size=10**14, whole_base=ETH, minimum_quote=10**4)  # cents
PRICE = Price(2_000 * USDC, ETH)
EVEN = Stock(10 * ETH, 20_000 * USDC, 10 * ETH, 20_000 * USDC)
PLAIN = Style(levels=3, lots=1_000, spread_bps=20, step_bps=10)
FREE = Bounds()


def shown(quotes: list[Quote]) -> tuple[list[str], list[str]]:
    """`price x quantity` in whole tokens, bids and asks."""
    sides: tuple[list[str], list[str]] = ([], [])
    for quote in quotes:
        sides[not quote.is_bid].append(f"{quote.ticks / 100:g} x {quote.lots / 10_000:g}")
    return sides


TABLE: dict[str, tuple[dict[str, Any], Price, Stock, Bounds, str, str]] = {
    "10 bps either side, 10 bps a step": (
        *({}, PRICE, EVEN, FREE),
        *("1998 x 0.1, 1996 x 0.1, 1994 x 0.1", "2002 x 0.1, 2004 x 0.1, 2006 x 0.1"),
    ),
    "between two ticks: bids down, asks up": (
        *({"levels": 1}, Price(2_000_003_000, ETH), EVEN, FREE),
        *("1998 x 0.1", "2002.01 x 0.1"),
    ),
    "no spread and no step: still a tick between all of them": (
        *({"spread_bps": 0, "step_bps": 0}, PRICE, EVEN, FREE),
        *(
            "2000 x 0.1, 1999.99 x 0.1, 1999.98 x 0.1",
            "2000.01 x 0.1, 2000.02 x 0.1, 2000.03 x 0.1",
        ),
    ),
    "all in base: everything lower by the whole skew": (
        *({"levels": 1, "skew_bps": 10}, PRICE, Stock(10 * ETH, 0, 10 * ETH, 1_000 * USDC), FREE),
        *("1996 x 0.1", "2000 x 0.1"),
    ),
    "all in quote: everything higher": (
        *({"levels": 1, "skew_bps": 10}, PRICE, Stock(0, 9_000 * USDC, ETH, 9_000 * USDC), FREE),
        *("2000 x 0.1", "2004 x 0.1"),
    ),
    "three quarters in base: lower by half of it": (
        *({"levels": 1, "skew_bps": 20}, PRICE),
        *(Stock(3 * ETH, 2_000 * USDC, 3 * ETH, 2_000 * USDC), FREE, "1996 x 0.1", "2000 x 0.1"),
    ),
    "a target of three quarters: then that is no reason to shift": (
        *({"levels": 1, "skew_bps": 20, "target_bps": 7_500}, PRICE),
        *(Stock(3 * ETH, 2_000 * USDC, 3 * ETH, 2_000 * USDC), FREE, "1998 x 0.1", "2002 x 0.1"),
    ),
    "funds for a level and a half": (
        *({}, PRICE, Stock(ETH, 2_000 * USDC, ETH * 15 // 100, 300 * USDC), FREE),
        *("1998 x 0.1, 1996 x 0.0502", "2002 x 0.1, 2004 x 0.05"),
    ),
    "no funds": ({}, PRICE, Stock(0, 0, 0, 0), FREE, "", ""),
    "the most base: bids end where all of them filled would reach it": (
        *({"max_base": 10 * ETH + ETH * 15 // 100}, PRICE, EVEN, FREE),
        *("1998 x 0.1, 1996 x 0.05", "2002 x 0.1, 2004 x 0.1, 2006 x 0.1"),
    ),
    "more base than the most: asks alone": (
        *({"max_base": 9 * ETH, "levels": 1}, PRICE, EVEN, FREE, "", "2002 x 0.1"),
    ),
    "the most quote": (
        *({"max_quote": 20_300 * USDC}, PRICE, EVEN, FREE),
        *("1998 x 0.1, 1996 x 0.1, 1994 x 0.1", "2002 x 0.1, 2004 x 0.0498"),
    ),
    "what is too small to be an order is none": (
        *({"lots": 1, "levels": 1}, Price(50 * USDC, ETH), EVEN, FREE, "", ""),
    ),
    "not into the pool: bids down to it, asks as they were": (
        *({}, PRICE, EVEN, Bounds(highest_bid=199_500), "1995 x 0.1, 1994.99 x 0.1, 1994 x 0.1"),
        "2002 x 0.1, 2004 x 0.1, 2006 x 0.1",
    ),
    "asks up to it": (
        *({}, PRICE, EVEN, Bounds(lowest_ask=200_500)),
        *("1998 x 0.1, 1996 x 0.1, 1994 x 0.1", "2005 x 0.1, 2005.01 x 0.1, 2006 x 0.1"),
    ),
    "a price of two ticks": (
        *({"levels": 3}, Price(20_000, ETH), Stock(ETH, ETH, ETH, ETH)._replace(), FREE),
        *("0.01 x 0.1", "0.03 x 0.1, 0.04 x 0.1, 0.05 x 0.1"),
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_ladder(name: str) -> None:
    style, price, stock, bounds, bids, asks = TABLE[name]
    grid = GRID if price.quote > 50_000 else GRID._replace(minimum_quote=1)
    quotes = ladder(grid, PLAIN._replace(**style), price, stock, bounds)
    assert tuple(", ".join(side) for side in shown(quotes)) == (bids, asks)


amounts = st.integers(0, 2**112 - 1)
limits = st.none() | amounts
grids = st.builds(
    Grid,
    tick_size=st.integers(1, 10**9),
    lot_size=st.integers(1, 10**20),
    whole_base=st.integers(0, 18).map(lambda decimals: 10**decimals),
    minimum_quote=st.just(10**4),
)
styles = st.builds(
    Style,
    levels=st.integers(1, 12),
    lots=st.integers(1, 10**9),
    spread_bps=st.integers(0, 5_000),
    step_bps=st.integers(0, 125),
    skew_bps=st.integers(0, 5_000),
    target_bps=st.integers(0, BPS),
    max_base=limits,
    max_quote=limits,
)
some_prices = st.builds(Price, st.integers(1, 2**112), st.integers(1, 2**112))


@st.composite
def stocks(draw: st.DrawFn) -> Stock:
    base, quote = draw(amounts), draw(amounts)
    free_base = draw(st.integers(0, base))
    return Stock(base, quote, free_base, draw(st.integers(0, quote)))


some_bounds = st.builds(
    Bounds, st.none() | st.integers(0, 2**100), st.none() | st.integers(1, 2**100)
)


@given(grids, styles, some_prices, stocks(), some_bounds)
def test_it_never_crosses_itself_and_never_leaves_its_limits(
    grid: Grid, style: Style, price: Price, stock: Stock, bounds: Bounds
) -> None:
    quotes = ladder(grid, style, price, stock, bounds)
    bids = [quote for quote in quotes if quote.is_bid]
    asks = [quote for quote in quotes if not quote.is_bid]
    assert all(type(number) is int for quote in quotes for number in quote[1:])
    assert all(quote.ticks > 0 and 0 < quote.lots <= style.lots for quote in quotes)
    assert len(bids) <= style.levels and len(asks) <= style.levels
    assert [one.ticks for one in bids] == sorted({one.ticks for one in bids}, reverse=True)
    assert [one.ticks for one in asks] == sorted({one.ticks for one in asks})
    if bids and asks:
        assert bids[0].ticks < asks[0].ticks
    if bids and bounds.highest_bid is not None:
        assert bids[0].ticks <= bounds.highest_bid
    if asks and bounds.lowest_ask is not None:
        assert asks[0].ticks >= bounds.lowest_ask
    bought = sum(one.lots for one in bids) * grid.lot_size
    earned = sum(grid.value(one.ticks, one.lots) for one in asks)
    assert sum(one.lots for one in asks) * grid.lot_size <= stock.free_base
    assert sum(grid.value(one.ticks, one.lots) for one in bids) <= stock.free_quote
    if style.max_base is not None:
        assert not bids or stock.base + bought <= style.max_base
    if style.max_quote is not None:
        assert not asks or stock.quote + earned <= style.max_quote


@given(grids, styles, some_prices, stocks())
def test_more_base_never_raises_a_quote(
    grid: Grid, style: Style, price: Price, stock: Stock
) -> None:
    richer = stock._replace(base=stock.base * 2 + 1)
    assert shift_ppm(style, price, richer) >= shift_ppm(style, price, stock)
    for less, more in zip(
        prices(grid, style, price, stock, FREE),
        prices(grid, style, price, richer, FREE),
        strict=True,
    ):
        assert all(low <= high for high, low in zip(less, more, strict=False))


@given(styles, some_prices, stocks())
def test_the_shift_is_at_most_the_skew(style: Style, price: Price, stock: Stock) -> None:
    assert abs(shift_ppm(style, price, stock)) <= style.skew_bps * 100
