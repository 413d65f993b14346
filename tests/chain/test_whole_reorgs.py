"""What a real server says over HTTP after reorgs of a real node: what the surviving chain says."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets

from tests.chain.anvil import Anvil
from tests.chain.anvil import running as node_of
from tests.chain.crowd import Crowd
from tests.chain.maze import Maze
from tests.chain.site import Site, served
from tests.chain.test_serve_chain import until
from tests.chain.weather import sky
from tests.chain.whole import BASE, equal_by_hand, shown_pools, told_of_all, until_hash

pytestmark = [pytest.mark.chain, pytest.mark.slow]

CONFIRMATIONS = 12
SETTINGS: dict[str, Any] = {
    "start_block": 1,
    "stale_after_s": 86_400,
    "confirmations": CONFIRMATIONS,
}
WISH = {"tokenIn": "WETH", "tokenOut": "USDC", "amountIn": 10**18}
HEAR_S = 60


@pytest.fixture
def crowd(node: Anvil) -> Crowd:
    return Crowd(Maze(node, density=0.3, ago_s=6 * 3600, block_s=12), seed=42)


@asynccontextmanager
async def frames(site: Site, *names: str) -> AsyncIterator[asyncio.Queue[Any]]:
    """Of the deployment's streams, as they come."""
    heard: asyncio.Queue[Any] = asyncio.Queue()
    url = site.server.url.replace("http", "ws") + BASE + "/ws"
    async with websockets.connect(url, proxy=None) as socket:
        await socket.send(json.dumps({"method": "SUBSCRIBE", "params": names, "id": 1}))

        async def listen() -> None:
            async for text in socket:
                heard.put_nowait(json.loads(text))

        listening = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            listening.cancel()


async def hear(heard: asyncio.Queue[Any], event: str) -> Any:
    """The next frame of it; those before are passed over."""
    async with asyncio.timeout(HEAR_S):
        while True:
            frame = await heard.get()
            if frame.get("data", {}).get("e") == event:
                return frame["data"]


async def test_reorgs_of_each_depth_are_as_if_they_had_not_been(
    crowd: Crowd, tmp_path: Path
) -> None:
    with served(crowd.maze, tmp_path, **SETTINGS) as site:
        until_hash(site, crowd)
        async with frames(site, "trade.WETH_USDC") as heard:
            for depth in range(1, 11):
                crowd.trade(depth + 2)
                crowd.crowd(3)  # so that something is undone
                await asyncio.to_thread(until_hash, site, crowd)
                block, before = crowd.maze.head(), told_of_all(site)
                crowd.reorg(depth)
                assert crowd.maze.head() == block
                await asyncio.to_thread(until_hash, site, crowd)
                assert shown_pools(site) == crowd.pools(block)
                await equal_by_hand(site, crowd)
                assert told_of_all(site) != before, "the reorg changed nothing that is told"
                reorg = await hear(heard, "reorg")
                assert (reorg["block"], bool(reorg["symbols"])) == (block - depth, True)
                assert reorg["blockHash"] == crowd.block_hash(block - depth)
        after, block = told_of_all(site), crowd.maze.head()
        assert 'xyk_chain_reorgs_total{deployment="maze"} 10.0' in site.http.get("/metrics").text
    (tmp_path / "fresh").mkdir()
    with served(crowd.maze, tmp_path / "fresh", is_mining=False, **SETTINGS) as site:
        until_hash(site, crowd)
        assert crowd.maze.head() == block
        assert told_of_all(site) == after


async def test_deeper_than_the_rule_it_halts_and_is_never_fresh(
    crowd: Crowd, anvil: Path, tmp_path: Path
) -> None:
    """The other history is another node's, of the same contracts, traded by another crowd."""
    (tmp_path / "other").mkdir()
    with node_of(anvil, tmp_path / "other") as node, sky(crowd.node.port) as over:
        other = Crowd(Maze(node, density=0.3, ago_s=6 * 3600, block_s=12), seed=43)
        assert [one.address for one in other.maze.pairs.values()] == [
            one.address for one in crowd.maze.pairs.values()
        ]
        crowd.trade(CONFIRMATIONS + 8)
        other.trade(CONFIRMATIONS + 20)
        with served(crowd.maze, tmp_path, rpc=[over.url], **SETTINGS) as site:
            until_hash(site, crowd)
            before, block = told_of_all(site), site.deployment()
            async with frames(site, "ticker.WETH_USDC") as heard:
                over.upstream = node.port
                halted = await asyncio.to_thread(
                    until, site.deployment, lambda one: one["status"] == "halted"
                )
                assert f"deeper than {CONFIRMATIONS} blocks" in halted["reason"]
                assert (halted["block"], halted["blockHash"]) == (
                    block["block"],
                    block["blockHash"],
                )
                told = await hear(heard, "stale")
                assert (told["status"], told["block"]) == ("halted", block["block"])
                assert told["ageMs"] > 0
            assert told_of_all(site) == before, "nothing of the other history"
            answer = site.http.get(f"{BASE}/api/v1/ticker", params={"symbol": "WETH_USDC"})
            assert (answer.status_code, answer.headers["x-stale"]) == (200, "true")
            assert site.get(f"{BASE}/api/v1/status")["mirror"] == "halted"
            for wish in ("quote", "tx/sell"):
                body = {**WISH, "owner": crowd.traders[0]} if "tx" in wish else WISH
                body = {name: str(one) for name, one in body.items()}
                refused = site.http.post(f"/api/v1/chain/maze/{wish}", json=body)
                assert (refused.status_code, refused.json()["code"]) == (503, "NODE_UNAVAILABLE")
            assert site.http.get("/api/v1/status").status_code == 200, "our own exchange goes on"
            over.upstream = crowd.node.port
            await asyncio.to_thread(until_hash, site, crowd)
            await equal_by_hand(site, crowd)
