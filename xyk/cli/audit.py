"""What an auditor runs on a data folder: verify, replay, rebuild; and the server's snapshot child.

All of them read the journal without the lock, beside a running server or without one. Each prints
a few lines and gives an exit code: 0 for yes, 1 for no.
"""

import os
import select
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from xyk.cli.anchors import (
    SnapshotFile,
    cursor_anchor,
    liabilities_anchors,
    snapshot_anchors,
    snapshot_files,
)
from xyk.cli.bar import progress_bar
from xyk.cli.exits import CONFIG, CORRUPT, NO, OK, STORAGE, Stop
from xyk.cli.remote import pages, status_of
from xyk.cli.verify import Anchor, Verdict, verify
from xyk.client.connection import Connection
from xyk.engine.journal import Journal
from xyk.engine.replica import CorruptJournal, Replica
from xyk.exchange.state import State
from xyk.storage import snapshots
from xyk.storage.archive import open_read_only
from xyk.storage.database import DataFolder
from xyk.storage.errors import STORAGE_ERRORS, NoJournal
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
        with progress_bar("verifying", head) as bar:
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
        with progress_bar("verifying", status.seq, is_told=True) as bar:
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
            with progress_bar("replaying", head) as bar:
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
        with progress_bar("rebuilding", head) as bar:
            seq = await rebuild(
                journal, data, database_url, progress=lambda reached, _: bar.reach(reached)
            )
    print(f"the read tables are new up to seq {seq}")
    return OK


async def snapshot_data(data: Path, database_url: str, is_child: bool) -> None:
    os.nice(NICENESS)
    try:
        written = await snapshots.snapshot_data(
            data, database_url, before_writing=_expect_server if is_child else None
        )
    except CorruptJournal as fault:
        raise Stop(CORRUPT, str(fault)) from None
    print(f"snapshot of seq {written.seq}, digest {written.digest}")


def _expect_server() -> None:
    """Raises Stop where the server at the other end of standard input is gone. While it lives, what
    can be read is on disk; what was read after it died may be lost with the power, and a snapshot
    of it would stop the next start.
    """
    ended, _, _ = select.select([sys.stdin], [], [], 0)
    if ended:
        raise Stop(NO, "the server ended meanwhile: no snapshot")


@asynccontextmanager
async def _journal(data: Path, database_url: str) -> AsyncIterator[Journal]:
    """Raises Stop where there is none or where it cannot be read."""
    path = DataFolder(data).journal
    if not database_url and not path.exists():
        raise Stop(CONFIG, f"there is no journal in {data}")
    try:
        journal: Journal = await open_read_only(data, database_url)
        try:
            yield journal
        finally:
            await journal.close()
    except NoJournal as fault:
        raise Stop(CONFIG, str(fault)) from None
    except CorruptJournal as fault:
        raise Stop(NO, f"no: {fault}") from None
    except STORAGE_ERRORS as fault:
        raise Stop(STORAGE, f"the journal cannot be read: {fault}") from fault


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
