"""A consistent copy of a deployment, made beside a running server, and the way back.

A backup is a folder like a data folder, with a manifest that is written last: seq, hash, and the
SHA-256 of every file. The journal is in `journal.db`, whichever database it comes from or goes
back to. Copied in this order: the newest good snapshot, which the journal reaches; the table, in
one read of the database; the segments, since what leaves the table is in one of them before. Of
mirrored chains it has the transactions that were relayed, not what a chain says again. The read
tables are derived and not in it; keys are only where they are asked for.
"""

import os
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import file_digest
from pathlib import Path

import msgspec

from xyk.engine.durable import sync_folder, write_durably
from xyk.engine.entry import GENESIS_HASH, Entry
from xyk.engine.replica import CorruptJournal
from xyk.engine.snapshot import SnapshotFolder, newest_start
from xyk.storage.archive import Archive, open_journal, open_read_only
from xyk.storage.connection import journal_database
from xyk.storage.database import DataFolder
from xyk.storage.journal import PostgresJournal, SqliteJournal
from xyk.storage.lock import DataInUse, FolderLock
from xyk.storage.migrate import upgrade, upgrade_database
from xyk.storage.segment import Link

VERSION = 1  # of the manifest
MANIFEST = "manifest.json"
JOURNAL = "journal.db"
RELAYED = "*.relayed.db"  # in the folder of the chains
KEYS = ("operator.key", "demo.key", "sessions.key")
NAMES = re.compile(
    r"journal\.db|snapshots/\d{12}\.json|archive/\d{12}-\d{12}\.segment"
    r"|(operator|demo|sessions)\.key|chain/[a-z0-9-]{1,32}\.relayed\.db"
)
CHUNK = 1 << 20  # bytes
PRIVATE = 0o600

Progress = Callable[[int], None]  # the seq that was proven


class BadBackup(ValueError):
    """It is torn, was changed, or is none; or there is no room for it where it should go."""


class FileSum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`bytes`: its size; `sha256` in hex."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`seq` and `hash` are those of the journal's last entry in it; files by relative name."""

    version: int
    seq: int
    hash: str
    files: dict[str, FileSum]


async def back_up(
    data: Path,
    database_url: str,
    to: Path,
    *,
    with_keys: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """`to` gets its name when all of it is on disk, read back and proven. Raises BadBackup where
    something is there already, CorruptJournal, and what a full disk raises.
    """
    _expect_nothing_in(to)
    copy = _unfinished(to)
    lock = _take(copy, to)
    try:
        _clear(copy)
        _expect_nothing_in(to)  # which another one may have finished before we had the lock
        manifest = await _copy(DataFolder(data), database_url, copy, with_keys, progress)
        copy.path.replace(to)
        (to / copy.lock.name).unlink()
    except BaseException:  # a server on the same disk may need the room
        shutil.rmtree(copy.path, ignore_errors=True)
        raise
    finally:
        lock.release()
    sync_folder(to)
    sync_folder(to.parent)
    return manifest


async def restore(
    backup: Path, data: Path, database_url: str = "", progress: Progress | None = None
) -> Manifest:
    """Into an empty folder, and into an empty database where one is named. Raises BadBackup before
    anything is written, and DataInUse where somebody else begins in the same folder.
    """
    manifest = read_manifest(backup)
    _expect_nothing_in(data)
    folder = DataFolder(data)
    if database_url:
        await _expect_empty(database_url)
    folder.create()
    lock = FolderLock.take(folder.lock)  # a server would serve another journal than is put there
    try:
        _expect_nothing_in(data, besides=folder.lock.name)
        await _fill(backup, manifest, folder, database_url)
        end = await _prove(data, progress, database_url)
        if end != (manifest.seq, manifest.hash):
            raise BadBackup(f"it ends at {end.seq}, its manifest says {manifest.seq}")
        folder.restoring.unlink()
        sync_folder(data)
    finally:
        lock.release()
    return manifest


async def _fill(backup: Path, manifest: Manifest, folder: DataFolder, database_url: str) -> None:
    data = folder.path
    write_durably(folder.restoring, ())  # until the end no server makes a new exchange here
    for part in (folder.snapshots, folder.archive):
        part.mkdir(exist_ok=True)
    if any(Path(name).parent == Path(folder.chain.name) for name in manifest.files):
        folder.chain.mkdir(mode=0o700, exist_ok=True)
    for name in sorted(manifest.files):
        if name != JOURNAL or not database_url:
            _restore_file(backup / name, data / name, manifest.files[name])
    if database_url:
        await upgrade(data, database_url)
        await _fill_postgres(backup / JOURNAL, database_url)
    sync_folder(data)
    sync_folder(data.parent)


def read_manifest(backup: Path) -> Manifest:
    """Checked against every file. Raises BadBackup."""
    try:
        manifest = msgspec.json.decode((backup / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise BadBackup(f"{backup} is no finished backup: it has no {MANIFEST}") from None
    except (OSError, ValueError) as error:
        raise BadBackup(f"{backup / MANIFEST} cannot be read: {error}") from None
    if manifest.version != VERSION:
        raise BadBackup(f"{backup} has a manifest of version {manifest.version}; upgrade xyk")
    if JOURNAL not in manifest.files:
        raise BadBackup(f"{backup} has no {JOURNAL}")
    for name, expected in manifest.files.items():
        if not NAMES.fullmatch(name):
            raise BadBackup(f"{backup} names a file that no backup has: {name[:50]!r}")
        try:
            found = _sum(backup / name)
        except OSError as error:
            raise BadBackup(f"{name} of {backup} cannot be read: {error.strerror}") from None
        if found != expected:
            raise BadBackup(
                f"{name} of {backup} is torn or was changed: {found.bytes} bytes, SHA-256"
                f" {found.sha256}; its manifest says {expected.bytes} and {expected.sha256}"
            )
    return manifest


def _unfinished(to: Path) -> DataFolder:
    """Where the copy is until it has its name. Raises BadBackup."""
    if to.is_symlink() or os.path.ismount(to) or not to.name:
        raise BadBackup(f"{to} cannot be renamed to at the end; name a new folder inside of it")
    return DataFolder(to.with_name(f"{to.name}.unfinished"))


def _take(copy: DataFolder, to: Path) -> FolderLock:
    """Raises BadBackup where somebody else copies there."""
    copy.create()
    try:
        return FolderLock.take(copy.lock)
    except DataInUse:
        why = f"another backup to {to} is being made; wait for it, or name another folder"
        raise BadBackup(why) from None


def _clear(copy: DataFolder) -> None:
    """Of one that was broken off."""
    for leftover in copy.path.iterdir():
        if leftover.is_dir():
            shutil.rmtree(leftover)
        elif leftover != copy.lock:
            leftover.unlink()


async def _copy(
    source: DataFolder,
    database_url: str,
    copy: DataFolder,
    with_keys: bool,
    progress: Progress | None,
) -> Manifest:
    """All of it, on disk and proven; the manifest last."""
    await _copy_snapshot(source, database_url, copy)
    if database_url:
        await _copy_postgres(database_url, copy)
    else:
        _copy_sqlite(source.journal, copy.journal)
    copy.archive.mkdir()
    for segment in Archive.open(source.archive).segments:
        _copy_file(segment.path, copy.archive / segment.path.name)
    for relayed in sorted(source.chain.glob(RELAYED)):
        copy.chain.mkdir(mode=0o700, exist_ok=True)
        _copy_sqlite(relayed, copy.chain / relayed.name)
    for name in KEYS if with_keys else ():
        if (source.path / name).is_file():
            _copy_file(source.path / name, copy.path / name)
    end = await _prove(copy.path, progress)
    files = {name: _sum(copy.path / name) for name in _names(copy.path)}
    manifest = Manifest(version=VERSION, seq=end.seq, hash=end.hash, files=files)
    text = msgspec.json.format(msgspec.json.encode(manifest)) + b"\n"
    write_durably(copy.path / MANIFEST, (text,), mode=PRIVATE)
    for folder in (copy.snapshots, copy.archive, copy.chain, copy.path):
        if folder.is_dir():
            sync_folder(folder)
    return manifest


async def _copy_snapshot(source: DataFolder, database_url: str, copy: DataFolder) -> None:
    """The newest good one, if any."""
    copy.snapshots.mkdir()
    journal = await open_read_only(source.path, database_url, is_quick=True)
    try:
        start = await newest_start(journal, SnapshotFolder(source.snapshots))
    finally:
        await journal.close()
    if start.snapshot is not None:
        name = f"{start.snapshot.seq:012}.json"
        with suppress(FileNotFoundError):  # the server's child dropped it: a start needs none
            text = (source.snapshots / name).read_bytes()
            write_durably(copy.snapshots / name, (text,), mode=PRIVATE)


def _copy_sqlite(source: Path, target: Path) -> None:
    """All that is committed at one moment, beside whoever writes."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
    connection = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    finally:
        connection.close()
    _sync(target)


async def _copy_postgres(database_url: str, copy: DataFolder) -> None:
    """Committed entries never change, so those up to one head are a consistent copy however long
    the reading takes."""
    await upgrade_database(journal_database(copy.path))
    source = await PostgresJournal.open_read_only(database_url)
    try:
        target = await SqliteJournal.open(copy.journal)
        try:
            head, _ = await source.head()
            async for batch in source.read(0, head):
                await target.append(batch)
        finally:
            await target.close()
    finally:
        await source.close()
    connection = sqlite3.connect(copy.journal)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")  # a copy has no log beside it
    finally:
        connection.close()
    _sync(copy.journal)


async def _fill_postgres(source: Path, database_url: str) -> None:
    copy = await SqliteJournal.open_read_only(source)
    try:
        target = await PostgresJournal.open(database_url)
        try:
            await target.fill(copy.read(0))
        finally:
            await target.close()
    finally:
        await copy.close()


async def _prove(data: Path, progress: Progress | None, database_url: str = "") -> Link:
    """The end of the journal that lies there, every entry of it whole and linked, its snapshot of
    this journal. Raises CorruptJournal.
    """
    journal = await open_journal(data, database_url) if database_url else await open_read_only(data)
    try:
        end = Link(0, GENESIS_HASH)
        async for entries in _reported(journal.read(0), progress):
            for entry in entries:
                end = end.to(entry)
        await newest_start(journal, SnapshotFolder(DataFolder(data).snapshots))
    finally:
        await journal.close()
    if not end.seq:
        raise CorruptJournal(1, "missing: the journal is empty")
    return end


async def _reported(
    batches: AsyncIterator[Sequence[Entry]], progress: Progress | None
) -> AsyncIterator[Sequence[Entry]]:
    async for batch in batches:
        yield batch
        if progress is not None:
            progress(batch[-1].seq)


async def _expect_empty(database_url: str) -> None:
    """Raises BadBackup."""
    await upgrade_database(journal_database(Path(), database_url))
    journal = await PostgresJournal.open_read_only(database_url)
    try:
        head, _ = await journal.head()
    finally:
        await journal.close()
    if head:
        raise BadBackup(f"the database has a journal of {head} entries; name an empty one")


def _expect_nothing_in(folder: Path, besides: str = "") -> None:
    """Raises BadBackup."""
    if not folder.exists():
        return
    if not folder.is_dir() or any(one.name != besides for one in folder.iterdir()):
        raise BadBackup(f"{folder} is not empty; name a folder that is empty or not there")


def _copy_file(source: Path, target: Path) -> None:
    write_durably(target, _chunks(source), mode=PRIVATE)


def _restore_file(source: Path, target: Path, expected: FileSum) -> None:
    def prove(unfinished: Path) -> None:
        if _sum(unfinished) != expected:
            raise BadBackup(f"{source} changed while it was copied")

    write_durably(target, _chunks(source), prove, mode=PRIVATE)


def _chunks(source: Path) -> Iterator[bytes]:
    with source.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _sum(file: Path) -> FileSum:
    with file.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
        return FileSum(stream.tell(), digest)


def _names(folder: Path) -> list[str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [name for path in files if NAMES.fullmatch(name := path.relative_to(folder).as_posix())]


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
