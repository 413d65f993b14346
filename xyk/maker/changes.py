"""What to send so that the open orders become the wanted ones: replaced rather than cancelled and
placed again, and in an order in which none of it can meet an own order or break a limit. Pure.
"""

from collections.abc import Sequence
from typing import NamedTuple

from xyk.maker.quoting import BPS, Grid, Quote, Stock, Style


class Open(NamedTuple):
    """An own order. `lots`: what is left of it; `filled`: what was executed, in lots."""

    id: str
    digest: str
    is_bid: bool
    ticks: int
    lots: int
    filled: int


class Change(NamedTuple):
    """`quote` None: cancel `order`; `order` None: place `quote`; both: replace it by that."""

    order: Open | None
    quote: Quote | None


def changes(
    grid: Grid,
    style: Style,
    wanted: Sequence[Quote],
    have: Sequence[Open],
    stock: Stock,
    tolerance_bps: int,
) -> list[Change]:
    """Cancels first, then what moves away from the other side, then what moves towards it, then
    new orders; of each of these first what gives funds back.

    What grows is only given what is left when nothing shrinks: a smaller order or a cancel that
    comes too late, because the order was filled meanwhile, then breaks no limit either.
    `tolerance_bps`: how far a price may be off before it is worth a message; never more than half
    the spread, or an order that stays could be in the way of one that moves.
    """
    tolerance_bps = min(tolerance_bps, style.spread_bps // 2)
    cancels: list[Change] = []
    rest: list[tuple[int, Change]] = []
    for is_bid in (True, False):
        quotes = [quote for quote in wanted if quote.is_bid is is_bid]
        best_first = -1 if is_bid else 1
        own = sorted(
            (order for order in have if order.is_bid is is_bid),
            key=lambda order: (best_first * order.ticks, order.id),
        )
        cancels += [Change(order, None) for order in own[len(quotes) :]]
        room = _room(grid, style, stock, own, is_bid=is_bid)
        for rank, quote in enumerate(quotes):
            order = own[rank] if rank < len(own) else None
            if order is not None and not is_off(order, quote, tolerance_bps):
                continue
            quote, room = _granted(grid, order, quote, room)
            if order is None and grid.value(quote.ticks, quote.lots) >= grid.minimum_quote:
                rest.append((2, Change(None, quote)))
            elif order is not None and grid.value(quote.ticks, quote.lots) < grid.minimum_quote:
                cancels.append(Change(order, None))
            elif order is not None and (quote.ticks, quote.lots) != (order.ticks, order.lots):
                retreats = (quote.ticks < order.ticks) is is_bid
                rest.append((0 if retreats else 1, Change(order, quote)))
    rest.sort(key=lambda one: (one[0], _needs(grid, one[1]) > 0))
    return cancels + [change for _, change in rest]


def _needs(grid: Grid, change: Change) -> int:
    """How much more of the asset that it sells, below 0 how much less."""
    order, quote = change.order, change.quote
    assert quote is not None
    if not quote.is_bid:
        return quote.lots - (0 if order is None else order.lots)
    had = 0 if order is None else grid.value(order.ticks, order.lots)
    return grid.value(quote.ticks, quote.lots) - had


def is_off(order: Open, quote: Quote, tolerance_bps: int) -> bool:
    """Whether it is worth a message: its price is further off than the tolerance, it is larger
    than wanted, or more than half of it is gone."""
    if abs(order.ticks - quote.ticks) * BPS > tolerance_bps * quote.ticks:
        return True
    return order.lots > quote.lots or 2 * order.lots < quote.lots


def _room(
    grid: Grid, style: Style, stock: Stock, own: Sequence[Open], *, is_bid: bool
) -> int | None:
    """What may be bought more, in base units (bids), or be got for more, in quote base units
    (asks), beside all that is open."""
    if is_bid:
        if style.max_base is None:
            return None
        return style.max_base - stock.base - sum(order.lots for order in own) * grid.lot_size
    if style.max_quote is None:
        return None
    return style.max_quote - stock.quote - sum(grid.value(one.ticks, one.lots) for one in own)


def _granted(
    grid: Grid, order: Open | None, quote: Quote, room: int | None
) -> tuple[Quote, int | None]:
    """The quote, made smaller where it needs more than the room, and the room that is left."""
    if room is None:
        return quote, None
    if quote.is_bid:
        had = 0 if order is None else order.lots * grid.lot_size
        lots = min(quote.lots, (had + max(room, 0)) // grid.lot_size)
        needs = lots * grid.lot_size
    else:
        had = 0 if order is None else grid.value(order.ticks, order.lots)
        # Lots that are filled before it moves earn what it asked until then.
        dearest = quote.ticks if order is None else max(quote.ticks, order.ticks)
        lots = min(quote.lots, grid.lots_worth(dearest, had + max(room, 0)))
        needs = grid.value(dearest, lots)
    return quote._replace(lots=lots), room - max(needs - had, 0)
