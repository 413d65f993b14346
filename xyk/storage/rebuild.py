"""Fills the read tables anew beside the old ones, and puts them in their place in one transaction.

Readers, a running server too, see the old tables until then: a digest is never unknown because its
table is being refilled. The server's projection finds its cursor moved and goes on from there. A
rebuild that is broken off leaves the old tables as they were.
"""

import asyncio
import sqlite3
from contextlib import suppress
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from xyk.engine.entry import GENESIS_HASH
from xyk.engine.journal import Journal
from xyk.storage.batch_writer import CursorMoved
from xyk.storage.connection import READ, Database, read_database, writing_engine
from xyk.storage.migrate import upgrade_database
from xyk.storage.projection import Progress, Projection
from xyk.storage.restore import locked_cursor
from xyk.storage.tables import CURSOR, READ_METADATA

SIDE = "read_rebuild"  # the schema, or the file without its .db
BUSY_TIMEOUT_MS = 60_000  # a server's projection commits in between


async def rebuild(
    journal: Journal, data: Path, database_url: str = "", progress: Progress | None = None
) -> int:
    """The seq up to which the read tables are new."""
    database = read_database(data, database_url)
    await upgrade_database(database)
    side = _side(database, data)
    await _drop(side, data)
    try:
        engine = writing_engine(side)
        try:
            filled = await _fill(engine, journal, progress)
            if database_url:
                await _swap_schemas(database, filled)
            else:
                await _swap_files(data / f"{READ}.db", data / f"{SIDE}.db", filled)
        finally:
            await engine.dispose()
    finally:
        await _drop(side, data)
    return await _catch_up(database, journal)


async def _fill(engine: AsyncEngine, journal: Journal, progress: Progress | None) -> Projection:
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.exec_driver_sql(f"CREATE SCHEMA {SIDE}")
        await connection.run_sync(READ_METADATA.create_all)
        nothing_yet = insert(CURSOR).values(name=READ, seq=0, hash=GENESIS_HASH)
        await connection.execute(nothing_yet)
    filled = Projection(engine, journal)
    await filled.catch_up(progress)
    await filled.catch_up(progress)  # what a server wrote meanwhile, so that the swap is short
    return filled


async def _catch_up(database: Database, journal: Journal) -> int:
    """A running server may have written on since the swap, and would notice only at its next
    entry."""
    engine = writing_engine(database)
    try:
        projection = Projection(engine, journal)
        with suppress(CursorMoved):  # the server noticed already
            await projection.catch_up()
        return projection.seq
    finally:
        await engine.dispose()


def _side(database: Database, data: Path) -> Database:
    if database.url.get_backend_name() == "sqlite":
        return Database(database.url.set(database=str(data / f"{SIDE}.db")), READ)
    return Database(database.url, SIDE)


async def _drop(side: Database, data: Path) -> None:
    if side.url.get_backend_name() == "sqlite":
        await asyncio.to_thread(_unlink, data)
        return
    engine = writing_engine(side)
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SIDE} CASCADE")
    finally:
        await engine.dispose()


# With the old tables locked the new ones are brought to where those stand, or beyond: a server
# forgets the receipts of entries that they had, and would not know those digests until it caught
# up.


async def _swap_files(read: Path, side: Path, filled: Projection) -> None:
    connection = sqlite3.connect(read, isolation_level=None, check_same_thread=False)

    def lock() -> None:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        connection.execute("BEGIN IMMEDIATE")

    def copy() -> None:
        connection.execute(f"ATTACH ? AS {SIDE}", (str(side),))
        for statement in _copies("main"):
            connection.execute(statement)
        connection.execute("COMMIT")

    try:
        await asyncio.to_thread(lock)
        await filled.catch_up()
        await asyncio.to_thread(copy)
    finally:
        connection.close()  # rolls back what was not committed


async def _swap_schemas(database: Database, filled: Projection) -> None:
    engine = writing_engine(database)
    try:
        async with engine.begin() as connection:
            await locked_cursor(connection)
            await filled.catch_up()
            for statement in _copies(READ):
                await connection.exec_driver_sql(statement)
    finally:
        await engine.dispose()


def _copies(schema: str) -> list[str]:
    """The cursor first, and updated: a projection that waits for its row finds it moved."""
    cursor, moved = f"{schema}.cursor", f"SELECT seq, hash FROM {SIDE}.cursor"
    statements = [f"UPDATE {cursor} SET (seq, hash) = ({moved})"]
    for table in READ_METADATA.sorted_tables:
        if table is CURSOR:
            continue
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        target, source = f'{schema}."{table.name}"', f'{SIDE}."{table.name}"'
        statements.append(f"DELETE FROM {target}")
        statements.append(f"INSERT INTO {target} ({names}) SELECT {names} FROM {source}")
    return statements


def _unlink(data: Path) -> None:
    for file in data.glob(f"{SIDE}.db*"):
        file.unlink(missing_ok=True)
