"""What an operator runs to keep a data folder: `xyk archive`, `xyk backup`, `xyk restore`."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from xyk.cli.bar import progress_bar
from xyk.cli.exits import CONFIG, CORRUPT, LOCKED, OK, STORAGE, Stop
from xyk.engine.replica import CorruptJournal
from xyk.engine.snapshot import SnapshotFolder, newest_start
from xyk.storage.archive import (
    Table,
    archive_entries,
    open_journal,
    open_read_only,
    open_table,
)
from xyk.storage.backup import back_up, read_manifest, restore
from xyk.storage.database import DataFolder
from xyk.storage.errors import STORAGE_ERRORS, NoJournal
from xyk.storage.lock import DataInUse, FolderLock, PostgresLock


async def archive_data(data: Path, database_url: str, keep: int) -> int:
    """The server is stopped. `keep`: entries that stay in the table at least."""
    folder = DataFolder(data)
    async with _ending(data), _holding(data, database_url):
        until = await _archivable(data, database_url, keep)
        table: Table = await open_table(data, database_url)
        try:
            with progress_bar("archiving", until) as bar:
                archive = await archive_entries(folder.archive, table, until, bar.reach)
            if until:
                await table.shrink()
            head, _ = await table.head()
        finally:
            await table.close()
    last = archive.end.seq
    count = len(archive.segments)
    print(f"archived up to {last} in {count} segments; {last + 1} to {head} stay in the table")
    return OK


async def backup_data(data: Path, database_url: str, to: Path, with_keys: bool) -> int:
    """Beside a running server or without one."""
    async with _ending(data):
        with progress_bar("proving", await _head(data, database_url)) as bar:
            made = await back_up(data, database_url, to, with_keys=with_keys, progress=bar.reach)
    size = sum(one.bytes for one in made.files.values())
    print(
        f"backup in {to}: {len(made.files)} files, {size} bytes\nseq {made.seq}\nhash {made.hash}"
    )
    keys = "the keys are in it: guard it" if with_keys else "keys are not in it (--with-keys)"
    print(f"{keys}; sign-ins and read tables never are")
    return OK


async def restore_data(backup: Path, data: Path, database_url: str) -> int:
    async with _ending(data):
        expected = read_manifest(backup)
        with progress_bar("proving", expected.seq) as bar:
            await restore(backup, data, database_url, bar.reach)
    print(f"restored to {data}\nseq {expected.seq}\nhash {expected.hash}")
    print("run `xyk verify` for every signature; `xyk serve` fills the read tables when it starts")
    return OK


async def _head(data: Path, database_url: str) -> int:
    journal = await open_read_only(data, database_url, is_quick=True)
    try:
        return (await journal.head())[0]
    finally:
        await journal.close()


async def _archivable(data: Path, database_url: str, keep: int) -> int:
    """The last seq that may go: none after the newest good snapshot."""
    journal = await open_journal(data, database_url)
    try:
        start = await newest_start(journal, SnapshotFolder(DataFolder(data).snapshots))
        head, _ = await journal.head()
    finally:
        await journal.close()
    for skipped in start.skipped:
        print(f"snapshot {skipped.name} is passed over: {skipped.why}", file=sys.stderr)
    if start.snapshot is None:
        print("there is no good snapshot, so all entries stay; `xyk snapshot` makes one")
        return 0
    return max(0, min(start.snapshot.seq, head - max(keep, 1)))


@asynccontextmanager
async def _holding(data: Path, database_url: str) -> AsyncIterator[None]:
    """The locks that a server would have."""
    async with AsyncExitStack() as stack:
        try:
            lock = FolderLock.take(DataFolder(data).lock)
        except FileNotFoundError:
            raise NoJournal(f"there is no data folder {data}") from None
        stack.callback(lock.release)
        if database_url:
            database_lock = await PostgresLock.take(database_url, _end_at_once)
            stack.push_async_callback(database_lock.release)
        yield


def _end_at_once(why: str) -> None:
    """Another process may be the writer already."""
    print(f"xyk: the lock on the database is lost: {why}", file=sys.stderr, flush=True)
    os._exit(LOCKED)


@asynccontextmanager
async def _ending(place: Path) -> AsyncIterator[None]:
    """Faults as the line and the code that a person gets."""
    try:
        yield
    except CorruptJournal as fault:
        raise Stop(CORRUPT, str(fault)) from None
    except DataInUse as fault:
        raise Stop(LOCKED, f"{fault}; stop it first") from None
    except (NoJournal, ValueError) as fault:
        raise Stop(CONFIG, str(fault)) from None
    except STORAGE_ERRORS as fault:
        raise Stop(STORAGE, f"{place}: {fault}") from fault
