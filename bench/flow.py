"""The mixed flow of the order book's benches, made before anything is timed.

Seeded. First `resting` passive orders, then operations: 60 % passive adds, 30 % cancels of a random
live order, 10 % takers. A passive order lies below the other side's best price by one tick and an
exponentially distributed number of whole ticks; sizes are uniform and such that the takers and the
cancels remove about what the adds bring, so that the book keeps its size.
"""

from random import Random
from typing import NamedTuple

from xyk.book.book import Book
from xyk.book.order import Order

SEED = 3
RESTING = 10_000
OPERATIONS = 200_000
MEAN_TICKS = 20
START = 200_000  # ticks
ORDER_LOTS = 100  # 1 .. 100
TAKER_LOTS = 300  # 1 .. 300

ADD, CANCEL, TAKE = range(3)
Operation = tuple[int, int, bool, int, int]  # what, id, is_bid of what rests, ticks, lots


class Flow(NamedTuple):
    resting: list[Operation]
    mixed: list[Operation]


class Live:
    """The ids of live orders: add, discard and a random one, each in O(1)."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._ids: list[int] = []
        self._places: dict[int, int] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._places

    def add(self, number: int) -> None:
        self._places[number] = len(self._ids)
        self._ids.append(number)

    def discard(self, number: int) -> None:
        place = self._places.pop(number)
        last = self._ids.pop()
        if last != number:
            self._ids[place] = last
            self._places[last] = place

    def any(self) -> int:
        return self._ids[int(self._random.random() * len(self._ids))]


def make_flow(
    resting: int = RESTING, operations: int = OPERATIONS, mean_ticks: float = MEAN_TICKS
) -> Flow:
    random = Random(SEED)
    book, orders, live = Book(), dict[int, Order](), Live(random)

    def passive(number: int) -> Operation:
        is_bid = random.random() < 0.5
        away = int(random.expovariate(1 / mean_ticks))
        if is_bid:
            price = max(1, (book.best_ask or START + 1) - 1 - away)
        else:
            price = (book.best_bid or START) + 1 + away
        lots = random.randint(1, ORDER_LOTS)
        orders[number] = order = Order(number, "", is_bid, price, lots)
        book.add(order)
        live.add(number)
        return ADD, number, is_bid, price, lots

    first = [passive(number) for number in range(1, resting + 1)]
    mixed: list[Operation] = []
    for number in range(resting + 1, resting + operations + 1):
        chance = random.random()
        if chance < 0.6:
            mixed.append(passive(number))
        elif chance < 0.9:
            gone = live.any()
            order = orders.pop(gone)
            mixed.append((CANCEL, gone, order.is_bid, 0, 0))
            book.remove(order)
            live.discard(gone)
        else:
            is_bid, lots = random.random() < 0.5, random.randint(1, TAKER_LOTS)
            mixed.append((TAKE, number, is_bid, 0, lots))
            for gone in take(book, is_bid, lots):
                del orders[gone]
                live.discard(gone)
    return Flow(first, mixed)


def take(book: Book, is_bid: bool, lots: int) -> list[int]:
    """Fills the best makers of that side; gives the ids of those that are gone."""
    side = book.side(is_bid)
    gone: list[int] = []
    while lots:
        level = side.best
        if level is None:
            break
        order = level.first
        assert order is not None
        left = order.quantity - order.filled
        if left <= lots:
            book.fill(order, left)
            gone.append(order.id)
            lots -= left
        else:
            book.fill(order, lots)
            lots = 0
    return gone
