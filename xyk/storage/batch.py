"""What the projection takes and gives: committed entries in, the rows of one transaction out."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Table

from xyk.domain.chain_events import ReservesSynced
from xyk.domain.events import (
    AnyEvent,
    AssetListed,
    BookFilled,
    Deposited,
    LiquidityAdded,
    LiquidityRemoved,
    MarketListed,
    MarketUpdated,
    OrderClosed,
    OrderPlaced,
    OrderReduced,
    OrderReplaced,
    OrderRested,
    OrderTriggered,
    PoolSwapped,
    Transferred,
    TriggerArmed,
    Withdrawn,
)
from xyk.domain.units import LP_PREFIX
from xyk.engine.candles import Candle
from xyk.engine.entry import Entry, Evidence, decode_events, decode_evidence
from xyk.engine.intervals import INTERVALS
from xyk.engine.order_record import OrderRecord
from xyk.storage.position import Position
from xyk.storage.totals import MarketTotals, PoolMinute

GROWING = 2  # the present candles that have a row: the second's and the minute's

Row = tuple[Any, ...]


class CommittedEntry(Protocol):
    """An entry of the journal with its evidence and events decoded, as the writer publishes it."""

    @property
    def entry(self) -> Entry: ...
    @property
    def evidence(self) -> Evidence: ...
    @property
    def events(self) -> tuple[AnyEvent, ...]: ...


class DecodedEntry(NamedTuple):
    """The same, read back from the journal."""

    entry: Entry
    evidence: Evidence
    events: tuple[AnyEvent, ...]

    @classmethod
    def of(cls, entry: Entry) -> "DecodedEntry":
        return cls(entry, decode_evidence(entry), decode_events(entry))


class Where(NamedTuple):
    """The place of an event in the journal."""

    seq: int
    event: int
    time_ms: int


class Batch:
    """What one transaction writes: new rows, and the totals that changed, each once."""

    __slots__ = (
        "added",
        "candles",
        "closed",
        "hash",
        "minutes",
        "orders",
        "positions",
        "rows",
        "seq",
    )

    def __init__(self) -> None:
        self.seq = 0
        self.hash = ""
        self.added = 0
        self.rows: dict[Table, list[Row]] = {}
        self.candles: dict[str, MarketTotals] = {}  # markets whose present candles changed
        self.closed: list[tuple[str, str, Candle]] = []  # market, interval
        self.minutes: dict[tuple[str, int], PoolMinute] = {}
        self.positions: dict[tuple[str, str], Position] = {}
        self.orders: dict[int, OrderRecord] = {}

    def add(self, table: Table, row: Row) -> None:
        self.added += 1
        self.rows.setdefault(table, []).append(row)

    @property
    def size(self) -> int:
        """Rows, the cursor's included."""
        totals = len(self.minutes) + len(self.positions) + len(self.orders)
        candles = GROWING * len(self.candles) + len(self.closed)
        return 1 + self.added + totals + candles


# The most rows that an event can bring; events that are not here bring none.
_ROWS = {
    AssetListed: 1,
    MarketListed: 1,
    MarketUpdated: 1,
    Deposited: 1,
    Withdrawn: 1,
    Transferred: 4,
    PoolSwapped: 6,
    BookFilled: 5,
    OrderPlaced: 1,
    OrderRested: 1,
    TriggerArmed: 1,
    OrderTriggered: 1,
    OrderReduced: 1,
    OrderReplaced: 1,
    OrderClosed: 1,
    LiquidityAdded: 4,
    LiquidityRemoved: 4,
    ReservesSynced: 1,
}


def rows_at_most(committed: CommittedEntry) -> int:
    """An upper bound of what the entry adds to a batch."""
    rows, market = 1, ""
    for event in committed.events:
        rows += _ROWS.get(type(event), 0)
        if isinstance(event, _FILLS) and event.market != market:
            market = event.market
            rows += len(INTERVALS)  # its first fill may close a candle in each
    return rows


def position_keys(committed: Iterable[CommittedEntry]) -> set[tuple[str, str]]:
    """The (owner, market) whose positions these entries may change."""
    keys: set[tuple[str, str]] = set()
    for one in committed:
        for event in one.events:
            if isinstance(event, LiquidityAdded | LiquidityRemoved):
                keys.add((event.owner, event.market))
                if event.protocol_liquidity:
                    keys.add((event.protocol_recipient, event.market))
            elif isinstance(event, Transferred) and event.asset.startswith(LP_PREFIX):
                market = event.asset.removeprefix(LP_PREFIX)
                keys.update(((event.owner, market), (event.recipient, market)))
    return keys


def order_ids(committed: Sequence[CommittedEntry]) -> set[int]:
    """The orders that these entries change and did not place."""
    ids: set[int] = set()
    for one in committed:
        for event in one.events:
            if isinstance(event, BookFilled):
                ids.add(event.maker_order_id)
            elif isinstance(event, _OF_AN_ORDER):
                ids.add(event.order_id)
    return ids - {one.entry.seq for one in committed} - {0}


_FILLS = (PoolSwapped, BookFilled)
_OF_AN_ORDER = (
    PoolSwapped,
    OrderRested,
    TriggerArmed,
    OrderTriggered,
    OrderReduced,
    OrderReplaced,
    OrderClosed,
)
