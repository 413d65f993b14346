"""What a journal promises, for each of the three: in order, all or nothing, as it was written."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.storage.chain import POSTGRES_DDL, SQLITE_DDL, deposits, eventually
from xyk.engine.entry import GENESIS_HASH, Entry
from xyk.engine.journal import Journal, MemoryJournal
from xyk.engine.replica import CorruptJournal, Replica, follow
from xyk.exchange.state import State
from xyk.storage import journal as journal_module
from xyk.storage.journal import APPEND_MAX, PostgresJournal, SqliteJournal

Open = Callable[[], Awaitable[Journal]]
Keep = Callable[[Awaitable[Any]], Awaitable[Any]]


def sqlite_file(folder: Path) -> Path:
    path = folder / "journal.db"
    with sqlite3.connect(path) as connection:
        connection.execute(SQLITE_DDL)
    connection.close()
    return path


async def postgres(url: str, statement: str, *values: Any) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return (
            await connection.fetch(statement, *values)
            if values
            else await connection.execute(statement)
        )
    finally:
        await connection.close()


@pytest.fixture
async def kept() -> AsyncIterator[Keep]:
    """Closes at the end what was opened through it, as a driver's thread outlives a failed test."""
    opened: list[Journal] = []

    async def keep(opening: Awaitable[Any]) -> Any:
        opened.append(await opening)
        return opened[-1]

    yield keep
    for journal in opened:
        await journal.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def opening(request: pytest.FixtureRequest, tmp_path: Path, kept: Keep) -> Open:
    """Opens the same journal each time."""
    if request.param == "memory":
        memory = MemoryJournal()

        async def open_memory() -> Journal:
            return memory

        return open_memory
    if request.param == "sqlite":
        path = sqlite_file(tmp_path)
        return lambda: kept(SqliteJournal.open(path))
    url = request.getfixturevalue("postgres_url")
    await postgres(url, POSTGRES_DDL)
    return lambda: kept(PostgresJournal.open(url))


@pytest.fixture
async def journal(opening: Open) -> Journal:
    return await opening()


async def everything(journal: Journal, after: int = 0, until: int | None = None) -> list[Entry]:
    return [entry async for batch in journal.read(after, until) for entry in batch]


class TestEveryJournal:
    async def test_empty(self, journal: Journal) -> None:
        assert await journal.head() == (0, GENESIS_HASH)
        assert await everything(journal) == []
        assert await journal.entry(1) is None

    async def test_gives_back_what_was_appended(self, journal: Journal) -> None:
        entries = deposits(10)
        for group in (entries[:1], entries[1:4], entries[4:]):
            await journal.append(group)
            assert await journal.head() == (group[-1].seq, group[-1].hash)
        assert await everything(journal) == entries
        assert await journal.entry(4) == entries[3]
        assert await journal.entry(11) is None
        assert await journal.entry(0) is None

    async def test_groups_of_every_size(self, journal: Journal) -> None:
        sizes = [1, 2, 3, 63, 64, 65, 255, 256, APPEND_MAX]
        entries = deposits(sum(sizes))
        start = 0
        for size in sizes:
            await journal.append(entries[start : start + size])
            start += size
        assert await everything(journal) == entries

    async def test_reads_in_batches_and_between_bounds(self, journal: Journal) -> None:
        entries = deposits(2_500)
        for start in range(0, 2_500, 500):
            await journal.append(entries[start : start + 500])
        sizes = [len(batch) async for batch in journal.read(0)]
        assert sizes == [1_000, 1_000, 500]
        assert await everything(journal, 3, 5) == entries[3:5]
        assert await everything(journal, 990, 2_010) == entries[990:2_010]
        assert await everything(journal, 2_499) == entries[2_499:]
        assert await everything(journal, 2_500) == []
        assert await everything(journal, 5, 5) == []

    async def test_what_is_appended_while_it_is_read(self, journal: Journal) -> None:
        entries = deposits(3)
        await journal.append(entries[:2])
        reading = aiter(journal.read(0))
        assert list(await anext(reading)) == entries[:2]
        await journal.append(entries[2:])
        assert await everything(journal) == entries

    async def test_replays(self, journal: Journal) -> None:
        entries = deposits(5)
        await journal.append(entries)
        replica = Replica(State())
        await follow(replica, journal)
        assert (replica.state.seq, replica.head_hash) == (5, entries[-1].hash)

    async def test_opened_again(self, opening: Open) -> None:
        entries = deposits(6)
        journal = await opening()
        await journal.append(entries[:4])
        await journal.close()
        journal = await opening()
        await journal.append(entries[4:])
        assert await everything(journal) == entries
        await journal.close()


@pytest.fixture(params=["sqlite", "postgres"])
async def durable(
    request: pytest.FixtureRequest, tmp_path: Path, kept: Keep
) -> tuple[Open, Open, Any]:
    """Opens one to write, one to read, and runs a statement on its table."""
    if request.param == "sqlite":
        path = sqlite_file(tmp_path)

        async def in_sqlite(statement: str) -> None:
            with sqlite3.connect(path) as connection:
                connection.execute(statement.replace("journal.entries", "entries"))
            connection.close()

        return (
            lambda: kept(SqliteJournal.open(path)),
            lambda: kept(SqliteJournal.open_read_only(path)),
            in_sqlite,
        )
    url = request.getfixturevalue("postgres_url")
    await postgres(url, POSTGRES_DDL)
    return (
        lambda: kept(PostgresJournal.open(url)),
        lambda: kept(PostgresJournal.open_read_only(url)),
        lambda statement: postgres(url, statement),
    )


class TestDurableJournals:
    async def test_a_group_is_all_or_nothing(self, durable: tuple[Open, Open, Any]) -> None:
        entries = deposits(6)
        journal = await durable[0]()
        await journal.append(entries[:3])
        with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
            await journal.append([entries[4], entries[5], entries[2]])
        assert await everything(journal) == entries[:3]
        await journal.append(entries[3:])
        assert await everything(journal) == entries

    async def test_a_reader_beside_the_writer(self, durable: tuple[Open, Open, Any]) -> None:
        entries = deposits(4)
        writer = await durable[0]()
        await writer.append(entries[:1])
        reader = await durable[1]()
        assert await everything(reader) == entries[:1]
        await writer.append(entries[1:])
        assert await reader.head() == (4, entries[-1].hash)
        with pytest.raises(AssertionError):
            await reader.append(entries)

    async def test_a_reader_alone(self, durable: tuple[Open, Open, Any]) -> None:
        entries = deposits(4)
        writer = await durable[0]()
        await writer.append(entries)
        await writer.close()
        reader = await durable[1]()
        assert await everything(reader) == entries

    @pytest.mark.parametrize(
        ("statement", "seq"),
        [
            ("DELETE FROM journal.entries WHERE seq = 4", 4),
            ("UPDATE journal.entries SET events = evidence WHERE seq = 3", 3),
            ("UPDATE journal.entries SET time = time + 1 WHERE seq = 5", 5),
            ("UPDATE journal.entries SET hash = previous WHERE seq = 2", 2),
            ("UPDATE journal.entries SET seq = 9 WHERE seq = 6", 6),
        ],
    )
    async def test_a_touched_row_is_found_at_the_start(
        self, durable: tuple[Open, Open, Any], statement: str, seq: int
    ) -> None:
        journal = await durable[0]()
        await journal.append(deposits(6))
        await durable[2](statement)
        with pytest.raises(CorruptJournal) as found:
            await follow(Replica(State()), journal)
        assert found.value.seq == seq


class TestSqlite:
    async def test_is_in_wal_mode_and_synchronous_in_full(self, tmp_path: Path, kept: Keep) -> None:
        journal = await kept(SqliteJournal.open(sqlite_file(tmp_path)))
        assert journal._writer is not None
        wanted = {"journal_mode": "wal", "synchronous": 2, "wal_autocheckpoint": 0}
        for name, value in wanted.items():
            rows = await journal._writer.execute_fetchall(f"PRAGMA {name}")
            assert [tuple(row) for row in rows] == [(value,)], name

    async def test_a_row_of_another_type(self, tmp_path: Path, kept: Keep) -> None:
        path = sqlite_file(tmp_path)
        journal = await kept(SqliteJournal.open(path))
        await journal.append(deposits(3))
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE entries SET events = CAST(events AS TEXT) WHERE seq = 2")
        connection.close()
        with pytest.raises(CorruptJournal, match="journal entry 2: "):
            await follow(Replica(State()), journal)

    async def test_the_log_is_emptied_beside_the_writer(
        self, tmp_path: Path, kept: Keep, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(journal_module, "CHECKPOINT_BYTES", 1)
        path = sqlite_file(tmp_path)
        journal = await kept(SqliteJournal.open(path))
        empty = path.stat().st_size
        entries = deposits(200)
        await journal.append(entries[:100])
        await eventually(lambda: path.stat().st_size > empty)
        await journal.append(entries[100:])
        assert await everything(journal) == entries
        await journal.close()
        assert not path.with_name("journal.db-wal").exists()

    async def test_a_copy_in_a_folder_that_cannot_be_written(
        self, tmp_path: Path, kept: Keep, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = sqlite_file(tmp_path)
        journal = await SqliteJournal.open(path)
        entries = deposits(3)
        await journal.append(entries)
        await journal.close()
        monkeypatch.setattr(os, "access", lambda *_: False)
        assert await everything(await kept(SqliteJournal.open_read_only(path))) == entries
        assert os.listdir(tmp_path) == ["journal.db"]

    async def test_a_log_in_a_folder_that_cannot_be_written_is_read(
        self, tmp_path: Path, kept: Keep, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As by another user beside the server: what is not in the database yet lies in the log."""
        path = sqlite_file(tmp_path)
        monkeypatch.setattr(os, "access", lambda *_: False)
        journal = await kept(SqliteJournal.open(path))
        entries = deposits(3)
        await journal.append(entries)
        assert await everything(await kept(SqliteJournal.open_read_only(path))) == entries

    async def test_a_missing_file_is_not_made(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"journal\.db"):
            await SqliteJournal.open(tmp_path / "journal.db")
        assert not (tmp_path / "journal.db").exists()


class TestPostgres:
    async def test_commits_wait_for_the_disk(self, postgres_url: str, kept: Keep) -> None:
        journal = await kept(PostgresJournal.open(postgres_url))
        assert await journal._writer.fetchval("SHOW synchronous_commit") == "on"

    async def test_waits_for_the_session_of_its_predecessor(
        self, postgres_url: str, kept: Keep
    ) -> None:
        await postgres(postgres_url, POSTGRES_DDL)
        predecessor = await kept(PostgresJournal.open(postgres_url))
        opening = asyncio.ensure_future(kept(PostgresJournal.open(postgres_url)))
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        await eventually(lambda: predecessor._readers.fetchval(waiting))
        last = deposits(1)
        await predecessor.append(last)
        await predecessor.close()
        journal = await opening
        assert await journal.head() == (1, last[0].hash)
        await journal.close()
