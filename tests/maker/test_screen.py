"""The live table on a terminal: what a person sees, and Ctrl-C typed into it."""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.maker.conftest import Makers
from tests.maker.desk import WAIT_S, Desk
from tests.maker.maker import environment
from tests.server import ROOT

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SHOW_CURSOR = "\x1b[?25h"
CTRL_C = b"\x03"


class Terminal:
    """What a command writes to a terminal of 100 columns, and what is typed there."""

    def __init__(self, process: "subprocess.Popen[bytes]", place: int) -> None:
        self.process = process
        self._place = place
        self.text = ""

    def until(self, *words: str) -> str:
        """What was written since the last call, once all of the words are in it, without
        escapes."""
        give_up = time.monotonic() + WAIT_S
        begin = len(self.text)
        while time.monotonic() < give_up:
            found = ESCAPE.sub("", self.text[begin:])
            if all(word in found for word in words):
                return found
            if not self._read():
                break
        raise AssertionError(f"{words} did not come: {self.text[begin:]!r}")

    def type(self, keys: bytes) -> None:
        os.write(self._place, keys)

    def end(self) -> int:
        """The exit code, after all that it wrote."""
        while self.process.poll() is None or select.select([self._place], [], [], 0)[0]:
            if not self._read():
                break
        return self.process.wait(timeout=WAIT_S)

    def _read(self) -> bool:
        if not select.select([self._place], [], [], 1.0)[0]:
            return True
        try:
            part = os.read(self._place, 65_536)
        except OSError:  # the command has ended
            return False
        self.text += part.decode(errors="replace")
        return bool(part)


@contextmanager
def on_a_terminal(command: list[str]) -> Iterator[Terminal]:
    place, theirs = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *command],
        cwd=ROOT,
        env={**environment(), "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        yield Terminal(process, place)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(place)


def test_a_live_table_and_ctrl_c(desk: Desk, makers: Makers) -> None:
    maker = makers(desk.market(), base=20, quote=40_000)
    with on_a_terminal(maker.command("--size", "0.5", "--levels", "2")) as terminal:
        shown = terminal.until(
            *("quoting", "from reference", "1 CancelAllAfter, 4 PlaceOrder", "0 fills")
        )
        table = shown[shown.rindex("quoting") :]
        rows = [line.split() for line in table.splitlines()]
        assert ["2004", "+20", "bps", "0.5"] in rows
        assert ["2002", "+10", "bps", "0.5"] in rows
        assert ["2000", "pool"] in rows
        assert ["1998", "-10", "bps", "0.5"] in rows
        assert ["1996", "-20", "bps", "0.5"] in rows
        assert ["holds", "20", maker.base, "40000", "USDC"] in rows
        assert ["skew", "0", "bps"] in rows

        desk.take(desk.trader(maker.market), maker.market, "Ask", maker.open[0].price, "0.5")
        terminal.until(f"20.5 {maker.base}", "39001 USDC", "1 fills", "bps lower")

        terminal.type(CTRL_C)
        terminal.until("ended", "all orders are cancelled")
        assert terminal.end() == 0
        assert SHOW_CURSOR in terminal.text
    assert maker.open == []


def test_into_a_pipe_a_line_for_each_change(desk: Desk, makers: Makers) -> None:
    maker = makers(desk.market()).start("--size", "0.5", "--levels", "2")
    maker.until_quoting(2, 2)
    desk.take(desk.trader(maker.market), maker.market, "Ask", maker.open[0].price, "0.5")
    maker.until_quoting(2, 2)
    assert maker.stop() == 0
    texts = [text for _, text in maker.lines]
    assert texts[0] == "no orders"
    assert texts[1] == "bid 0.5 at 1998 (2) ask 0.5 at 2002 (2)"
    assert len(texts) == len(set(texts)), "nothing is said twice"
    assert "\x1b" not in maker.shown
