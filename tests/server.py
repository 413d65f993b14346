"""A real `xyk serve` in its own process: on a free port, with a data folder of the test, ended by
its id.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from tests.forked import Forked, can_fork

ROOT = Path(__file__).resolve().parents[1]
CROSS_CHECKS = ("replay", "verify")  # of what a server did: with a hash seed of their own
START_S = 120.0
STOP_S = 120.0


class Server:
    """`start`, `stop` (SIGINT, waits for the end), `kill` (SIGKILL), `start` again: the port
    stays.
    """

    def __init__(
        self,
        data: Path,
        *arguments: str,
        sandbox: bool = True,
        database_url: str = "",
        interpreter: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
        launcher: tuple[str, ...] = (),
        traders: bool = False,
        forked: bool = True,
    ) -> None:
        """`launcher`: a program that turns itself into the server, keeping its id (nsenter).
        `traders`: those of --seed-demo too; without them its markets stand still.
        `forked`: from a process that has imported everything already, which starts it sooner;
        what looks into the process itself wants one that does all of it."""
        self.data = data
        self.port = 0
        self.log = data.parent / f"{data.name}.log"
        self.database_url = database_url
        self._arguments = ["--sandbox", *arguments] if sandbox else list(arguments)
        self._interpreter = interpreter
        self._environment = {"XYK_DEMO_TRADERS": "1" if traders else "0", **(environment or {})}
        self._launcher = launcher
        self._log: IO[bytes] | None = None
        self._is_forked = forked and can_fork() and not (interpreter or launcher)
        self.process: subprocess.Popen[str] | Forked | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def command(self) -> list[str]:
        database = ["--database-url", self.database_url] if self.database_url else []
        return [
            *(*self._launcher, sys.executable, *self._interpreter, "-m", "xyk", "serve"),
            *("--data", str(self.data), "--port", str(self.port), *database, *self._arguments),
        ]

    def start(self) -> "Server":
        """Returns when the server answers; AssertionError with its log when it ends before that."""
        self._spawn()
        assert self.process is not None and self.process.stdout is not None
        for line in self.process.stdout:
            if " listens on " in line:
                self.port = int(line.strip().rsplit(":", 1)[1])
                break
        else:
            raise AssertionError(f"exit {self.process.wait()}\n{self.log.read_text()}")
        self._wait_for_status()
        return self

    def run_to_end(self, timeout_s: float = START_S) -> tuple[int, str]:
        """For starts that must fail: exit code and everything printed."""
        self._spawn()
        assert self.process is not None
        try:
            out, _ = self.process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:  # it started after all
            self.kill()
            raise
        self._close_log()
        return self.process.returncode, out + self.log.read_text()

    def stop(self, by: int = signal.SIGINT) -> int:
        """Ends it and gives the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(by)
        try:
            code = self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not stop\n{self.log.read_text()}") from None
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()
            self._close_log()
        return code

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def _spawn(self) -> None:
        assert self.process is None or self.process.poll() is not None, "one process at a time"
        self._log = self.log.open("ab")
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("XYK_")
        }
        environment |= {"PYTHONPATH": str(ROOT), **self._environment}
        if self._is_forked:
            words = self.command()
            self.process = Forked(words[words.index("serve") :], ROOT, environment, self.log)
            return
        self.process = subprocess.Popen(
            self.command(),
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def _wait_for_status(self) -> None:
        give_up = time.monotonic() + START_S
        with httpx.Client(trust_env=False, timeout=60) as http:
            while time.monotonic() < give_up:
                try:
                    if http.get(f"{self.url}/api/v1/status").status_code == 200:
                        return
                except httpx.TransportError:
                    time.sleep(0.02)
        raise AssertionError(f"no answer at {self.url}\n{self.log.read_text()}")

    def _close_log(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None


@contextmanager
def running_server(data: Path, *arguments: str, **options: object) -> Iterator[Server]:
    """`with running_server(tmp_path / "data", "--seed-demo") as server:`; options as of Server."""
    server = Server(data, *arguments, **options)  # type: ignore[arg-type]  # passed on as they are
    try:
        yield server.start()
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


def run_xyk(
    *arguments: str, timeout_s: float = 120.0, launcher: tuple[str, ...] = ()
) -> tuple[int, str]:
    """Another `xyk` command to its end: exit code and everything printed."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("XYK_")}
    environment = {**own, "PYTHONPATH": str(ROOT)}
    if can_fork() and not launcher and arguments[0] not in CROSS_CHECKS:
        forked = Forked(arguments, ROOT, environment)
        try:
            said, _ = forked.communicate(timeout_s)
        finally:
            forked.kill()
        return forked.wait(), said
    done = subprocess.run(
        [*launcher, sys.executable, "-m", "xyk", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return done.returncode, done.stdout
