"""What a predecessor left in SQLite's log is written and synced before anything opens the journal;
that this is enough against a loss of power is shown in tests/simulation/test_disk.py."""

import io
import os
import shutil
from pathlib import Path

import pytest

from tests.storage.chain import deposits
from xyk.engine.entry import GENESIS_HASH
from xyk.storage import journal as journal_module
from xyk.storage.journal import SqliteJournal, settle_log
from xyk.storage.migrate import upgrade

ENTRIES = 40


async def left_behind(folder: Path) -> Path:
    """A data folder as a process that was killed leaves it: with entries in the log alone."""
    source, copy = folder / "source", folder / "copy"
    source.mkdir()
    copy.mkdir()
    await upgrade(source)
    journal = await SqliteJournal.open(source / "journal.db")
    await journal.append(deposits(ENTRIES))
    for name in ("journal.db", "journal.db-wal"):
        shutil.copy(source / name, copy / name)
    await journal.close()
    assert (copy / "journal.db-wal").stat().st_size
    return copy


async def test_the_log_is_synced_before_the_migration_and_before_the_journal_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = await left_behind(tmp_path)
    log = folder / "journal.db-wal"
    synced: list[int] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(journal_module.os, "fsync", watched)
    number = log.stat().st_ino
    kept = shutil.copytree(folder, tmp_path / "second")
    await upgrade(folder)
    assert synced == [number]

    number = (kept / "journal.db-wal").stat().st_ino
    journal = await SqliteJournal.open(kept / "journal.db")
    assert synced[1:] == [number]
    seq, digest = await journal.head()
    assert seq == ENTRIES and digest != GENESIS_HASH
    await journal.close()


@pytest.mark.parametrize("size", [0, 1, 4096, 3 * 1024 * 1024 + 5])
def test_every_byte_is_written_again(size: int) -> None:
    content = os.urandom(size)
    written: dict[int, bytes] = {}

    class Log(io.BytesIO):
        def write(self, data: object) -> int:
            assert isinstance(data, bytes)
            written[self.tell()] = data
            return super().write(data)

    log = Log(content)
    synced: list[bytes] = []
    settle_log(log, lambda: synced.append(log.getvalue()))
    assert synced == [content]
    assert b"".join(written[at] for at in sorted(written)) == content
