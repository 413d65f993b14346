"""What a served deployment says of a crowd's trades, and what a script that imports nothing of ours
says of the same chain."""

import json
import subprocess
import sys
import time
from typing import Any

from tests.chain import candles_by_hand
from tests.chain.crowd import Crowd, Pool
from tests.chain.site import WAIT_S, Site
from tests.chain.test_chain_candles import INTERVALS, told

BASE = "/chain/maze"
Json = dict[str, Any]


class Served:
    """The market data routes of a deployment, as `told` asks for them."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def get(self, path: str, **params: object) -> Any:
        return self._site.get(BASE + path, **params)


def shown_pairs(site: Site) -> list[Json]:
    found: list[Json] = site.http.get("/api/v1/chain/maze/pairs").json()
    return found


def shown_pools(site: Site) -> dict[str, Pool]:
    """By pair, of the routes of two kinds, which must agree."""
    told = {one["symbol"]: one for one in site.http.get(f"{BASE}/api/v1/pools").json()}
    found = {}
    for pair in shown_pairs(site):
        pool = told[pair["symbol"]]
        is_0 = pair["token0"]["symbol"] == pair["base"]
        assert pool["reserves"] == pair["reserves"][:: 1 if is_0 else -1]
        supply = -1 if pool["totalSupply"] is None else int(pool["totalSupply"])
        found[pair["address"]] = (*map(int, pair["reserves"]), supply)
    return found


def by_hand(site: Site, crowd: Crowd) -> Json:
    pairs = []
    for one in shown_pairs(site):
        decimals = {one[side]["symbol"]: one[side]["decimals"] for side in ("token0", "token1")}
        pairs.append(
            {
                "symbol": one["symbol"],
                "address": one["address"],
                "base_is_0": one["token0"]["symbol"] == one["base"],
                "base_decimals": decimals[one["base"]],
                "quote_decimals": decimals[one["quote"]],
            }
        )
    asked = [crowd.node.url, json.dumps(pairs), "1", str(crowd.maze.head())]
    seconds = [str(one) for one in INTERVALS.values()]
    done = subprocess.run(
        [sys.executable, candles_by_hand.__file__, *asked, *seconds],
        capture_output=True,
        text=True,
        check=True,
    )
    found: Json = json.loads(done.stdout)
    return found


async def equal_by_hand(site: Site, crowd: Crowd) -> Json:
    """Trades, candles and reserves over HTTP are those of the node's logs; gives these."""
    expected = by_hand(site, crowd)
    first_s = min(one["candles"]["1"][0][0] for one in expected.values() if one["trades"])
    assert await told(Served(site), expected, first_s - 1) == expected  # type: ignore[arg-type]
    return expected


def told_of_all(site: Site) -> Json:
    """All that is told of the markets, but for what a start begins anew: averages, and numbers of
    updates."""
    found: Json = {}
    for path in ("markets", "assets", "tickers", "pools"):
        found[path] = site.http.get(f"{BASE}/api/v1/{path}").json()
    for pool in found["pools"]:
        del pool["twap"], pool["twapSeconds"], pool["seq"]
    for pair in shown_pairs(site):
        symbol = pair["symbol"]
        depth = site.get(f"{BASE}/api/v1/depth", symbol=symbol)
        trades = site.get(f"{BASE}/api/v1/trades/history", symbol=symbol, limit=1000)
        found[symbol] = [depth["asks"], depth["bids"], trades, pair]
        del pair["ageMs"]
    for name in ("markets", "assets", "tickers", "pools"):  # in whatever order they were found
        found[name].sort(key=lambda one: one["symbol"])
    return found


def until_hash(site: Site, crowd: Crowd) -> None:
    """The server shows the node's newest block as it is now, and every pool with its shares."""
    block = crowd.maze.head()
    digest, give_up = crowd.block_hash(block), time.monotonic() + WAIT_S
    while time.monotonic() < give_up:
        found = site.deployment()
        if (found["block"], found["blockHash"], found["status"]) == (block, digest, "live"):
            pools = site.http.get(f"{BASE}/api/v1/pools").json()
            if len(pools) == found["pairs"] and all(one["totalSupply"] for one in pools):
                return
        time.sleep(0.01)
    shown = [
        (one["symbol"], one["totalSupply"]) for one in site.http.get(f"{BASE}/api/v1/pools").json()
    ]
    raise AssertionError((block, digest, found, shown, site.server.log.read_text()[-2000:]))
