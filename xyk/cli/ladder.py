"""An order book as a picture: asks above, bids below, between them the middle and the spread."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from xyk.client.local_book import BookLevel, LocalBook
from xyk.domain.units import BPS

BAR = 30  # cells
ORDERS_BLOCK, POOL_BLOCK = "█", "░"
ASK_STYLE, BID_STYLE, QUIET = "red", "green", "dim"
TENTH = Decimal("0.1")

Resting = Mapping[Decimal, Decimal]  # price -> quantity of the orders there


class Rung(NamedTuple):
    """One price. Quantities in whole tokens of base: of resting orders, of the pool, and their
    sums from the best price to this one."""

    price: Decimal
    orders: Decimal
    pool: Decimal
    orders_sum: Decimal
    pool_sum: Decimal

    @property
    def sum(self) -> Decimal:
        return self.orders_sum + self.pool_sum


def rungs(levels: Sequence[BookLevel], resting: Resting) -> list[Rung]:
    """`levels`: orders and curve together, best first. What no order covers is the pool's."""
    found: list[Rung] = []
    orders_sum = pool_sum = Decimal(0)
    for price, quantity in levels:
        orders = min(resting.get(price, Decimal(0)), quantity)
        orders_sum += orders
        pool_sum += quantity - orders
        found.append(Rung(price, orders, quantity - orders, orders_sum, pool_sum))
    return found


def ladder(book: LocalBook, resting: Resting, levels: int) -> Table:
    """So many `levels` a side. A full bar is the larger of both sides' sums."""
    asks = rungs(book.best_asks(levels), resting)
    bids = rungs(book.best_bids(levels), resting)
    both = (*asks, *bids)
    price_places = places([rung.price for rung in both])
    quantity_places = places([quantity for rung in both for quantity in rung[1:3]])
    whole = max((rung.sum for rung in both), default=Decimal(0))
    table = Table(box=None, padding=(0, 1), header_style=QUIET)
    for name in ("price", "orders", "pool", "sum"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(f"{ORDERS_BLOCK} orders {POOL_BLOCK} pool, summed", no_wrap=True)

    def add(rung: Rung, style: str) -> None:
        table.add_row(
            Text(_fixed(rung.price, price_places), style=style),
            _quantity(rung.orders, quantity_places),
            _quantity(rung.pool, quantity_places),
            _fixed(rung.sum, quantity_places),
            Text(bar(rung, whole), style=style),
        )

    for rung in reversed(asks):
        add(rung, ASK_STYLE)
    table.add_row(*_middle(asks, bids, price_places))
    for rung in bids:
        add(rung, BID_STYLE)
    return table


def bar(rung: Rung, whole: Decimal) -> str:
    """The sums as parts of `whole`, rounded to cells together, so that the length is the sum's."""
    cells = _cells(rung.sum, whole)
    orders = min(_cells(rung.orders_sum, whole), cells)
    return ORDERS_BLOCK * orders + POOL_BLOCK * (cells - orders)


def places(numbers: Sequence[Decimal]) -> int:
    """How many decimals show all of them exactly."""
    return max((len(f"{number:f}".partition(".")[2]) for number in numbers), default=0)


def _middle(asks: Sequence[Rung], bids: Sequence[Rung], price_places: int) -> list[Text]:
    if not asks or not bids:
        lacking = [name for name, side in (("asks", asks), ("bids", bids)) if not side]
        gap = Text(f"no {' and no '.join(lacking)}", style="bold")
        return [Text("--", style="bold"), Text(), Text(), Text(), gap]
    ask, bid = asks[0].price, bids[0].price
    spread, middle = ask - bid, (ask + bid) / 2
    bps = (spread / middle * BPS).quantize(TENTH)
    shown = _fixed(middle, max(price_places, places([middle])))
    text = f"mid, spread {_fixed(spread, price_places)} ({bps} bps)"
    return [Text(shown, style="bold"), Text(), Text(), Text(), Text(text, style="bold")]


def _cells(part: Decimal, whole: Decimal) -> int:
    return int((part / whole * BAR).to_integral_value()) if whole else 0


def _quantity(quantity: Decimal, decimals: int) -> Text:
    if not quantity:
        return Text("-", style=QUIET)
    return Text(_fixed(quantity, decimals))


def _fixed(number: Decimal, decimals: int) -> str:
    return f"{number:.{decimals}f}"
