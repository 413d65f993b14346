"""What an archiving that failed, or was killed, leaves behind: no room taken for long."""

import os
from pathlib import Path

import pytest

from tests.storage.chain import deposits
from tests.storage.test_journal import sqlite_file
from xyk.engine.replica import CorruptJournal
from xyk.storage.archive import archive_entries, open_table
from xyk.storage.database import DataFolder
from xyk.storage.segment import Segment


async def move(folder: DataFolder) -> None:
    table = await open_table(folder.path, "")
    try:
        await archive_entries(folder.archive, table, 4)
    finally:
        await table.close()


async def test_an_archive_that_failed_leaves_no_unfinished_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be what filled the disk. One that was killed leaves it to the next."""
    folder = DataFolder(tmp_path / "data")
    folder.create()
    sqlite_file(folder.path)
    table = await open_table(folder.path, "")
    await table.append(deposits(5))
    await table.close()

    def full(_: int) -> None:
        assert list(folder.archive.glob("*.unfinished"))
        raise OSError(28, "No space left on device")

    def flaw(_: Segment) -> None:
        raise CorruptJournal(1, "is not what was written")

    with monkeypatch.context() as broken, pytest.raises(CorruptJournal, match="not what was"):
        broken.setattr(Segment, "prove", flaw)
        await move(folder)
    assert not list(folder.archive.glob("*"))
    table = await open_table(folder.path, "")
    try:
        with monkeypatch.context() as broken, pytest.raises(OSError, match="No space left"):
            broken.setattr(os, "fsync", full)
            await archive_entries(folder.archive, table, 4)
    finally:
        await table.close()
    assert not list(folder.archive.glob("*"))
    (folder.archive / "000000000001-000000000003.unfinished").write_bytes(b"of one that was killed")
    await move(folder)
    assert [path.suffix for path in folder.archive.glob("*")] == [".segment"]
