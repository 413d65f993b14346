"""A limit order book: price-time priority over integer ticks and lots.

It knows no money and matches nothing: who takes walks over the levels and tells the book what was
filled. Adding to a level that exists, cancelling, filling and the best prices are O(1).
"""

from itertools import islice

from xyk.book.order import Order
from xyk.book.side import Side


class Book:
    """`count` is the number of orders in it."""

    __slots__ = ("asks", "bids", "count")

    def __init__(self) -> None:
        self.bids = Side(True)
        self.asks = Side(False)
        self.count = 0

    @property
    def best_bid(self) -> int | None:
        """Ticks; None without bids."""
        best = self.bids.best
        return None if best is None else best.price

    @property
    def best_ask(self) -> int | None:
        best = self.asks.best
        return None if best is None else best.price

    @property
    def is_two_sided(self) -> bool:
        return self.bids.best is not None and self.asks.best is not None

    def side(self, is_bid: bool) -> Side:
        return self.bids if is_bid else self.asks

    def add(self, order: Order) -> None:
        """Last in its level. Does not look whether it crosses."""
        side = self.bids if order.is_bid else self.asks
        price = order.price
        level = side.levels.get(price)
        if level is None:
            level = side.open(price)
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
        """It points nowhere afterwards; the last one takes its level along."""
        level = order.level
        assert level is not None, "only an order in the book can leave it"
        level.lots -= order.quantity - order.filled
        order.level = None
        self.count -= 1
        before, after = order.before, order.after
        if before is not None:
            before.after = after
            order.before = None
            if after is not None:
                after.before = before
                order.after = None
            else:
                level.last = before
        else:
            level.first = after
            if after is not None:
                after.before = None
                order.after = None
            else:
                level.last = None
                (self.bids if order.is_bid else self.asks).close(level)

    def fill(self, order: Order, lots: int) -> None:
        """`lots` of it were taken; an order that has none left leaves."""
        level, filled = order.level, order.filled + lots
        assert level is not None and lots > 0 and filled <= order.quantity
        level.lots -= lots
        order.filled = filled
        if filled == order.quantity:
            self.remove(order)

    def reduce(self, order: Order, quantity: int) -> None:
        """A smaller total; it keeps its place."""
        level = order.level
        assert order.filled < quantity < order.quantity and level is not None
        level.lots -= order.quantity - quantity
        order.quantity = quantity

    def depth(self, is_bid: bool, limit: int) -> list[tuple[int, int]]:
        """The best `limit` levels as (ticks, lots), best first."""
        return [(level.price, level.lots) for level in islice(self.side(is_bid), limit)]
