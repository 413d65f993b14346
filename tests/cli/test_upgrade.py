"""Each released version's data folder in the hands of this one: served, verified, replayed,
rebuilt, and traded on with.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from alembic import command
from msgspec.structs import astuple
from sqlalchemy import Connection

from tests.server import Server, run_xyk
from tests.vectors.frozen import READ_REVISIONS, RELEASES, frozen, marks
from xyk.client.client import Client
from xyk.engine.entry import Entry
from xyk.engine.replica import Replica
from xyk.exchange.state import State
from xyk.storage.connection import Database, journal_database, read_database, writing_engine
from xyk.storage.database import DataFolder
from xyk.storage.migrate import alembic_config, upgrade_database
from xyk.wallet.signer import Wallet

SPENT = 10**9  # USDC of a bid and a swap, in base units


async def make_folder(data: Path, name: str, *, with_reads: bool) -> None:
    """As that version left it; or without the read tables, which may be lost."""
    DataFolder(data).create()
    await upgrade_database(journal_database(data, ""))
    insert(data / "journal.db", frozen(name))
    if with_reads:
        await make_tables(read_database(data, ""), READ_REVISIONS[name])


def insert(file: Path, entries: Sequence[Entry]) -> None:
    with sqlite3.connect(file) as database:
        places = ", ".join("?" * len(Entry.__struct_fields__))
        rows = [astuple(entry) for entry in entries]
        database.executemany(f"INSERT INTO entries VALUES ({places})", rows)
    database.close()


async def make_tables(database: Database, revision: str) -> None:
    engine = writing_engine(database)

    def upgrade(connection: Connection) -> None:
        config = alembic_config(database.name)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()


def folded(entries: Sequence[Entry]) -> State:
    replica = Replica(State())
    for entry in entries:
        replica.apply(entry)
    return replica.state


async def expect_the_wealth_of(state: State, anyone: Client) -> None:
    """Every owner has what it had; what long due orders held is free."""
    ledger = state.ledger
    owners = {row[0] for asset in ledger.assets() for row in ledger.balances(asset)}
    owners = {owner for owner in owners if owner.startswith("0x")}
    assert len(owners) > 3
    for owner in owners:
        told = await anyone.account(owner)
        found = {
            one["symbol"]: int(one["available"]) + int(one["locked"]) for one in told["balances"]
        }
        expected = {asset: free + held for asset, free, held in ledger.assets_of(owner)}
        assert found == expected, owner


async def trade_on(url: str) -> None:
    """A new wallet in the old markets: swap, bid, cancel; the receipts are found again."""
    async with Client(url, Wallet.random()) as client:
        await client.faucet("USDC", 2 * SPENT)
        market = await client.get("/api/v1/market?symbol=ETH_USDC")
        assert market["orderBookState"] == "Open"
        sold = await client.sell("USDC", "ETH", SPENT)
        assert int(sold["amountOut"]) > 0
        placed = await client.place_order("ETH_USDC", "Bid", price="100", quantity="0.1")
        assert placed["order"]["status"] == "New"
        await client.cancel_order(placed["order"]["id"])


@pytest.mark.slow
@pytest.mark.parametrize("with_reads", [False, True], ids=["no read tables", "its read tables"])
@pytest.mark.parametrize("name", RELEASES)
async def test_an_older_folder_is_taken_over(tmp_path: Path, name: str, with_reads: bool) -> None:
    data, entries = tmp_path / "data", frozen(name)
    await make_folder(data, name, with_reads=with_reads)
    server = Server(data, "--accept-clock", "--snapshot-every", "50")
    await asyncio.to_thread(server.start)
    try:
        async with Client(server.url) as anyone:
            status = await anyone.status()
            assert status["seq"] >= len(entries)
            assert status["sandbox"]
            await expect_the_wealth_of(folded(entries), anyone)
            assert (await anyone.get("/readyz")) == {"status": "ready"}
        await trade_on(server.url)
    finally:
        assert await asyncio.to_thread(server.stop) == 0
    last = marks(name)[-1]
    anchor = ("--expect-seq", str(last["seq"]), "--expect-hash", last["hash"])
    for arguments in (("verify", *anchor), ("replay",), ("rebuild",), ("verify",)):
        code, said = await asyncio.to_thread(run_xyk, *arguments, "--data", str(data))
        assert code == 0, (arguments, said)
    await asyncio.to_thread(server.start)
    try:
        await trade_on(server.url)
    finally:
        assert await asyncio.to_thread(server.stop) == 0


async def test_without_a_word_a_clock_of_years_later_stops_the_start(tmp_path: Path) -> None:
    await make_folder(tmp_path / "data", RELEASES[-1], with_reads=False)
    code, said = await asyncio.to_thread(Server(tmp_path / "data").run_to_end)
    assert (code, "--accept-clock" in said) == (78, True), said
