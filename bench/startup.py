"""How long a server takes from its start to its open port, behind a long journal with a snapshot.

XYK_BENCH_ENTRIES says how long (1,000,000 by default: 2.5 GB on disk and some minutes to make).
"""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.core import GENESIS, deep_pools, swaps
from bench.table import Row, at_most, note
from tests.exchange.venue import ALICE, Outcome, Venue
from tests.server import ROOT
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, Request
from xyk.engine.entry import GENESIS_HASH, Entry, Evidence, make_entry
from xyk.exchange.decide import decide
from xyk.exchange.evolve import apply
from xyk.storage.connection import read_database, writing_engine
from xyk.storage.journal import SqliteJournal
from xyk.storage.migrate import upgrade
from xyk.storage.projection import Projection
from xyk.storage.snapshots import snapshot_data

ENTRIES = int(os.environ.get("XYK_BENCH_ENTRIES", "1000000"))
GROUP = 256
TARGET_S = 3.0


class Recorder(Venue):
    """A venue that keeps the entries of what it did."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        super().__init__(GENESIS)

    def _run(self, command: Any, scheme: str, signer: str) -> Outcome:
        outcome = super()._run(command, scheme, signer)
        if not isinstance(outcome, Rejected):
            self.keep(command, scheme, outcome)
        return outcome

    def keep(self, command: Any, scheme: str, events: Any) -> None:
        seq = len(self.entries) + 1
        signed = {"signer": ALICE, "digest": f"0x{seq:064x}", "signature": "0x" + "ab" * 65}
        evidence = Evidence(scheme=scheme, **(signed if scheme == EIP712 else {}))
        previous = self.entries[-1].hash if self.entries else GENESIS_HASH
        self.entries.append(make_entry(seq, self.now_ms, command, evidence, events, previous))


def record(count: int) -> list[Entry]:
    """Genesis, deep pools, then swaps."""
    venue = Recorder()
    deep_pools(venue)
    state = venue.state
    for command in swaps(state, count - len(venue.entries)):
        request = Request(state.seq + 1, venue.now_ms, ALICE, "", EIP712, command)
        events = decide(state, request)
        assert not isinstance(events, Rejected), events
        apply(state, request.seq, request.now_ms, events)
        venue.keep(command, EIP712, events)
    return venue.entries


async def write(data: Path, entries: list[Entry]) -> None:
    """Journal, read tables and a snapshot at its end."""
    await upgrade(data)
    journal = await SqliteJournal.open(data / "journal.db")
    for start in range(0, len(entries), GROUP):
        await journal.append(entries[start : start + GROUP])
    engine = writing_engine(read_database(data))
    await Projection(engine, journal).catch_up()
    await engine.dispose()
    await journal.close()
    await snapshot_data(data, "")


def start_s(data: Path) -> float:
    """Seconds from starting the process to its open port."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "xyk", "serve", "--data", str(data), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--accept-clock"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    opened = any(" listens on " in line for line in process.stdout)
    elapsed = time.perf_counter() - started
    process.terminate()
    process.wait()
    assert opened, "the server did not start"
    return elapsed


def rows() -> list[Row]:
    with TemporaryDirectory() as folder:
        data = Path(folder)
        asyncio.run(write(data, record(ENTRIES)))
        size_mb = sum(file.stat().st_size for file in data.glob("*.db")) / 2**20
        best = min(start_s(data) for _ in range(3))
    return [
        note(f"{ENTRIES:,} entries on disk", f"{size_mb:,.0f} MB"),
        at_most("start-up behind them, with a snapshot", best, TARGET_S, "s"),
    ]
