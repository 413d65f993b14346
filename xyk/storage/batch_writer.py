"""Writes the rows of a batch and moves the cursor, all in one transaction."""

from sqlalchemy import Dialect, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from xyk.storage.batch import Batch
from xyk.storage.connection import READ
from xyk.storage.fold import Fold
from xyk.storage.tables import (
    ASSETS,
    CANDLES,
    CURSOR,
    MARKETS,
    ORDERS,
    POOL_MINUTES,
    POSITIONS,
    READ_METADATA,
)

ROWS_MAX = 500  # a transaction; more only where a single entry brings more


class CursorMoved(Exception):
    """Another projection wrote in the meantime."""


class BatchWriter:
    """`engine` is from `connection.writing_engine`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._statements = _statements(engine.dialect)

    async def write(self, fold: Fold, batch: Batch, after_seq: int) -> None:
        """`after_seq`: where the cursor stands. Raises CursorMoved."""
        move = update(CURSOR).where(CURSOR.c.name == READ, CURSOR.c.seq == after_seq)
        async with self._engine.begin() as connection:
            moved = await connection.execute(move.values(seq=batch.seq, hash=batch.hash))
            if moved.rowcount != 1:
                raise CursorMoved(f"the cursor is no longer at {after_seq}")
            for table, rows in (*batch.rows.items(), *fold.changed_rows(batch)):
                if rows:
                    await connection.exec_driver_sql(self._statements[table.name], list(rows))


def _statements(dialect: Dialect) -> dict[str, str]:
    """Insert by table, with its columns in order; running totals replace the row of their key."""
    compiled = {}
    for table in READ_METADATA.sorted_tables:
        statement = (sqlite if dialect.name == "sqlite" else postgresql).insert(table)
        if table in (ASSETS, CANDLES, MARKETS, ORDERS, POOL_MINUTES, POSITIONS):
            keys = [column.name for column in table.primary_key]
            values = {
                c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys
            }
            statement = statement.on_conflict_do_update(index_elements=keys, set_=values)
        compiled[table.name] = str(statement.compile(dialect=dialect))
    return compiled
