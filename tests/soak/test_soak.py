"""Mixed load at half the maximum rate for a minute, in `make nightly` for an hour (XYK_SOAK_S): the
server's memory stays flat, a request costs as much processor time as before, the slowest answers
stay as they are, and nothing is refused but what must be. All is compared within one run: no figure
of this machine is asked for.

The minute runs beside other tests, which come and go. So the server's processor time is compared
with what the load itself spent on the same requests, which neighbours slow down alike; and of the
slowest answers count the quieter seconds, less what the server waited for a processor meanwhile.
And a minute whose times got worse is repeated on the same server: what grows in the server goes on
growing, a neighbour ends. The hour runs alone, and all its answers count.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median, quantiles

import msgspec
import pytest

from tests.server import ROOT, Server, run_xyk, running_server
from tests.soak.load import Seen, Window

SECONDS_NIGHTLY = int(os.environ.get("XYK_SOAK_S", "3600"))
SEED = int(os.environ.get("XYK_SOAK_SEED", "1"))
# Entries after which all that is kept for a while is full: receipts (KEPT_MIN), and what became of
# orders that were named (OUTCOMES_KEPT; about three in ten entries of this load name some).
FILLED = 16_000
ATTEMPTS = 2
FILLED_AGAIN = 2_000  # it is full by then: enough to learn the rate
# Of the last third over the first:
GROWTH_MAX = 1.05  # memory
COSTLIER_MAX = 1.5  # processor time of a request
SLOWER_MAX = 3.0  # p99
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
    is_alone = seconds == SECONDS_NIGHTLY
    arguments = ("--seed-demo", "--no-limits", "--snapshot-every", "20000")
    with running_server(tmp_path / "data", *arguments, forked=False) as server:
        for attempt in range(1 if is_alone else ATTEMPTS):
            seen = soak(server, seconds, attempt)
            assert_only_expected(seen)
            print(told_of(seen))
            assert not larger_in(seen), told_of(seen)
            slower = slower_in(seen, is_alone)
            if not slower:
                break
            print(*slower, sep="\n")
    worrying = re.findall(r".*\[(?:error|critical|warning).*", server.log.read_text())
    assert not worrying, worrying[:5]
    assert not slower, told_of(seen)
    code, said = run_xyk("replay", "--data", str(server.data), timeout_s=600 + seconds)
    assert code == 0, said


def assert_only_expected(seen: Seen) -> None:
    assert set(seen.answers) <= EXPECTED, seen.answers
    assert {"201", "422 EXPIRED", "422 INSUFFICIENT_FUNDS"} <= set(seen.answers), seen.answers
    assert seen.frames > 0


def larger_in(seen: Seen) -> list[str]:
    return _more(seen, {"memory, MB": (memory_of, GROWTH_MAX)})


def slower_in(seen: Seen, is_alone: bool) -> list[str]:
    compared = {
        "processor time over the load's": (cost_of, COSTLIER_MAX),
        "p99 of quiet seconds, ms": (quiet_p99, SLOWER_MAX),
    }
    if is_alone:
        compared["p99, ms"] = (whole_p99, SLOWER_MAX)
    return _more(seen, compared)


def _more(
    seen: Seen, compared: dict[str, tuple[Callable[[list[Window]], float], float]]
) -> list[str]:
    """What the last third of the run has too much of, over the first."""
    found = []
    for name, (figure_of, most) in compared.items():
        first, _, last = map(figure_of, thirds_of(seen))
        if last > first * most:
            found.append(f"{name}: {last:.2f} after {first:.2f}, x{last / first:.2f} > x{most}")
    return found


def told_of(seen: Seen) -> str:
    thirds = thirds_of(seen)
    return (
        f"{seen.rate:.0f} requests/s, {sum(len(one.times_ms) for one in seen.windows)} in all, "
        f"{seen.frames} frames; memory {shown(map(memory_of, thirds))} MB; processor time over the "
        f"load's {shown(map(cost_of, thirds))}; p99 {shown(map(whole_p99, thirds))} ms, of quiet "
        f"seconds {shown(map(quiet_p99, thirds))} ms; {dict(sorted(seen.answers.items()))}"
    )


def thirds_of(seen: Seen) -> list[list[Window]]:
    third = len(seen.windows) // 3
    return [seen.windows[third * n : third * (n + 1)] for n in range(3)]


def soak(server: Server, seconds: int, attempt: int) -> Seen:
    """Each attempt has traders of its own."""
    wish = (
        server.port,
        server.pid,
        SEED + 100 * attempt,
        seconds,
        FILLED_AGAIN if attempt else FILLED,
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak.load", *map(str, wish)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=Seen)


def memory_of(windows: list[Window]) -> float:
    return median(one.memory_mb for one in windows)


def cost_of(windows: list[Window]) -> float:
    """Of the server's requests, over what the load spent on the same ones."""
    return sum(one.server_s for one in windows) / sum(one.load_s for one in windows)


def quiet_p99(windows: list[Window]) -> float:
    """In ms: of the quieter seconds (the lower quartile), each as if the server's event loop had
    run whenever it could."""
    found = [
        p99(one.times_ms) * one.loop_s / (one.loop_s + one.waited_s)
        for one in windows
        if one.times_ms
    ]
    return quantiles(found, n=4)[0]


def whole_p99(windows: list[Window]) -> float:
    return p99([time for one in windows for time in one.times_ms])


def p99(times: list[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]


def shown(values: Iterable[float]) -> str:
    return " ".join(f"{value:.1f}" for value in values)
