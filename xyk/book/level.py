"""One price of one side: its orders in the order of arrival, as an intrusive linked list.

The links live in the orders, so that any order leaves in O(1); an order that left points nowhere,
so that nothing is left for the cyclic collector.
"""

from collections.abc import Iterator

from xyk.book.order import Order


class Level:
    """`price` in ticks; `lots` is the sum of what its orders have left."""

    __slots__ = ("first", "last", "lots", "price")

    def __init__(self, price: int) -> None:
        self.price = price
        self.lots = 0
        self.first: Order | None = None
        self.last: Order | None = None

    def __iter__(self) -> Iterator[Order]:
        """First come first. The order at hand may be removed meanwhile."""
        order = self.first
        while order is not None:
            following = order.after
            yield order
            order = following
