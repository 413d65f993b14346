"""What npm installs beside tests, from a lock file that pins every package by its hash and names no
download address.
"""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NPM_TIMEOUT_S = 300


class Missing(Exception):
    """The packages cannot be had here; the message says why."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Parallel test workers share one checkout: the first does it, the others wait for that."""
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def install(npm: str, folder: Path) -> None:
    """`npm ci` in `folder`, once for a lock file. Raises Missing."""
    lock = folder / "package-lock.json"
    installed = folder / "node_modules/.package-lock.json"  # npm writes it last
    with alone(lock):
        if installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime:
            return
        run_npm(npm, folder, "ci")


def run_npm(npm: str, folder: Path, *arguments: str) -> None:
    """Raises Missing with npm's own words."""
    what = " ".join(("npm", *arguments))
    try:
        subprocess.run(
            [npm, *arguments],
            cwd=folder,
            env=dict(os.environ, CI="1"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=NPM_TIMEOUT_S,
        )
    except subprocess.CalledProcessError as failed:
        lines = failed.stderr.splitlines()
        faults = [line for line in lines if line.startswith("npm error")] or lines
        raise Missing(f"{what} failed: {'; '.join(faults[:3])}") from failed
    except subprocess.TimeoutExpired as slow:
        raise Missing(f"{what} took more than {NPM_TIMEOUT_S} s") from slow
