"""The journal in two parts: segments that were archived, and the table with the newest entries.

Together they are one journal to whoever reads it. A segment is proven and on disk before its rows
are deleted, so that a crash leaves both at worst; rows that are in a segment too must be the same,
and the next run deletes them. The last entry always stays in the table.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Protocol

from xyk.engine.durable import UNFINISHED, sync_folder
from xyk.engine.entry import GENESIS_HASH, Entry
from xyk.engine.journal import Journal
from xyk.engine.replica import CorruptJournal
from xyk.storage.database import DataFolder
from xyk.storage.journal import PostgresJournal, SqliteJournal
from xyk.storage.segment import SUFFIX, Link, Packing, Segment, damaged

SEGMENT_ENTRIES = 100_000  # of one file, at most
AT_ONCE = 4  # segments that are checked at the same time

Progress = Callable[[int], None]  # the seq that was reached


class Table(Journal, Protocol):
    """What the entries are moved out of."""

    async def forget(self, until: int) -> None: ...
    async def shrink(self) -> None: ...


class Archive:
    """The segments of a folder: from entry 1 without a gap, each linked to the one before."""

    def __init__(self, segments: Sequence[Segment] = ()) -> None:
        self.segments = segments

    @classmethod
    def open(cls, folder: Path) -> "Archive":
        """Of headers alone. Raises CorruptJournal, which names the segment at fault."""
        archive = cls([Segment.open(path) for path in sorted(folder.glob(f"*{SUFFIX}"))])
        end = Link(0, GENESIS_HASH)
        for segment in archive.segments:
            header = segment.header
            if header.first > end.seq + 1:
                why = f"missing: no segment has it, the next is {segment.path.name}"
                raise CorruptJournal(end.seq + 1, why)
            if header.first <= end.seq:
                raise damaged(segment.path, f"it overlaps the one before, which ends at {end.seq}")
            if header.previous != end.hash:
                raise damaged(segment.path, f"it does not follow the hash of entry {end.seq}")
            end = Link(header.last, header.hash)
        return archive

    @property
    def end(self) -> Link:
        if not self.segments:
            return Link(0, GENESIS_HASH)
        header = self.segments[-1].header
        return Link(header.last, header.hash)

    def find(self, seq: int) -> Segment | None:
        for segment in reversed(self.segments):
            if segment.header.first <= seq <= segment.header.last:
                return segment
        return None

    async def check(self) -> None:
        """Every byte of every segment, at the speed of the disk. Raises CorruptJournal."""
        for start in range(0, len(self.segments), AT_ONCE):
            some = self.segments[start : start + AT_ONCE]
            await asyncio.gather(*(asyncio.to_thread(segment.check) for segment in some))

    async def read(self, after: int, until: int | None) -> AsyncIterator[list[Entry]]:
        for segment in self.segments:
            if segment.header.last <= after or (until is not None and segment.header.first > until):
                continue
            for index in segment.blocks_after(after):
                block = await asyncio.to_thread(segment.block, index)
                found = [
                    one for one in block if one.seq > after and (until is None or one.seq <= until)
                ]
                if not found:
                    return
                yield found


class ArchivedJournal:
    """The protocol Journal over both parts."""

    def __init__(self, folder: Path, archive: Archive, table: Journal) -> None:
        self._folder = folder
        self._archive = archive
        self._table = table

    @classmethod
    async def over(
        cls, folder: Path, table: Journal, *, is_quick: bool = False
    ) -> "ArchivedJournal":
        """Checks that the table goes on where the segments end, and, unless `is_quick`, every byte
        of those. Raises CorruptJournal.
        """
        archive = Archive.open(folder)
        if not is_quick:
            await archive.check()
        await _check_seam(archive, table)
        return cls(folder, archive, table)

    async def head(self) -> tuple[int, str]:
        return await self._table.head()

    async def append(self, entries: Sequence[Entry]) -> None:
        await self._table.append(entries)

    async def read(self, after: int, until: int | None = None) -> AsyncIterator[Sequence[Entry]]:
        is_moved = True
        while is_moved:
            is_moved = False
            async for block in self._archive.read(after, until):
                yield block
                after = block[-1].seq
            async for batch in self._table.read(after, until):
                if batch[0].seq > after + 1 and self._was_archived(after + 1):
                    is_moved = True
                    break
                yield batch
                after = batch[-1].seq
            if until is not None and after < until:  # or the table had no row left to tell
                is_moved = is_moved or self._was_archived(after + 1)

    async def entry(self, seq: int) -> Entry | None:
        segment = self._archive.find(seq)
        if segment is None:
            row = await self._table.entry(seq)
            if row is not None or not self._was_archived(seq):
                return row
            segment = self._archive.find(seq)
        return None if segment is None else await asyncio.to_thread(segment.entry, seq)

    async def close(self) -> None:
        await self._table.close()

    def _was_archived(self, seq: int) -> bool:
        """Whether its row went into a segment since the archive was opened."""
        archive = Archive.open(self._folder)
        if archive.end.seq < seq:
            return False
        self._archive = archive
        return True


async def open_table(data: Path, database_url: str) -> SqliteJournal | PostgresJournal:
    """For the one process that holds the lock."""
    if database_url:
        return await PostgresJournal.open(database_url)
    return await SqliteJournal.open(DataFolder(data).journal)


async def open_journal(data: Path, database_url: str = "") -> ArchivedJournal:
    """For the one process that holds the lock. Raises CorruptJournal, NoJournal."""
    return await _over(data, await open_table(data, database_url), is_quick=False)


async def open_read_only(
    data: Path, database_url: str = "", *, is_quick: bool = False
) -> ArchivedJournal:
    """Without the lock, beside a running server or without one. Raises as `open_journal`."""
    table: Journal = (
        await PostgresJournal.open_read_only(database_url)
        if database_url
        else await SqliteJournal.open_read_only(DataFolder(data).journal)
    )
    return await _over(data, table, is_quick=is_quick)


async def archive_entries(
    folder: Path, table: Table, until: int, progress: Progress | None = None
) -> Archive:
    """Moves the entries up to seq `until` out of the table, which nobody else writes; `until` is
    below its last. Finishes what an earlier run left half done. Raises CorruptJournal and what a
    full disk raises; what was moved until then stays moved.
    """
    head, _ = await table.head()
    assert until < head or not until, "the last entry stays"
    _prepare(folder)
    archive = Archive.open(folder)
    await archive.check()
    await _check_seam(archive, table)
    if archive.segments:
        await table.forget(archive.end.seq)
    while archive.end.seq < until:
        packing = Packing(archive.end)
        last = min(until, archive.end.seq + SEGMENT_ENTRIES)
        async for batch in table.read(archive.end.seq, last):
            await asyncio.to_thread(packing.add, batch)
            if progress is not None:
                progress(batch[-1].seq)
        segment = await asyncio.to_thread(packing.write, folder)
        archive = Archive([*archive.segments, segment])
        assert archive.end.seq == last
        await table.forget(last)
    return archive


def _prepare(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir()
        sync_folder(folder.parent)
    for leftover in folder.glob(f"*{UNFINISHED}"):
        leftover.unlink()


async def _over(data: Path, table: Journal, *, is_quick: bool) -> ArchivedJournal:
    try:
        return await ArchivedJournal.over(DataFolder(data).archive, table, is_quick=is_quick)
    except BaseException:
        await table.close()
        raise


async def _check_seam(archive: Archive, table: Journal) -> None:
    """Raises CorruptJournal unless the table goes on where the segments end; rows that are in both
    must be the same.
    """
    end, head = archive.end, (await table.head())[0]
    if not head and not end.seq:
        return
    successor = await table.entry(end.seq + 1)
    if successor is None:
        ends = f"the archive ends at {end.seq}" if end.seq else "there is no archive"
        raise CorruptJournal(end.seq + 1, f"missing: {ends} and the table lacks it")
    if end.seq and successor.previous != end.hash:
        raise CorruptJournal(successor.seq, "does not follow the hash that the archive ends with")
    async for rows in table.read(0, end.seq):
        archived = archive.read(rows[0].seq - 1, rows[-1].seq)
        both = [entry async for block in archived for entry in block]
        for row, entry in zip(rows, both, strict=True):
            if row != entry:
                raise CorruptJournal(row.seq, "is another one in the table than in the archive")
