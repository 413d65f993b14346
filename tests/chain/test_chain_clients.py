"""Unmodified ccxt and ccxt.pro, pointed at a deployment's base URL, read pools on a chain."""

from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tests.chain.anvil import running
from tests.chain.maze import Maze
from tests.chain.site import served
from tests.clients.environments import drive, python_of

pytestmark = [pytest.mark.chain, pytest.mark.slow]

TRADE_S = 0.3


def trade(maze: Maze, is_over: Event) -> None:
    """WETH for USDC and back, a block each."""
    path = [maze.tokens["WETH"].address, maze.tokens["USDC"].address]
    amount = 10**18
    while not is_over.wait(TRADE_S):
        end = (path, maze.owner, 2**256 - 1)
        maze.send(maze.router, "swapExactTokensForTokens", amount, 0, *end)
        maze.mine()
        path, amount = path[::-1], 10**6 if amount == 10**18 else 10**18


def test_ccxt_reads_pools_on_a_chain(anvil: Any, tmp_path: Path) -> None:
    python_of("ccxt")
    with running(anvil, tmp_path) as node:
        maze, is_over = Maze(node), Event()
        with served(maze, tmp_path) as site:
            trader = Thread(target=trade, args=(maze, is_over))
            trader.start()
            try:
                base = f"{site.server.url}/chain/maze"
                shown = drive("ccxt", "drive_chain.py", base, base.replace("http", "ws"))
            finally:
                is_over.set()
                trader.join()
    assert shown.split("\n") == ["asked ok", "watched ok", ""]
