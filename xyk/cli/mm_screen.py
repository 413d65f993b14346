"""How a market maker looks: a live table on a terminal, a line for each change anywhere else."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from xyk.cli.ladder import ASK_STYLE, BID_STYLE, QUIET
from xyk.cli.live_table import LiveTable
from xyk.domain.decimals import half_even, whole_tokens
from xyk.maker.changes import Open
from xyk.maker.market_maker import ENDED, MarketMaker
from xyk.maker.quoting import BPS, Price, shift_ppm

PRICE_PLACES, SKEW_PLACES = 4, 2


class PlainScreen:
    """A line when the state, the note or the best quotes are others."""

    def __init__(self, maker: MarketMaker, line: Callable[[str], None]) -> None:
        self._maker = maker
        self._line = line
        self._shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.show()

    def show(self) -> None:
        said = summary(self._maker)
        if said != self._shown:
            self._shown = said
            self._line(f"{datetime.now(UTC):%H:%M:%S} {said}")


class LiveScreen(LiveTable):
    def __init__(self, maker: MarketMaker, console: Console) -> None:
        super().__init__(console)
        self._maker = maker

    def picture(self) -> RenderableType:
        return picture(self._maker)


def screen_for(console: Console, maker: MarketMaker) -> PlainScreen | LiveScreen:
    if console.is_terminal:
        return LiveScreen(maker, console)
    return PlainScreen(maker, lambda line: print(line, flush=True))


def summary(maker: MarketMaker) -> str:
    """One line: state, reference, best quotes, what it holds."""
    view = maker.view
    bids, asks = sides(maker)
    best = " ".join(
        f"{name} {view.terms.quantity(side[0].lots)} at {view.terms.price(side[0].ticks)}"
        f" ({len(side)})"
        for name, side in (("bid", bids), ("ask", asks))
        if side
    )
    note = f"; {maker.note}" if maker.note else ""
    return f"{view.terms.symbol} {maker.state} {best or 'no orders'}{note}"


def sides(maker: MarketMaker) -> tuple[list[Open], list[Open]]:
    """Bids and asks that are open, best first."""
    own = maker.view.orders.open.values()
    bids = sorted((one for one in own if one.is_bid), key=lambda one: -one.ticks)
    return bids, sorted((one for one in own if not one.is_bid), key=lambda one: one.ticks)


def picture(maker: MarketMaker) -> RenderableType:
    terms = maker.view.terms
    price = maker.reference.price()
    bids, asks = sides(maker)
    orders = Table(box=None, padding=(0, 1), header_style=QUIET)
    for name in ("price", "from reference", "quantity"):
        orders.add_column(name, justify="right", no_wrap=True)

    def add(order: Open, style: str) -> None:
        away = "" if price is None else f"{_away_bps(maker, order.ticks, price)} bps"
        orders.add_row(
            Text(terms.price(order.ticks), style=style), away, terms.quantity(order.lots)
        )

    for order in reversed(asks):
        add(order, ASK_STYLE)
    shown = "--" if price is None else _text(maker, price)
    orders.add_row(Text(shown, style="bold"), Text(maker.reference.name, style=QUIET), "")
    for order in bids:
        add(order, BID_STYLE)
    title = Text(f"{terms.symbol} ", style="bold") + Text(maker.state)
    note = Text(maker.note, style=QUIET if maker.state == ENDED else "red")
    return Group(title, orders, _facts(maker, price), note)


def _facts(maker: MarketMaker, price: Price | None) -> Table:
    view, terms = maker.view, maker.view.terms
    table = Table.grid(padding=(0, 2))
    base, quote = view.holdings.base, view.holdings.quote
    table.add_row(
        Text("holds", style=QUIET),
        f"{whole_tokens(base.available + base.locked, terms.base_decimals)} {terms.base}",
        f"{whole_tokens(quote.available + quote.locked, terms.quote_decimals)} {terms.quote}",
    )
    shift = 0 if price is None else shift_ppm(maker.style, price, view.stock())
    lower = "" if not shift else " lower" if shift > 0 else " higher"
    table.add_row(
        Text("skew", style=QUIET), f"{half_even(abs(shift), 100, SKEW_PLACES)} bps{lower}", ""
    )
    sent = ", ".join(f"{count} {kind}" for kind, count in sorted(maker.sent.items()))
    table.add_row(Text("sent", style=QUIET), sent or "nothing", f"{view.orders.fills} fills")
    if maker.refused:
        refused = ", ".join(f"{count} {code}" for code, count in sorted(maker.refused.items()))
        table.add_row(Text("refused", style=QUIET), refused, "")
    return table


def _text(maker: MarketMaker, price: Price) -> str:
    terms = maker.view.terms
    return half_even(
        price.quote * 10**terms.base_decimals, price.base * 10**terms.quote_decimals, PRICE_PLACES
    )


def _away_bps(maker: MarketMaker, ticks: int, price: Price) -> str:
    """Of an order's price from the reference, with its sign."""
    terms = maker.view.terms
    own, reference = ticks * terms.tick_size * price.base, price.quote * 10**terms.base_decimals
    sign = "+" if own >= reference else "-"
    return sign + half_even(abs(own - reference) * BPS, reference, SKEW_PLACES)
