"""`make mutants`: plants one bug after the other in a copy of this checkout, and shows what catches
it. Exit 1 if one survives or no longer applies.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.bugs import BUGS, SIMULATION, Bug

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("alembic", "amm", "api", "docs", "pools", "tests", "xyk")
SEEDS = 150  # without a violation: it survives


def patched(bug: Bug, text: str) -> str:
    """The file with the bug in it. Raises ValueError where the patch does not fit."""
    for old, new in bug.edits:
        if text.count(old) != 1:
            raise ValueError(f"{bug.name}: {bug.path} has {text.count(old)} times {old!r}")
        text = text.replace(old, new)
    return text


@contextmanager
def planted(bug: Bug, copy: Path) -> Iterator[None]:
    file = copy / bug.path
    healthy = file.read_text()
    file.write_text(patched(bug, healthy))
    try:
        yield
    finally:
        file.write_text(healthy)


def hunt(bug: Bug, copy: Path, jobs: int, seeds: int = SEEDS) -> tuple[bool, str]:
    """Whether it was caught, and by what."""
    if bug.caught_by == SIMULATION:
        asked = ["-m", "xyk.cli.main", "simulate", "--seeds", str(seeds), "--jobs", str(jobs)]
    else:
        asked = ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", bug.caught_by]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *asked], cwd=copy, env=environment, capture_output=True, text=True
    )
    if done.returncode != 1:
        return False, (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    if bug.caught_by == SIMULATION:
        seed = next(line for line in done.stdout.splitlines() if line.startswith("SEED="))
        fault = done.stderr.strip().splitlines()[-1].rpartition("violation.")[2]
        return True, f"{seed.split()[0]}: {fault}"
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    return True, failed[0] if failed else "the test"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("words", nargs="*", help="only the bugs whose names have one of them")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    chosen = [bug for bug in BUGS if not given.words or any(w in bug.name for w in given.words)]
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="xyk-mutants-") as folder:
        copy = Path(folder)
        for name in COPIED:
            shutil.copytree(
                ROOT / name,
                copy / name,
                ignore=shutil.ignore_patterns("__pycache__", "node_modules"),
            )
        shutil.copy(ROOT / "pyproject.toml", copy)
        for bug in chosen:
            began = time.monotonic()
            try:
                with planted(bug, copy):
                    is_caught, by = hunt(bug, copy, given.jobs)
            except ValueError as misfit:
                is_caught, by = False, str(misfit)
            survivors += not is_caught
            verdict = "caught" if is_caught else "SURVIVES"
            took_s = time.monotonic() - began
            print(f"{verdict:8}  {bug.name:44} {took_s:5.0f} s  {by[:150]}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
