"""`xyk serve --chain`: what stops a start, what does not, and what never is loaded without it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from tests.chain.anvil import running as running_anvil
from tests.chain.maze import Maze
from tests.chain.site import WAIT_S, Site, served
from tests.chain.weather import FINE, Weather, sky
from tests.server import ROOT, Server, running_server
from xyk.cli.compose import running
from xyk.cli.exits import CONFIG, Stop
from xyk.cli.settings import Settings

pytestmark = pytest.mark.chain


@pytest.fixture(scope="module")
def maze(anvil: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maze]:
    with running_anvil(anvil, tmp_path_factory.mktemp("anvil")) as node:
        yield Maze(node, density=0.1)


def never(error: BaseException) -> NoReturn:
    raise AssertionError(error)


async def refusal(folder: Path, text: str) -> str:
    file = folder / "chain.toml"
    file.write_text(text)
    settings = Settings(data=folder / "data", sandbox=True, chain=file)
    with pytest.raises(Stop) as stopped:
        async with running(settings, "1", on_failure=never):
            pass
    assert stopped.value.code == CONFIG
    return stopped.value.message


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"chain_id": 1}, ("chain_id", "31337", "1")),
        ({"factory": "0x" + "12" * 20}, ("factory", "no contract")),
        ({"router": "0x" + "12" * 20}, ("router", "no contract")),
        ({"init_code_hash": "0x" + "12" * 32}, ("init_code_hash", "CREATE2")),
        ({"name": "all"}, ("'all'", "another name")),
        ({"name": "own"}, ("'own'", "another name")),
        ({"name": "Not This"}, ("name", "a-z")),
        ({"unheard": 1}, ("unheard",)),
    ],
)
async def test_what_contradicts_the_file_stops_the_start(
    maze: Maze, tmp_path: Path, changed: dict[str, Any], said: tuple[str, ...]
) -> None:
    message = await refusal(tmp_path, maze.toml(**changed))
    assert str(tmp_path / "chain.toml") in message
    for words in said:
        assert words in message


async def test_one_wrong_deployment_of_two_stops_the_start(maze: Maze, tmp_path: Path) -> None:
    text = maze.toml() + maze.toml(name="second", chain_id=5)
    assert "second" in await refusal(tmp_path, text)


async def test_a_file_that_is_none_stops_the_start(tmp_path: Path) -> None:
    assert "expected" in await refusal(tmp_path, "deployment = 1")
    settings = Settings(data=tmp_path / "data", sandbox=True, chain=tmp_path / "missing.toml")
    with pytest.raises(Stop) as stopped:
        async with running(settings, "1", on_failure=never):
            pass
    assert stopped.value.code == CONFIG
    assert "missing.toml" in stopped.value.message
    assert not settings.data.exists(), "no exchange is founded on the way"


@pytest.mark.slow
def test_the_process_ends_with_the_code_for_settings(maze: Maze, tmp_path: Path) -> None:
    file = maze.write(tmp_path, chain_id=5)
    code, said = Server(tmp_path / "data", "--chain", str(file)).run_to_end()
    assert code == CONFIG
    assert said.splitlines()[-1].startswith(f"xyk: {file}: deployment 'maze': chain_id: ")


def until(found: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    give_up = time.monotonic() + WAIT_S
    while time.monotonic() < give_up:
        value = found()
        if wanted(value):
            return value
        time.sleep(0.05)
    raise AssertionError(value)


@pytest.mark.slow
def test_a_node_that_is_down_makes_its_deployment_stale_until_it_is_back(
    maze: Maze, tmp_path: Path
) -> None:
    wish = {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": 10**18}
    with sky(maze.node.port) as over:
        over.weather = Weather(is_dropping=True)
        secret = f"{over.url}/v3/0123456789abcdef"
        text = maze.toml(name="down", rpc=[secret]) + maze.toml(name="up")
        file = tmp_path / "chain.toml"
        file.write_text(text)
        with running_server(tmp_path / "data", "--seed-demo", "--chain", str(file)) as server:
            site = Site(maze, server)
            down, up = site.http.get("/api/v1/chain").json()
            assert (down["name"], down["status"], down["pairs"]) == ("down", "stale", 0)
            assert down["reason"] and (down["block"], down["blockHash"]) == (0, "")
            for part in (secret, over.url, "0123456789abcdef", "127.0.0.1", str(over.port)):
                assert part not in down["reason"]
            assert up["pairs"] == len(maze.pairs)
            assert site.refusal("/api/v1/chain/down/quote", **wish) == (503, "NODE_UNAVAILABLE")
            response = site.http.get("/api/v1/quote", params={**wish, "venue": "all"})
            quotes = {one["venue"]: one for one in response.json()["quotes"]}
            assert quotes["down"]["error"]["code"] == "NODE_UNAVAILABLE"
            assert int(quotes["own"]["amountOut"]) > 0, "the exchange itself goes on"
            over.weather = FINE
            until(
                lambda: site.http.get("/api/v1/chain").json()[0],
                lambda one: one["status"] == "live" and one["pairs"] == len(maze.pairs),
            )
            maze.mine()
            until(
                lambda: site.http.get("/api/v1/chain/down/quote", params=wish).status_code,
                lambda status: status == 200,
            )
            site.http.close()
    assert "0123456789abcdef" not in server.log.read_text()


@pytest.mark.slow
def test_a_mirror_whose_block_is_old_quotes_nothing_and_names_the_age(
    maze: Maze, tmp_path: Path
) -> None:
    wish = {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": 10**18}
    with served(maze, tmp_path) as site:
        block = maze.head()
        metrics = site.http.get("/metrics").text
        assert f'xyk_chain_block{{deployment="maze"}} {block}.0' in metrics
        assert 'xyk_chain_reorgs_total{deployment="maze"} 0.0' in metrics
        assert 'xyk_chain_age_seconds{deployment="maze"}' in metrics
        maze.node.rpc("anvil_reorg", 1, [])
        until(
            lambda: site.http.get("/metrics").text,
            lambda text: 'xyk_chain_reorgs_total{deployment="maze"} 1.0' in text,
        )
    with served(maze, tmp_path, stale_after_s=75) as site:  # mined as if a minute ago
        answer = until(
            lambda: site.http.get("/api/v1/chain/maze/quote", params=wish),
            lambda response: response.status_code == 503,
        )
        found = answer.json()
        assert found["code"] == "NODE_UNAVAILABLE"
        assert f"block {maze.head()}" in found["message"] and "ms old" in found["message"]
        assert answer.headers["retry-after"] == "1"
        pairs = site.http.get("/api/v1/chain/maze/pairs").json()
        assert pairs[0]["ageMs"] > 75_000, "what is read still answers, and says how old it is"
        site.reached(maze.mine())
        assert site.get("/api/v1/chain/maze/quote", **wish)["block"] == maze.head()


def test_without_a_chain_nobody_loads_web3() -> None:
    program = (
        "import sys\nimport xyk.cli.main, xyk.cli.serve, api.app\n"
        "print([name for name in ('web3', 'aiohttp') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_server_without_a_chain_maps_no_web3_and_lists_no_deployment(tmp_path: Path) -> None:
    """Modules that came with a start would show as their compiled parts: aiohttp has some."""
    with running_server(tmp_path / "data", forked=False) as server:
        assert httpx.get(f"{server.url}/api/v1/chain", trust_env=False, timeout=60).json() == []
        maps = Path(f"/proc/{server.pid}/maps")
        if maps.exists():
            assert "/aiohttp/" not in maps.read_text()
