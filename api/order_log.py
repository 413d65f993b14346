"""Orders as committed entries have them: what streams tell of, and what receipts of replaced and
cancelled orders need beside their events.

Open orders are all here. Closed ones stay until the read tables show them, so that an order is
never unknown in between. What an entry made of the orders that it named is kept for the newest
entries; for older ones it is derived again, and reads the same.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator

import msgspec

from xyk.domain.commands import CancelAllOrders, CancelOrder, ReplaceOrder
from xyk.domain.events import AnyEvent, OrderClosed, OrderPlaced, OrderReduced, OrderReplaced
from xyk.domain.key_commands import CancelOpenOrder, CancelOpenOrders, ExecuteOrder
from xyk.engine.order_record import Changed, OrderRecord, OrderRecords
from xyk.engine.submission import Committed
from xyk.exchange.state import State

OUTCOMES_KEPT = 4_096  # entries
OUTCOME_ORDERS_KEPT = 100_000  # in all of them, about 40 MB; a cancel can name 1,000 orders

_NAMING = (
    *(ReplaceOrder, CancelOrder, CancelAllOrders),
    *(ExecuteOrder, CancelOpenOrder, CancelOpenOrders),
)

Orders = tuple[OrderRecord, ...]


class OrderLog:
    """Made on a state of which all is committed. `projected`: up to which seq the read tables
    show orders."""

    def __init__(self, state: State, projected: Callable[[], int]) -> None:
        self._records = OrderRecords.of(state)
        self._projected = projected
        self._outcomes: OrderedDict[int, Orders] = OrderedDict()
        self._outcome_orders = 0
        # In the order of their ends; a dict is slow at giving away its first keys one by one.
        self._closed: OrderedDict[int, OrderRecord] = OrderedDict()

    def __len__(self) -> int:
        return len(self._records.open)

    def open(self, order_id: int) -> OrderRecord | None:
        return self._records.open.get(order_id)

    def tick_and_lot(self, market: str) -> tuple[int, int]:
        return self._records.terms[market]

    def apply(self, committed: Committed, event: AnyEvent) -> Changed:
        """The next committed event; the orders that it changed."""
        changed = self._records.apply(committed.entry.seq, committed.entry.time, event)
        for order in changed:
            if order.order_id not in self._records.open:
                self._closed[order.order_id] = order
        return changed

    def keep_outcome(self, committed: Committed) -> None:
        """All events of the entry were applied."""
        if type(committed.command) not in _NAMING:
            return
        named = named_orders(committed)
        self._outcomes[committed.entry.seq] = tuple(
            [msgspec.structs.replace(self._known(number)) for number in named]
        )
        self._outcome_orders += len(named)
        while len(self._outcomes) > OUTCOMES_KEPT or self._outcome_orders > OUTCOME_ORDERS_KEPT:
            _, oldest = self._outcomes.popitem(last=False)
            self._outcome_orders -= len(oldest)

    def forget_projected(self) -> None:
        """Closed orders that the read tables show by now."""
        projected, closed = self._projected(), self._closed
        while closed:
            first = next(iter(closed))
            if closed[first].seq > projected:
                break
            del closed[first]

    def outcome(self, seq: int) -> Orders | None:
        """What the entry, a replacement or a cancel, made of the orders that it named; None where
        that is no longer kept."""
        return self._outcomes.get(seq)

    def closed(self, order_id: int) -> OrderRecord | None:
        """Closed, and perhaps not in the read tables yet."""
        return self._closed.get(order_id)

    def closed_of(self, owner: str) -> dict[int, OrderRecord]:
        """Those of an owner, by id."""
        return {number: one for number, one in self._closed.items() if one.owner == owner}

    def placed_after(self, order_id: int) -> Iterator[OrderRecord]:
        """All orders with a greater id, as long as the read tables do not show them."""
        for number in reversed(self._records.open):  # ids only grow
            if number <= order_id:
                break
            yield self._records.open[number]
        yield from (order for number, order in self._closed.items() if number > order_id)

    def closed_where(self, condition: Callable[[OrderRecord], bool]) -> OrderRecord | None:
        """The newest of those."""
        return max(
            filter(condition, self._closed.values()), key=lambda order: order.order_id, default=None
        )

    def _known(self, order_id: int) -> OrderRecord:
        return self._records.open.get(order_id) or self._closed[order_id]


def named_orders(committed: Committed) -> list[int]:
    """Ids of the orders that a replacement or a cancel was about, or that a key placed, ascending
    as the events have them; makers that it filled or cancelled on its way are none."""
    events = committed.events
    if isinstance(committed.command, ExecuteOrder):
        return [x.order_id for x in events if isinstance(x, OrderPlaced)]
    if isinstance(committed.command, ReplaceOrder):
        return [x.order_id for x in events if isinstance(x, OrderReduced | OrderReplaced)]
    return [x.order_id for x in events if isinstance(x, OrderClosed)]
