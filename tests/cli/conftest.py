"""What a real server left behind that was traded on, copied for each test that does something to
it.
"""

import asyncio
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.kept import ACTIONS, KEPT, Kept
from tests.cli.traded import Traded
from tests.crash.load import Trader
from tests.databases import Databases, postgres_database
from tests.server import START_S, Server, run_xyk
from xyk.client.client import Client
from xyk.wallet.signer import Wallet

SNAPSHOT_EVERY = 15
TRADED_SEQ = 24  # genesis, 12 of the seeding, a deposit, ten swaps


async def trade(server: Server) -> None:
    async with Client(server.url, Wallet.random()) as alice:
        await alice.faucet("USDC", 10**12)
        for step in range(10):
            await alice.sell("USDC", "ETH", 10**7 + step)


async def snapshot_seq(client: Client) -> int:
    """Of the newest snapshot, once there is one."""
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up:
        digest = (await client.status())["stateDigest"]
        if digest is not None:
            return int(digest["seq"])
        await asyncio.sleep(0.02)
    raise AssertionError("no snapshot came")


@pytest.fixture(scope="session")
def traded_once(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Traded]:
    """Stopped cleanly, with one snapshot below its head."""
    with databases() as url:
        once = Traded(tmp_path_factory.mktemp("traded") / "data", url)
        server = once.server("--seed-demo", "--snapshot-every", str(SNAPSHOT_EVERY)).start()

        async def use() -> None:
            await trade(server)
            async with Client(server.url) as anyone:
                assert SNAPSHOT_EVERY <= await snapshot_seq(anyone) <= TRADED_SEQ
                assert (await anyone.status())["seq"] == TRADED_SEQ

        try:
            asyncio.run(use())
        finally:
            assert server.stop() == 0
        yield once


@pytest.fixture
def traded(traded_once: Traded, tmp_path: Path) -> Iterator[Traded]:
    data = shutil.copytree(traded_once.data, tmp_path / "data")
    if not traded_once.database_url:
        yield Traded(data, "")
        return
    with postgres_database(template=traded_once.database_url) as url:
        yield Traded(data, url)


@pytest.fixture(scope="session")
def kept_once(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Kept]:
    with databases() as url:
        once = Kept(Traded(tmp_path_factory.mktemp("kept") / "data", url), [Trader(1), Trader(2)])

        async def use(server: Server) -> None:
            for trader in once.traders:
                await trader.fund(server.url)
                await trader.trade_some(server.url, ACTIONS)

        server = once.traded.server("--seed-demo").start()
        try:
            asyncio.run(use(server))
        finally:
            assert server.stop() == 0
        code, said = run_xyk("snapshot", *once.where)
        assert code == 0, said
        yield once


@pytest.fixture
def kept(kept_once: Kept, tmp_path: Path) -> Iterator[Kept]:
    data = shutil.copytree(kept_once.traded.data, tmp_path / "data")
    if not kept_once.traded.database_url:
        yield Kept(Traded(data, ""), kept_once.traders)
        return
    with postgres_database(template=kept_once.traded.database_url) as url:
        yield Kept(Traded(data, url), kept_once.traders)


@pytest.fixture
def archived(kept: Kept) -> Kept:
    code, said = run_xyk("archive", *kept.where, "--keep", str(KEPT))
    assert code == 0, said
    return kept
