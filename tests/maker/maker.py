"""A real `xyk mm` in its own process, ended by its id, with a wallet that has funds."""

import os
import re
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Self

from tests.forked import Forked
from tests.maker.desk import Action, Desk, Order, until
from tests.server import ROOT
from xyk.cli.keys import kept_wallet, read_wallet

STOP_S = 120.0
SHOWN = re.compile(r"^\d\d:\d\d:\d\d (\S+) (\w+) (.*)$")


class Maker:
    """`start`, `stop` (SIGINT), `kill` (SIGKILL), `start` again: its key files and its funds stay.
    `base` and `quote`: what it has at first, in whole tokens."""

    def __init__(
        self, desk: Desk, market: str, folder: Path, *, base: Decimal | int, quote: Decimal | int
    ) -> None:
        self.desk = desk
        self.market = market
        self.base, _, self.quote = market.partition("_")
        folder.mkdir(exist_ok=True)
        self.key_file = folder / "maker.key"
        self.wallet = kept_wallet(folder, self.key_file.name)
        self.owner = self.wallet.address
        self._log = folder / "maker.log"
        self.process: Forked | None = None
        desk.fund(self.owner, **{self.base: base, self.quote: quote})

    def command(self, *flags: str, key_file: Path | None = None) -> list[str]:
        return [
            *(sys.executable, "-m", "xyk", "mm", "--market", self.market),
            *("--key-file", str(key_file or self.key_file), "--url", self.desk.server.url),
            *("--refresh", "0.1", *flags),
        ]

    def start(self, *flags: str, key_file: Path | None = None) -> Self:
        assert self.process is None or self.process.poll() is not None, "one process at a time"
        self._log.unlink(missing_ok=True)
        self._log.touch()
        words = self.command(*flags, key_file=key_file)[3:]
        self.process = Forked(words, ROOT, environment(), output=self._log)
        return self

    @property
    def shown(self) -> str:
        """All that it printed since it was started."""
        return self._log.read_text()

    @property
    def lines(self) -> list[tuple[str, str]]:
        """State, and what follows it, of each line of its screen."""
        found = [SHOWN.match(line) for line in self.shown.splitlines()]
        return [(one[2], one[3]) for one in found if one]

    def until_quoting(self, bids: int, asks: int) -> list[Order]:
        """Once so many are open and its screen shows them: its orders, as the API has them."""
        return until(
            lambda: self._settled(bids, asks),
            lambda: f"{self.shown}\n{self.open}",
        )

    def _settled(self, bids: int, asks: int) -> list[Order]:
        assert self.process is not None and self.process.poll() is None, self.shown
        orders = self.open
        sides = [sum(one.is_bid is is_bid for one in orders) for is_bid in (True, False)]
        is_shown = self.lines and self.lines[-1] == ("quoting", shown(orders))
        return orders if is_shown and sides == [bids, asks] else []

    def until_state(self, state: str, note: str = "") -> str:
        """Once its newest line has the state and the words: that line."""
        return until(
            lambda: next(
                (text for one, text in self.lines[-1:] if one == state and note in text), ""
            ),
            lambda: self.shown,
        )

    @property
    def agent(self) -> str:
        """The address of its agent."""
        return read_wallet(self.key_file.with_name(f"{self.key_file.name}.agent")).address

    @property
    def open(self) -> list[Order]:
        return self.desk.book(self.owner, self.market)

    def actions(self, after: int = 0) -> list[Action]:
        return self.desk.actions(self.owner, after)

    def stop(self, by: int = signal.SIGINT) -> int:
        """The exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(by)
        try:
            return self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not stop\n{self.shown}") from None

    def wait(self) -> int:
        """The exit code, where it ends by itself."""
        assert self.process is not None
        return self.process.wait(timeout=STOP_S)

    def kill(self) -> None:
        self.stop(signal.SIGKILL)


def shown(orders: list[Order]) -> str:
    """As the maker's screen says it."""
    sides = (
        ("bid", [one for one in orders if one.is_bid]),
        (
            "ask",
            [one for one in orders if not one.is_bid],
        ),
    )
    words = [
        f"{name} {plain(side[0].quantity)} at {plain(side[0].price)} ({len(side)})"
        for name, side in sides
        if side
    ]
    return " ".join(words) or "no orders"


def plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("XYK_")}
    return {**own, "PYTHONPATH": str(ROOT)}
