"""`xyk simulate`: seeds of the simulation, one after the other or several at a time.

A seed that fails is named with the commit, because it plays the same game only on the same code.
"""

import logging
import multiprocessing
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path
from typing import NamedTuple

import structlog

from xyk.cli.exits import CONFIG, NO, OK, Stop

AT_ONCE = 64  # seeds that a process takes together


class Played(NamedTuple):
    """`fault` is empty where the seed went well; `digest` is over all that happened in it."""

    seed: int
    digest: str
    entries: int
    fault: str


def simulate(seed: int, seeds: int, steps: int, faults: str, jobs: int) -> int:
    """The exit code: 1 after the first seed that fails. Raises Stop without apsw."""
    try:
        from xyk.simulation.trouble import FAULTS
    except ModuleNotFoundError as missing:
        if missing.name != "apsw":
            raise
        raise Stop(CONFIG, "the simulated disk needs apsw: pip install 'apsw>=3.54,<4'") from None
    chosen = {"all": FAULTS, "none": frozenset()}.get(faults, frozenset(faults.split(",")))
    if chosen - FAULTS:
        unknown = ", ".join(sorted(chosen - FAULTS))
        raise Stop(CONFIG, f"no such fault: {unknown}; there are {', '.join(sorted(FAULTS))}")
    began, played, entries = time.monotonic(), 0, 0
    for one in _outcomes(seed, seeds, steps, chosen, jobs):
        played += 1
        entries += one.entries
        if one.fault:
            print(one.fault, file=sys.stderr)
            print(f"SEED={one.seed} COMMIT={commit()}", flush=True)
            return NO
        if seeds == 1:
            print(f"seed {one.seed}: {one.entries} entries, trace {one.digest}")
        elif played % 100 == 0:
            print(f"{played} seeds, the last is {one.seed}", flush=True)
    took_s = time.monotonic() - began
    if seeds != 1:
        print(f"{played} seeds, {entries} entries, no violation, {played / took_s:.1f} seeds/s")
    return OK


def commit() -> str:
    """Of the checkout that this is; "unknown" where there is none."""
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        said = subprocess.check_output(
            asked, cwd=Path(__file__).parent, text=True, stderr=subprocess.DEVNULL
        )
        return said.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def play(seed: int, steps: int, faults: frozenset[str]) -> Played:
    """One seed, in this process."""
    from xyk.simulation.run import simulate as run

    try:
        outcome = run(seed, steps, faults)
    except Exception:
        return Played(seed, "", 0, traceback.format_exc())
    return Played(seed, outcome.digest, outcome.entries, "")


def be_quiet() -> None:
    """The servers of a simulation say much that belongs to it."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _outcomes(
    seed: int, seeds: int, steps: int, faults: frozenset[str], jobs: int
) -> Iterator[Played]:
    numbers = iter(range(seed, seed + seeds)) if seeds else count(seed)
    if jobs == 1 or seeds == 1:
        be_quiet()
        for number in numbers:
            yield play(number, steps, faults)
        return
    context = multiprocessing.get_context("spawn")
    while some := [number for _, number in zip(range(jobs * AT_ONCE), numbers, strict=False)]:
        # New processes for each round: what is killed in a simulation stays in anyio's table of
        # tasks, some 10 MB a seed.
        with ProcessPoolExecutor(jobs, context, initializer=be_quiet) as pool:
            many = len(some)
            yield from pool.map(play, some, [steps] * many, [faults] * many)
