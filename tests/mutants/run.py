"""`make mutants`: plants one bug after the other in a copy of this checkout, and shows what catches
it. Exit 1 if one survives or no longer applies.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.bug import SIMULATION, Bug
from tests.mutants.bugs import OWN_BUGS
from tests.mutants.chain_bugs import CHAIN_BUGS
from tests.mutants.maker_bugs import MAKER_BUGS
from tests.mutants.page_bugs import PAGE_BUGS

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("alembic", "amm", "api", "contracts_abi", "docs", "pools", "tests", "web", "xyk")
NOT_COPIED = ("__pycache__", "node_modules", "dist")
BUGS = OWN_BUGS + CHAIN_BUGS + MAKER_BUGS + PAGE_BUGS
# Each with packages that npm put there: a chain's node, a browser's driver, what builds the page.
OF_NPM = ("tests/chain", "tests/browser", "web")
# Most bugs are seen by what never happens: that is not waited for as long as on a busy CI.
PATIENCE = {"XYK_WAIT_S": "40", "XYK_PATIENCE_MS": "20000"}
SEEDS = 150  # without a violation: it survives

# What pytest, node and Playwright say first of a failure.
ERROR = re.compile(
    r"^(?:E\s)?\s*(\w*(?:Error|Exception)\b(?: \[\w+\])?: .*|- waiting for .*)",
    re.MULTILINE,
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
OF_DRIVER = re.compile(r"\.mjs ended with \d")  # which says no more than that something failed


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
        asked = ["-m", "xyk", "simulate", "--seeds", str(seeds), "--jobs", str(jobs)]
    else:
        asked = ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not nightly"]
        asked.append(bug.caught_by)
    environment = {**PATIENCE, **os.environ}
    environment |= {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    if bug.only:
        environment["XYK_ONLY"] = bug.only
    done = subprocess.run(
        [sys.executable, *asked], cwd=copy, env=environment, capture_output=True, text=True
    )
    if done.returncode != 1:
        said = done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}"
        return False, said.splitlines()[-1]
    if bug.caught_by == SIMULATION:
        seed = next(line for line in done.stdout.splitlines() if line.startswith("SEED="))
        fault = done.stderr.strip().splitlines()[-1].rpartition("violation.")[2]
        return True, f"{seed.split()[0]}: {fault}"
    return True, _failure(done.stdout)


def _failure(said: str) -> str:
    """Which test failed, and the first thing that it said of why."""
    said = COLOUR.sub("", said)
    failed = [line for line in said.splitlines() if line.startswith(("FAILED", "ERROR"))]
    whys = [why for why in ERROR.findall(said) if not OF_DRIVER.search(why)]
    which = failed[0].partition(" - ")[0] if failed else "the test"
    return f"{which}: {whys[0]}" if whys else failed[0] if failed else which


def _copy_to(copy: Path) -> None:
    """The sources, and links to what npm installed beside them."""
    for name in COPIED:
        ignored = shutil.ignore_patterns(*NOT_COPIED)
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", copy)
    for name in OF_NPM:
        modules = ROOT / name / "node_modules"
        if modules.is_dir():
            (copy / name / "node_modules").symlink_to(modules)
            # Never newer than what is installed: nothing is installed through the link.
            os.utime(copy / name / "package-lock.json", (0, 0))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("words", nargs="*", help="only the bugs whose names have one of them")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    chosen = [bug for bug in BUGS if not given.words or any(w in bug.name for w in given.words)]
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="xyk-mutants-") as folder:
        copy = Path(folder)
        _copy_to(copy)
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
            print(f"{verdict:8}  {bug.name:44} {took_s:5.0f} s  {by[:200]}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
