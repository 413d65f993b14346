"""Entries that were moved into segments: still one journal, whatever happens in between."""

import gzip
import os
import subprocess
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from tests.storage.chain import POSTGRES_DDL, deposits
from tests.storage.test_journal import everything, postgres, sqlite_file
from xyk.engine.entry import Entry
from xyk.engine.journal import Journal
from xyk.engine.replica import CorruptJournal, Replica, follow
from xyk.exchange.state import State
from xyk.storage import archive as archive_module
from xyk.storage.archive import (
    Archive,
    ArchivedJournal,
    Table,
    archive_entries,
    open_journal,
    open_read_only,
    open_table,
)
from xyk.storage.database import DataFolder
from xyk.storage.segment import BLOCK, Packing, Segment

COUNT, UNTIL = 2_000, 1_700
SIZE = 600  # entries a segment here: two blocks and a part


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "SEGMENT_ENTRIES", SIZE)


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return deposits(COUNT)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def where(
    request: pytest.FixtureRequest, tmp_path: Path, entries: Sequence[Entry]
) -> tuple[Path, str]:
    """Data folder and database URL of a journal of COUNT entries."""
    data, url = tmp_path / "data", ""
    DataFolder(data).create()
    if request.param == "sqlite":
        sqlite_file(data)
    else:
        url = request.getfixturevalue("postgres_url")
        await postgres(url, POSTGRES_DDL)
    table = await open_table(data, url)
    for start in range(0, COUNT, 500):
        await table.append(entries[start : start + 500])
    await table.close()
    return data, url


async def move(where: tuple[Path, str], until: int = UNTIL) -> None:
    table: Table = await open_table(*where)
    try:
        await archive_entries(DataFolder(where[0]).archive, table, until)
    finally:
        await table.close()


async def read_all(where: tuple[Path, str]) -> list[Entry]:
    journal = await open_read_only(*where)
    try:
        return await everything(journal)
    finally:
        await journal.close()


async def rows(where: tuple[Path, str]) -> list[int]:
    table = await open_table(*where)
    try:
        return [entry.seq for entry in await everything(table)]
    finally:
        await table.close()


def segments(where: tuple[Path, str]) -> list[Path]:
    return sorted(DataFolder(where[0]).archive.glob("*.segment"))


async def fault(where: tuple[Path, str]) -> CorruptJournal:
    """That opening the journal tells."""
    with pytest.raises(CorruptJournal) as told:
        await read_all(where)
    return told.value


async def test_both_parts_are_one_journal(
    where: tuple[Path, str], entries: Sequence[Entry]
) -> None:
    await move(where)
    assert [path.name for path in segments(where)] == [
        "000000000001-000000000600.segment",
        "000000000601-000000001200.segment",
        "000000001201-000000001700.segment",
    ]
    assert await rows(where) == list(range(UNTIL + 1, COUNT + 1))
    journal = await open_journal(*where)
    try:
        assert await everything(journal) == list(entries)
        assert await journal.head() == (COUNT, entries[-1].hash)
        for after, until in ((0, 1), (599, 601), (255, 257), (650, 1_900), (1_699, 1_701)):
            assert await everything(journal, after, until) == list(entries[after:until])
        for seq in (1, BLOCK, BLOCK + 1, 600, 601, UNTIL, UNTIL + 1, COUNT):
            assert await journal.entry(seq) == entries[seq - 1]
        assert await journal.entry(0) is None
        assert await journal.entry(COUNT + 1) is None
        more = deposits(3, entries[-1])
        await journal.append(more)
        assert await everything(journal, COUNT - 1) == [entries[-1], *more]
    finally:
        await journal.close()


async def test_it_goes_on_where_it_ended(where: tuple[Path, str], entries: Sequence[Entry]) -> None:
    for until in (10, 10, 900, 1_999):
        await move(where, until)
        assert await rows(where) == list(range(until + 1, COUNT + 1))
        assert await read_all(where) == list(entries)
    with pytest.raises(AssertionError, match="the last entry stays"):
        await move(where, COUNT)


async def test_a_reader_that_was_there_before_follows(
    where: tuple[Path, str], entries: Sequence[Entry]
) -> None:
    journal = await open_read_only(*where)
    try:
        reading = journal.read(0)
        seen = list(await anext(reading))
        await move(where)
        async for batch in reading:
            seen += batch
        assert seen == list(entries)
    finally:
        await journal.close()


async def test_a_reader_that_was_there_before_misses_nothing_that_was_moved(
    where: tuple[Path, str], entries: Sequence[Entry]
) -> None:
    """Where the table has no row left of what was asked for, nothing shows that there was one."""
    some = (0, 100), (1_600, UNTIL), (COUNT, COUNT + 9), (0, 1)
    readers = [await open_read_only(*where) for _ in some]
    await move(where)
    found = [await one.entry(1) for one in readers[-1:]]
    for journal, asked in zip(readers, some, strict=True):
        found += await everything(journal, *asked)
        await journal.close()
    parts = (entries[after:until] for after, until in ((0, 1), *some))
    assert found == [entry for part in parts for entry in part]


def test_standard_tools_read_a_segment(tmp_path: Path, entries: Sequence[Entry]) -> None:
    """What its docstring promises: nine lines an entry, the first eight make the ninth."""
    packing = Packing(Archive().end)
    packing.add(entries[:300])
    segment = packing.write(tmp_path)
    shown = subprocess.run(
        f"tail -n +2 {segment.path} | zcat | sed -n 10,17p | head -c -1 | sha256sum",
        shell=True,
        capture_output=True,
        check=True,
        text=True,
    )
    assert shown.stdout.split()[0] == entries[1].hash
    size = sum(len(one.command) + len(one.evidence) + len(one.events) for one in entries[:300])
    assert segment.path.stat().st_size < size


class Crash(BaseException):
    """The machine dies here."""


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", ["write", "fsync", "replace", "sync_folder", "forget"])
async def test_a_crash_at_every_step_loses_nothing(
    where: tuple[Path, str],
    entries: Sequence[Entry],
    step: str,
    is_after: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the second of three segments; both parts overlap at worst, and the next run ends it."""

    def crashing(real: Callable[..., object], at: int) -> Callable[..., object]:
        calls = 0

        def wrapped(*arguments: object, **named: object) -> object:
            nonlocal calls
            calls += 1
            if calls == at and not is_after:
                raise Crash
            result = real(*arguments, **named)
            if calls == at:
                raise Crash
            return result

        return wrapped

    with monkeypatch.context() as broken:
        if step == "write":
            broken.setattr(Packing, "write", crashing(Packing.write, 2))
        elif step == "fsync":
            broken.setattr(os, "fsync", crashing(os.fsync, 4))
        elif step == "replace":
            broken.setattr(Path, "replace", crashing(Path.replace, 2))
        elif step == "sync_folder":
            broken.setattr(os, "fsync", crashing(os.fsync, 5))
        table = await open_table(*where)
        if step == "forget":
            broken.setattr(table, "forget", await_crash(table, is_after))
        try:
            with pytest.raises(Crash):
                await archive_entries(DataFolder(where[0]).archive, table, UNTIL)
        finally:
            await table.close()
    assert await read_all(where) == list(entries), "as the crash left it"
    journal = await open_journal(*where)  # and a server could start and go on
    await journal.append(deposits(1, entries[-1]))
    await journal.close()
    await move(where, 2 * SIZE)  # no further than it had come
    assert await rows(where) == list(range(2 * SIZE + 1, COUNT + 2))
    await move(where)
    assert len(await read_all(where)) == COUNT + 1
    assert await rows(where) == list(range(UNTIL + 1, COUNT + 2))
    assert not list(DataFolder(where[0]).archive.glob("*.unfinished"))


def await_crash(table: Table, is_after: bool) -> Callable[[int], object]:
    calls, real = 0, table.forget

    async def forget(until: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            if is_after:
                await real(until)
            raise Crash
        await real(until)

    return forget


class TestWhatIsWrongIsNamedWithItsSeq:
    @pytest.fixture
    async def where(self, tmp_path: Path, entries: Sequence[Entry]) -> tuple[Path, str]:
        data = DataFolder(tmp_path / "data")
        data.create()
        sqlite_file(data.path)
        table = await open_table(data.path, "")
        for start in range(0, COUNT, 500):
            await table.append(entries[start : start + 500])
        await table.close()
        await move((data.path, ""))
        return data.path, ""

    @pytest.mark.parametrize(("index", "seq"), [(0, 1), (1, 601), (2, 1_201)])
    async def test_missing(self, where: tuple[Path, str], index: int, seq: int) -> None:
        segments(where)[index].unlink()
        told = await fault(where)
        assert (told.seq, "missing" in told.why) == (seq, True)

    async def test_the_whole_archive_missing(self, where: tuple[Path, str]) -> None:
        for path in segments(where):
            path.unlink()
        told = await fault(where)
        assert told.seq == 1
        assert "there is no archive and the table lacks it" in told.why

    @pytest.mark.parametrize("left", [0, 5, 200, -1])
    async def test_truncated(self, where: tuple[Path, str], left: int) -> None:
        path = segments(where)[1]
        path.write_bytes(path.read_bytes()[:left])
        told = await fault(where)
        assert told.seq == 601
        assert path.name in told.why

    async def test_altered_anywhere(self, where: tuple[Path, str]) -> None:
        path = segments(where)[1]
        good = path.read_bytes()
        for at in [*range(0, 420, 7), *range(420, len(good), len(good) // 40)]:
            data = bytearray(good)
            data[at] ^= 1
            path.write_bytes(data)
            told = await fault(where)
            assert told.seq in (601, 1_201), at  # the link of the next, where its hash was altered
        path.write_bytes(good)
        assert len(await read_all(where)) == COUNT

    async def test_altered_with_its_checksum(self, where: tuple[Path, str]) -> None:
        """By somebody who knows the format: then the entry's own hash tells whoever folds it."""
        segment = Segment.open(segments(where)[1])
        start = segment.path.stat().st_size - sum(segment.header.blocks)
        content, blocks = segment.path.read_bytes()[start:], []
        for size in segment.header.blocks:
            block, content = content[:size], content[size:]
            blocks.append(gzip.decompress(block))
        blocks[1] = blocks[1].replace(b'"asset":"ETH"', b'"asset":"BTC"', 1)
        packed = [gzip.compress(block) for block in blocks]
        header = msgspec.structs.replace(
            segment.header,
            checksum=sha256(b"".join(packed)).hexdigest(),
            blocks=tuple(map(len, packed)),
        )
        segment.path.write_bytes(msgspec.json.encode(header) + b"\n" + b"".join(packed))
        journal = await open_read_only(*where)
        try:
            with pytest.raises(CorruptJournal) as told:
                await follow(Replica(State()), journal)
        finally:
            await journal.close()
        assert told.value.seq == 601 + BLOCK

    async def test_swapped(self, where: tuple[Path, str]) -> None:
        one, other, _ = segments(where)
        first, second = one.read_bytes(), other.read_bytes()
        one.write_bytes(second)
        other.write_bytes(first)
        told = await fault(where)
        assert told.seq == 1
        assert "not what its name says" in told.why

    async def test_overlapping(self, where: tuple[Path, str], entries: Sequence[Entry]) -> None:
        packing = Packing(Archive().end)
        packing.add(entries[:700])
        packing.write(segments(where)[0].parent)
        told = await fault(where)
        assert "it overlaps the one before" in told.why
        assert told.seq in (1, 601)

    async def test_a_table_that_does_not_follow(
        self, where: tuple[Path, str], entries: Sequence[Entry]
    ) -> None:
        for path in segments(where)[2:]:
            path.unlink()
        table = await open_table(*where)
        await table.forget(COUNT)
        await table.append(entries[1_201:1_300])
        await table.close()
        told = await fault(where)
        assert (told.seq, "the archive ends at 1200" in told.why) == (1_201, True)

    async def test_a_row_that_is_another_in_the_archive(
        self, where: tuple[Path, str], entries: Sequence[Entry]
    ) -> None:
        table = await open_table(*where)
        changed = msgspec.structs.replace(entries[UNTIL - 1], command=b"{}")
        await table.append([changed])
        await table.close()
        told = await fault(where)
        assert told.seq == UNTIL
        assert "another one in the table than in the archive" in told.why


async def test_rows_that_are_not_whole_stay(tmp_path: Path, entries: Sequence[Entry]) -> None:
    data = DataFolder(tmp_path / "data")
    data.create()
    sqlite_file(data.path)
    changed = [*entries[:50]]
    changed[20] = msgspec.structs.replace(changed[20], command=b"{}")
    table: Table = await open_table(data.path, "")
    await table.append(changed)
    try:
        with pytest.raises(CorruptJournal, match=r"journal entry 21: .*the row was changed"):
            await archive_entries(data.archive, table, 40)
        assert await everything(table) == changed
    finally:
        await table.close()
    assert not list(data.archive.glob("*.segment"))


async def test_no_archive_changes_nothing(tmp_path: Path, entries: Sequence[Entry]) -> None:
    data = DataFolder(tmp_path)
    sqlite_file(data.path)
    journal: Journal = await open_journal(data.path)
    assert isinstance(journal, ArchivedJournal)
    assert await everything(journal) == []
    await journal.append(entries[:10])
    assert await everything(journal) == list(entries[:10])
    await journal.close()
    assert not data.archive.exists()
