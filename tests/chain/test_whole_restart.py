"""A real server that is killed while it catches up, and one whose nodes are killed: in the end what
it says and keeps is what an undisturbed one does."""

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from tests.chain.anvil import Anvil
from tests.chain.crowd import Crowd
from tests.chain.maze import Maze
from tests.chain.site import WAIT_S, Site, served
from tests.chain.test_serve_chain import until
from tests.chain.weather import FINE, Sky, Weather, sky
from tests.chain.whole import BASE, equal_by_hand, shown_pools, told_of_all, until_hash
from tests.server import Server

pytestmark = [pytest.mark.chain, pytest.mark.slow]

SETTINGS: dict[str, Any] = {"start_block": 1, "stale_after_s": 86_400, "confirmations": 12}
KILLS = 4
SPAN = 2  # blocks of one question, so that there is a middle for whoever comes late to it


@pytest.fixture
def crowd(node: Anvil) -> Crowd:
    return Crowd(Maze(node, density=0.3, ago_s=6 * 3600, block_s=12), seed=44)


def tables(data: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of both of the deployment's databases, of a server that has ended."""
    found = {}
    for name in ("maze.db", "maze.read.db"):
        with sqlite3.connect(data / "chain" / name) as database:
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
                rows = database.execute(f'SELECT * FROM "{table}"').fetchall()
                found[f"{name} {table}"] = sorted(rows, key=repr)
        database.close()
    return found


def cursor(data: Path) -> int:
    """The block up to which all is kept, 0 before there is any."""
    file = data / "chain" / "maze.db"
    if not file.exists():
        return 0
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        rows = database.execute("SELECT number FROM cursor").fetchall()
    except sqlite3.OperationalError:
        return 0  # no table yet
    finally:
        database.close()
    return int(rows[0][0]) if rows else 0


def killed_beyond(server: Server, over: Sky, block: int) -> int:
    """Ends it by SIGKILL in the middle of catching up: once it kept more than `block`, and then in
    the middle of a question. The cursor that is left."""
    give_up = time.monotonic() + WAIT_S
    while cursor(server.data) <= block:
        assert time.monotonic() < give_up, server.log.read_text()[-2000:]
        time.sleep(0.002)
    over.weather = Weather(is_slow=True)
    server.kill()
    over.weather = FINE
    return cursor(server.data)


def test_killed_in_the_middle_of_catching_up(crowd: Crowd, tmp_path: Path) -> None:
    maze = crowd.maze
    crowd.trade(400)
    for folder in ("whole", "killed"):
        (tmp_path / folder).mkdir()
    with served(maze, tmp_path / "whole", is_mining=False, **SETTINGS) as site:
        until_hash(site, crowd)
        told, pools = told_of_all(site), shown_pools(site)
        assert pools == crowd.pools(maze.head())
    with sky(crowd.node.port) as over:
        settings = SETTINGS | {"rpc": [over.url], "block_span": SPAN}
        file = maze.write(tmp_path / "killed", **settings)
        server = Server(tmp_path / "killed" / "data", "--seed-demo", "--chain", str(file))
        left: list[int] = []
        goals = [maze.head() * (kill + 1) // (KILLS + 2) for kill in range(KILLS)]
        for goal in goals:
            server.start()
            left.append(killed_beyond(server, over, goal))
        assert left == sorted(left)
        assert 0 < left[0] < left[-1] < maze.head() - SETTINGS["confirmations"]
        server.start()
        try:
            again = Site(maze, server)
            until_hash(again, crowd)
            assert told_of_all(again) == told
            assert shown_pools(again) == pools
            again.http.close()
        finally:
            server.stop()
    whole, killed = tables(tmp_path / "whole" / "data"), tables(tmp_path / "killed" / "data")
    assert whole.keys() == killed.keys()
    assert sum(map(len, whole.values())) > 1_000
    for name, rows in whole.items():
        assert killed[name] == rows, name


async def test_two_endpoints_one_killed_and_back(node: Anvil, tmp_path: Path) -> None:
    maze = Maze(node, density=0.3, late_s=2)  # at the present time, so that its blocks become old
    crowd = Crowd(maze, seed=45)
    with sky(crowd.node.port) as first, sky(crowd.node.port) as second:
        settings = SETTINGS | {"rpc": [first.url, second.url], "stale_after_s": 40}
        with served(maze, tmp_path, **settings) as site:
            until_hash(site, crowd)
            for killed, left in ((first, second), (second, first)):
                killed.go_down()
                asked = len(left.methods)
                for _ in range(8):
                    crowd.crowd(3)
                    until_hash(site, crowd)
                    assert shown_pools(site) == crowd.pools(maze.head())
                assert len(left.methods) > asked
                killed.come_up()
            first.go_down()
            second.go_down()
            shown = until(site.deployment, lambda one: one["status"] == "stale")
            block, pools = shown["block"], shown_pools(site)
            crowd.crowd(5)
            assert "endpoint 1" in shown["reason"] and "endpoint 2" in shown["reason"]
            for place in ("127.0.0.1", str(first.port), str(second.port)):
                assert place not in shown["reason"]
            answer = site.http.get(f"{BASE}/api/v1/ticker", params={"symbol": "WETH_USDC"})
            assert (answer.headers["x-stale"], int(answer.headers["x-block"])) == ("true", block)
            assert int(answer.headers["x-age-ms"]) > 0
            assert shown_pools(site) == pools
            wish = {"tokenIn": "WETH", "tokenOut": "USDC", "amountIn": 1}
            assert site.refusal("/api/v1/chain/maze/quote", **wish) == (503, "NODE_UNAVAILABLE")
            second.come_up()
            until_hash(site, crowd)
            assert shown_pools(site) == crowd.pools(maze.head()) != pools
            await equal_by_hand(site, crowd)
            first.come_up()
            second.go_down()
            crowd.crowd(5)
            until_hash(site, crowd)
