"""What the server's child process runs: the next snapshot, from nothing but the data folder."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from xyk.engine.liabilities import LiabilitiesFolder
from xyk.engine.replica import Progress
from xyk.engine.snapshot import Snapshot, SnapshotFolder, make_snapshot
from xyk.storage.archive import open_read_only
from xyk.storage.database import DataFolder
from xyk.storage.journal import settle
from xyk.storage.lock import DataInUse, FolderLock


async def snapshot_data(
    data: Path,
    database_url: str = "",
    progress: Progress | None = None,
    before_writing: Callable[[], None] | None = None,
) -> Snapshot:
    """Reads beside the server, without the lock. `before_writing` raises unless whoever writes the
    journal lives; without it that is found out here. Raises CorruptJournal.
    """
    folder = DataFolder(data)
    journal = await open_read_only(data, database_url, is_quick=True)
    try:
        liabilities = LiabilitiesFolder(folder.liabilities)
        return await make_snapshot(
            journal,
            SnapshotFolder(folder.snapshots),
            progress,
            liabilities,
            before_writing or partial(_settle_unless_served, folder),
        )
    finally:
        await journal.close()


def _settle_unless_served(folder: DataFolder) -> None:
    """A server that lives has put on disk whatever it lets others read. One that was killed may
    have left entries that only the system's memory has: a snapshot must not outlive them.
    """
    try:
        lock = FolderLock.take(folder.lock)
    except DataInUse:
        return
    try:
        settle(folder.journal)
    finally:
        lock.release()
