"""SIGKILL at random moments under load: nothing acknowledged is lost, nothing happens twice.

Two kills in every run, twenty in `make slow`, two hundred in `make nightly`; XYK_KILLS overrides
the last. Each prints its seed; XYK_CRASH_SEED repeats one as far as a race can be repeated.
"""

import asyncio
import json
import os
import random
from pathlib import Path

import pytest

from tests.crash.load import Promise, Trader, trade_until_killed
from tests.server import Server, run_xyk
from xyk.client.client import Client
from xyk.engine.replica import Replica, follow
from xyk.exchange.state import State
from xyk.storage.archive import open_read_only

TRADERS = 4
RUN_S = (0.05, 0.6)  # a life of the server under load
KILLS_NIGHTLY = int(os.environ.get("XYK_KILLS", "200"))
SEEDED = 1 + 4 * 3  # genesis; two deposits and one AddLiquidity for each of four pools


@pytest.mark.parametrize(
    "kills",
    [
        2,
        pytest.param(20, marks=pytest.mark.slow),
        pytest.param(KILLS_NIGHTLY, marks=pytest.mark.nightly, id="nightly"),
    ],
)
async def test_sigkill_under_load(tmp_path: Path, kills: int) -> None:
    server = Server(tmp_path / "data", "--seed-demo", "--snapshot-every", "300")
    await crash_and_recover(server, kills)


@pytest.mark.slow
@pytest.mark.postgres
async def test_sigkill_under_load_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    server = Server(
        tmp_path / "data", "--seed-demo", "--snapshot-every", "300", database_url=postgres_url
    )
    await crash_and_recover(server, 10)


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
            for trader, promises in zip(traders, fresh, strict=True):
                await trader.redeem(server.url, promises)
                await trader.settle(server.url)
            await expect_the_state_is_the_fold(server, traders)
        for trader in traders:
            await trader.redeem(server.url, trader.promises)
        await expect_each_action_once(server, traders)
    finally:
        await asyncio.to_thread(server.stop)
    database = ("--database-url", server.database_url) if server.database_url else ()
    code, said = await asyncio.to_thread(run_xyk, "verify", "--data", str(server.data), *database)
    assert code == 0, said


async def one_life(
    server: Server, traders: list[Trader], chance: random.Random
) -> list[list[Promise]]:
    """Load, then SIGKILL; what each trader was promised in this life."""
    marks = [len(trader.promises) for trader in traders]
    load = asyncio.create_task(trade_until_killed(traders, server.url))
    while not load.done() and not any(trader.promises for trader in traders):
        await asyncio.wait([load], timeout=0.01)  # on a busy machine a whole life may pass before
    # The moment of death is the point of the test, not a wait for anything.
    await asyncio.wait([load], timeout=chance.uniform(*RUN_S))
    server.kill()
    await load
    return [trader.promises[mark:] for trader, mark in zip(traders, marks, strict=True)]


async def expect_the_state_is_the_fold(server: Server, traders: list[Trader]) -> None:
    """Head, snapshot's digest, reserves and balances are those of a replay from genesis."""
    journal = await open_read_only(server.data, server.database_url)
    try:
        async with Client(server.url) as anyone:
            status = await anyone.status()
            pool = await anyone.pool("ETH_USDC")
            accounts = [await anyone.account(trader.wallet.address) for trader in traders]
        replica = Replica(State())
        snapshot = status["stateDigest"]
        if snapshot is not None:
            await follow(replica, journal, until=snapshot["seq"])
            assert replica.state.digest() == snapshot["digest"]
        await follow(replica, journal)
    finally:
        await journal.close()
    state = replica.state
    assert (state.seq, replica.head_hash) == (status["seq"], status["hash"])
    reserves = [state.pools["ETH_USDC"].reserve_base, state.pools["ETH_USDC"].reserve_quote]
    assert pool["reserves"] == [str(reserve) for reserve in reserves]
    for trader, account in zip(traders, accounts, strict=True):
        held = {one["symbol"]: int(one["available"]) for one in account["balances"]}
        assert held == {
            asset: available
            for asset, available, _ in state.ledger.assets_of(trader.wallet.address)
        }


async def expect_each_action_once(server: Server, traders: list[Trader]) -> None:
    """The journal holds every promise once, and nothing that nobody asked for."""
    receipts = [json.loads(promise.receipt) for trader in traders for promise in trader.promises]
    resumed = sum(trader.resumed for trader in traders)
    print(f"{len(receipts)} promises, {resumed} of them executed before they were answered")
    seqs = {receipt["seq"] for receipt in receipts}
    assert len(seqs) == len(receipts) > 0
    async with Client(server.url) as anyone:
        seq = (await anyone.status())["seq"]
    assert len(receipts) == seq - SEEDED - 2 * len(traders)
