"""The journal in SQLite and in PostgreSQL, on the drivers themselves: an append is the hot path.

Both keep `tables.EntryRow` and no index besides its key. An append is one transaction that is on
disk when it returns: SQLite with synchronous=FULL, PostgreSQL with synchronous_commit=on.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiosqlite
import asyncpg
import msgspec
from sqlalchemy import make_url

from xyk.engine.entry import GENESIS_HASH, Entry
from xyk.engine.journal import Journal

COLUMNS = tuple(field.name for field in msgspec.structs.fields(Entry))
BATCH = 1_000  # entries read at once
CHECKPOINT_ROWS = 4_096  # appended between two checkpoints; about 5 MB of write-ahead log
BUSY_TIMEOUT_S = 10.0
READERS_MAX = 4

_NAMES = ", ".join(COLUMNS)
_INSERT = f"INSERT INTO entries ({_NAMES}) VALUES ({', '.join('?' * len(COLUMNS))})"
_RANGE = f"SELECT {_NAMES} FROM entries WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT {BATCH}"
_ONE = f"SELECT {_NAMES} FROM entries WHERE seq = ?"
_HEAD = "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
_PG_RANGE = _RANGE.replace("?", "$1", 1).replace("?", "$2", 1)
_PG_ONE = _ONE.replace("?", "$1")
_SEQ_MAX = 2**63 - 1


async def open_journal(data: Path, database_url: str = "", *, read_only: bool = False) -> Journal:
    """The journal of the data folder, or of PostgreSQL where a URL is given; its schema exists.

    `read_only` is for replay and verify beside a running server: nothing is written, no lock taken.
    """
    if database_url:
        return await PostgresJournal.open(database_url, read_only=read_only)
    return await SqliteJournal.open(data / "journal.db", read_only=read_only)


class SqliteJournal:
    """One connection appends, another one reads; a thread copies the write-ahead log back, because
    a checkpoint inside an append would cost its waiters milliseconds.
    """

    def __init__(self, path: Path, writer: aiosqlite.Connection | None, reader: Any) -> None:
        self._path = path
        self._writer = writer
        self._reader: aiosqlite.Connection = reader
        self._rows = 0  # appended since the last checkpoint
        self._checkpoint: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path, *, read_only: bool = False) -> "SqliteJournal":
        """Raises sqlite3.OperationalError where there is no such file."""
        source = f"file:{quote(str(path))}?mode={'ro' if read_only else 'rw'}"
        writer = None
        if not read_only:
            writer = await aiosqlite.connect(
                source, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S
            )
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0"):
                await writer.execute(f"PRAGMA {pragma}")
        reader = await aiosqlite.connect(
            source, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S
        )
        await reader.execute("PRAGMA query_only = ON")
        return cls(path, writer, reader)

    async def head(self) -> tuple[int, str]:
        row = await (await self._reader.execute(_HEAD)).fetchone()
        return (row[0], row[1]) if row is not None else (0, GENESIS_HASH)

    async def append(self, entries: Sequence[Entry]) -> None:
        """Raises sqlite3.Error, with nothing written, also where the seq is taken already."""
        writer = self._writer
        assert writer is not None, "opened to read"
        await writer.execute("BEGIN IMMEDIATE")
        try:
            await writer.executemany(_INSERT, [msgspec.structs.astuple(entry) for entry in entries])
            await writer.execute("COMMIT")
        except BaseException:
            if writer.in_transaction:
                await writer.execute("ROLLBACK")
            raise
        self._rows += len(entries)
        if self._rows >= CHECKPOINT_ROWS and self._checkpoint is None:
            self._rows = 0
            self._checkpoint = asyncio.create_task(self._copy_back())

    async def read(self, after: int, until: int | None = None) -> AsyncIterator[Sequence[Entry]]:
        last = _SEQ_MAX if until is None else until
        while True:
            rows = list(await self._reader.execute_fetchall(_RANGE, (after, last)))
            if not rows:
                return
            yield [Entry(*row) for row in rows]
            after = rows[-1][0]

    async def entry(self, seq: int) -> Entry | None:
        row = await (await self._reader.execute(_ONE, (seq,))).fetchone()
        return Entry(*row) if row is not None else None

    async def close(self) -> None:
        if self._checkpoint is not None:
            await self._checkpoint
        await self._reader.close()
        if self._writer is not None:
            await self._writer.close()  # the last connection leaves one file behind

    async def _copy_back(self) -> None:
        try:
            await asyncio.to_thread(_checkpoint, self._path)
        finally:
            self._checkpoint = None


def _checkpoint(path: Path) -> None:
    """PASSIVE: never waits for, and never stops, who appends or reads."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    finally:
        connection.close()


class PostgresJournal:
    """Table journal.entries. One connection appends, a small pool reads."""

    def __init__(self, writer: Any, readers: Any) -> None:
        self._writer = writer
        self._readers = readers

    @classmethod
    async def open(cls, database_url: str, *, read_only: bool = False) -> "PostgresJournal":
        """Raises OSError or asyncpg.PostgresError where the database cannot be reached."""
        settings = {"search_path": "journal", "synchronous_commit": "on"}
        dsn = driver_url(database_url)
        writer = None
        if not read_only:
            writer = await asyncpg.connect(dsn, server_settings=settings)
        readers = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=READERS_MAX,
            server_settings={"search_path": "journal", "default_transaction_read_only": "on"},
        )
        return cls(writer, readers)

    async def head(self) -> tuple[int, str]:
        row = await self._readers.fetchrow(_HEAD)
        return (row["seq"], row["hash"]) if row is not None else (0, GENESIS_HASH)

    async def append(self, entries: Sequence[Entry]) -> None:
        """Raises asyncpg.PostgresError or OSError; where the connection breaks it is not known
        whether the group was written.
        """
        records = [msgspec.structs.astuple(entry) for entry in entries]
        await self._writer.copy_records_to_table(
            "entries", schema_name="journal", columns=COLUMNS, records=records
        )

    async def read(self, after: int, until: int | None = None) -> AsyncIterator[Sequence[Entry]]:
        last = _SEQ_MAX if until is None else until
        while True:
            rows = await self._readers.fetch(_PG_RANGE, after, last)
            if not rows:
                return
            yield [Entry(*row) for row in rows]
            after = rows[-1]["seq"]

    async def entry(self, seq: int) -> Entry | None:
        row = await self._readers.fetchrow(_PG_ONE, seq)
        return Entry(*row) if row is not None else None

    async def close(self) -> None:
        await self._readers.close()
        if self._writer is not None:
            await self._writer.close()


def driver_url(database_url: str) -> str:
    """The URL as asyncpg takes it, without SQLAlchemy's name of a driver."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
