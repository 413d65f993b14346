"""All open orders, by everything that finds them, and what the clock will do with them.

An order is open from its acceptance until it is filled, cancelled, expired or refused at its
trigger: either it stands in its market's book or it waits off it for a trigger price. What can be
derived from the orders is not dumped.
"""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from heapq import heapify, heappop, heappush
from typing import Any

from xyk.book.order import Order

Timer = tuple[str, str]  # owner, and market or empty for all


class Waiting:
    """Trigger orders of one market, nearest to the price first: (trigger price, id) of those that
    a rise reaches, (minus trigger price, id) of those that a fall reaches."""

    __slots__ = ("above", "below")

    def __init__(self) -> None:
        self.above: list[tuple[int, int]] = []
        self.below: list[tuple[int, int]] = []

    def side(self, order: Order) -> tuple[list[tuple[int, int]], tuple[int, int]]:
        """The list that the order belongs in, and its place."""
        if order.trigger_above:
            return self.above, (order.trigger_price, order.id)
        return self.below, (-order.trigger_price, order.id)


class Own(dict[int, Order]):
    """One owner's orders by id, and the address: every request brings its own copy of that, of
    which one is enough."""

    __slots__ = ("owner",)

    def __init__(self, owner: str) -> None:
        self.owner = owner


class OpenOrders:
    """`timers`: dead man's switches, in ms. `due`: triggered and not yet activated, in order; an
    OrderedDict, because a dict is slow at giving away its first keys one by one."""

    __slots__ = (
        "_due_in",
        "_expiries",
        "_timer_heap",
        "by_client_id",
        "by_digest",
        "by_id",
        "by_owner",
        "count",
        "due",
        "timers",
        "waiting",
    )

    def __init__(self) -> None:
        self.by_id: dict[int, Order] = {}  # ascending, because ids are
        self.by_owner: dict[str, Own] = {}
        self.by_client_id: dict[tuple[str, int], Order] = {}
        self.by_digest: dict[str, Order] = {}
        self.count: dict[str, int] = {}  # market -> open orders
        self.waiting: dict[str, Waiting] = {}
        self.due: OrderedDict[int, int] = OrderedDict()  # id -> place, ascending
        self._due_in: dict[str, OrderedDict[int, int]] = {}  # the same by market
        self.timers: dict[Timer, int] = {}
        self._expiries: list[tuple[int, int]] = []  # heap of (expires, id), with closed ones
        self._timer_heap: list[tuple[int, Timer]] = []  # with those set anew or disarmed

    def keep(self, order: Order) -> None:
        """It rests or waits from now on; again after a replacement."""
        own = self.by_owner.get(order.owner)
        if own is None:
            own = self.by_owner[order.owner] = Own(order.owner)
        elif order.id in own:
            return
        else:
            order.owner = own.owner
        own[order.id] = order
        self.by_digest[order.digest] = order
        self.count[order.market] = self.count.get(order.market, 0) + 1
        if order.client_id:
            self.by_client_id[order.owner, order.client_id] = order
        expires = order.terms.expires
        if expires:
            heappush(self._expiries, (expires, order.id))

    def close(self, order: Order) -> None:
        """It is over, whether or not it was ever kept."""
        del self.by_id[order.id]
        own = self.by_owner.get(order.owner)
        if own is None or own.pop(order.id, None) is None:
            return
        if not own:
            del self.by_owner[order.owner]
        del self.by_digest[order.digest]
        self.count[order.market] -= 1
        if order.client_id:
            del self.by_client_id[order.owner, order.client_id]
        if order.terms.expires and len(self._expiries) > 2 * len(self.by_id) + 64:
            self._drop_closed()

    def arm(self, order: Order) -> None:
        """Waits for its trigger price; one that is due already stays due."""
        if order.id not in self.due:
            waiting = self.waiting.get(order.market)
            if waiting is None:
                waiting = self.waiting[order.market] = Waiting()
            insort(*waiting.side(order))

    def disarm(self, order: Order) -> None:
        """Is neither waiting nor due any more."""
        if order.id in self.due:
            del self.due[order.id], self._due_in[order.market][order.id]
        else:
            self._take_out(order)

    def make_due(self, market: str, orders: Sequence[int]) -> None:
        """Those of a market that `reached` gave: the nearest ones, taken out of either side all at
        once, so that the cost of very many grows with their number only."""
        self._append_due(market, orders)
        waiting = self.waiting[market]
        above = sum([self.by_id[number].trigger_above for number in orders])
        for places, count in ((waiting.above, above), (waiting.below, len(orders) - above)):
            assert all(number in self.due for _, number in places[:count]), "the nearest come first"
            del places[:count]

    def first_due(self, is_open: Callable[[str], bool]) -> int | None:
        """The order that was reached first of those in markets that are open."""
        firsts = [
            next(iter(due.items()))
            for market, due in self._due_in.items()
            if due and is_open(market)
        ]
        return min(firsts, key=lambda one: one[1])[0] if firsts else None

    def is_waiting(self, order: Order) -> bool:
        """Off the book, its trigger not activated."""
        return order.level is None

    def reached(self, market: str, fills: Sequence[tuple[int, int]]) -> tuple[int, ...]:
        """Ids of waiting orders whose trigger some of these price-forming fills reach, in the order
        of the fills, nearest trigger first, then id. A fill is (quote amount * 10^baseDecimals,
        base amount), so that the price compares with a trigger price without rounding.
        """
        waiting = self.waiting.get(market)
        if waiting is None:
            return ()
        found: list[int] = []
        above = below = 0
        for quote, base in fills:
            while above < len(waiting.above) and waiting.above[above][0] * base <= quote:
                found.append(waiting.above[above][1])
                above += 1
            while below < len(waiting.below) and -waiting.below[below][0] * base >= quote:
                found.append(waiting.below[below][1])
                below += 1
        return tuple(found)

    def next_expiry(self) -> tuple[int, int] | None:
        """(unix second, id) of the GTD order that expires first."""
        heap = self._expiries
        while heap and heap[0][1] not in self.by_id:
            heappop(heap)
        return heap[0] if heap else None

    def set_timer(self, timer: Timer, fires_ms: int) -> None:
        """0 disarms."""
        if fires_ms:
            self.timers[timer] = fires_ms
            heappush(self._timer_heap, (fires_ms, timer))
        else:
            self.timers.pop(timer, None)
        if len(self._timer_heap) > 2 * len(self.timers) + 64:
            self._timer_heap = [(fires, one) for one, fires in self.timers.items()]
            heapify(self._timer_heap)

    def next_timer(self) -> tuple[int, Timer] | None:
        """(ms, timer) of the switch that fires first."""
        heap = self._timer_heap
        while heap and self.timers.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
        return heap[0] if heap else None

    def dump(self) -> dict[str, Any]:
        """Only what is there, so that an exchange without orders has the text that it always
        had."""
        parts: dict[str, Any] = {
            "orders": [order.dump() for order in self.by_id.values()],
            "due": list(self.due),
            "timers": [[*timer, fires] for timer, fires in sorted(self.timers.items())],
        }
        return {name: part for name, part in parts.items() if part}

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "OpenOrders":
        """Those of the books are in no level yet."""
        orders = cls()
        for each in dumped.get("orders", []):
            order = Order.load(each)
            orders.by_id[order.id] = order
            orders.keep(order)
        for number in dumped.get("due", []):
            orders._append_due(orders.by_id[number].market, (number,))
        for order in orders.by_id.values():
            if not order.priority:
                orders.arm(order)
        for owner, market, fires_ms in dumped.get("timers", []):
            orders.set_timer((owner, market), fires_ms)
        return orders

    def _append_due(self, market: str, orders: Iterable[int]) -> None:
        place = next(reversed(self.due.values()), 0)
        due_here = self._due_in.setdefault(market, OrderedDict())
        for number in orders:
            place += 1
            self.due[number] = due_here[number] = place

    def _take_out(self, order: Order) -> None:
        places, place = self.waiting[order.market].side(order)
        at = bisect_left(places, place)
        assert places[at] == place, "a waiting order has its place"
        del places[at]

    def _drop_closed(self) -> None:
        self._expiries = [one for one in self._expiries if one[1] in self.by_id]
        heapify(self._expiries)
