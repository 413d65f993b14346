"""What an auditor runs on a data folder: verify, replay, rebuild; and the server's snapshot child.

All of them read the journal without the lock, beside a running server or without one. Each prints
a few lines and gives an exit code: 0 for yes, 1 for no.
"""

import os
import sys
import time
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from xyk.cli.anchors import (
    SnapshotFile,
    cursor_anchor,
    liabilities_anchors,
    snapshot_anchors,
    snapshot_files,
)
from xyk.cli.exits import CONFIG, CORRUPT, NO, OK, STORAGE, Stop
from xyk.cli.remote import pages, status_of
from xyk.cli.verify import Anchor, Verdict, verify
from xyk.client.connection import Connection
from xyk.engine.journal import Journal
from xyk.engine.replica import CorruptJournal, Replica
from xyk.exchange.state import State
from xyk.storage import snapshots
from xyk.storage.database import DataFolder
from xyk.storage.errors import STORAGE_ERRORS, NoJournal
from xyk.storage.journal import PostgresJournal, SqliteJournal
from xyk.storage.rebuild import rebuild

PAGE_TIMEOUT_S = 60.0  # of one request
NICENESS = 10  # of the snapshot child, which must not take the server's core


async def verify_data(data: Path, database_url: str, expect_seq: int, expect_hash: str) -> int:
    expected = _expected(expect_seq, expect_hash)
    async with _journal(data, database_url) as journal:
        # Anchors first: a running server may write on, and none of them is ahead of the journal.
        files = snapshot_files(DataFolder(data).snapshots)
        anchors = liabilities_anchors(DataFolder(data).liabilities) + snapshot_anchors(files)
        anchors += [*await cursor_anchor(data, database_url), *expected]
        head, _ = await journal.head()
        with _bar("verifying", head) as bar:
            verdict = await verify(
                journal.read(0, head), anchors, expected=head, progress=bar.reach
            )
    _print_damaged(files)
    _print_verdict(verdict)
    return OK if verdict.is_yes else NO


async def verify_url(url: str, expect_seq: int, expect_hash: str, patience_s: float) -> int:
    """From a server's public journal alone, as far as its /status says it goes."""
    expected = _expected(expect_seq, expect_hash)
    connection = Connection(url, timeout_s=PAGE_TIMEOUT_S, patience_s=patience_s)
    try:
        status = await status_of(connection)
        anchors = [*status.anchors(), *expected]
        with _bar("verifying", status.seq, is_told=True) as bar:
            verdict = await verify(
                pages(connection, status.seq),
                anchors,
                expected=status.seq,
                progress=bar.reach,
            )
    finally:
        await connection.close()
    _print_verdict(verdict)
    return OK if verdict.is_yes else NO


def _expected(seq: int, entry_hash: str) -> list[Anchor]:
    """What the auditor kept himself. Raises Stop."""
    if bool(seq) != bool(entry_hash):
        raise Stop(CONFIG, "--expect-seq and --expect-hash go together")
    return [Anchor("--expect-hash", seq, hash=entry_hash.lower())] if seq else []


async def replay_data(data: Path, database_url: str) -> int:
    """Folds from genesis; says no where the chain breaks or a snapshot has another digest."""
    async with _journal(data, database_url) as journal:
        files = snapshot_files(DataFolder(data).snapshots)
        expected = {file.header.seq: file.header for file in files if file.header is not None}
        head, _ = await journal.head()
        replica = Replica(State())
        disagreeing = []
        started = time.perf_counter()
        try:
            with _bar("replaying", head) as bar:
                async for batch in journal.read(0, head):
                    for entry in batch:
                        replica.apply(entry)
                        snapshot = expected.pop(entry.seq, None)
                        if snapshot is not None and replica.state.digest() != snapshot.digest:
                            disagreeing.append(entry.seq)
                    bar.reach(replica.state.seq)
        except CorruptJournal as fault:
            print(f"no: {fault}")
            return NO
        elapsed_s = time.perf_counter() - started
    seq = replica.state.seq
    print(f"seq {seq}")
    print(f"digest {replica.state.digest()}")
    print(f"hash {replica.head_hash}")
    print(f"{seq / elapsed_s:,.0f} entries/s ({elapsed_s:.2f} s)")
    for found in disagreeing:
        print(f"no: the snapshot of seq {found} has another digest")
    for missing in sorted(expected):
        print(f"no: the journal ends at {seq}, there is a snapshot of seq {missing}")
    _print_damaged(files)
    is_yes = not disagreeing and not expected and all(file.header is not None for file in files)
    if is_yes:
        print(f"yes: {len(files)} snapshots agree")
    return OK if is_yes else NO


async def rebuild_data(data: Path, database_url: str) -> int:
    async with _journal(data, database_url) as journal:
        head, _ = await journal.head()
        with _bar("rebuilding", head) as bar:
            seq = await rebuild(
                journal, data, database_url, progress=lambda reached, _: bar.reach(reached)
            )
    print(f"the read tables are new up to seq {seq}")
    return OK


async def snapshot_data(data: Path, database_url: str) -> None:
    os.nice(NICENESS)
    try:
        written = await snapshots.snapshot_data(data, database_url)
    except CorruptJournal as fault:
        raise Stop(CORRUPT, str(fault)) from None
    print(f"snapshot of seq {written.seq}, digest {written.digest}")


@asynccontextmanager
async def _journal(data: Path, database_url: str) -> AsyncIterator[Journal]:
    """Raises Stop where there is none or where it cannot be read."""
    path = DataFolder(data).journal
    if not database_url and not path.exists():
        raise Stop(CONFIG, f"there is no journal in {data}")
    try:
        journal: Journal = (
            await PostgresJournal.open_read_only(database_url)
            if database_url
            else await SqliteJournal.open_read_only(path)
        )
        try:
            yield journal
        finally:
            await journal.close()
    except NoJournal as fault:
        raise Stop(CONFIG, str(fault)) from None
    except STORAGE_ERRORS as fault:
        raise Stop(STORAGE, f"the journal cannot be read: {fault}") from fault


class _Bar:
    """`is_told`: where there is no terminal, a line now and then says how far it is."""

    def __init__(self, progress: Progress, description: str, total: int, is_told: bool) -> None:
        self._progress = progress
        self._task = progress.add_task(description, total=total)
        self._description, self._total = description, total
        self._told = 0 if is_told and progress.disable else None

    def reach(self, seq: int) -> None:
        self._progress.update(self._task, completed=seq)
        tenths = 10 * seq // max(self._total, 1)
        if self._told is not None and tenths > self._told:
            self._told = tenths
            print(f"{self._description}: {seq} of {self._total}", file=sys.stderr, flush=True)


@contextmanager
def _bar(description: str, total: int, *, is_told: bool = False) -> Generator[_Bar, None, None]:
    """On standard error, and only on a terminal; the answer alone goes to standard output."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield _Bar(progress, description, total, is_told)


def _print_damaged(files: list[SnapshotFile]) -> None:
    for file in files:
        if file.header is None:
            print(f"snapshot {file.name} is damaged: {file.why}")


def _print_verdict(verdict: Verdict) -> None:
    schemes = ", ".join(f"{count} {scheme}" for scheme, count in sorted(verdict.schemes.items()))
    older = f", {verdict.older} of older rules" if verdict.older else ""
    print(f"checked {verdict.entries} entries ({schemes}{older}), {verdict.signatures} signatures")
    if verdict.is_yes:
        print(f"seq {verdict.seq}\nhash {verdict.hash}\ndigest {verdict.digest}")
        print(f"yes: {verdict.reason}")
    else:
        print(f"no: entry {verdict.seq}: {verdict.reason}")
