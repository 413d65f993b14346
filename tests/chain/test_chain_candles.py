"""A deployment's trades, candles and pools against what a script computes from the node's logs."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from tests.chain import candles_by_hand
from tests.chain.anvil import Anvil
from tests.chain.market import Market
from tests.chain.mirrored import caught_up, running
from tests.chain.scripted_mirror import Index, market_data_of
from xyk.chain.mirror import Mirror
from xyk.chain.node import Node

INTERVALS = {"1s": 1, "1m": 60, "5m": 300, "1h": 3_600, "1d": 86_400}


def by_hand(market: Market, mirror: Mirror) -> dict[str, Any]:
    pairs = [
        {
            "symbol": pair.symbol,
            "address": pair.address,
            "base_is_0": pair.base_is_0,
            "base_decimals": pair.base.decimals,
            "quote_decimals": pair.quote.decimals,
        }
        for pair in mirror.pairs.values()
    ]
    asked = [market.node.url, json.dumps(pairs), "1", str(market.head())]
    seconds = [str(one) for one in INTERVALS.values()]
    done = subprocess.run(
        [sys.executable, candles_by_hand.__file__, *asked, *seconds],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def told(index: Index, by_hand: dict[str, Any], first_s: int) -> dict[str, Any]:
    """The same of the market data's own routes: candles without fills left out, as the script
    knows of none."""
    found: dict[str, Any] = {}
    for symbol in by_hand:
        trades = await index.get("/api/v1/trades/history", symbol=symbol, limit=1000)
        candles = {}
        for name, seconds in INTERVALS.items():
            candles[str(seconds)] = await candles_told(index, symbol, name, first_s)
        pool = await index.get(f"/api/v1/pools/{symbol}")
        found[symbol] = {
            "trades": [
                [
                    *(one["id"], one["price"], one["quantity"], one["quoteQuantity"]),
                    *(one["timestamp"], one["isBuyerMaker"]),
                ]
                for one in reversed(trades)
            ],
            "candles": candles,
            "reserves": [int(one) for one in pool["reserves"]],
        }
    return found


async def candles_told(index: Index, symbol: str, name: str, first_s: int) -> list[Any]:
    found: list[Any] = []
    start_s, step_s = first_s, INTERVALS[name]
    while True:  # 1,000 an answer
        asked = {"symbol": symbol, "interval": name, "startTime": start_s}
        page = await index.get("/api/v1/klines", **asked)
        for one in page:
            moment = datetime.fromisoformat(one["start"]).replace(tzinfo=UTC)
            prices = (one["open"], one["high"], one["low"], one["close"])
            row = [int(moment.timestamp()), *prices, one["volume"], one["quoteVolume"]]
            start_s = row[0] + step_s
            if one["trades"] != "0":
                found.append([*row, int(one["trades"])])
        if len(page) < 1000:
            return found


@asynccontextmanager
async def market_data(market: Market, folder: Path) -> AsyncIterator[Index]:
    """Of the whole history, one pair the other way round."""
    first, second, *others = market.pairs()
    turned = msgspec.structs.replace(second, base_is_0=not second.base_is_0)
    node = Node([market.node.url])
    mirror = Mirror(
        market.deployment(start_block=1), node, (first, turned, *others), now_ms=market.now_ms
    )
    try:
        async with market_data_of(folder, mirror, market.now_ms) as index, running(mirror):
            yield index
    finally:
        await node.close()


@pytest.mark.slow
async def test_what_is_told_is_what_the_logs_say(node: Anvil, tmp_path: Path) -> None:
    market, random = Market(node), Random(11)
    market.open()
    first_s = market.now_ms() // 1000 - 1
    async with market_data(market, tmp_path / "data") as index:
        for depth in (0, 1, 3, 10):
            market.trade(random, 40)
            await caught_up(index.mirror, market)
            if depth:
                calls = [[market.wish(random) for _ in range(2)] for _ in range(depth)]
                market.reorg(depth, calls)
                market.trade(random, 1)
                await caught_up(index.mirror, market)
            expected = by_hand(market, index.mirror)
            assert await told(index, expected, first_s) == expected
            assert all(one["trades"] for one in expected.values())
        assert index.kept.tables.seq > 100  # what is told comes from the tables and from memory
        assert index.feed._tail


@pytest.mark.slow
@pytest.mark.parametrize("depth", range(1, 11))
async def test_a_reorg_of_the_node_is_as_if_the_other_blocks_never_were(
    depth: int, node: Anvil, tmp_path: Path
) -> None:
    market, random = Market(node), Random(depth)
    market.open()
    async with market_data(market, tmp_path / "data") as index:
        market.trade(random, 15)
        await caught_up(index.mirror, market)
        market.reorg(depth, [[market.wish(random)] for _ in range(depth)])
        await caught_up(index.mirror, market)
        after = await index.everything()
        expected = by_hand(market, index.mirror)
        first_s = market.now_ms() // 1000 - 3600
        assert await told(index, expected, first_s) == expected
    async with market_data(market, tmp_path / "fresh") as index:
        await caught_up(index.mirror, market)
        assert await index.everything() == after
