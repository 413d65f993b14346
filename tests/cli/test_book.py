"""`xyk book`: what its ladder says, against a real server, once and live on a terminal."""

import asyncio
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.server import ROOT, Server, run_xyk, running_server
from xyk.cli.ladder import BAR, bar, places, rungs
from xyk.client.client import Client
from xyk.client.local_book import BookLevel
from xyk.wallet.signer import Wallet

PATIENCE_S = 60
MARKET = "ETH_USDC"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Server]:
    """Its pool is 100 ETH and 200,000 USDC, with one ask on a level of the curve and one bid."""
    data = tmp_path_factory.mktemp("book") / "data"
    with databases() as url, running_server(data, "--seed-demo", database_url=url) as server:
        asyncio.run(rest(server))
        yield server


async def rest(server: Server) -> None:
    async with Client(server.url, Wallet.random()) as alice:
        await alice.faucet("ETH", 10**18)
        await alice.faucet("USDC", 10**9)
        await alice.place_order(MARKET, "Ask", price="2007.20", quantity="0.05")
        await alice.place_order(MARKET, "Bid", price="1995", quantity="0.02")


def test_the_ladder_is_the_depth(server: Server) -> None:
    code, shown = run_xyk("book", MARKET, "--once", "--levels", "3", "--url", server.url)
    assert code == 0, shown
    title, header, *lines = shown.splitlines()
    assert title.startswith(f"{MARKET} as of entry ")
    assert header.split() == [
        "price",
        "orders",
        "pool",
        "sum",
        "█",
        "orders",
        "░",
        "pool,",
        "summed",
    ]
    cells = [line.split(maxsplit=4) for line in lines]
    assert [row[:4] for row in cells] == [
        ["2007.85", "-", "0.0162", "0.0956"],
        ["2007.20", "0.0500", "0.0162", "0.0794"],
        ["2006.55", "-", "0.0132", "0.0132"],
        ["2000.775", "mid,", "spread", "11.55"],
        ["1995.00", "0.0200", "-", "0.0200"],
        ["1993.55", "-", "0.0113", "0.0313"],
        ["1992.90", "-", "0.0163", "0.0476"],
    ]
    assert lines[3].strip().endswith("mid, spread 11.55 (57.7 bps)")
    bars = [row[4].strip() for index, row in enumerate(cells) if index != 3]
    assert bars[0] == "█" * 16 + "░" * 14, "0.0956 is the whole, 0.05 of it an order's"
    assert bars[3] == "█" * 6, "0.02 of 0.0956"


def test_it_is_printed_once_into_a_pipe(server: Server) -> None:
    code, shown = run_xyk("book", MARKET, "--url", server.url)
    assert code == 0
    assert len(shown.splitlines()) == 2 + 15 + 1 + 15
    assert "\x1b" not in shown, "no colours where nobody sees them"


def test_an_empty_market_says_so(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        code, shown = run_xyk("book", MARKET, "--once", "--url", server.url)
        assert code == 0
        assert "no asks and no bids" in shown


def test_an_unknown_market_and_no_server(server: Server) -> None:
    code, shown = run_xyk("book", "ETH_DOGE", "--once", "--url", server.url)
    assert code == 1
    assert shown == "xyk: No market 'ETH_DOGE'; there are ETH_USDC, BTC_USDC, SOL_USDC, ETH_BTC\n"
    code, shown = run_xyk("book", MARKET, "--url", "http://127.0.0.1:9", "--patience", "0")
    assert code == 1
    assert "http://127.0.0.1:9" in shown
    assert "Traceback" not in shown


class Terminal:
    """A command on a terminal of 120 columns and 40 lines; `text` is all that it ever drew."""

    def __init__(self, *arguments: str) -> None:
        self.text = ""
        self._primary, secondary = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "xyk", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "TERM": "xterm",
                "COLUMNS": "120",
                "LINES": "40",
            },
            stdin=secondary,
            stdout=secondary,
            stderr=secondary,
            start_new_session=True,
        )
        os.close(secondary)

    def wait_for(self, is_wanted: Callable[[str], bool]) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while not is_wanted(self.text):
            assert time.monotonic() < give_up, self.text[-3_000:]
            if select.select([self._primary], [], [], 1)[0]:
                self.text += os.read(self._primary, 65_536).decode(errors="replace")

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        try:
            while os.read(self._primary, 65_536):
                pass
        except OSError:  # the other end is closed
            pass
        os.close(self._primary)
        return self.process.wait(timeout=PATIENCE_S)


@pytest.mark.slow
async def test_it_lives_on_a_terminal(tmp_path: Path, database_url: str) -> None:
    with running_server(tmp_path / "data", "--seed-demo", database_url=database_url) as server:
        terminal = await asyncio.to_thread(Terminal, "book", MARKET, "--url", server.url)
        try:
            await asyncio.to_thread(terminal.wait_for, lambda text: "2006.55" in text)
            assert "none yet" in terminal.text
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(terminal.wait_for, lambda text: "reconnecting" in text)
            await asyncio.to_thread(server.start)
            async with Client(server.url, Wallet.random()) as alice:
                await alice.faucet("ETH", 10**18)
                ask = await alice.place_order(MARKET, "Ask", price="2001.23", quantity="0.5")
                await asyncio.to_thread(terminal.wait_for, lambda text: "2001.23" in text)
                await alice.cancel_order(ask["id"])
                await alice.sell("ETH", "USDC", 10**16)
            await asyncio.to_thread(terminal.wait_for, lambda text: "1993.80" in text)
        finally:
            assert await asyncio.to_thread(terminal.interrupt) == 130
    assert "Traceback" not in terminal.text


def test_what_no_order_covers_is_the_pools() -> None:
    levels = [BookLevel(Decimal(price), Decimal(lots)) for price, lots in ((1, 4), (2, 5), (3, 6))]
    resting = {Decimal(1): Decimal(1), Decimal(3): Decimal(9)}
    found = rungs(levels, resting)
    assert [(rung.orders, rung.pool) for rung in found] == [(1, 3), (0, 5), (6, 0)]
    assert [(rung.orders_sum, rung.pool_sum, rung.sum) for rung in found] == [
        *((1, 3, 4), (1, 8, 9), (7, 8, 15)),
    ]
    assert bar(found[-1], Decimal(15)) == "█" * 14 + "░" * 16
    assert len(bar(found[1], Decimal(15))) == BAR * 9 // 15
    assert places([Decimal("1.50"), Decimal("2"), Decimal("1E+3")]) == 2
