"""SIGKILL in the middle of appends: whatever was acknowledged is there, and the chain is whole."""

import os
import subprocess
import sys
from pathlib import Path

from tests.storage.test_journal import sqlite_file
from xyk.engine.replica import Replica, follow
from xyk.exchange.state import State
from xyk.storage.journal import SqliteJournal

ROUNDS = 6
APPENDER = """
import asyncio, sys
from pathlib import Path
from tests.storage.chain import deposits
from xyk.storage.journal import SqliteJournal

async def main():
    journal = await SqliteJournal.open(Path(sys.argv[1]))
    seq, _ = await journal.head()
    last = await journal.entry(seq)
    size = 1
    while True:
        group = deposits(size, last)
        await journal.append(group)
        last = group[-1]
        print(last.seq, flush=True)
        size = size % 40 + 3

asyncio.run(main())
"""
ROOT = Path(__file__).resolve().parents[2]


def append_until_killed(path: Path, lines: int) -> int:
    """The last seq that the process said was on disk."""
    with subprocess.Popen(
        [sys.executable, "-c", APPENDER, str(path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        said += process.stdout.readlines()
    return int([line for line in said if line.endswith("\n")][-1])


async def test_what_was_acknowledged_is_there(tmp_path: Path) -> None:
    path = sqlite_file(tmp_path)
    replica = Replica(State())
    for killed_after in range(ROUNDS):
        acknowledged = append_until_killed(path, 1 + 7 * killed_after)
        journal = await SqliteJournal.open_read_only(path)
        await follow(replica, journal)
        await journal.close()
        assert replica.state.seq >= acknowledged
