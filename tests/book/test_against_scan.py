"""The book and a scanned list agree after every step of random sequences."""

from weakref import WeakSet

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pytest import MonkeyPatch, fixture

from tests.book.scan import Resting, ScanBook
from xyk.book import side
from xyk.book.book import Book
from xyk.book.order import Order

prices = st.one_of(st.integers(1, 40), st.integers(1, 2**112 - 1))
lots = st.integers(1, 10)
places = st.integers(0, 10**6)


@fixture(autouse=True, scope="module")
def short_runs() -> object:
    """Runs of prices split at 4 and not at 1,024, so that short sequences see many of them."""
    with MonkeyPatch.context() as patch:
        patch.setattr(side, "RUN", 2)
        yield


class Mark(str):
    """An owner's name that is freed with its order, and can be watched: the order itself cannot."""


class BookMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.scan = ScanBook()
        self.orders: dict[int, Order] = {}
        self.left: WeakSet[Mark] = WeakSet()
        self.number = 0

    @rule(is_bid=st.booleans(), price=prices, quantity=lots, filled=st.integers(0, 3))
    def add(self, is_bid: bool, price: int, quantity: int, filled: int) -> None:
        self.number += 1
        mark = Mark(self.number)
        order = Order(self.number, mark, is_bid, price, quantity + filled, filled=filled)
        self.book.add(order)
        self.orders[self.number] = order
        self.scan.orders.append(Resting(self.number, is_bid, price, quantity + filled, filled))

    @precondition(lambda self: self.orders)
    @rule(place=places)
    def remove(self, place: int) -> None:
        order = self._any(place)
        self.scan.remove(order.id)
        self.book.remove(order)
        self._forget(order)

    @precondition(lambda self: self.orders)
    @rule(place=places, price=prices)
    def move(self, place: int, price: int) -> None:
        """A replacement: off the book, and last at another price."""
        order, resting = self._any(place), self.scan.find(self._any(place).id)
        self.book.remove(order)
        order.price = price
        self.book.add(order)
        self.scan.orders.remove(resting)
        resting.price = price
        self.scan.orders.append(resting)

    @precondition(lambda self: self.orders)
    @rule(place=places, part=lots)
    def fill(self, place: int, part: int) -> None:
        """Not only the first of the best: own orders are passed over."""
        self._fill(self._any(place), part)

    @precondition(lambda self: self.orders)
    @rule(is_bid=st.booleans(), wanted=st.integers(1, 40))
    def take(self, is_bid: bool, wanted: int) -> None:
        while wanted and (level := self.book.side(is_bid).best) is not None:
            first = level.first
            assert first is not None
            best = self.scan.prices(is_bid)[0]
            assert first.id == self.scan.level(is_bid, best)[0].number
            wanted -= self._fill(self.orders[first.id], wanted)

    @precondition(lambda self: any(o.remaining > 1 for o in self.orders.values()))
    @rule(place=places)
    def reduce(self, place: int) -> None:
        long = [order for order in self.orders.values() if order.remaining > 1]
        order = long[place % len(long)]
        total = order.filled + 1 + place % (order.remaining - 1)
        self.book.reduce(order, total)
        self.scan.find(order.id).quantity = total

    @invariant()
    def both_books_agree(self) -> None:
        for is_bid in (True, False):
            one = self.book.side(is_bid)
            seen = [(level.price, [(o.id, o.remaining) for o in level]) for level in one]
            assert seen == [
                (price, [(o.number, o.left) for o in self.scan.level(is_bid, price)])
                for price in self.scan.prices(is_bid)
            ]
            for limit in (0, 2, 99):
                assert self.book.depth(is_bid, limit) == self.scan.depth(is_bid, limit)
            best = self.book.best_bid if is_bid else self.book.best_ask
            assert best == next(iter(self.scan.prices(is_bid)), None)
            assert one.best is next(iter(one), None)
        assert self.book.count == len(self.scan.orders)

    @invariant()
    def links_lead_both_ways(self) -> None:
        for one in (self.book.bids, self.book.asks):
            for level in one:
                orders = list(level)
                assert level.first is orders[0] and level.last is orders[-1]
                assert [o.before for o in orders] == [None, *orders[:-1]]
                assert [o.after for o in orders] == [*orders[1:], None]
                assert all(o.level is level for o in orders)

    @invariant()
    def what_left_is_gone_at_once(self) -> None:
        """Nothing but counting references frees it: no cycle is left."""
        assert not self.left

    def teardown(self) -> None:
        """A book can be taken apart without the collector too."""
        for order in list(self.orders.values()):
            self.book.remove(order)
            self._forget(order)
            del order
        assert not self.left

    def _any(self, place: int) -> Order:
        return list(self.orders.values())[place % len(self.orders)]

    def _fill(self, order: Order, wanted: int) -> int:
        taken = min(wanted, order.remaining)
        self.scan.fill(order.id, taken)
        self.book.fill(order, taken)
        if not order.remaining:
            self._forget(order)
        return taken

    def _forget(self, order: Order) -> None:
        assert order.level is order.before is order.after is None
        assert isinstance(order.owner, Mark)
        self.left.add(order.owner)
        del self.orders[order.id]


TestBook = BookMachine.TestCase
TestBook.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
