"""What a mirror of a deployment keeps to go on from after a restart."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import msgspec
from sqlalchemy import Table, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from xyk.storage.chain_tables import BLOCK_CURSOR, PAIRS, POOLS, TOKENS
from xyk.storage.connection import CHAIN, chain_database, writing_engine
from xyk.storage.database import DataFolder
from xyk.storage.migrate import upgrade_database


class Cursor(msgspec.Struct, frozen=True):
    """The newest block that is kept."""

    number: int
    hash: str
    parent: str
    time_s: int


class KeptToken(msgspec.Struct, frozen=True):
    address: str
    symbol: str
    decimals: int


class KeptPair(msgspec.Struct, frozen=True):
    """Tokens by address."""

    address: str
    token0: str
    token1: str
    base_is_0: bool


class KeptPool(msgspec.Struct, frozen=True):
    """At the cursor; None for what is not known there."""

    pair: str
    reserve0: int | None
    reserve1: int | None
    total_supply: int | None


class ChainStore:
    """One deployment's. Every call is one transaction. Raises SQLAlchemyError and OSError."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @classmethod
    async def open(cls, data: Path, deployment: str, database_url: str = "") -> Self:
        """In the data folder, or in PostgreSQL where a URL is given. Brings it to the newest
        schema; the caller holds the folder's lock."""
        database = chain_database(data, deployment, database_url)
        if not database_url:
            DataFolder(data).chain.mkdir(mode=0o700, exist_ok=True)
        await upgrade_database(database)
        return cls(writing_engine(database))

    async def close(self) -> None:
        await self._engine.dispose()

    async def cursor(self) -> Cursor | None:
        """None before the first `save`."""
        async with self._engine.begin() as connection:
            row = (await connection.execute(select(BLOCK_CURSOR))).one_or_none()
        return None if row is None else Cursor(row.number, row.hash, row.parent, row.time_s)

    async def pools(self) -> list[KeptPool]:
        return [KeptPool(*row) for row in await self._rows(POOLS)]

    async def tokens(self) -> list[KeptToken]:
        """All that ever were mirrored."""
        return [KeptToken(*row) for row in await self._rows(TOKENS)]

    async def pairs(self) -> list[KeptPair]:
        return [KeptPair(*row) for row in await self._rows(PAIRS)]

    async def save(self, cursor: Cursor, changed: Sequence[KeptPool]) -> None:
        """Moves the cursor, with the pools that changed since it was moved last."""
        named = msgspec.structs.asdict(cursor) | {"name": CHAIN}
        async with self._engine.begin() as connection:
            await _put(connection, BLOCK_CURSOR, [named])
            await _put(connection, POOLS, [msgspec.structs.asdict(one) for one in changed])

    async def keep(self, tokens: Sequence[KeptToken], pairs: Sequence[KeptPair]) -> None:
        """What is mirrored from now on. The pools of other pairs are forgotten: they would be out
        of date when such a pair comes back. Other tokens stay: what is kept of their markets goes
        by their symbols, which no other token may have."""
        async with self._engine.begin() as connection:
            await _put(connection, TOKENS, [msgspec.structs.asdict(one) for one in tokens])
            await connection.execute(delete(PAIRS))
            if pairs:
                values = [msgspec.structs.asdict(one) for one in pairs]
                await connection.execute(insert(PAIRS), values)
            mirrored = select(PAIRS.c.address)
            await connection.execute(delete(POOLS).where(POOLS.c.pair.not_in(mirrored)))

    async def _rows(self, table: Table) -> Sequence[Any]:
        async with self._engine.begin() as connection:
            return (await connection.execute(select(table))).all()


async def _put(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Rows in the place of those with their key."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    values = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=values), rows
    )
