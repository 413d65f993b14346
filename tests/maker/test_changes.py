"""From what is open to what is wanted: replaced rather than cancelled, in a safe order, and within
the limits whatever is filled or refused meanwhile."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xyk.maker.changes import Change, Open, changes
from xyk.maker.quoting import BPS, Bounds, Grid, Price, Quote, Stock, Style, ladder

ETH, USDC = 10**18, 10**6
GRID = Grid(tick_size=10**4, lot_size=10**14, whole_base=ETH, minimum_quote=10**4)
STYLE = Style(levels=2, lots=1_000, spread_bps=20, step_bps=10)
STOCK = Stock(10 * ETH, 20_000 * USDC, 10 * ETH, 20_000 * USDC)


def bid(ticks: int, lots: int = 1_000) -> Quote:
    return Quote(True, ticks, lots)


def ask(ticks: int, lots: int = 1_000) -> Quote:
    return Quote(False, ticks, lots)


def opened(*quotes: Quote) -> list[Open]:
    return [
        Open(str(number), f"0x{number}", quote.is_bid, quote.ticks, quote.lots, 0)
        for number, quote in enumerate(quotes, start=1)
    ]


def said(found: list[Change]) -> list[str]:
    words = []
    for order, quote in found:
        what = "" if quote is None else f"{quote.lots} at {quote.ticks}"
        verb = (
            "place" if order is None else f"{'cancel' if quote is None else 'replace'} {order.id}"
        )
        words.append(f"{verb} {what}".strip())
    return words


AS_THEY_ARE = (bid(199_800), bid(199_600), ask(200_200), ask(200_400))

TABLE: dict[str, tuple[tuple[Quote, ...], tuple[Quote, ...], dict[str, Any], list[str]]] = {
    "nothing is open": (
        *((), (bid(199_800), ask(200_200)), {}),
        ["place 1000 at 199800", "place 1000 at 200200"],
    ),
    "all as wanted": (AS_THEY_ARE, AS_THEY_ARE, {}, []),
    "off by less than the tolerance": (
        *((bid(199_810), ask(200_210)), (bid(199_800), ask(200_200)), {}, []),
    ),
    "the price rises: asks get out of the way first": (
        *((bid(199_800), ask(200_200)), (bid(201_800), ask(202_200)), {}),
        ["replace 2 1000 at 202200", "replace 1 1000 at 201800"],
    ),
    "the price falls: bids first": (
        *((bid(199_800), ask(200_200)), (bid(197_800), ask(198_200)), {}),
        ["replace 1 1000 at 197800", "replace 2 1000 at 198200"],
    ),
    "more than is wanted: the worst goes, before anything else": (
        *((bid(199_800), bid(199_600), ask(200_200)), (bid(199_900), ask(200_300)), {}),
        ["cancel 2", "replace 3 1000 at 200300", "replace 1 1000 at 199900"],
    ),
    "more than half is gone: filled up again": (
        *((bid(199_800, 499),), (bid(199_800),), {}, ["replace 1 1000 at 199800"]),
    ),
    "half is left: it keeps its place": (((bid(199_800, 500),), (bid(199_800),), {}, [])),
    "larger than wanted: smaller, which keeps its place": (
        *((bid(199_800),), (bid(199_800, 999),), {}, ["replace 1 999 at 199800"]),
    ),
    "what is cancelled gives no room in the same breath": (
        *((bid(199_600), bid(199_500)), (bid(199_800, 2_000),)),
        *({"max_base": 10 * ETH + ETH * 25 // 100}, ["cancel 2", "replace 1 1500 at 199800"]),
    ),
    "what gives funds back comes before what needs them": (
        *((bid(199_700), bid(199_600)), (bid(199_800), bid(199_650, 900)), {}),
        ["replace 2 900 at 199650", "replace 1 1000 at 199800"],
    ),
    "no room at all: no order": (*((), (bid(199_800),), {"max_base": 10 * ETH}, []),),
    "a lower ask may still be filled where it was: no larger than that allows": (
        *((ask(220_000, 900),), (ask(200_000),), {"max_quote": 20_200 * USDC}),
        ["replace 1 909 at 200000"],
    ),
    "a higher ask earns more: smaller by as much": (
        *((ask(200_000),), (ask(220_000),), {"max_quote": 20_200 * USDC}),
        ["replace 1 909 at 220000"],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_changes(name: str) -> None:
    have, wanted, style, expected = TABLE[name]
    found = changes(GRID, STYLE._replace(**style), wanted, opened(*have), STOCK, tolerance_bps=2)
    assert said(found) == expected


def test_a_tolerance_above_half_the_spread_counts_as_that() -> None:
    have, wanted = opened(bid(199_800), ask(200_200)), (bid(199_500), ask(199_900))
    found = changes(GRID, STYLE._replace(spread_bps=2), wanted, have, STOCK, tolerance_bps=500)
    assert len(found) == 2, "else the new ask could stand at the old bid"


prices = st.integers(1_000, 100_000).map(lambda cents: Price(cents * 10**4, ETH))
styles = st.builds(
    Style,
    levels=st.integers(1, 4),
    lots=st.integers(1, 5_000),
    spread_bps=st.integers(0, 60),
    step_bps=st.integers(0, 50),
    skew_bps=st.integers(0, 50),
    target_bps=st.just(BPS // 2),
    max_base=st.none() | st.integers(0, 3 * ETH),
    max_quote=st.none() | st.integers(0, 6_000 * USDC),
)
PLENTY = 10 * ETH, 100_000 * USDC


class Twin:
    """An exchange of one maker: what it holds and what is open. Anything may be filled whenever."""

    def __init__(self, base: int, quote: int, style: Style) -> None:
        self.base, self.quote, self.style = base, quote, style
        self.open: dict[str, Open] = {}
        self.overtaken: set[str] = set()  # that stay where they were: filled beyond a new total
        self.placed = 0

    def stock(self) -> Stock:
        return Stock(self.base, self.quote, *PLENTY)

    def fill(self, order_id: str, lots: int) -> None:
        order = self.open[order_id]
        lots = min(lots, order.lots)
        sign = 1 if order.is_bid else -1
        self.base += sign * lots * GRID.lot_size
        self.quote -= sign * GRID.value(order.ticks, lots)
        left = order._replace(lots=order.lots - lots, filled=order.filled + lots)
        self.open[order_id] = left
        if not left.lots:
            del self.open[order_id]

    def apply(self, change: Change) -> None:
        """As the exchange does: the quantity of a replacement is the total, what is filled by then
        included; nothing crosses but what an overtaken order leaves behind, and that is refused,
        because it is post-only."""
        order, quote = change
        if order is not None and order.id not in self.open:
            return  # filled meanwhile: refused
        if quote is None:
            assert order is not None
            del self.open[order.id]
            return
        others = [one for one in self.open.values() if order is None or one.id != order.id]
        for one in others:
            if one.is_bid is not quote.is_bid:
                low, high = (quote, one) if quote.is_bid else (one, quote)
                if low.ticks >= high.ticks:
                    assert one.id in self.overtaken, "it would meet an own order"
                    return
        if order is None:
            self.placed += 1
            self.open[str(self.placed)] = Open(str(self.placed), "0x", *quote, filled=0)
            return
        now = self.open[order.id]
        lots = order.filled + quote.lots - now.filled
        if lots > 0:
            self.open[order.id] = now._replace(ticks=quote.ticks, lots=lots)
        else:
            self.overtaken.add(order.id)

    def check(self, first: tuple[int, int]) -> None:
        """Even if all is filled now. What it had at first it need not sell."""
        bought = sum(one.lots for one in self.open.values() if one.is_bid) * GRID.lot_size
        earned = sum(
            GRID.value(one.ticks, one.lots) for one in self.open.values() if not one.is_bid
        )
        if self.style.max_base is not None and bought:
            assert self.base + bought <= max(self.style.max_base, first[0])
        if self.style.max_quote is not None and earned:
            assert self.quote + earned <= max(self.style.max_quote, first[1])


@given(
    styles,
    st.lists(st.tuples(prices, st.integers(0, 20)), min_size=1, max_size=6),
    st.integers(0, 10),
    st.data(),
)
def test_no_limit_breaks_and_nothing_crosses_whatever_is_filled_and_refused(
    style: Style, turns: list[tuple[Price, int]], tolerance_bps: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, 3 * ETH)), data.draw(st.integers(0, 6_000 * USDC))
    twin = Twin(*first, style)
    for price, _ in turns:
        wanted = ladder(GRID, style, price, twin.stock(), Bounds())
        have = list(twin.open.values())
        todo = changes(GRID, style, wanted, have, twin.stock(), tolerance_bps)
        assert len({change.order.id for change in todo if change.order}) == sum(
            change.order is not None for change in todo
        ), "an order is touched once"
        twin.overtaken.clear()
        for change in todo:
            is_filled: bool = data.draw(st.booleans())
            if twin.open and is_filled:
                victim: str = data.draw(st.sampled_from(sorted(twin.open)))
                twin.fill(victim, data.draw(st.integers(1, 5_000)))
            twin.apply(change)
            twin.check(first)


@given(styles, prices, prices, st.integers(0, 10))
def test_it_comes_to_rest(style: Style, before: Price, after: Price, tolerance_bps: int) -> None:
    """With the same wishes again there is nothing left to send, after as many turns as limits need
    to let room go from one order to another."""
    twin = Twin(ETH, 2_000 * USDC, style)
    for price in (before, after, after, after):
        wanted = ladder(GRID, style, price, twin.stock(), Bounds())
        todo = changes(GRID, style, wanted, list(twin.open.values()), twin.stock(), tolerance_bps)
        for change in todo:
            twin.apply(change)
    wanted = ladder(GRID, style, after, twin.stock(), Bounds())
    have = list(twin.open.values())
    assert not changes(GRID, style, wanted, have, twin.stock(), tolerance_bps)
