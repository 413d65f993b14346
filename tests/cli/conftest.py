"""A data folder that a real server traded in, copied for each test that does something to it."""

import asyncio
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from tests.server import START_S, Server
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
def traded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stopped cleanly, with one snapshot below its head."""
    data = tmp_path_factory.mktemp("traded") / "data"
    server = Server(data, "--seed-demo", "--snapshot-every", str(SNAPSHOT_EVERY)).start()

    async def use() -> None:
        await trade(server)
        async with Client(server.url) as anyone:
            assert SNAPSHOT_EVERY <= await snapshot_seq(anyone) <= TRADED_SEQ
            assert (await anyone.status())["seq"] == TRADED_SEQ

    try:
        asyncio.run(use())
    finally:
        assert server.stop() == 0
    return data


@pytest.fixture
def traded(traded_once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(traded_once, tmp_path / "data")


def edit(data: Path, statement: str, database: str = "journal") -> None:
    """Somebody with access to the machine changes a row."""
    connection = sqlite3.connect(data / f"{database}.db")
    with connection:
        assert connection.execute(statement).rowcount == 1
    connection.close()


def forget_snapshots(data: Path) -> None:
    for file in (data / "snapshots").glob("*.json"):
        file.unlink()
