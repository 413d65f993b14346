"""Resident memory: the server idle, and what 100,000 funded accounts add."""

import subprocess
import sys
from pathlib import Path

from bench.http import served
from bench.table import Row, at_most
from tests.server import ROOT

ACCOUNTS = 100_000
MB = 1024 * 1024


def resident_mb(pid: int | str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / MB
    raise AssertionError("no VmRSS")


def funded_mb() -> float:
    """In a fresh process, so that nothing else grows."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.memory"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def rows() -> list[Row]:
    with served() as (_, pid):
        idle = resident_mb(pid)
    return [
        at_most("memory of an idle server", idle, 150, "MB"),
        at_most("100,000 funded accounts add", funded_mb(), 80, "MB"),
    ]


if __name__ == "__main__":
    from bench.core import seeded_state
    from xyk.domain.events import Deposited
    from xyk.exchange.evolve import apply

    state = seeded_state()
    before = resident_mb("self")
    for number in range(ACCOUNTS):
        owner = f"0x{number:040x}"
        events = tuple(
            Deposited(owner=owner, asset=asset, amount=10**12 + number) for asset in ("ETH", "USDC")
        )
        apply(state, state.seq + 1, state.now_ms, events)
    print(resident_mb("self") - before)
