"""SIGKILL at random moments under load: nothing acknowledged is lost, nothing happens twice.

Three kills in every run, twenty in `make slow`, two hundred in `make nightly`; XYK_KILLS overrides
the last. Each prints its seed; XYK_CRASH_SEED repeats one as far as a race can be repeated.
"""

import asyncio
import json
import os
import random
import re
from pathlib import Path

import pytest

from tests.crash.load import Promise, Trader, trade_until_killed
from tests.server import Server, run_xyk
from xyk.client.client import Client

TRADERS = 4
RUN_S = (0.05, 0.6)  # a life of the server under load
KILLS_NIGHTLY = int(os.environ.get("XYK_KILLS", "200"))


@pytest.mark.parametrize(
    "kills",
    [
        3,
        pytest.param(20, marks=pytest.mark.slow),
        pytest.param(KILLS_NIGHTLY, marks=pytest.mark.nightly, id="nightly"),
    ],
)
async def test_sigkill_under_load(tmp_path: Path, kills: int) -> None:
    server = Server(tmp_path / "data", "--seed-demo", "--snapshot-every", "500")
    await crash_and_recover(server, kills)


async def crash_and_recover(server: Server, kills: int) -> None:
    seed = int(os.environ.get("XYK_CRASH_SEED", random.SystemRandom().randrange(2**32)))
    print(f"XYK_CRASH_SEED={seed}")
    chance = random.Random(seed)
    traders = [Trader(chance.randrange(2**32)) for _ in range(TRADERS)]
    await asyncio.to_thread(server.start)
    try:
        for trader in traders:
            await trader.fund(server.url)
        for _ in range(kills):
            fresh = await one_life(server, traders, chance)
            await asyncio.to_thread(server.start)
            await expect_everything_promised(server, traders, fresh)
        await expect_the_journal_agrees(server, traders)
    finally:
        await asyncio.to_thread(server.stop)
    code, said = await asyncio.to_thread(run_xyk, "verify", "--data", str(server.data))
    assert code == 0, said


async def one_life(
    server: Server, traders: list[Trader], chance: random.Random
) -> list[list[Promise]]:
    """Load, then SIGKILL; what each trader was promised in this life."""
    marks = [len(trader.promises) for trader in traders]
    load = asyncio.create_task(trade_until_killed(traders, server.url))
    # The moment of death is the point of the test, not a wait for anything.
    await asyncio.wait([load], timeout=chance.uniform(*RUN_S))
    server.kill()
    await load
    return [trader.promises[mark:] for trader, mark in zip(traders, marks, strict=True)]


async def expect_everything_promised(
    server: Server, traders: list[Trader], fresh: list[list[Promise]]
) -> None:
    for trader, promises in zip(traders, fresh, strict=True):
        await trader.redeem(server.url, promises)
        await trader.settle(server.url)


async def expect_the_journal_agrees(server: Server, traders: list[Trader]) -> None:
    """All promises of all lives once more; the journal holds each of them once and nothing else."""
    for trader in traders:
        await trader.redeem(server.url, trader.promises)
    receipts = [json.loads(promise.receipt) for trader in traders for promise in trader.promises]
    assert receipts, "the load never got an answer"
    seqs = [receipt["seq"] for receipt in receipts]
    assert len(set(seqs)) == len(seqs), "no two promises share an entry"
    async with Client(server.url) as anyone:
        status = await anyone.status()
    code, said = await asyncio.to_thread(run_xyk, "replay", "--data", str(server.data))
    assert code == 0, said
    assert re.search(rf"\b{status['seq']}\b", said.replace(",", "")), said
    others = 1 + 3 * 4 + 2 * len(traders)  # genesis, seeding of four pools, faucet
    assert len(seqs) == status["seq"] - others, "nothing happened that nobody asked for"
