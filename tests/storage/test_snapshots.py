"""The child process's snapshot, from the data folder alone and beside a server that writes."""

import os
import threading
from pathlib import Path

import pytest

from tests.storage.chain import POSTGRES_DDL, deposits, eventually
from tests.storage.test_journal import postgres, sqlite_file
from xyk.engine.snapshot import SnapshotFolder, restore
from xyk.storage.database import DataFolder
from xyk.storage.journal import PostgresJournal, SqliteJournal
from xyk.storage.lock import FolderLock
from xyk.storage.snapshots import snapshot_data


async def test_from_the_data_folder_beside_the_writer(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / "data")
    data.create()
    journal = await SqliteJournal.open(sqlite_file(data.path))
    entries = deposits(30)
    await journal.append(entries[:20])
    threads = set(threading.enumerate())
    first = await snapshot_data(data.path)
    await eventually(lambda: set(threading.enumerate()) <= threads)  # its reader's is gone
    assert (first.seq, first.hash) == (20, entries[19].hash)
    await journal.append(entries[20:])
    second = await snapshot_data(data.path)
    start = await restore(journal, SnapshotFolder(data.snapshots))
    assert start.snapshot == second
    assert start.replica.state.digest() == second.digest
    await journal.close()


@pytest.mark.parametrize("is_served", [False, True])
async def test_what_a_killed_server_left_is_on_disk_before_a_snapshot_of_it(
    is_served: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the power takes entries away that the snapshot has, and the start is refused. A server
    that lives shows none that it did not sync, and its log is not ours to write.
    """
    data = DataFolder(tmp_path / "data")
    data.create()
    journal = await SqliteJournal.open(sqlite_file(data.path))
    await journal.append(deposits(3))
    log = data.journal.with_name("journal.db-wal")
    synced: list[tuple[bool, bool]] = []  # the log?, was anything written yet?
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        is_log = os.path.sameopenfile(descriptor, reading.fileno())
        synced.append((is_log, any(data.snapshots.glob("*")) or any(data.liabilities.glob("*"))))
        fsync(descriptor)

    lock = FolderLock.take(data.lock) if is_served else None
    try:
        with log.open("rb") as reading, monkeypatch.context() as watching:
            watching.setattr(os, "fsync", watched)
            await snapshot_data(data.path)
    finally:
        await journal.close()
    assert ((True, False) in synced) is not is_served
    assert (False, True) in synced
    if lock is not None:
        lock.release()
    FolderLock.take(data.lock).release()


async def test_with_the_journal_in_postgres(postgres_url: str, tmp_path: Path) -> None:
    await postgres(postgres_url, POSTGRES_DDL)
    journal = await PostgresJournal.open(postgres_url)
    entries = deposits(5)
    await journal.append(entries)
    snapshot = await snapshot_data(tmp_path, postgres_url)
    assert (snapshot.seq, snapshot.hash) == (5, entries[-1].hash)
    await journal.close()
