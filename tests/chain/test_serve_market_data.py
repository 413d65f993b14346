"""The market data of a deployment over HTTP and websocket, of a real server on a real node: in the
exchange's own shapes, and nothing else."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import websockets

from tests.chain.anvil import running
from tests.chain.maze import Maze
from tests.chain.site import Site, served
from xyk.client.client import Client
from xyk.wallet.signer import Wallet

pytestmark = [pytest.mark.chain, pytest.mark.slow]

OURS, THEIRS = "ETH_USDC", "WETH_USDC"
BASE = "/chain/maze"
MAY_BE_NULL = {"spotPrice", "inverseSpotPrice", "twap"}  # of pools that are young or empty
HERE = {  # what a deployment answers, of all that the exchange does; the rest is 404
    *("/api/v1/assets", "/api/v1/markets", "/api/v1/market", "/api/v1/bbo/{symbol}"),
    *("/api/v1/ticker", "/api/v1/tickers", "/api/v1/depth", "/api/v1/klines"),
    *("/api/v1/trades", "/api/v1/trades/history", "/api/v1/pools", "/api/v1/pools/{symbol}"),
    *("/api/v1/status", "/api/v1/ping", "/api/v1/time", "/api/v1/securities"),
    *("/udf/config", "/udf/symbols", "/udf/search", "/udf/time", "/udf/history"),
}


@pytest.fixture(scope="module")
def maze(anvil: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maze]:
    with running(anvil, tmp_path_factory.mktemp("anvil")) as node:
        yield Maze(node)


@pytest.fixture(scope="module")
def site(maze: Maze, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With a trade on either venue."""
    with served(maze, tmp_path_factory.mktemp("site")) as made:
        asyncio.run(trade_ours(made.server.url))
        sell(maze, 10**18)
        made.reached(maze.mine())
        yield made


async def trade_ours(url: str) -> None:
    async with Client(url, Wallet.random()) as trader:
        await trader.faucet("ETH")
        await trader.sell("ETH", "USDC", 10**17)


def sell(maze: Maze, amount: int) -> None:
    """WETH for USDC; it waits for its block."""
    path = [maze.tokens["WETH"].address, maze.tokens["USDC"].address]
    end = (maze.owner, 2**256 - 1)
    maze.send(maze.router, "swapExactTokensForTokens", amount, 0, path, *end)


def asked(path: str, symbol: str) -> tuple[str, dict[str, Any]]:
    now_s = int(time.time())
    query: dict[str, Any] = {"symbol": symbol}
    if path.endswith("klines"):
        query |= {"interval": "1m", "startTime": now_s - 3600}
    if path.endswith("udf/history"):
        query |= {"resolution": "1", "from": 0, "to": now_s + 60, "countback": 5}
    return path.replace("{symbol}", symbol), query


def shape(value: object) -> object:
    """Keys and types; a list is the shape of what is in it."""
    if isinstance(value, dict):
        return {name: name if name in MAY_BE_NULL else shape(one) for name, one in value.items()}
    if isinstance(value, list):
        shapes = [shape(one) for one in value]
        return [one for at, one in enumerate(shapes) if one not in shapes[:at]]
    return "number" if type(value) in (int, float) else type(value).__name__


def test_all_that_is_public_is_answered_in_the_same_shape(site: Site) -> None:
    schema = site.http.get("/schema").json()
    for path in HERE:
        assert "get" in schema["paths"][path], path
    for path in sorted(HERE):
        route, query = asked(path, OURS)
        ours = site.http.get(route, params=query)
        route, query = asked(path, THEIRS)
        theirs = site.http.get(BASE + route, params=query)
        assert ours.status_code == theirs.status_code == 200, (path, ours.text, theirs.text)
        assert ours.headers["content-type"] == theirs.headers["content-type"]
        assert theirs.headers["x-stale"] == "false", theirs.headers
        assert int(theirs.headers["x-block"]) == site.deployment()["block"]
        assert int(theirs.headers["x-age-ms"]) >= 0
        if path.endswith(("ping", "time")):
            continue
        told, meant = shape(theirs.json()), shape(ours.json())
        if path.endswith("status"):  # which says more, and has no snapshot
            assert isinstance(told, dict) and isinstance(meant, dict)
            more = {"mirror", "chainId", "block", "blockHash", "ageMs"}
            assert told.keys() == meant.keys() | more
            for name in ("status", "seq", "hash", "version", "sandbox"):
                assert told[name] == meant[name]
            continue
        assert told == meant, path
        assert theirs.json() not in ([], {}) or path.endswith("securities"), path


def test_what_is_no_market_data_is_not_there(site: Site) -> None:
    paths = site.http.get("/schema").json()["paths"]
    private = {path: item for path, item in paths.items() if path not in HERE}
    assert {"/api/v1/orders", "/api/v1/order", "/api/v1/sell", "/api/v1/quote"} <= private.keys()
    count = 0
    for path, item in private.items():
        for method in item:
            route = BASE + path.replace("{symbol}", THEIRS).replace("{owner}", "0x" + "ab" * 20)
            answer = site.http.request(method.upper(), route, json={})
            if path in HERE or answer.status_code == 405:
                continue
            assert answer.status_code == 404, (method, route, answer.text)
            assert answer.json()["code"] == "RESOURCE_NOT_FOUND"
            count += 1
    assert count > 40
    assert site.http.get("/chain/nowhere/api/v1/markets").status_code == 404
    markets = {one["symbol"] for one in site.http.get("/api/v1/markets").json()}
    assert THEIRS not in markets  # never mixed into our own


def test_the_root_is_the_exchange_s_own(site: Site) -> None:
    for path in ("", "/"):
        answer = site.http.get(BASE + path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


async def frames(site: Site, path: str, *names: str) -> Any:
    url = site.server.url.replace("http", "ws") + BASE + path
    async with websockets.connect(url, proxy=None) as socket:
        await socket.send(json.dumps({"method": "SUBSCRIBE", "params": names, "id": 1}))
        while True:
            yield json.loads(await asyncio.wait_for(socket.recv(), 30))


@pytest.mark.parametrize("path", ["/", "/ws"])
async def test_streams_tell_what_happens_on_the_chain(site: Site, path: str) -> None:
    names = [f"{kind}.{THEIRS}" for kind in ("trade", "pool", "ticker", "depth", "bookTicker")]
    seen: dict[str, Any] = {}
    async for frame in frames(site, path, *names, "account.orderUpdate", "trade.ETH_USDC"):
        if "error" in frame:
            assert frame["error"]["code"] == 4006
            seen.setdefault("errors", []).append(frame)
        elif frame.get("id") == 1:
            await asyncio.to_thread(sell, site.maze, 10**17)
            block = await asyncio.to_thread(site.maze.mine)
        else:
            data = frame["data"]
            seen[data["e"]] = data
        if seen.keys() >= {"trade", "pool", "ticker", "depth", "bookTicker"}:
            break
    assert len(seen["errors"]) == 2
    assert seen["trade"]["seq"] == seen["pool"]["seq"] == block
    assert (seen["trade"]["s"], seen["trade"]["q"], seen["trade"]["m"]) == (THEIRS, "0.1", True)
    pool = site.get(f"{BASE}/api/v1/pools/{THEIRS}")
    assert seen["pool"]["reserves"] == pool["reserves"]
    assert seen["pool"]["totalSupply"] == pool["totalSupply"] != "0"


def test_status_and_depth_are_of_the_block(site: Site) -> None:
    status = site.get(f"{BASE}/api/v1/status")
    deployment = site.deployment()
    assert (status["status"], status["mirror"], status["chainId"]) == ("Ok", "live", 31337)
    assert (status["block"], status["blockHash"]) == (deployment["block"], deployment["blockHash"])
    depth = site.get(f"{BASE}/api/v1/depth", symbol=THEIRS)
    assert len(depth["asks"]) == len(depth["bids"]) == 20
    bbo = site.get(f"{BASE}/api/v1/bbo/{THEIRS}")
    assert [bbo["askPrice"], bbo["askQuantity"]] == depth["asks"][0]
    ask, spot = (
        float(bbo["askPrice"]),
        float(site.get(f"{BASE}/api/v1/pools/{THEIRS}")["spotPrice"]),
    )
    assert spot < ask < spot * 1.005 and float(bbo["bidPrice"]) < spot


def test_after_a_restart_the_same_is_told(site: Site) -> None:
    def told() -> list[Any]:
        return [
            site.get(f"{BASE}/api/v1/{path}", symbol=THEIRS)
            for path in ("trades/history", "market", "ticker")
        ]

    before = told()
    site.server.stop()
    site.server.start()
    site.reached(site.maze.head())
    after = told()
    assert after == before
