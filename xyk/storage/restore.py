"""The projection's memory, read back from the read tables: the newest row of each running total."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Row, Table, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from xyk.engine.order_record import OrderRecord
from xyk.storage.amount import amount_encoder
from xyk.storage.candles import present_candles
from xyk.storage.connection import READ
from xyk.storage.fold import Fold
from xyk.storage.position import Position
from xyk.storage.tables import (
    ASSETS,
    CURSOR,
    MARKETS,
    ORDERS,
    POOL_HISTORY,
    POOL_MINUTES,
    POSITIONS,
)
from xyk.storage.totals import PoolMinute, PoolState

POSITIONS_A_QUERY = 400  # pairs of bound values; well inside every database's limit
ORDERS_A_QUERY = 800

K = TypeVar("K")
F = TypeVar("F", bound=Fold)


async def locked_cursor(connection: AsyncConnection) -> tuple[int, str]:
    """Seq and hash of the last projected entry. No other projection writes until the transaction
    ends, so that what it goes on to read is of this entry too."""
    query = select(CURSOR.c.seq, CURSOR.c.hash).where(CURSOR.c.name == READ).with_for_update()
    row = (await connection.execute(query)).one()
    return row.seq, row.hash


async def restore(connection: AsyncConnection, kind: type[F]) -> F:
    """The fold as it was after the entry that the cursor names."""
    fold = kind(amount_encoder(connection.dialect))
    fold.decimals = {row.symbol: row.decimals for row in await connection.execute(select(ASSETS))}
    for row in await connection.execute(select(MARKETS)):
        fold.restore_market(**row._mapping)
    for market, candles in (await present_candles(connection)).items():
        fold.markets[market].candles = candles
    for row in await newest(connection, POOL_MINUTES, "start_ms"):
        minute = PoolMinute(row.market, row.start_ms)
        minute.base_volume, minute.quote_volume = row.base_volume, row.quote_volume
        minute.base_fees, minute.quote_fees, minute.swaps = row.base_fees, row.quote_fees, row.swaps
        fold.markets[row.market].minute = minute
    changes = await newest(connection, POOL_HISTORY, "seq")
    for row in sorted(changes, key=lambda change: change.event):
        fold.markets[row.market].pool = PoolState(
            row.time_ms // 1000,
            row.reserve_base,
            row.reserve_quote,
            row.total_supply,
            row.price_base_cumulative,
            row.price_quote_cumulative,
        )
    return fold


async def positions(
    connection: AsyncConnection, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Position]:
    """Those of the (owner, market) that exist."""
    found: dict[tuple[str, str], Position] = {}
    pair = tuple_(POSITIONS.c.owner, POSITIONS.c.market)
    for some in _parts(sorted(keys), POSITIONS_A_QUERY):
        for row in await connection.execute(select(POSITIONS).where(pair.in_(some))):
            found[(row.owner, row.market)] = Position(**row._mapping)
    return found


async def open_orders(connection: AsyncConnection, ids: Iterable[int]) -> list[OrderRecord]:
    """Those of the orders that exist; they are open, or nothing would change them any more."""
    found: list[OrderRecord] = []
    for some in _parts(sorted(ids), ORDERS_A_QUERY):
        query = select(ORDERS).where(ORDERS.c.order_id.in_(some))
        found += [OrderRecord(*row) for row in await connection.execute(query)]
    return found


async def newest(connection: AsyncConnection, table: Table, column: str) -> list[Row[Any]]:
    """The rows with the highest `column` of each market, by look-ups in the index: the outer join
    keeps SQLite from reading the whole table first."""
    other = table.alias()
    highest = select(func.max(other.c[column])).where(other.c.market == MARKETS.c.market)
    is_newest = and_(
        table.c.market == MARKETS.c.market, table.c[column] == highest.scalar_subquery()
    )
    query = select(table).select_from(MARKETS.outerjoin(table, is_newest))
    return [row for row in await connection.execute(query) if row.market is not None]


def _parts(keys: Sequence[K], size: int) -> Iterator[Sequence[K]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
