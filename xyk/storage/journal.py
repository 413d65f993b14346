"""The journal in SQLite and in PostgreSQL, on the drivers themselves.

One statement a group, which is one transaction and one step in the driver's thread: while the event
loop is busy, every return from SQLite into Python may wait for it. Entries go in and come out as
they are; whether they are whole is for the replica to say.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import aiosqlite
import asyncpg
from msgspec.structs import astuple

from xyk.engine.entry import GENESIS_HASH, Entry
from xyk.storage.checkpoint import Checkpointer
from xyk.storage.database import KEEPALIVES, postgres_dsn
from xyk.storage.errors import NoJournal
from xyk.storage.handover import Handover

APPEND_MAX = 1_024  # entries of one append
BATCH = 1_000  # rows of one read
CHECKPOINT_BYTES = 4 * 1024 * 1024  # appended between two checkpoints
SETTLED_AT_ONCE = 1024 * 1024  # bytes
BUSY_TIMEOUT_MS = 10_000
READERS_MAX = 4  # connections to PostgreSQL
JOURNAL_KEY = 0x78796B_00000002  # "xyk": of the advisory lock of whoever appends
PREDECESSOR_TIMEOUT_S = 30.0

# How a connection that appends begins: what it acknowledges outlives a loss of power.
DURABILITY = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "fullfsync = 1",  # macOS: fsync alone does not reach the disk there
    "wal_autocheckpoint = 0",
)

FIELDS = Entry.__struct_fields__
COLUMNS = ", ".join(FIELDS)


def _insert(rows: int) -> str:
    """For up to `rows` rows; those whose seq is NULL are left out. Few sizes make few statements
    for SQLite to keep.
    """
    row = f"({', '.join('?' * len(FIELDS))})"
    values = ", ".join([row] * rows)
    return f"INSERT INTO entries SELECT * FROM (VALUES {values}) WHERE column1 IS NOT NULL"


INSERTS = {1 << power: _insert(1 << power) for power in range(APPEND_MAX.bit_length())}


def settle_log(log: BinaryIO, sync: Callable[[], None]) -> None:
    """Puts SQLite's log on disk before anything is read through it.

    A predecessor that was killed, or whose fsync failed, may have left entries there that only the
    system's memory has, and they count from now on. After a failed fsync the pages pass for clean,
    so that another one would do nothing: they are written again.
    """
    at = 0
    while part := log.read(SETTLED_AT_ONCE):
        log.seek(at)
        log.write(part)
        at += len(part)
        log.seek(at)
    log.flush()
    sync()


class SqliteJournal:
    """`journal.db`: WAL, synchronous=FULL. The table is there (storage/migrate)."""

    def __init__(
        self,
        reader: aiosqlite.Connection,
        writer: aiosqlite.Connection | None,
        checkpointer: Checkpointer | None,
        handover: Handover | None = None,
    ) -> None:
        """`handover`: of the writer's statements."""
        self._reader = reader  # its own thread, so that reads do not wait behind a commit
        self._writer = writer
        self._checkpointer = checkpointer
        self._handover = handover
        self._appended_bytes = 0

    @classmethod
    async def open(cls, path: Path) -> "SqliteJournal":
        """For the one process that holds the lock."""
        await asyncio.to_thread(settle, path)
        handover = Handover()
        writer = await _connect(path, "rw", factory=handover.connection)
        try:
            for pragma in DURABILITY:
                await writer.execute_fetchall(f"PRAGMA {pragma}")
            return cls(await _connect(path, "ro"), writer, Checkpointer(path), handover)
        except BaseException:
            await writer.close()
            raise

    @classmethod
    async def open_read_only(cls, path: Path) -> "SqliteJournal":
        """Without the lock, beside a running server or without one."""
        return cls(await _connect(path, "ro"), None, None)

    async def head(self) -> tuple[int, str]:
        rows = await self._fetch("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1")
        return next(((seq, digest) for seq, digest in rows), (0, GENESIS_HASH))

    async def append(self, entries: Sequence[Entry]) -> None:
        assert self._writer is not None, "opened to read"
        assert 0 < len(entries) <= APPEND_MAX
        rows = 1 << (len(entries) - 1).bit_length()
        values: list[Any] = [value for entry in entries for value in astuple(entry)]
        values += [None] * (len(FIELDS) * (rows - len(entries)))
        statement = self._writer.execute_fetchall(INSERTS[rows], values)
        await (statement if self._handover is None else self._handover(statement))
        self._nudge(entries)

    async def read(self, after: int, until: int | None = None) -> AsyncIterator[Sequence[Entry]]:
        query = (
            f"SELECT {COLUMNS} FROM entries WHERE seq > ? AND (? IS NULL OR seq <= ?)"
            f" ORDER BY seq LIMIT {BATCH}"
        )
        while rows := await self._fetch(query, after, until, until):
            batch = [Entry(*row) for row in rows]
            yield batch
            after = batch[-1].seq

    async def entry(self, seq: int) -> Entry | None:
        rows = await self._fetch(f"SELECT {COLUMNS} FROM entries WHERE seq = ?", seq)
        return next((Entry(*row) for row in rows), None)

    async def forget(self, until: int) -> None:
        """Deletes the entries up to seq `until`, in one transaction; the archive has them."""
        assert self._writer is not None, "opened to read"
        await self._writer.execute_fetchall("DELETE FROM entries WHERE seq <= ?", (until,))
        if self._checkpointer is not None:
            self._checkpointer.nudge()

    async def shrink(self) -> None:
        """Gives the room of forgotten entries back to the disk; needs as much as is left."""
        assert self._writer is not None, "opened to read"
        await self._writer.execute_fetchall("VACUUM")

    async def close(self) -> None:
        if self._checkpointer is not None:
            await asyncio.to_thread(self._checkpointer.close)
        await self._reader.close()
        if self._writer is not None:
            await self._writer.close()  # the last one: folds the log into the database

    async def _fetch(self, query: str, *values: Any) -> list[Any]:
        return list(await self._reader.execute_fetchall(query, values))

    def _nudge(self, entries: Sequence[Entry]) -> None:
        self._appended_bytes += sum(
            len(one.command) + len(one.evidence) + len(one.events) for one in entries
        )
        if self._appended_bytes >= CHECKPOINT_BYTES and self._checkpointer is not None:
            self._appended_bytes = 0
            self._checkpointer.nudge()


class PostgresJournal:
    """Table `entries` of schema `journal`. The table is there (storage/migrate)."""

    def __init__(self, readers: Any, writer: Any) -> None:
        self._readers = readers
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> "PostgresJournal":
        """For the one process that holds the lock. Waits until the session of a predecessor is
        gone, which may commit for a moment after its process was killed.
        """
        readers = await _pool(url)
        try:
            writer = await asyncpg.connect(
                postgres_dsn(url), server_settings={"synchronous_commit": "on", **KEEPALIVES}
            )
        except BaseException:
            readers.terminate()
            raise
        try:
            await writer.execute(
                "SELECT pg_advisory_lock($1)", JOURNAL_KEY, timeout=PREDECESSOR_TIMEOUT_S
            )
        except BaseException:
            writer.terminate()
            readers.terminate()
            raise
        return cls(readers, writer)

    @classmethod
    async def open_read_only(cls, url: str) -> "PostgresJournal":
        """Without the lock, beside a running server or without one."""
        readers = await _pool(url)
        if await readers.fetchval("SELECT to_regclass('journal.entries')") is None:
            await readers.close()
            raise NoJournal("there is no journal in the database")
        return cls(readers, None)

    async def head(self) -> tuple[int, str]:
        query = "SELECT seq, hash FROM journal.entries ORDER BY seq DESC LIMIT 1"
        row = await self._readers.fetchrow(query)
        return (row["seq"], row["hash"]) if row else (0, GENESIS_HASH)

    async def append(self, entries: Sequence[Entry]) -> None:
        assert self._writer is not None, "opened to read"
        assert 0 < len(entries) <= APPEND_MAX
        await self._copy(entries)

    async def fill(self, batches: AsyncIterator[Sequence[Entry]]) -> None:
        """Entries for an empty journal: all of them in one transaction, or none."""
        assert self._writer is not None, "opened to read"
        async with self._writer.transaction():
            async for entries in batches:
                await self._copy(entries)

    async def _copy(self, entries: Sequence[Entry]) -> None:
        await self._writer.copy_records_to_table(
            "entries",
            schema_name="journal",
            columns=FIELDS,
            records=[astuple(entry) for entry in entries],
        )

    async def read(self, after: int, until: int | None = None) -> AsyncIterator[Sequence[Entry]]:
        query = (
            f"SELECT {COLUMNS} FROM journal.entries"
            " WHERE seq > $1 AND ($2::bigint IS NULL OR seq <= $2)"
            f" ORDER BY seq LIMIT {BATCH}"
        )
        while rows := await self._readers.fetch(query, after, until):
            batch = [Entry(*row) for row in rows]
            yield batch
            after = batch[-1].seq

    async def entry(self, seq: int) -> Entry | None:
        query = f"SELECT {COLUMNS} FROM journal.entries WHERE seq = $1"
        row = await self._readers.fetchrow(query, seq)
        return Entry(*row) if row else None

    async def forget(self, until: int) -> None:
        """Deletes the entries up to seq `until`, in one transaction; the archive has them."""
        assert self._writer is not None, "opened to read"
        await self._writer.execute("DELETE FROM journal.entries WHERE seq <= $1", until)

    async def shrink(self) -> None:
        """PostgreSQL uses the room again by itself."""

    async def close(self) -> None:
        await self._readers.close()
        if self._writer is not None:
            await self._writer.close()


async def _pool(url: str) -> Any:
    return await asyncpg.create_pool(postgres_dsn(url), min_size=1, max_size=READERS_MAX)


def settle(path: Path) -> None:
    """Before anything opens the journal at `path`, by the one process that holds the lock."""
    log = path.with_name(f"{path.name}-wal")
    if log.is_file():
        with log.open("r+b") as stream:
            settle_log(stream, lambda: os.fsync(stream.fileno()))


async def _connect(path: Path, mode: str, **options: Any) -> aiosqlite.Connection:
    uri = _uri(path, mode)
    connection = await aiosqlite.connect(uri, uri=True, isolation_level=None, **options)
    await connection.execute_fetchall(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return connection


def _uri(path: Path, mode: str) -> str:
    if not path.is_file():  # SQLite would say only that it cannot open it
        raise NoJournal(f"there is no journal at {path}")
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    # Beside the file SQLite wants to write its index of the log; a finished copy has no log.
    is_copy = (
        not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    )
    return uri + "&immutable=1" if mode == "ro" and is_copy else uri
