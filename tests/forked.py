"""`xyk` in a process of its own, forked from one that has imported what it imports: two thirds of
the time of a start, and of most commands. It has the arguments, environment, folder and outputs of
`python -m xyk`; the hash seed and what /proc tells of its start are those of its origin, and it
ends by os._exit. What a test says of these begins with the interpreter (`forked=False`).

Only under pytest: multiprocessing would run a program's main module again.
"""

import atexit
import multiprocessing
import multiprocessing.util  # registers its own end
import os
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from signal import SIGKILL
from threading import Thread
from typing import IO

IMPORTED = ("xyk.cli.main", "xyk.cli.serve", "alembic.command", "asyncpg", "uvloop")

_context = get_context("forkserver")
_context.set_forkserver_preload(list(IMPORTED))


@atexit.register  # later than multiprocessing's own, so before it: that waits for ever
def _end_what_was_left() -> None:
    for one in multiprocessing.active_children():
        one.kill()


def can_fork() -> bool:
    return "PYTEST_CURRENT_TEST" in os.environ


class Forked:
    """As much of subprocess.Popen as tests/server.py needs, `stdout` a pipe of text."""

    def __init__(
        self,
        arguments: Sequence[str],
        cwd: Path,
        environment: dict[str, str],
        errors: Path | None = None,
        output: Path | None = None,
    ) -> None:
        """`arguments` follow the word xyk; `errors`: the file that its stderr is appended to,
        else it goes where stdout does; `output`: a file that stdout is appended to instead of the
        pipe."""
        reads, writes = _context.Pipe(duplex=False)
        files = (output and str(output), errors and str(errors))
        what = (tuple(arguments), str(cwd), environment, writes, *files)
        self._process = _context.Process(target=_run, args=what)
        self._process.start()
        writes.close()
        self.stdout: IO[str] = os.fdopen(os.dup(reads.fileno()))
        reads.close()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("xyk", timeout or 0.0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """All of stdout, once it has ended."""
        said: list[str] = []
        reader = Thread(target=lambda: said.append(self.stdout.read()), daemon=True)
        reader.start()
        self.wait(timeout)
        reader.join(timeout)
        return said[0], None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(SIGKILL)


def _run(
    arguments: tuple[str, ...],
    cwd: str,
    environment: dict[str, str],
    pipe: Connection,
    output: str | None,
    errors: str | None,
) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(pipe.fileno(), 1)
    pipe.close()
    if output is not None:
        _append(output, 1)
    os.dup2(1, 2)
    if errors is not None:
        _append(errors, 2)
    sys.argv = ["xyk", *arguments]
    from xyk.cli.main import app

    app(prog_name="xyk")


def _append(file: str, descriptor: int) -> None:
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(opened, descriptor)
    os.close(opened)
