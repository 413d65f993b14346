"""ccxt's own exchange test-suite for `backpack`, as its wheel brings it, against a server of ours.

The suite refuses to run from site-packages, so the package is copied out. `ccxt_skips.json` holds
all that is skipped and why; `has.swap` false, because a spot venue has no perpetual that the class
would otherwise demand. The market has trades of both sides before it begins, since the suite wants
lists that are not empty and streams that move.
"""

import asyncio
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.clients.environments import HERE, NONCES, TIMEOUT_S, Trader, open_market, python_of
from tests.server import Server, running_server
from xyk.client.client import Client
from xyk.wallet.signer import Wallet

pytestmark = pytest.mark.slow

MARKETS = ("ETH_USDC", "BTC_USDC", "SOL_USDC", "ETH_BTC")
SMALL = {"ETH": 10**17, "BTC": 10**6, "SOL": 10**9}  # base units: some lots, worth a few dollars
PAUSE_S = 0.5  # between two trades of somebody else
REST = "loadMarkets fetchTicker fetchTickers fetchTrades fetchOHLCV fetchOrderBook fetchStatus"
PRIVATE = "fetchOpenOrders fetchMyTrades fetchDeposits fetchWithdrawals"
STREAMS = "watchOHLCV watchTicker watchTickers watchBidsAsks watchOrderBook watchTrades"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("suite") / "data", "--seed-demo") as server:
        yield server


@pytest.fixture(scope="module")
def trader(server: Server) -> Iterator[Trader]:
    """Whose market somebody else trades in all the time: the streams' tests wait for it. The trader
    has trades, and no deposit of BTC: the class leaves `type` out, which the suite demands."""
    trader, other = open_market(server), open_market(server)
    asyncio.run(_trade(server, other.wallet, MARKETS))
    asyncio.run(_trade(server, trader.wallet, ("SOL_USDC",)))
    stopping = threading.Event()

    def trade() -> None:
        while not stopping.wait(PAUSE_S):
            asyncio.run(_trade(server, other.wallet, ("SOL_USDC",)))

    trading = threading.Thread(target=trade)
    trading.start()
    yield trader
    stopping.set()
    trading.join()


async def _trade(server: Server, wallet: Wallet, markets: Sequence[str]) -> None:
    """Both ways in each."""
    async with Client(server.url, wallet, nonces=NONCES) as client:
        for market in markets:
            base, _, quote = market.partition("_")
            await client.faucet(base, SMALL[base])
            got = await client.sell(base, quote, SMALL[base])
            await client.sell(quote, base, int(got["amountOut"]))


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
