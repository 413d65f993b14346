"""A disk that runs full under load: nobody is told yes for what is not on it."""

import asyncio
import json
import resource
from pathlib import Path

import pytest

from tests.cli.small_disk import SmallDisk
from tests.crash.load import Trader, trade_until_killed
from tests.server import Server, run_xyk
from xyk.cli.exits import STORAGE
from xyk.client.client import Client

SIZE = 16 * 1024 * 1024
LEFT = 512 * 1024  # some hundred actions
TRADERS = 4
PATIENCE_S = 60  # a server that goes on without a disk is never gone
SEEDED = 1 + 4 * 3  # genesis; two deposits and one AddLiquidity for each of four pools


async def expect_all_promises(server: Server, traders: list[Trader]) -> None:
    """Each has its first receipt, and the journal has one entry for each and no other."""
    for trader in traders:
        await trader.redeem(server.url, trader.promises)
        await trader.settle(server.url)
    seqs = [json.loads(one.receipt)["seq"] for trader in traders for one in trader.promises]
    assert len(set(seqs)) == len(seqs)
    async with Client(server.url) as anyone:
        status = await anyone.status()
    assert status["seq"] == SEEDED + 2 * len(traders) + len(seqs)


async def test_a_disk_without_space_ends_it_without_an_answer(tmp_path: Path) -> None:
    """ENOSPC from a real file system, then room again: the next start has all that was promised."""
    with SmallDisk(tmp_path / "disk", SIZE) as disk:
        server = Server(disk.folder / "data", "--seed-demo", launcher=disk.launcher).start()
        try:
            traders = [Trader(seed) for seed in range(TRADERS)]
            for trader in traders:
                await trader.fund(server.url)
            disk.fill(left_bytes=LEFT)
            async with asyncio.timeout(PATIENCE_S):
                await trade_until_killed(traders, server.url)
            assert await asyncio.to_thread(server.stop) == STORAGE
            log = server.log.read_text()
            assert "stops without answering" in log
            assert "database or disk is full" in log
            assert all(trader.promises and trader.doubts for trader in traders)

            disk.free()
            await asyncio.to_thread(server.start)
            await expect_all_promises(server, traders)
            assert server.stop() == 0
        finally:
            if server.process is not None and server.process.poll() is None:
                server.kill()
        where = ("--data", str(server.data))
        code, said = await asyncio.to_thread(run_xyk, "verify", *where, launcher=disk.launcher)
        assert code == 0, said


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux to limit a file's size")
async def test_a_file_that_may_not_grow_ends_it_without_an_answer(tmp_path: Path) -> None:
    """EFBIG, which every Linux can give: the next append fails for good."""
    server = Server(tmp_path / "data", "--seed-demo").start()
    try:
        trader = Trader(seed=3)
        await trader.fund(server.url)
        written = (server.data / "journal.db-wal").stat().st_size
        limit = written + 100_000
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (limit, limit))
        async with asyncio.timeout(PATIENCE_S):
            await trader.trade(server.url)
        assert await asyncio.to_thread(server.stop) == STORAGE
        assert "stops without answering" in server.log.read_text()
        assert trader.promises
        await asyncio.to_thread(server.start)
        await expect_all_promises(server, [trader])
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()
