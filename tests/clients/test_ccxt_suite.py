"""ccxt's own exchange test-suite for `backpack`, as its wheel brings it, against a server of ours.

The suite refuses to run from site-packages, so the package is copied out. `ccxt_skips.json` holds
all that is skipped and why; `has.swap` false, because a spot venue has no perpetual that the class
would otherwise demand. The market has trades of both sides before it begins, since the suite wants
lists that are not empty.
"""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.environments import HERE, SOL, TIMEOUT_S, USDC, Trader, open_market, python_of
from tests.server import Server, running_server
from xyk.client.client import Client

pytestmark = pytest.mark.slow

REST = "loadMarkets fetchTicker fetchTickers fetchTrades fetchOHLCV fetchOrderBook fetchStatus"
PRIVATE = "fetchOpenOrders fetchMyTrades fetchDeposits fetchWithdrawals"
STREAMS = "watchOHLCV watchTicker watchTickers watchBidsAsks watchOrderBook watchTrades"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("suite") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def trader(server: Server) -> Trader:
    trader = open_market(server)
    asyncio.run(_trade(server, trader))
    return trader


async def _trade(server: Server, trader: Trader) -> None:
    async with Client(server.url, trader.wallet) as client:
        for _ in range(6):
            await client.sell("SOL", "USDC", SOL)
            await client.sell("USDC", "SOL", 150 * USDC)


@pytest.mark.parametrize(
    ("arguments", "methods"),
    [
        (["--sync", "--private"], f"{REST} {PRIVATE}"),
        (["--private"], f"{REST} {PRIVATE}"),
        (["--ws"], STREAMS),
    ],
    ids=["sync", "async", "websocket"],
)
def test_the_suite_passes(
    arguments: list[str], methods: str, server: Server, trader: Trader, tmp_path: Path
) -> None:
    """Each of these methods was tested and none failed."""
    python = python_of("ccxt")
    [package] = python.parents[1].glob("lib/python*/site-packages/ccxt")
    shutil.copytree(package, tmp_path / "python" / "ccxt")
    shutil.copy(HERE / "ccxt_skips.json", tmp_path / "skip-tests.json")
    (tmp_path / "keys.local.json").write_text(json.dumps(_keys(server, trader)))
    folder = tmp_path / "python" / "ccxt" / "test"
    done = subprocess.run(
        [str(python), "tests_init.py", *arguments, "--info", "backpack", "SOL/USDC"],
        cwd=folder,
        env={"PYTHONPATH": str(tmp_path / "python"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    shown = done.stdout + done.stderr
    assert done.returncode == 0 and "TEST_FAILURE" not in shown, shown[-6_000:]
    tested = {line.split()[-1] for line in shown.splitlines() if "TESTING DONE" in line}
    assert set(methods.split()) <= tested, tested


def _keys(server: Server, trader: Trader) -> dict[str, object]:
    socket = server.url.replace("http", "ws")
    ws = {"public": socket, "private": socket}
    api = {"public": server.url, "private": server.url, "ws": ws}
    return {
        "backpack": {
            "apiKey": trader.key,
            "secret": trader.secret,
            "has": {"swap": False},
            "urls": {"api": api},
        }
    }
