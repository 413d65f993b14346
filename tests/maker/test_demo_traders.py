"""The traders of --seed-demo beside a real server: they move every chart, ask for little, come back
when they are killed, and leave nothing behind when the server ends."""

import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.test_orphan import wait_for_end
from tests.maker.desk import until
from tests.server import Server, running_server
from xyk.cli.keys import DEMO_AGENT, DEMO_MAKER, DEMO_TAKER, read_wallet

MARKETS = ("ETH_USDC", "BTC_USDC", "SOL_USDC", "ETH_BTC")
LITTLE = "100:1000"  # weight of requests a second and at once: one of a hundred of the default
TRADES = 6
LIMITED = re.compile(r'^xyk_refusals_total\{code="TOO_MANY_REQUESTS"\} (\S+)$', re.MULTILINE)


def get(server: Server, path: str, **params: str) -> Any:
    response = httpx.get(f"{server.url}{path}", params=params, trust_env=False, timeout=60)
    response.raise_for_status()
    return response


def traders_of(server: Server) -> int:
    """The id of their process, once there is one."""

    def found() -> int:
        told = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        )
        for line in told.stdout.splitlines():
            pid, parent, command = line.split(maxsplit=2)
            if int(parent) == server.pid and " demo-traders " in command:
                return int(pid)
        return 0

    return until(found, server.log.read_text)


def trades(server: Server, market: str) -> list[Any]:
    return list(get(server, "/api/v1/trades", symbol=market, limit="1000").json())


def every_chart_moves(server: Server, since: dict[str, int]) -> bool:
    """Each market had some more trades, and at more than one price."""
    for market in MARKETS:
        fresh = [one for one in trades(server, market) if int(one["id"]) > since[market]]
        if len(fresh) < TRADES or len({one["price"] for one in fresh}) < 2:
            return False
    return True


def newest(server: Server) -> dict[str, int]:
    return {
        market: max((int(one["id"]) for one in trades(server, market)), default=0)
        for market in MARKETS
    }


@pytest.mark.slow
def test_they_move_every_chart_come_back_and_end_with_the_server(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data, "--seed-demo", "--limit-ip", LITTLE, traders=True) as server:
        first = traders_of(server)
        until(lambda: every_chart_moves(server, dict.fromkeys(MARKETS, 0)), server.log.read_text)

        os.kill(first, signal.SIGKILL)
        until(lambda: "the demo traders ended with code -9" in server.log.read_text())
        second = traders_of(server)
        assert second != first
        since = newest(server)
        until(lambda: every_chart_moves(server, since), server.log.read_text)

        [limited] = LIMITED.findall(get(server, "/metrics").text)
        assert float(limited) == 0
        assert server.stop() == 0
        wait_for_end(second)
        assert "Traceback" not in server.log.read_text()
    with running_server(data) as server:
        maker, agent, taker = (
            read_wallet(data / name).address for name in (DEMO_MAKER, DEMO_AGENT, DEMO_TAKER)
        )
        for owner in (maker, taker):
            assert get(server, "/api/v1/orders", owner=owner).json() == []
        account = get(server, f"/api/v1/accounts/{maker}").json()
        assert [one["agent"].lower() for one in account["agents"]] == [agent], "one for both lives"


@pytest.mark.slow
def test_they_end_with_a_server_that_is_killed(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--seed-demo", traders=True) as server:
        child = traders_of(server)
        until(lambda: trades(server, "ETH_USDC"))
        server.kill()
        wait_for_end(child)
