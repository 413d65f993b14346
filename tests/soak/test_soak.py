"""Mixed load at half the maximum rate for a minute, in `make nightly` for an hour (XYK_SOAK_S): the
server's memory stays flat, its slowest answers stay as they are, and nothing is refused but what
must be. All is compared within one run: no figure of this machine is asked for.
"""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from statistics import median

import msgspec
import pytest

from tests.server import ROOT, Server, run_xyk, running_server
from tests.soak.load import Seen

SECONDS_NIGHTLY = int(os.environ.get("XYK_SOAK_S", "3600"))
SEED = int(os.environ.get("XYK_SOAK_SEED", "1"))
# Entries after which all that is kept for a while is full: receipts (KEPT_MIN), and what became of
# orders that were named (OUTCOMES_KEPT; about three in ten entries of this load name some).
FILLED = 16_000
SAMPLE_S = 0.5
GROWTH_MAX = 1.05  # memory of the last third over the first
SLOWER_MAX = 3.0  # p99 of the last third over the first
# An order that somebody took before its owner came to cancel or replace it, and what the load does
# wrong on purpose.
EXPECTED = {
    *("200", "201", "204", "batch 201"),
    *("404 RESOURCE_NOT_FOUND", "422 EXPIRED", "422 INSUFFICIENT_FUNDS"),
}


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(60, marks=pytest.mark.slow),
        pytest.param(SECONDS_NIGHTLY, marks=pytest.mark.nightly, id="nightly"),
    ],
)
def test_soak(tmp_path: Path, seconds: int) -> None:
    arguments = ("--seed-demo", "--no-limits", "--snapshot-every", "20000")
    with running_server(tmp_path / "data", *arguments) as server:
        seen, sizes = soak(server, seconds)
    code, said = run_xyk("replay", "--data", str(server.data), timeout_s=600 + seconds)
    assert code == 0, said
    third = len(sizes) // 3
    first, last = median(sizes[:third]), median(sizes[-third:])
    print(
        f"{seen.rate:.0f} requests/s, {seen.requests} in all, {seen.frames} frames; "
        f"memory {first:.1f} -> {last:.1f} MB ({last / first:.3f}; {shown(sizes[:: third // 4])}); "
        f"p50 {shown(seen.p50_ms)}, p99 {shown(seen.p99_ms)} ms; "
        f"{dict(sorted(seen.answers.items()))}"
    )
    assert set(seen.answers) <= EXPECTED, seen.answers
    assert {"201", "422 EXPIRED", "422 INSUFFICIENT_FUNDS"} <= set(seen.answers), seen.answers
    assert seen.frames > 0
    assert last <= first * GROWTH_MAX, sizes
    assert seen.p99_ms[-1] <= seen.p99_ms[0] * SLOWER_MAX, seen.p99_ms
    assert not re.search(r"\[(error|critical|warning)", server.log.read_text())


def soak(server: Server, seconds: int) -> tuple[Seen, list[float]]:
    """What the load saw, and the server's memory in MB while it was steady."""
    command = [sys.executable, "-m", "tests.soak.load", str(server.port)]
    with subprocess.Popen(
        [*command, str(SEED), str(seconds), str(FILLED)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as load:
        assert load.stdout is not None
        try:
            assert load.stdout.readline() == "steady\n"
            over, sizes = threading.Event(), list[float]()
            sampler = threading.Thread(target=sample, args=(server.pid, sizes, over))
            sampler.start()
            last = load.stdout.readline()
            over.set()
            sampler.join()
        finally:
            load.kill()
    return msgspec.json.decode(last, type=Seen), sizes


def sample(pid: int, sizes: list[float], over: threading.Event) -> None:
    """Resident memory, which /proc gives in pages."""
    page = os.sysconf("SC_PAGE_SIZE")
    while not over.wait(SAMPLE_S):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        sizes.append(pages * page / 1e6)


def shown(values: list[float]) -> str:
    return " ".join(f"{value:.1f}" for value in values)
