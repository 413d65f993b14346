"""Which orders a market maker wants: a ladder of bids and asks around a reference price.

Pure and in integers: prices in ticks, quantities in lots, amounts in base units of their asset.
Bids are rounded down and asks up, so that rounding never narrows the spread.
"""

from typing import NamedTuple

BPS = 10_000
PPM_A_BPS = 100
PPM = BPS * PPM_A_BPS


class Grid(NamedTuple):
    """Of one market. `tick_size`: quote base units per whole base token; `lot_size`: base units;
    `whole_base`: base units of one token; `minimum_quote`: what an order must be worth."""

    tick_size: int
    lot_size: int
    whole_base: int
    minimum_quote: int

    def value(self, ticks: int, lots: int) -> int:
        """Quote base units, rounded up; exact beside a book."""
        return -(-ticks * self.tick_size * lots * self.lot_size // self.whole_base)

    def lots_worth(self, ticks: int, quote: int) -> int:
        """The most lots that `quote` base units pay for at this price."""
        return max(quote, 0) * self.whole_base // (ticks * self.tick_size * self.lot_size)


class Price(NamedTuple):
    """`quote` base units per `base` base units, both positive."""

    quote: int
    base: int


class Style(NamedTuple):
    """What somebody wants of a ladder.

    `levels` a side, `lots` each. `spread_bps` lies between the best bid and the best ask,
    `step_bps` between a level and the next. With everything in base all quotes are `skew_bps`
    lower, with everything in quote as much higher, linear in between; nothing is shifted while
    base is `target_bps` of the value of both. `max_base` and `max_quote`: base units that it never
    holds more of, whatever of its orders is filled; None for no limit.
    """

    levels: int
    lots: int
    spread_bps: int
    step_bps: int
    skew_bps: int = 0
    target_bps: int = BPS // 2
    max_base: int | None = None
    max_quote: int | None = None


class Stock(NamedTuple):
    """Base units. `base` and `quote` are all that is held, in open orders too; `free_base` and
    `free_quote` what the market's quotes may use: available, or locked by quotes of this market."""

    base: int
    quote: int
    free_base: int
    free_quote: int


class Bounds(NamedTuple):
    """How far quotes may go without taking: ticks, None for no bound."""

    highest_bid: int | None = None
    lowest_ask: int | None = None


class Quote(NamedTuple):
    is_bid: bool
    ticks: int
    lots: int


def ladder(grid: Grid, style: Style, price: Price, stock: Stock, bounds: Bounds) -> list[Quote]:
    """Bids and then asks, best first. Fewer and smaller ones where funds, limits or the smallest
    order do not allow more."""
    bids, asks = prices(grid, style, price, stock, bounds)
    quotes = []
    room = _room(style.max_base, stock.base)
    funds = stock.free_quote
    for ticks in bids:
        lots = min(style.lots, grid.lots_worth(ticks, funds))
        if room is not None:
            lots = min(lots, room // grid.lot_size)
        if grid.value(ticks, lots) >= grid.minimum_quote:
            quotes.append(Quote(True, ticks, lots))
            funds -= grid.value(ticks, lots)
            room = None if room is None else room - lots * grid.lot_size
    room = _room(style.max_quote, stock.quote)
    funds = stock.free_base
    for ticks in asks:
        lots = min(style.lots, max(funds, 0) // grid.lot_size)
        if room is not None:
            lots = min(lots, grid.lots_worth(ticks, room))
        if grid.value(ticks, lots) >= grid.minimum_quote:
            quotes.append(Quote(False, ticks, lots))
            funds -= lots * grid.lot_size
            room = None if room is None else room - grid.value(ticks, lots)
    return quotes


def prices(
    grid: Grid, style: Style, price: Price, stock: Stock, bounds: Bounds
) -> tuple[list[int], list[int]]:
    """Of all levels, in ticks: bids that fall and asks that rise, the best ask above the best
    bid."""
    shift = shift_ppm(style, price, stock)
    half = style.spread_bps * PPM_A_BPS // 2
    unit = price.base * PPM * grid.tick_size
    bids: list[int] = []
    asks: list[int] = []
    for level in range(style.levels):
        away = half + level * style.step_bps * PPM_A_BPS
        bid = price.quote * grid.whole_base * (PPM - shift - away) // unit
        if bids:
            bid = min(bid, bids[-1] - 1)
        elif bounds.highest_bid is not None:
            bid = min(bid, bounds.highest_bid)
        if bid > 0:
            bids.append(bid)
        ask = -(-price.quote * grid.whole_base * (PPM - shift + away) // unit)
        if asks:
            ask = max(ask, asks[-1] + 1)
        else:
            ask = max(ask, 1, bids[0] + 1 if bids else 1)
            if bounds.lowest_ask is not None:
                ask = max(ask, bounds.lowest_ask)
        asks.append(ask)
    return bids, asks


def shift_ppm(style: Style, price: Price, stock: Stock) -> int:
    """How far all quotes are lowered (below 0: raised), in millionths of the price; towards 0."""
    base_value = stock.base * price.quote // price.base
    whole = base_value + stock.quote
    if not whole or not style.skew_bps:
        return 0
    excess = base_value * BPS - style.target_bps * whole  # in parts of whole * BPS
    furthest = (BPS - style.target_bps) if excess > 0 else style.target_bps
    if not furthest:
        return 0
    size = abs(excess) * style.skew_bps * PPM_A_BPS // (furthest * whole)
    return size if excess > 0 else -size


def _room(limit: int | None, held: int) -> int | None:
    return None if limit is None else max(limit - held, 0)
