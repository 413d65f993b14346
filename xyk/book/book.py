"""A limit order book: price-time priority over integer ticks and lots.

Each side is a dict of levels by price and a sorted list of the prices with the best one at the end:
most adds and removals happen near the touch, so that little moves. It knows no money and matches
nothing: who takes walks over `levels` and tells the book what was filled.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator

from xyk.book.level import Level
from xyk.book.order import Order


class Side:
    """`keys` ascend to the best: prices of bids, minus the prices of asks."""

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, is_bid: bool) -> None:
        self.sign = 1 if is_bid else -1
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}  # key -> level

    def __iter__(self) -> Iterator[Level]:
        """Best first. Nothing may change meanwhile."""
        for key in reversed(self.keys):
            yield self.levels[key]


class Book:
    __slots__ = ("asks", "bids", "count")

    def __init__(self) -> None:
        self.bids = Side(True)
        self.asks = Side(False)
        self.count = 0  # open orders

    @property
    def best_bid(self) -> int | None:
        """Ticks; None without bids."""
        keys = self.bids.keys
        return keys[-1] if keys else None

    @property
    def best_ask(self) -> int | None:
        keys = self.asks.keys
        return -keys[-1] if keys else None

    @property
    def is_two_sided(self) -> bool:
        return bool(self.bids.keys and self.asks.keys)

    def side(self, is_bid: bool) -> Side:
        return self.bids if is_bid else self.asks

    def add(self, order: Order) -> None:
        """Last in its level. Does not look whether it crosses."""
        side = self.bids if order.is_bid else self.asks
        key = order.price * side.sign
        level = side.levels.get(key)
        if level is None:
            level = side.levels[key] = Level(order.price)
            insort(side.keys, key)
            level.first = order
        else:
            last = level.last
            assert last is not None, "a level has orders"
            last.after = order
            order.before = last
        level.last = order
        level.lots += order.quantity - order.filled
        order.level = level
        self.count += 1

    def remove(self, order: Order) -> None:
        """In O(1) while its level lives on."""
        level = order.level
        assert level is not None, "only an order in the book can leave it"
        before, after = order.before, order.after
        level.lots -= order.quantity - order.filled
        if before is None:
            level.first = after
        else:
            before.after = after
        if after is None:
            level.last = before
        else:
            after.before = before
        order.level = order.before = order.after = None
        self.count -= 1
        if level.first is None:
            side = self.bids if order.is_bid else self.asks
            key = level.price * side.sign
            del side.levels[key]
            if side.keys[-1] == key:
                side.keys.pop()
            else:
                del side.keys[bisect_left(side.keys, key)]

    def fill(self, order: Order, lots: int) -> None:
        """`lots` of it were taken; an order that has none left leaves."""
        left = order.quantity - order.filled - lots
        assert lots > 0 <= left, "an order is filled by no more than it has"
        if left:
            assert order.level is not None
            order.level.lots -= lots
            order.filled += lots
        else:
            self.remove(order)
            order.filled = order.quantity

    def reduce(self, order: Order, quantity: int) -> None:
        """A smaller total; it keeps its place."""
        assert order.filled < quantity < order.quantity and order.level is not None
        order.level.lots -= order.quantity - quantity
        order.quantity = quantity

    def depth(self, is_bid: bool, limit: int) -> list[tuple[int, int]]:
        """The best `limit` levels as (ticks, lots), best first."""
        side = self.side(is_bid)
        return [
            (side.levels[key].price, side.levels[key].lots) for key in side.keys[: -limit - 1 : -1]
        ]
