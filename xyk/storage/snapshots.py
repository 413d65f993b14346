"""What the server's child process runs: the next snapshot, from nothing but the data folder."""

from pathlib import Path

from xyk.engine.liabilities import LiabilitiesFolder
from xyk.engine.replica import Progress
from xyk.engine.snapshot import Snapshot, SnapshotFolder, make_snapshot
from xyk.storage.archive import open_read_only
from xyk.storage.database import DataFolder


async def snapshot_data(
    data: Path, database_url: str = "", progress: Progress | None = None
) -> Snapshot:
    """Reads beside the server, without the lock. Raises CorruptJournal."""
    folder = DataFolder(data)
    journal = await open_read_only(data, database_url, is_quick=True)
    try:
        liabilities = LiabilitiesFolder(folder.liabilities)
        return await make_snapshot(journal, SnapshotFolder(folder.snapshots), progress, liabilities)
    finally:
        await journal.close()
