"""SIGKILL at random moments under a mixed load: nothing acknowledged is lost, nothing happens
twice, also where the journal is archived and backed up in between.

Two kills in every run, twenty in `make slow`, two hundred in `make nightly`; XYK_KILLS overrides
the last. Each prints its seed; XYK_CRASH_SEED repeats one as far as a race can be repeated.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.load import Promise, trade_until_killed
from tests.crash.mixed import KeyRequest, MixedTrader
from tests.server import ROOT, Server, run_xyk
from xyk.cli.keeping import archive_data
from xyk.client.client import Client
from xyk.engine.entry import decode_evidence
from xyk.engine.replica import Replica, follow
from xyk.exchange.state import State
from xyk.storage.archive import open_read_only
from xyk.storage.backup import back_up, read_manifest
from xyk.storage.snapshots import snapshot_data

TRADERS = 4
RUN_S = (0.05, 0.6)  # a life of the server under load
KILLS_NIGHTLY = int(os.environ.get("XYK_KILLS", "200"))
SEEDED = 1 + 4 * 3  # genesis; two deposits and one AddLiquidity for each of four pools
KEPT = 10  # entries that an archive run leaves in the table
BETWEEN = ("archive", "nothing", "backup", "killed archive", "nothing")  # kills, in turn


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
    await crash_and_recover(server, 5)  # each of BETWEEN once


async def crash_and_recover(server: Server, kills: int) -> None:
    seed = int(os.environ.get("XYK_CRASH_SEED", random.SystemRandom().randrange(2**32)))
    print(f"XYK_CRASH_SEED={seed}")
    chance = random.Random(seed)
    traders = [MixedTrader(chance.randrange(2**32)) for _ in range(TRADERS)]
    await asyncio.to_thread(server.start)
    try:
        for trader in traders:
            await trader.fund(server.url)
        for kill in range(kills):
            between = BETWEEN[kill % len(BETWEEN)]
            fresh = await one_life(server, traders, chance, with_backup=between == "backup")
            if "archive" in between:
                await archive(server, chance, is_killed=between == "killed archive")
            await asyncio.to_thread(server.start)
            await expect_orders_as_acknowledged(server, traders, fresh)
            for trader, (promises, requests) in zip(traders, fresh, strict=True):
                await trader.redeem(server.url, promises)
                await trader.redeem_key(server.url, requests)
                await trader.settle(server.url)
            await expect_the_state_is_the_fold(server, traders)
        for trader in traders:
            await trader.redeem(server.url, trader.promises)
        within, late = (
            sum(getattr(one, f"key_{how}") for one in traders) for how in ("redeemed", "late")
        )
        print(f"requests of keys asked again: {within} within their window, {late} after it")
        assert within or not late, "the windows were over each time: nothing of keys was proven"
    finally:
        await asyncio.to_thread(server.stop)
        for trader in traders:
            await trader.close()
    await expect_each_action_once(server, traders)
    database = ("--database-url", server.database_url) if server.database_url else ()
    code, said = await asyncio.to_thread(run_xyk, "verify", "--data", str(server.data), *database)
    assert code == 0, said


Fresh = list[tuple[list[Promise], list[KeyRequest]]]


async def one_life(
    server: Server, traders: list[MixedTrader], chance: random.Random, *, with_backup: bool
) -> Fresh:
    """Load, then SIGKILL; what each trader and its key were promised in this life."""
    marks = [(len(trader.promises), len(trader.key_promises)) for trader in traders]
    load = asyncio.create_task(trade_until_killed(list(traders), server.url))
    while not load.done() and not any(trader.promises for trader in traders):
        await asyncio.wait([load], timeout=0.01)  # on a busy machine a whole life may pass before
    if with_backup:
        await expect_a_backup(server, traders)
    # The moment of death is the point of the test, not a wait for anything.
    await asyncio.wait([load], timeout=chance.uniform(*RUN_S))
    server.kill()
    await load
    return [
        (trader.promises[first:], trader.key_promises[second:])
        for trader, (first, second) in zip(traders, marks, strict=True)
    ]


async def expect_a_backup(server: Server, traders: list[MixedTrader]) -> None:
    """Made while it serves; all that was acknowledged before is in it."""
    promised = [digest for trader in traders for digest in digests_of(trader)]
    seq = 0
    while (to := server.data.with_name(f"copy-{seq}")).exists():
        seq += 1
    await back_up(server.data, server.database_url, to)
    read_manifest(to)
    known = await known_digests(to, "")
    assert set(promised) <= known.keys()


async def archive(server: Server, chance: random.Random, *, is_killed: bool) -> None:
    """All but the newest entries, with a snapshot that allows it."""
    await snapshot_data(server.data, server.database_url)
    if not is_killed:
        await archive_data(server.data, server.database_url, KEPT)
        return
    database = ("--database-url", server.database_url) if server.database_url else ()
    where = ("--data", str(server.data), *database, "--keep", str(KEPT))
    command = (sys.executable, "-m", "xyk", "archive", *where)
    process = await asyncio.to_thread(
        subprocess.Popen, command, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        await asyncio.to_thread(process.wait, chance.uniform(0.3, 2.0))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def expect_orders_as_acknowledged(
    server: Server, traders: list[MixedTrader], fresh: Fresh
) -> None:
    """What a receipt says of an order that never changes; a cancelled one is not open."""
    async with Client(server.url) as anyone:
        for trader, (promises, _) in zip(traders, fresh, strict=True):
            listed = await anyone.open_orders(owner=trader.wallet.address)
            still_open = {one["id"] for one in listed}
            for signed, receipt in promises:
                order = json.loads(receipt).get("order")
                if order is None:
                    continue
                if signed.kind == "CancelOrder":
                    assert order["id"] not in still_open
                elif signed.kind == "PlaceOrder":
                    found = await anyone.order_by_digest(signed.digest)
                    for name in ("id", "side", "clientId", "digest", "timeInForce", "postOnly"):
                        assert found[name] == order[name], (name, found, order)


async def expect_the_state_is_the_fold(server: Server, traders: list[MixedTrader]) -> None:
    """Head, snapshot's digest, reserves, balances and open orders are those of a replay from
    genesis.
    """
    async with Client(server.url) as anyone:
        while True:  # until the clock leaves a moment alone: orders expire, switches fire
            status = await anyone.status()
            pool = await anyone.pool("ETH_USDC")
            accounts = [await anyone.account(trader.wallet.address) for trader in traders]
            orders = [await anyone.open_orders(owner=trader.wallet.address) for trader in traders]
            if (await anyone.status())["seq"] == status["seq"]:
                break
    journal = await open_read_only(server.data, server.database_url)
    try:
        replica = Replica(State())
        snapshot = status["stateDigest"]
        if snapshot is not None:
            await follow(replica, journal, until=snapshot["seq"])
            assert replica.state.digest() == snapshot["digest"]
        await follow(replica, journal, until=status["seq"])
    finally:
        await journal.close()
    state = replica.state
    assert (state.seq, replica.head_hash) == (status["seq"], status["hash"])
    reserves = [state.pools["ETH_USDC"].reserve_base, state.pools["ETH_USDC"].reserve_quote]
    assert pool["reserves"] == [str(reserve) for reserve in reserves]
    for trader, account, listed in zip(traders, accounts, orders, strict=True):
        address = trader.wallet.address
        held = {
            one["symbol"]: (int(one["available"]), int(one["locked"]))
            for one in account["balances"]
        }
        assert held == {
            asset: (available, locked)
            for asset, available, locked in state.ledger.assets_of(address)
        }
        own = state.open_orders.by_owner.get(address, {})
        assert {int(one["id"]): one["digest"] for one in listed} == {
            order.id: order.digest for order in own.values()
        }


def digests_of(trader: MixedTrader) -> list[str]:
    """Of everything that was acknowledged."""
    by_key = [digest for request in trader.key_promises for digest in request.digests]
    return [*(promise.signed.digest for promise in trader.promises), *by_key]


async def known_digests(data: Path, database_url: str) -> dict[str, int]:
    """Of the whole journal, with the seq of each; none is there twice."""
    journal = await open_read_only(data, database_url)
    known: dict[str, int] = {}
    try:
        async for batch in journal.read(0):
            for entry in batch:
                digest = decode_evidence(entry).digest
                assert digest not in known, (entry.seq, known[digest])
                if digest:
                    known[digest] = entry.seq
    finally:
        await journal.close()
    return known


async def expect_each_action_once(server: Server, traders: list[MixedTrader]) -> None:
    """The journal holds every promise once, where its receipt says, and nothing that nobody asked
    for.
    """
    known = await known_digests(server.data, server.database_url)
    promises = [promise for trader in traders for promise in trader.promises]
    for promise in promises:
        assert known[promise.signed.digest] == json.loads(promise.receipt)["seq"]
    for trader in traders:
        assert set(digests_of(trader)) <= known.keys()
        assert not trader.refused & known.keys(), "what was refused left no trace"
    asked = {promise.signed.digest for promise in promises}
    for trader in traders:
        asked |= trader.approvals | trader.key_asked
    assert {digest for digest, seq in known.items() if seq > SEEDED} <= asked
    resumed = sum(trader.resumed for trader in traders)
    kinds = sorted(set().union(*(trader.kinds for trader in traders)))
    print(f"{len(promises)} promises, {resumed} of them executed before they were answered")
    print(f"of {len(kinds)} kinds: {', '.join(kinds)}")
    assert promises
