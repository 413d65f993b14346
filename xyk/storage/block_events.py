"""Fills and changes of liquidity by journal entry, each with the reserves of the pool after it:
what indexers of exchanges read block by block, where the seq of an entry is the block.

The pool's reserves after its own fill are those of `pool_history`; after a fill of the book they
are what they were.
"""

from collections.abc import Awaitable, Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import Select, Table, desc, select, tuple_

from xyk.storage.tables import LIQUIDITY_EVENTS, POOL_HISTORY, TRADES

FILL_COLUMNS = [
    TRADES.c[name]
    for name in (
        *("seq", "event", "time_ms", "market", "maker", "taker", "base_amount", "quote_amount"),
        *("price", "taker_buys"),
    )
]
CHANGE_COLUMNS = [
    LIQUIDITY_EVENTS.c[name]
    for name in (
        *("seq", "event", "time_ms", "market", "kind", "owner", "amount_base", "amount_quote"),
        *("reserve_base", "reserve_quote"),
    )
]
PAGE = 1_000  # rows a query, so that others get their turn in between

SWAP, JOIN, EXIT = "swap", "join", "exit"

Rows = Callable[[Select[Any]], Awaitable[Sequence[Any]]]
Place = tuple[str, int, int]  # market, seq, event
Reserves = tuple[int, int]


class BlockEvent(msgspec.Struct, frozen=True):
    """`owner` is the taker, or whose liquidity it is. A swap has a price, in whole tokens, also
    where it forms none; amounts are base units."""

    seq: int
    event: int
    time_ms: int
    market: str
    kind: str
    owner: str
    base_amount: int
    quote_amount: int
    price: str
    taker_buys: bool
    reserve_base: int
    reserve_quote: int


class TooManyEvents(Exception):
    """More than were wanted: ask for fewer entries."""


async def block_events(rows: Rows, first: int, last: int, most: int) -> list[BlockEvent]:
    """Those of the entries `first` to `last`, in order. Raises TooManyEvents."""
    fills = await _between(
        rows,
        TRADES,
        FILL_COLUMNS,
        (first, last),
        most,
    )
    changes = await _between(
        rows,
        LIQUIDITY_EVENTS,
        CHANGE_COLUMNS,
        (first, last),
        most - len(fills),
    )
    swapped = await _reserves_after(rows, [fill for fill in fills if not fill.maker], first, last)
    current = await _reserves_before(rows, dict.fromkeys(fill.market for fill in fills), first)
    found = []
    for row in sorted((*fills, *changes), key=attrgetter("seq", "event")):
        if "kind" in row._fields:
            current[row.market] = row.reserve_base, row.reserve_quote
            found.append(_liquidity(row))
            continue
        place = (row.market, row.seq, row.event)
        reserves = swapped[place] if not row.maker else current.get(row.market, (0, 0))
        current[row.market] = reserves
        found.append(_swap(row, reserves))
    return found


async def _between(
    rows: Rows, table: Table, columns: Sequence[Any], block: tuple[int, int], most: int
) -> list[Any]:
    """Rows of these entries in order, at most `most` of them."""
    place = tuple_(table.c.seq, table.c.event)
    after, found = (block[0], -1), list[Any]()
    while True:
        query = select(*columns).where(place > tuple_(*after), table.c.seq <= block[1])
        page = await rows(query.order_by(table.c.seq, table.c.event).limit(PAGE))
        found += page
        if len(found) > most:
            raise TooManyEvents
        if len(page) < PAGE:
            return found
        after = (page[-1].seq, page[-1].event)


async def _reserves_after(
    rows: Rows, swaps: Sequence[Any], first: int, last: int
) -> dict[Place, Reserves]:
    c, found = POOL_HISTORY.c, dict[Place, Reserves]()
    for market in dict.fromkeys(swap.market for swap in swaps):
        query = select(c.seq, c.event, c.reserve_base, c.reserve_quote)
        query = query.where(c.market == market, c.seq >= first, c.seq <= last)
        for row in await rows(query):
            found[market, row.seq, row.event] = row.reserve_base, row.reserve_quote
    return found


async def _reserves_before(rows: Rows, markets: dict[str, None], first: int) -> dict[str, Reserves]:
    """None of a pool that nobody had opened."""
    c, found = POOL_HISTORY.c, dict[str, Reserves]()
    for market in markets:
        query = select(c.reserve_base, c.reserve_quote).where(c.market == market, c.seq < first)
        for row in await rows(query.order_by(desc(c.seq), desc(c.event)).limit(1)):
            found[market] = row.reserve_base, row.reserve_quote
    return found


def _swap(row: Any, reserves: Reserves) -> BlockEvent:
    return BlockEvent(
        row.seq,
        row.event,
        row.time_ms,
        row.market,
        SWAP,
        row.taker,
        row.base_amount,
        row.quote_amount,
        row.price,
        row.taker_buys,
        *reserves,
    )


def _liquidity(row: Any) -> BlockEvent:
    return BlockEvent(
        row.seq,
        row.event,
        row.time_ms,
        row.market,
        JOIN if row.kind == "add" else EXIT,
        row.owner,
        row.amount_base,
        row.amount_quote,
        "",
        False,
        row.reserve_base,
        row.reserve_quote,
    )
