"""What is told of a deployment's markets: after blocks, after reorgs, after restarts, and while
nobody knows how the chain is."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from api.hub import Frame, Reader
from tests.chain.scripted_mirror import (
    E6,
    E18,
    ETH_USDC,
    PAIRS,
    TRADER,
    Chain,
    Index,
    indexed,
)
from tests.storage.read_back import everything
from xyk.chain.mirror import CATCHING_UP, HALTED, LIVE, STALE
from xyk.chain.pair import Block, BlockEvents, Sync
from xyk.storage.batch import Batch
from xyk.storage.block_tables import BlockTables
from xyk.storage.connection import chain_read_database

SYMBOL = ETH_USDC.symbol


async def fresh(folder: Path, chain: Chain) -> dict[str, Any]:
    """What an index says that never knew any other chain."""
    async with indexed(folder) as index:
        await index.follow(chain.blocks)
        return await index.everything()


async def tables(folder: Path, database_url: str = "") -> Any:
    return await everything(chain_read_database(folder, "local", database_url))


@pytest.mark.parametrize(
    "depth", [1, 4, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3, 5, 6, 7, 8, 9, 10))]
)
async def test_after_a_reorg_all_is_as_if_the_other_blocks_never_were(
    depth: int, tmp_path: Path
) -> None:
    old = Chain(depth).grow(60)
    new = old.fork(100 + depth, depth).grow(depth + 1)
    kept = len(old.blocks) - depth
    async with indexed(tmp_path / "reorged") as index:
        await index.follow(old.blocks)
        before = await index.everything()
        index.mirror.drop(old.blocks[kept - 1], old.blocks[:kept])
        for told in new.blocks[kept:]:
            index.mirror.apply(told)
        after = await index.everything()
        await index.settle_before(new.blocks)
        assert await index.everything() == after
    assert after != before
    assert after == await fresh(tmp_path / "fresh", new)


async def test_a_market_that_a_reorg_unlists_is_listed_anew(tmp_path: Path) -> None:
    old = Chain(1).grow(6)
    async with indexed(tmp_path / "reorged") as index:
        for told in old.blocks:
            index.mirror.apply(told)
        nothing = BlockEvents(Block(0, "0x00", "", 0), ())
        index.mirror.drop(nothing, [])
        markets = await index.get("/api/v1/pools")
        assert [one["reserves"] for one in markets] == [["0", "0"]] * 2
        assert await index.get("/api/v1/trades", symbol=SYMBOL) == []
        new = Chain(2).grow(30)
        await index.follow(new.blocks)
        assert await index.everything() == await fresh(tmp_path / "fresh", new)


def without_averages(told: dict[str, Any]) -> dict[str, Any]:
    """Those of pools begin anew with each start."""
    for pool in told["/api/v1/pools"]:
        del pool["twap"], pool["twapSeconds"]
    return told


class Crash(Exception):
    pass


@pytest.mark.slow
async def test_a_crash_in_the_middle_of_catching_up_leaves_the_same_tables(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After any number of transactions, also in the middle of one `final`."""
    chain = Chain(3).grow(900)
    whole = tmp_path / "whole"
    async with indexed(whole) as index:
        await index.follow(chain.blocks)
        expected, told = await tables(whole), await index.everything()
    write, left = BlockTables._write, 0

    async def crashing(self: BlockTables, fold: Any, batch: Batch) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Crash
        await write(self, fold, batch)

    monkeypatch.setattr(BlockTables, "_write", crashing)
    folder, crashes, cursor = tmp_path / "crashing", 0, 0
    while True:
        left = 1 + crashes % 3
        async with indexed(folder, database_url) as index:
            for told_block in chain.blocks[:cursor]:  # what the mirror knows, and tells nobody
                index.mirror.block = told_block.block
            try:
                for start in range(cursor, len(chain.blocks), 170):
                    for one in chain.blocks[start : start + 170]:
                        index.mirror.apply(one)
                    await index.settle_before(chain.blocks)
                    cursor = index.mirror.block.number - 12  # that it kept, when all had
            except Crash:
                crashes += 1
                continue
            left = 1000
            assert await tables(folder, database_url) == expected
            assert without_averages(await index.everything()) == without_averages(told)
            break
    assert crashes >= 3


async def test_what_the_database_refused_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once only, though a part of it had been written."""
    chain = Chain(4).grow(300)
    async with indexed(tmp_path / "whole") as index:
        await index.follow(chain.blocks)
    write, calls = BlockTables._write, 0

    async def failing(self: BlockTables, fold: Any, batch: Batch) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Crash
        await write(self, fold, batch)

    monkeypatch.setattr(BlockTables, "_write", failing)
    async with indexed(tmp_path / "refused") as index:
        with pytest.raises(Crash):
            await index.follow(chain.blocks)
        assert 0 < index.kept.tables.seq < 288
        await index.settle_before(chain.blocks)
    assert await tables(tmp_path / "refused") == await tables(tmp_path / "whole")


async def test_after_a_restart_the_same_is_told_and_the_rest_is_gone_on_with(
    database_url: str, tmp_path: Path
) -> None:
    chain = Chain(5).grow(120)
    first, rest = chain.blocks[:70], chain.blocks[70:]
    async with indexed(tmp_path / "kept", database_url) as index:
        await index.follow(first, confirmations=0)
        before = await index.everything()
    async with indexed(tmp_path / "kept", database_url) as index:
        index.mirror.block = first[-1].block
        after = await index.everything()
        assert without_averages(after) == without_averages(before)
        for told in rest:
            index.mirror.apply(told)
        gone_on = await index.everything()
    expected = await fresh(tmp_path / "fresh", chain)
    assert without_averages(gone_on) == without_averages(expected)


async def test_a_drained_pool_is_told_of_and_has_no_price(tmp_path: Path) -> None:
    chain = Chain(8).grow(20)
    tip = chain.tip
    async with indexed(tmp_path / "data") as index:
        await index.follow(chain.blocks)
        for number, reserves in ((1, (0, 5 * E18)), (2, (7, 0)), (3, (0, 0))):
            block = Block(tip.number + number, f"0x{number}", "", tip.time_s + number)
            index.mirror.apply(BlockEvents(block, (Sync(ETH_USDC.address, "0x", 0, *reserves),)))
            pool = await index.get(f"/api/v1/pools/{SYMBOL}")
            assert pool["reserves"] == [str(reserves[1]), str(reserves[0])]
            assert pool["dormant"] and pool["spotPrice"] is pool["twap"] is None
            depth = await index.get("/api/v1/depth", symbol=SYMBOL)
            assert depth["asks"] == depth["bids"] == []
        back = Block(tip.number + 4, "0x4", "", tip.time_s + 4)
        sync = Sync(ETH_USDC.address, "0x", 0, 2 * 10**6 * E6, 1000 * E18)
        index.mirror.apply(BlockEvents(back, (sync,)))
        assert (await index.get(f"/api/v1/pools/{SYMBOL}"))["spotPrice"] == "2000"
        await index.mirror.settle(back)


async def test_pools_that_were_only_read_are_markets_too(tmp_path: Path) -> None:
    async with indexed(tmp_path / "data") as index:
        index.mirror.block = Block(9, "0x09", "", 1_760_000_000)
        index.mirror.reserves[ETH_USDC.address] = (2 * 10**6 * E6, 1000 * E18)
        index.mirror.total_supply[ETH_USDC.address] = 4321
        index.feed._sight()
        [market] = await index.get("/api/v1/markets")
        assert market["symbol"] == SYMBOL
        assert market["filters"]["price"]["tickSize"] == "0.001"
        assert market["filters"]["quantity"]["stepSize"] == "0.000001"
        pool = await index.get(f"/api/v1/pools/{SYMBOL}")
        assert (pool["totalSupply"], pool["spotPrice"], pool["seq"]) == ("4321", "2000", 9)
        index.feed._sight()
        assert len(index.feed._tail) == 1
        await index.mirror.settle(index.mirror.block)
    async with indexed(tmp_path / "data") as index:
        assert (await index.get(f"/api/v1/pools/{SYMBOL}"))["totalSupply"] == "4321"


async def test_what_is_read_at_a_block_is_kept_with_what_happened_in_it(tmp_path: Path) -> None:
    async with indexed(tmp_path / "data") as index:
        sync = Sync(ETH_USDC.address, "0x", 0, 2 * 10**6 * E6, 1000 * E18)
        index.mirror.apply(BlockEvents(Block(9, "0x09", "", 1_760_000_000), (sync,)))
        index.mirror.reserves[PAIRS[1].address] = (40 * E18, 10**28)
        index.feed._sight()
        before = await index.everything()
        await index.mirror.settle(index.mirror.block)
    async with indexed(tmp_path / "data") as index:
        index.mirror.block = Block(9, "0x09", "", 1_760_000_000)
        assert len(await index.get("/api/v1/markets")) == 2
        assert without_averages(await index.everything()) == without_averages(before)


def followed(index: Index, *names: str) -> list[dict[str, Any]]:
    """Frames of these streams, as a socket gets them."""
    heard: list[dict[str, Any]] = []

    class Heard(Reader):
        def push(self, frame: Frame) -> bool:
            heard.append(json.loads(frame.message["text"]))
            return True

    reader = Heard(lambda: None)
    for name in names:
        index.feed.hub.subscribe(reader, name)
        index.feed.feed.follow(name)
    return heard


def kinds(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["data"]["e"] for frame in frames]


STREAMS = ("trade", "pool", "ticker", "depth", "bookTicker", "kline.1m")


@pytest.mark.parametrize("status", [STALE, CATCHING_UP, HALTED])
async def test_nothing_old_is_told_as_new(status: str, tmp_path: Path) -> None:
    chain = Chain(9).grow(60)
    async with indexed(tmp_path / "data") as index:
        await index.follow(chain.blocks[:40])
        frames = followed(index, *(f"{kind}.{SYMBOL}" for kind in STREAMS))
        index.mirror.status, index.mirror.reason = status, "why"
        for told in chain.blocks[40:]:
            index.mirror.apply(told)
        index.feed.feed.push_tickers(index.feed.now_ms())
        index.feed.feed.tick_depth(10, index.feed.now_ms())
        assert set(kinds(frames)) == {"stale", "trade"}  # a trade says itself when it was
        stale = frames[0]
        assert stale["stream"] == "status" and kinds(frames).count("stale") == 1
        assert stale["data"]["status"] == status and stale["data"]["reason"] == "why"
        assert stale["data"]["ageMs"] >= 3000 and stale["data"]["block"] > 40

        answer = await index.http.get("/api/v1/ticker", params={"symbol": SYMBOL})
        assert (answer.status_code, answer.headers["x-stale"]) == (200, "true")
        answer = await index.http.get("/api/v1/nothing")
        assert (answer.status_code, answer.headers["x-stale"]) == (404, "true")
        told = await index.get("/api/v1/status")
        assert (told["status"], told["message"], told["mirror"]) == ("Maintenance", "why", status)

        index.mirror.status = LIVE
        del frames[:]
        index.feed._freshen()
        assert kinds(frames)[0] == "live" and {"pool", "bookTicker"} <= set(kinds(frames))
        pool = next(frame["data"] for frame in frames if frame["data"]["e"] == "pool")
        assert pool["reserves"] == (await index.get(f"/api/v1/pools/{SYMBOL}"))["reserves"]
        index.feed.feed.push_tickers(index.feed.now_ms())
        index.feed.feed.tick_depth(20, index.feed.now_ms())
        assert {"ticker", "depth"} <= set(kinds(frames))


async def test_who_subscribes_to_something_stale_is_told_at_once(tmp_path: Path) -> None:
    received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    async with indexed(tmp_path / "data") as index:
        await index.follow(Chain(15).grow(20).blocks)
        index.mirror.status = STALE
        scope = {"type": "websocket", "path": "/ws", "headers": [], "client": ("127.0.0.1", 1)}
        socket = asyncio.create_task(index.app(scope, received.get, sent.put))
        received.put_nowait({"type": "websocket.connect"})
        names = ["account.orderUpdate", f"account.orderUpdate@{TRADER}", f"pool.{SYMBOL}"]
        asked = {"method": "SUBSCRIBE", "params": names, "signature": ["a", "b", "c", "d"]}
        received.put_nowait({"type": "websocket.receive", "text": json.dumps(asked)})
        assert (await sent.get())["type"] == "websocket.accept"
        told = [json.loads((await sent.get())["text"]) for _ in range(3)]
        assert [one["error"]["code"] for one in told[:2]] == [4006, 4006]
        assert told[2]["data"]["e"] == STALE and told[2]["stream"] == "status"
        received.put_nowait({"type": "websocket.disconnect"})
        await socket


async def test_time_is_the_chain_s(tmp_path: Path) -> None:
    """However long ago the last block was, no candle goes on beyond it."""
    chain = Chain(10).grow(40)
    async with indexed(tmp_path / "data") as index:
        await index.follow(chain.blocks)
        assert await index.get("/api/v1/time") == chain.tip.time_s * 1000
        asked = {"symbol": SYMBOL, "interval": "1s", "startTime": chain.tip.time_s - 60}
        candles = await index.get("/api/v1/klines", **asked)
        assert len(candles) == 61


async def test_readers_are_told_of_a_reorg_and_of_how_it_is_now(tmp_path: Path) -> None:
    old = Chain(11).grow(60)
    new = old.fork(12, 5).grow(6)
    async with indexed(tmp_path / "data") as index:
        await index.follow(old.blocks)
        index.feed._freshen()
        frames = followed(index, *(f"{kind}.{pair.symbol}" for kind in STREAMS for pair in PAIRS))
        local: dict[str, str] = {}
        depth = await index.get("/api/v1/depth", symbol=SYMBOL)
        local |= {price: size for side in ("asks", "bids") for price, size in depth[side]}
        index.mirror.drop(old.blocks[54], old.blocks[:55])
        reorg = next(frame for frame in frames if frame["data"]["e"] == "reorg")
        assert reorg["stream"] == "status" and reorg["data"]["block"] == 55
        assert "trade" not in kinds(frames)  # those that survived were told before
        pools = {frame["data"]["s"] for frame in frames if frame["data"]["e"] == "pool"}
        assert pools == set(reorg["data"]["symbols"])  # how it is now, told again
        assert set(reorg["data"]["symbols"]) <= {pair.symbol for pair in PAIRS}
        for told in new.blocks[55:]:
            index.mirror.apply(told)
        index.feed.feed.tick_depth(1, index.feed.now_ms())
        [step] = [
            f["data"] for f in frames if f["data"]["e"] == "depth" and f["data"]["s"] == SYMBOL
        ]
        assert step["U"] <= int(depth["lastUpdateId"]) + 1 <= step["u"]
        for price, size in (*step["a"], *step["b"]):
            if size == "0":
                local.pop(price, None)
            else:
                local[price] = size
        depth = await index.get("/api/v1/depth", symbol=SYMBOL)
        assert local == {price: size for side in ("asks", "bids") for price, size in depth[side]}


async def test_candles_that_a_reorg_changed_are_told_again(tmp_path: Path) -> None:
    old = Chain(13).grow(60)
    new = old.fork(14, 8).grow(9)
    async with indexed(tmp_path / "data") as index:
        await index.follow(old.blocks[:45], confirmations=20)
        index.feed._freshen()
        frames = followed(index, f"kline.1m.{SYMBOL}")
        klines = index.feed.feed.klines
        for told in old.blocks[45:]:
            index.mirror.apply(told)
            klines.tick(index.feed.now_ms())
        index.mirror.drop(old.blocks[51], old.blocks[:52])
        for told in new.blocks[52:]:
            index.mirror.apply(told)
            klines.tick(index.feed.now_ms())
        last = {f["data"]["t"]: f["data"] for f in frames if f["data"]["e"] == "kline"}
        asked = {"symbol": SYMBOL, "interval": "1m", "startTime": old.blocks[45].block.time_s}
        for candle in (await index.get("/api/v1/klines", **asked))[:-1]:  # those that are over
            heard = last[candle["start"].replace(" ", "T")]
            assert [heard[x] for x in "ohlcv"] == [
                candle[x] for x in ("open", "high", "low", "close", "volume")
            ]
