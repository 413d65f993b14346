"""The process that changes a market while a page looks at it (pace.py)."""

import subprocess
import sys

from tests.server import ROOT


class Pacer:
    """Makes `rate` changes a second between `pace` and `rest`."""

    def __init__(self, port: int, rate: float) -> None:
        self._command = [sys.executable, "-m", "tests.browser.pace", str(port), str(rate)]
        self._process: subprocess.Popen[str] | None = None

    def pace(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "begun\n"

    def rest(self) -> int:
        """How many changes there were."""
        assert self._process is not None
        said, _ = self._process.communicate("", timeout=120)  # a busy machine
        assert self._process.returncode == 0
        return int(said)

    def end(self) -> None:
        """Whatever happened."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
