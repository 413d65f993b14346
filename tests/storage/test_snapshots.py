"""The child process's snapshot, from the data folder alone and beside a server that writes."""

import threading
from pathlib import Path

from tests.storage.chain import POSTGRES_DDL, deposits, eventually
from tests.storage.test_journal import postgres, sqlite_file
from xyk.engine.snapshot import SnapshotFolder, restore
from xyk.storage.database import DataFolder
from xyk.storage.journal import PostgresJournal, SqliteJournal
from xyk.storage.snapshots import snapshot_data


async def test_from_the_data_folder_beside_the_writer(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / "data")
    data.create()
    journal = await SqliteJournal.open(sqlite_file(data.path))
    entries = deposits(30)
    await journal.append(entries[:20])
    threads = threading.active_count()
    first = await snapshot_data(data.path)
    await eventually(lambda: threading.active_count() == threads)  # its reader's is gone
    assert (first.seq, first.hash) == (20, entries[19].hash)
    await journal.append(entries[20:])
    second = await snapshot_data(data.path)
    start = await restore(journal, SnapshotFolder(data.snapshots))
    assert start.snapshot == second
    assert start.replica.state.digest() == second.digest
    await journal.close()


async def test_with_the_journal_in_postgres(postgres_url: str, tmp_path: Path) -> None:
    await postgres(postgres_url, POSTGRES_DDL)
    journal = await PostgresJournal.open(postgres_url)
    entries = deposits(5)
    await journal.append(entries)
    snapshot = await snapshot_data(tmp_path, postgres_url)
    assert (snapshot.seq, snapshot.hash) == (5, entries[-1].hash)
    await journal.close()
