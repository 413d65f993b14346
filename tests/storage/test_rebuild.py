import asyncio
import os
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.naive_tables import naive_tables
from tests.storage.read_back import everything, journal_of
from tests.storage.sample import Sample
from xyk.engine.journal import MemoryJournal
from xyk.storage.connection import Database, read_database, writing_engine
from xyk.storage.projection import Projection
from xyk.storage.rebuild import rebuild
from xyk.storage.tables import CURSOR, TRADES


@pytest.fixture
def sample() -> Sample:
    sample = Sample(1)
    sample.genesis()
    return sample.steps(500)


async def project(engine: AsyncEngine, sample: Sample) -> None:
    """In pieces, each from a new start."""
    journal = MemoryJournal()
    for end in [*range(0, len(sample.entries), 97), len(sample.entries)]:
        journal.entries = sample.entries[:end]
        await Projection(engine, journal).catch_up()


async def test_rebuilt_tables_equal_the_incremental_ones_row_for_row(
    database: Database, database_url: str, tmp_path: Path, sample: Sample
) -> None:
    engine, seen = writing_engine(database), list[tuple[int, int]]()
    await project(engine, sample)
    incremental = await everything(database)
    async with engine.begin() as connection:
        await connection.execute(delete(TRADES).where(TRADES.c.trade_id > 3))
        await connection.execute(update(CURSOR).values(seq=7, hash="f" * 64))
    journal, head = journal_of(sample.entries), len(sample.entries)
    seq = await rebuild(journal, tmp_path, database_url, lambda seq, head: seen.append((seq, head)))
    await engine.dispose()
    assert seq == head
    assert await everything(database) == incremental
    assert incremental == naive_tables(sample.decoded())
    assert [at for at, _ in seen] == sorted({at for at, _ in seen})
    assert seen[-1] == (head, head)


async def test_tables_that_were_never_there_are_made(
    database_url: str, tmp_path: Path, sample: Sample
) -> None:
    await rebuild(journal_of(sample.entries), tmp_path, database_url)
    database = read_database(tmp_path, database_url)
    assert await everything(database) == naive_tables(sample.decoded())


class BrokenOff(Exception):
    pass


async def test_a_rebuild_that_is_broken_off_leaves_the_old_tables(
    database: Database, database_url: str, tmp_path: Path, sample: Sample
) -> None:
    def break_off(seq: int, _head: int) -> None:
        if seq > 200:
            raise BrokenOff

    engine = writing_engine(database)
    await project(engine, sample)
    before = await everything(database)
    with pytest.raises(BrokenOff):
        await rebuild(journal_of(sample.entries), tmp_path, database_url, break_off)
    assert await everything(database) == before
    assert not [name for name in os.listdir(tmp_path) if name.startswith("read_rebuild")]
    await rebuild(journal_of(sample.entries), tmp_path, database_url)
    await engine.dispose()
    assert await everything(database) == before


class GrowingJournal(MemoryJournal):
    """Its head is at 200 for whoever asks first, at 300 for the next, then at the last entry."""

    asked = 0

    async def head(self) -> tuple[int, str]:
        self.asked += 1
        entry = self.entries[{1: 199, 2: 299}.get(self.asked, -1)]
        return entry.seq, entry.hash


async def test_a_server_that_ran_on_meanwhile_loses_nothing(
    database: Database, database_url: str, tmp_path: Path, sample: Sample
) -> None:
    engine = writing_engine(database)
    server = Projection(engine, journal_of(sample.entries))
    await server.catch_up()
    journal = GrowingJournal()
    journal.entries = sample.entries
    assert await rebuild(journal, tmp_path, database_url) == len(sample.entries)
    assert await everything(database) == naive_tables(sample.decoded())

    projected = len(sample.entries)
    sample.steps(50)
    running = asyncio.create_task(server.run())
    server.feed(sample.decoded(projected))
    await server.reached(len(sample.entries))
    server.stop()
    await running
    await engine.dispose()
    assert await everything(database) == naive_tables(sample.decoded())


async def test_what_the_old_tables_had_the_new_ones_have(
    database: Database,
    database_url: str,
    tmp_path: Path,
    sample: Sample,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the swap on, not only after a last catching up: a server would not know the digests."""

    async def break_off(*_: object) -> int:
        raise BrokenOff

    monkeypatch.setattr("xyk.storage.rebuild._catch_up", break_off)
    engine = writing_engine(database)
    await project(engine, sample)
    await engine.dispose()
    journal = GrowingJournal()
    journal.entries = sample.entries
    with pytest.raises(BrokenOff):
        await rebuild(journal, tmp_path, database_url)
    assert await everything(database) == naive_tables(sample.decoded())
