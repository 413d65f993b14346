"""Backups that are made to one place at the same time, and what is left of them.

What is in a backup, and the way back: tests/cli/test_keeping.py, on a real exchange.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.databases import in_a_thread
from tests.storage.chain import deposits
from tests.storage.test_journal import sqlite_file
from xyk.storage.backup import BadBackup, Manifest, back_up, read_manifest, restore
from xyk.storage.database import DataFolder
from xyk.storage.journal import SqliteJournal
from xyk.storage.lock import FolderLock
from xyk.storage.relayed import Relayed, RelayedTransaction

COUNT = 5


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    folder = DataFolder(tmp_path / "data")
    folder.create()
    journal = await SqliteJournal.open(sqlite_file(folder.path))
    await journal.append(deposits(COUNT))
    await journal.close()
    return folder.path


def another(data: Path, to: Path) -> Manifest:
    return in_a_thread(back_up(data, "", to))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def expect_finished(to: Path) -> None:
    """All of it, nothing else, and nothing beside it."""
    assert read_manifest(to).seq == COUNT
    assert names(to) == ["archive", "journal.db", "manifest.json", "snapshots"]
    assert names(to.parent) == ["copy", "data"]


async def test_of_two_at_once_the_second_is_told_so(data: Path, tmp_path: Path) -> None:
    """It would clear away, as a broken-off one, what the first has copied."""
    to = tmp_path / "copy"
    told = []

    def meanwhile(_: int) -> None:
        with pytest.raises(BadBackup) as fault:
            another(data, to)
        told.append(str(fault.value))

    await back_up(data, "", to, progress=meanwhile)
    assert told == [f"another backup to {to} is being made; wait for it, or name another folder"]
    expect_finished(to)


async def test_one_that_finished_in_between_is_not_replaced(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "copy"
    take: Callable[[Path], FolderLock] = FolderLock.take

    def late(path: Path) -> FolderLock:
        monkeypatch.undo()
        another(data, to)
        path.parent.mkdir(exist_ok=True)
        return take(path)

    monkeypatch.setattr(FolderLock, "take", late)
    with pytest.raises(BadBackup, match="is not empty"):
        await back_up(data, "", to)
    expect_finished(to)


async def test_what_a_broken_off_one_left_is_cleared(data: Path, tmp_path: Path) -> None:
    left = tmp_path / "copy.unfinished"
    (left / "archive").mkdir(parents=True)
    for name in ("archive/000000000001-000000000002.segment", "journal.db", "lock", "demo.key"):
        (left / name).write_bytes(b"of one that was killed")
    await back_up(data, "", tmp_path / "copy")
    expect_finished(tmp_path / "copy")


async def test_transactions_that_were_relayed_are_in_it_and_come_back(
    data: Path, tmp_path: Path
) -> None:
    """Beside a server that has the file open. What a chain says again is not."""
    waiting = RelayedTransaction(
        hash="0x" + "5e" * 32,
        raw=b"signed",
        sender="0x" + "a1" * 20,
        nonce=7,
        until_s=2**31,
        relayed_ms=1,
        block=2,
    )
    to, back = tmp_path / "copy", tmp_path / "back"
    with closing(Relayed.open(DataFolder(data).relayed("main-net"))) as relayed:
        await relayed.put(waiting)
        (data / "chain" / "main-net.db").write_bytes(b"of the chain")
        await back_up(data, "", to)
    assert names(to / "chain") == ["main-net.relayed.db"]
    await restore(to, back)
    copied = DataFolder(back).relayed("main-net")
    for file in (to / "chain" / copied.name, copied):
        assert file.stat().st_mode & 0o777 == 0o600, "it could be sent at a bad moment"
    with closing(Relayed.open(copied)) as relayed:
        assert await relayed.open_ones() == [waiting]
    (to / "chain" / copied.name).unlink()
    with pytest.raises(BadBackup, match=r"main-net\.relayed\.db"):
        read_manifest(to)


async def test_one_that_fails_leaves_nothing(data: Path, tmp_path: Path) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        await back_up(data, "", tmp_path / "copy", progress=full)
    assert names(tmp_path) == ["data"]
    await back_up(data, "", tmp_path / "copy")
    expect_finished(tmp_path / "copy")
