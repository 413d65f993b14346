"""Non-root, no capability, a read-only root: the exchange serves, snapshots, stops and comes back,
and writes nothing but its data folder."""

import asyncio
from pathlib import Path

import pytest

from tests.cli.read_only import NOBODY, contained, is_readable
from tests.require import require
from tests.server import run_xyk
from xyk.client.client import Client
from xyk.wallet.signer import Wallet


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def writable_mounts(pid: int) -> set[str]:
    """Of file systems that keep files; of several on one point the last one counts."""
    listed = [row.split() for row in Path(f"/proc/{pid}/mounts").read_text().splitlines()]
    rows = {row[1]: row for row in listed}.values()
    kernel = ("proc", "sysfs", "devpts", "devtmpfs", "mqueue")
    return {
        row[1]
        for row in rows
        if "rw" in row[3].split(",") and row[2] not in kernel and not row[2].startswith("cgroup")
    }


async def trade(url: str) -> None:
    async with Client(url, Wallet.random()) as client:
        await client.faucet("ETH")
        for _ in range(8):
            await client.sell("ETH", "USDC", 10**15)
        async with asyncio.timeout(60):
            while (await client.status())["stateDigest"] is None:
                pass


@pytest.mark.slow
async def test_it_needs_its_data_folder_and_nothing_else(tmp_path: Path) -> None:
    if not is_readable():
        require("mount", "the checkout lies where only its owner may read")
    data = tmp_path / "data"
    server = contained(data, "--seed-demo", "--snapshot-every", "10")
    for _ in range(2):
        await asyncio.to_thread(server.start)
        try:
            status = status_of(server.pid)
            assert set(status["Uid"].split()) == set(status["Gid"].split()) == {str(NOBODY)}
            assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
            assert status["NoNewPrivs"] == "1"
            assert writable_mounts(server.pid) == {"/mnt"}
            await trade(server.url)
        finally:
            assert await asyncio.to_thread(server.stop) == 0
    assert {"journal.db", "read.db", "snapshots"} <= {path.name for path in data.iterdir()}
    assert {path.stat().st_uid for path in data.rglob("*")} == {NOBODY}
    code, said = await asyncio.to_thread(run_xyk, "verify", "--data", str(data))
    assert code == 0, said
