"""The server as a process: how it starts, refuses to start, and ends."""

import asyncio
import signal
import socket
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.cli.conftest import SNAPSHOT_EVERY, TRADED_SEQ, snapshot_seq
from tests.cli.traded import Traded
from tests.crash.load import Trader
from tests.databases import on_postgres
from tests.server import Server, run_xyk, running_server
from xyk.cli.exits import CONFIG, CORRUPT, LOCKED, STORAGE
from xyk.client.client import Client
from xyk.storage.database import DataFolder


def status(server: Server) -> dict[str, object]:
    found: dict[str, object] = httpx.get(
        f"{server.url}/api/v1/status", trust_env=False, timeout=60
    ).json()
    return found


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_gracefully_under_load(
    tmp_path: Path, database_url: str, by: signal.Signals
) -> None:
    server = Server(
        tmp_path / "data", "--seed-demo", database_url=database_url, forked=False
    ).start()
    trader = Trader(seed=7)
    await trader.fund(server.url)
    load = asyncio.create_task(trader.trade(server.url))
    while len(trader.promises) < 5:
        await asyncio.wait([load], timeout=0.01)
    assert await asyncio.to_thread(server.stop, by) == 0
    await load
    assert "Traceback" not in server.log.read_text()
    await asyncio.to_thread(server.start)
    try:
        await trader.redeem(server.url, trader.promises)
        await trader.settle(server.url)
        assert trader.resumed == 0, "what was decided was answered"
    finally:
        server.stop()


def test_a_second_server_on_the_same_data_names_the_holder(
    tmp_path: Path, database_url: str
) -> None:
    same = Traded(tmp_path / "data", database_url)
    with running_server(same.data, database_url=database_url) as server:
        code, said = same.server().run_to_end()
        assert code == LOCKED
        assert f"pid {server.pid}" in said
        assert status(server)["status"] == "Ok", "the first one goes on"


def test_an_edited_row_refuses_the_start_with_its_seq(traded: Traded) -> None:
    traded.forget_snapshots()
    traded.replace(7, "events", b"1", b"2")
    code, said = traded.server().run_to_end()
    assert code == CORRUPT
    assert said.splitlines()[-1].startswith("xyk: journal entry 7: ")


def test_a_snapshot_with_a_wrong_digest_falls_back_to_the_journal(traded: Traded) -> None:
    [file] = DataFolder(traded.data).snapshots.glob("*.json")
    header, state = file.read_bytes().split(b"\n", 1)
    file.write_bytes(header + b"\n" + state.replace(b"USDC", b"USDT", 1))
    with running_server(traded.data, database_url=traded.database_url) as server:
        assert status(server)["seq"] == TRADED_SEQ
        log = server.log.read_text()
    assert f"{file.name} is passed over" in log
    assert f"folded to seq {TRADED_SEQ} from genesis" in log


def test_a_real_exchange_has_no_faucet(tmp_path: Path, database_url: str) -> None:
    genesis = tmp_path / "genesis.toml"
    genesis.write_text(f'operator = "0x{"11" * 20}"\nassets = []\n')
    flags = ("--genesis", str(genesis))
    data = tmp_path / "data"
    with running_server(data, *flags, sandbox=False, database_url=database_url) as server:
        assert status(server)["sandbox"] is False
        faucet = httpx.post(f"{server.url}/api/v1/faucet", json={}, trust_env=False, timeout=60)
        assert faucet.status_code == 404


def test_python_without_asserts_is_refused(tmp_path: Path) -> None:
    """Before any database is looked at, so once is enough."""
    code, said = Server(tmp_path / "data", interpreter=("-O",)).run_to_end()
    assert code == CONFIG
    assert "without -O" in said
    assert not (tmp_path / "data").exists()


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """About the port, whatever the database."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = Server(tmp_path / "data")
        server.port = taken.getsockname()[1]
        code, said = server.run_to_end()
    assert code == CONFIG
    assert f"cannot listen on 127.0.0.1:{server.port}" in said


async def test_snapshots_come_while_it_serves(tmp_path: Path, database_url: str) -> None:
    fresh = Traded(tmp_path / "data", database_url)
    flags = ("--seed-demo", "--snapshot-every", str(SNAPSHOT_EVERY))
    with running_server(fresh.data, *flags, database_url=database_url) as server:
        async with Client(server.url) as anyone:
            assert (await anyone.status())["stateDigest"] is None
            await anyone.faucet("USDC", 1, owner="0x" + "11" * 20)
            await anyone.faucet("USDC", 1, owner="0x" + "11" * 20)
            assert await snapshot_seq(anyone) == SNAPSHOT_EVERY
    code, said = await asyncio.to_thread(run_xyk, "replay", *fresh.where)
    assert code == 0, said
    assert "1 snapshots agree" in said


@pytest.mark.postgres
async def test_a_full_disk_of_the_database_ends_it_without_an_answer(
    tmp_path: Path, postgres_url: str
) -> None:
    """A trigger says what PostgreSQL says when its disk is full."""
    server = Server(tmp_path / "data", "--seed-demo", database_url=postgres_url).start()
    trader = Trader(seed=3)
    await trader.fund(server.url)
    load = asyncio.create_task(trader.trade(server.url))
    while len(trader.promises) < 5:
        await asyncio.wait([load], timeout=0.01)
    await on_postgres(
        postgres_url,
        "CREATE FUNCTION journal.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE disk_full USING MESSAGE = 'No space left on device'; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON journal.entries"
        " FOR EACH ROW EXECUTE FUNCTION journal.full()",
    )
    await load
    assert await asyncio.to_thread(server.stop) == STORAGE
    assert "stops without answering" in server.log.read_text()
    await on_postgres(postgres_url, "DROP TRIGGER full_disk ON journal.entries")
    await asyncio.to_thread(server.start)
    try:
        await trader.redeem(server.url, trader.promises)
        await trader.settle(server.url)
        assert trader.resumed == 0, "nothing that was not answered had happened"
    finally:
        server.stop()


@pytest.mark.postgres
async def test_it_runs_on_postgres_and_one_database_has_one_server(
    tmp_path: Path, postgres_url: str
) -> None:
    server = Server(tmp_path / "one", "--seed-demo", database_url=postgres_url).start()
    try:
        trader = Trader(seed=5)
        await trader.fund(server.url)
        other = Server(tmp_path / "other", database_url=postgres_url)
        code, said = await asyncio.to_thread(other.run_to_end)
        assert code == LOCKED
        assert f"pid {server.pid}" in said
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        assert status(server)["seq"] == 1 + 12 + 2
    finally:
        server.stop()
    where = ("--data", str(server.data), "--database-url", postgres_url)
    for command in ("verify", "replay", "rebuild"):
        code, said = await asyncio.to_thread(run_xyk, command, *where)
        assert code == 0, said


@pytest.mark.postgres
async def test_a_lost_lock_ends_it_at_once(tmp_path: Path, postgres_url: str) -> None:
    server = Server(tmp_path / "data", database_url=postgres_url).start()
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'xyk writer%'"
        )
    finally:
        await connection.close()
    assert server.process is not None
    code = await asyncio.to_thread(server.process.wait, 30)
    assert code == LOCKED
    assert "stops without answering" in server.log.read_text()
    server.stop()


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--public-url", "ftp://xyk.example.org"), "is no public URL"),
        (("--public-url", "https://xyk.example.org/path"), "is no public URL"),
        (("--limit-ip", "200"), "is no rate"),
        (("--limit-address", "0:200"), "is no rate"),
        (("--limit-key", "200:5"), "is no rate"),
        (("--trusted-proxies", "10.0.0.0/33"), "10.0.0.0/33"),
    ],
)
def test_settings_that_cannot_be_kept_are_refused(
    tmp_path: Path, flags: tuple[str, ...], says: str
) -> None:
    """Before any database is looked at, so once is enough."""
    code, said = Server(tmp_path / "data", *flags).run_to_end()
    assert code == CONFIG, said
    assert says in said
