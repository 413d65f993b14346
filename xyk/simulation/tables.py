"""The read tables in memory, behind the journal as the real ones are.

The real ones answer from threads, whose order no seed decides. Of `History` these have what the
signed routes and the restart need: first receipts, orders, and the fills of an order.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from xyk.domain.events import BookFilled, PoolSwapped
from xyk.engine.entry import Entry, decode_events, decode_evidence
from xyk.engine.journal import Journal
from xyk.engine.order_record import OrderRecord, OrderRecords
from xyk.engine.submission import Committed


class OwnFill(NamedTuple):
    """What one party of a fill did, in base units; `event` counts in the entry from 0."""

    owner: str
    order_id: int
    seq: int
    event: int
    base_amount: int
    quote_amount: int


class MemoryTables:
    """`seq`: up to which entry they are complete."""

    def __init__(self) -> None:
        self.seq = 0
        self._waiting: list[Entry] = []
        self._actions: dict[str, int] = {}
        self._open = OrderRecords()
        self._orders: dict[int, OrderRecord] = {}
        self._fills: list[OwnFill] = []
        self._bids: dict[int, bool] = {}

    async def catch_up(self, journal: Journal) -> None:
        async for batch in journal.read(self.seq):
            for entry in batch:
                self._fold(entry)

    def listen(self, committed: Sequence[Committed]) -> None:
        self._waiting += [one.entry for one in committed]

    def project(self) -> None:
        """What was committed until now."""
        for entry in self._waiting:
            self._fold(entry)
        self._waiting.clear()

    def _fold(self, entry: Entry) -> None:
        digest = decode_evidence(entry).digest
        if digest:
            self._actions[digest] = entry.seq
        for number, event in enumerate(decode_events(entry)):
            for order in self._open.apply(entry.seq, entry.time, event):
                self._orders[order.order_id] = msgspec.structs.replace(order)
                self._bids[order.order_id] = order.is_bid
            if isinstance(event, BookFilled):
                amounts = event.base_amount, event.quote_amount
                place = entry.seq, number
                self._fills.append(OwnFill(event.maker, event.maker_order_id, *place, *amounts))
                self._fills.append(OwnFill(event.taker, event.order_id, *place, *amounts))
            elif isinstance(event, PoolSwapped) and event.order_id:
                amounts = event.amount_in, event.amount_out
                amounts = amounts[::-1] if self._bids[event.order_id] else amounts
                self._fills.append(
                    OwnFill(event.owner, event.order_id, entry.seq, number, *amounts)
                )
        self.seq = entry.seq

    # As History has them.

    async def find_action(self, digest: str) -> int | None:
        return self._actions.get(digest)

    async def order(self, order_id: int) -> OrderRecord | None:
        return self._orders.get(order_id)

    async def order_with_client_id(self, owner: str, client_id: int) -> OrderRecord | None:
        named = [
            order
            for order in self._orders.values()
            if client_id and (order.owner, order.client_id) == (owner, client_id)
        ]
        return max(named, key=lambda order: order.order_id, default=None)

    async def fills(
        self, owner: str, *, order_id: int, limit: int, before: tuple[int, int]
    ) -> list[OwnFill]:
        found = [
            fill
            for fill in reversed(self._fills)
            if (fill.owner, fill.order_id) == (owner, order_id) and (fill.seq, fill.event) < before
        ]
        return found[:limit]

    async def cursor(self) -> tuple[int, str]:
        """The hash is nobody's question here."""
        return self.seq, ""

    async def ticker_24h(self, _market: str, _now_ms: int) -> None:
        return None

    async def minutes(self, _market: str, _now_ms: int, _window_ms: int) -> tuple[Any, ...]:
        return ()

    async def present_candles(self) -> tuple[int, dict[str, Any]]:
        return self.seq, {}
