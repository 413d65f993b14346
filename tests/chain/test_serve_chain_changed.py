"""`xyk serve --chain` with a file that was changed since the last start."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from tests.chain.anvil import running as running_anvil
from tests.chain.maze import Maze
from tests.chain.packages import CORE, PERIPHERY
from tests.chain.site import WAIT_S, served
from tests.server import running_server
from xyk.cli.compose import running
from xyk.cli.exits import CONFIG, Stop
from xyk.cli.settings import Settings

pytestmark = [pytest.mark.chain, pytest.mark.slow]


def never(error: BaseException) -> NoReturn:
    raise AssertionError(error)


async def test_a_name_that_has_the_history_of_another_factory_stops_the_start(
    anvil: Any, tmp_path: Path
) -> None:
    """The same tokens and so the same symbols: its candles would go on as this one's."""
    with running_anvil(anvil, tmp_path) as node:
        maze = Maze(node, density=0)
        weth, usdc = (maze.tokens[symbol].address for symbol in ("WETH", "USDC"))
        factory = maze._deploy(CORE, "UniswapV2Factory", maze.owner)
        router = maze._deploy(PERIPHERY, "UniswapV2Router02", factory.address, weth)
        maze.send(factory, "createPair", weth, usdc)
        maze.mine()
        settings = Settings(data=tmp_path / "data", sandbox=True, chain=maze.write(tmp_path))
        for _ in range(2):
            async with running(settings, "1", on_failure=never):
                pass
        other = {"factory": factory.address, "router": router.address}
        maze.write(tmp_path, **other)
        with pytest.raises(Stop) as stopped:
            async with running(settings, "1", on_failure=never):
                pass
        assert stopped.value.code == CONFIG
        assert "factory" in stopped.value.message and "another name" in stopped.value.message
        maze.write(tmp_path, name="other", **other)
        async with running(settings, "1", on_failure=never) as exchange:
            [pair] = exchange.services.chains["other"].mirror.pairs.values()
            assert {pair.token0.address, pair.token1.address} == {weth, usdc}


def test_what_the_manual_says_of_a_halt_ends_it(anvil: Any, tmp_path: Path) -> None:
    """The chain that was mirrored is no more; a restart alone cannot know which one is right."""
    with running_anvil(anvil, tmp_path) as node:
        maze = Maze(node, density=0)
        with served(maze, tmp_path, start_block=1) as site:
            base, kept = "/chain/maze/api/v1/markets", site.deployment()["block"]
        node.rpc("anvil_reorg", 6, [])
        maze.mine()
        with running_server(tmp_path / "data", "--chain", str(tmp_path / "chain.toml")) as server:
            until(lambda: deployment(server.url)["status"] == "halted")
            assert f"block {kept - 3} was final" in deployment(server.url)["reason"]
        folder = tmp_path / "data" / "chain"
        for file in (*folder.glob("maze.db*"), *folder.glob("maze.read.db*")):
            file.unlink()
        with served(maze, tmp_path, start_block=1) as site:
            assert [one["symbol"] for one in site.http.get(base).json()]


def deployment(url: str) -> Any:
    [found] = httpx.get(f"{url}/api/v1/chain", trust_env=False, timeout=60).json()
    return found


def until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)
