"""The order book as a list: every question is a scan. It imports nothing of ours."""

from dataclasses import dataclass


@dataclass
class Resting:
    number: int
    is_bid: bool
    price: int
    quantity: int
    filled: int = 0

    @property
    def left(self) -> int:
        return self.quantity - self.filled


class ScanBook:
    """Orders in the order of their arrival in the book."""

    def __init__(self) -> None:
        self.orders: list[Resting] = []

    def find(self, number: int) -> Resting:
        (found,) = [order for order in self.orders if order.number == number]
        return found

    def remove(self, number: int) -> None:
        self.orders.remove(self.find(number))

    def fill(self, number: int, lots: int) -> None:
        order = self.find(number)
        order.filled += lots
        if not order.left:
            self.orders.remove(order)

    def prices(self, is_bid: bool) -> list[int]:
        """Best first."""
        return sorted({o.price for o in self.orders if o.is_bid == is_bid}, reverse=is_bid)

    def level(self, is_bid: bool, price: int) -> list[Resting]:
        return [o for o in self.orders if o.is_bid == is_bid and o.price == price]

    def depth(self, is_bid: bool, limit: int) -> list[tuple[int, int]]:
        return [
            (price, sum(order.left for order in self.level(is_bid, price)))
            for price in self.prices(is_bid)[:limit]
        ]
