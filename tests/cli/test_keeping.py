"""`xyk archive | backup | restore` on a real exchange: done, damaged, and traded on afterwards."""

import asyncio
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.kept import ACTIONS, KEPT, Kept, backup, head_of, manifest, restore
from tests.cli.traded import Traded
from tests.crash.load import Trader, trade_until_killed
from tests.databases import Databases
from tests.server import Server, run_xyk, running_server
from xyk.cli.exits import CONFIG, CORRUPT, LOCKED
from xyk.client.client import Client
from xyk.engine.journal import Journal
from xyk.storage.archive import open_read_only
from xyk.storage.backup import BadBackup
from xyk.storage.backup import restore as restore_backup

# Each is a few seconds; together they would take `make test` beyond its five minutes.
pytestmark = pytest.mark.slow

BACKUPS = 10  # at most, until actions were acknowledged while one was made


async def history(url: str) -> tuple[Any, Any]:
    async with Client(url) as anyone:
        trades = {"symbol": "ETH_USDC", "limit": 1_000}
        pool = await anyone.pool("ETH_USDC")
        return await anyone.get("/api/v1/trades/history", trades), pool["reserves"]


async def redeem(kept: Kept, url: str) -> None:
    for trader in kept.traders:
        await trader.redeem(url, trader.promises)


class TestArchive:
    @pytest.mark.slow
    def test_everything_goes_on(self, kept: Kept) -> None:
        before, rows = kept.traded.read_tables(), kept.journal_rows()
        code, said = run_xyk("archive", *kept.where, "--keep", str(KEPT))
        assert code == 0, said
        last = rows[-1] - KEPT
        assert f"archived up to {last} in 1 segments; {last + 1} to {rows[-1]} stay" in said
        assert kept.journal_rows() == rows[-KEPT:]
        code, said = run_xyk("verify", *kept.where)
        assert code == 0, said
        assert f"yes: all {rows[-1]} entries" in said
        code, said = run_xyk("replay", *kept.where)
        assert code == 0, said
        kept.traded.forget_read_tables()
        code, said = run_xyk("rebuild", *kept.where)
        assert code == 0, said
        assert kept.traded.read_tables() == before
        with running_server(kept.traded.data, database_url=kept.traded.database_url) as server:
            assert f"folded to seq {rows[-1]} from snapshot" in server.log.read_text()
            asyncio.run(redeem(kept, server.url))
            from_snapshot = asyncio.run(history(server.url))
            assert len(from_snapshot[0]) > ACTIONS
        kept.traded.forget_snapshots()
        with running_server(kept.traded.data, database_url=kept.traded.database_url) as server:
            assert f"folded to seq {rows[-1]} from genesis" in server.log.read_text()
            assert asyncio.run(history(server.url)) == from_snapshot
            asyncio.run(redeem(kept, server.url))
            asyncio.run(kept.traders[0].trade_some(server.url, 3))
        del kept.traders[0].promises[-3:]  # of this copy alone
        code, said = run_xyk("verify", *kept.where)
        assert code == 0, said

    def test_what_no_snapshot_has_stays(self, kept: Kept) -> None:
        rows = kept.journal_rows()
        with running_server(kept.traded.data, database_url=kept.traded.database_url) as server:
            asyncio.run(kept.traders[0].trade_some(server.url, 3))
            code, said = run_xyk("archive", *kept.where, "--keep", "1")
            assert code == LOCKED, said
            assert f"pid {server.pid}" in said and "stop it first" in said
        del kept.traders[0].promises[-3:]
        code, said = run_xyk("archive", *kept.where, "--keep", "1")
        assert code == 0, said
        assert kept.journal_rows() == [rows[-1] + 1, rows[-1] + 2, rows[-1] + 3]
        kept.traded.forget_snapshots()
        code, said = run_xyk("archive", *kept.where, "--keep", "1")
        assert code == 0, said
        assert "there is no good snapshot, so all entries stay" in said

    @pytest.mark.parametrize("damage", ["missing", "truncated", "altered"])
    def test_a_damaged_segment_stops_the_start_and_the_audit(
        self, archived: Kept, damage: str
    ) -> None:
        [segment] = archived.segments
        data = bytearray(segment.read_bytes())
        if damage == "missing":
            segment.unlink()
        elif damage == "truncated":
            segment.write_bytes(data[:-10])
        else:
            data[-10] ^= 1
            segment.write_bytes(data)
        code, said = archived.traded.server().run_to_end()
        assert code == CORRUPT, said
        named = "journal entry 1: " + ("missing: " if damage == "missing" else "segment ")
        assert named in said
        for command in ("verify", "replay", "rebuild") if damage == "altered" else ("verify",):
            code, said = run_xyk(command, *archived.where)
            assert code == 1, said
            assert f"no: {named}" in said

    def test_a_lost_table_gets_no_new_genesis(self, archived: Kept) -> None:
        archived.traded.forget_anchors()
        rows = archived.journal_rows()
        archived.traded.remove(*rows)
        code, said = archived.traded.server().run_to_end()
        assert code == CORRUPT
        assert f"journal entry {rows[0]}: missing: the archive ends at" in said


class TestBackup:
    def test_at_rest_and_back(self, archived: Kept, tmp_path: Path) -> None:
        to, back = tmp_path / "copy", tmp_path / "back"
        said = backup(archived, to)
        head = head_of(archived)
        assert f"seq {head}" in said
        assert sorted(manifest(to)["files"]) == sorted(
            [
                f"archive/{archived.segments[0].name}",
                "journal.db",
                f"snapshots/{head:012}.json",
            ]
        )
        assert {path.name for path in to.rglob("*") if path.is_file()} == {
            *(Path(name).name for name in manifest(to)["files"]),
            "manifest.json",
        }, "and nothing else, no key above all"
        code, said = restore(to, back)
        assert code == 0, said
        assert f"seq {head}\nhash {archived.traded.entries()[-1].hash}" in said
        code, said = run_xyk("verify", "--data", str(back))
        assert code == 0, said
        with running_server(back) as server:
            asyncio.run(redeem(archived, server.url))
            asyncio.run(archived.traders[1].trade_some(server.url, 3))
        del archived.traders[1].promises[-3:]

    def test_keys_only_where_asked_for_and_private(self, kept: Kept, tmp_path: Path) -> None:
        to, back = tmp_path / "copy", tmp_path / "back"
        backup(kept, to, "--with-keys")
        code, said = restore(to, back)
        assert code == 0, said
        for name in ("operator.key", "sessions.key"):
            assert (back / name).read_bytes() == (kept.traded.data / name).read_bytes()
            for folder in (to, back):
                assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
                assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_what_is_not_whole_gets_no_name(self, archived: Kept, tmp_path: Path) -> None:
        seq = archived.journal_rows()[2]
        row = next(one for one in archived.traded.entries() if one.seq == seq)
        archived.traded.alter(seq, events=row.events + b" ")
        to = tmp_path / "copy"
        code, said = run_xyk("backup", *archived.where, "--to", str(to))
        assert code == CORRUPT, said
        assert f"journal entry {seq}: its content does not have its hash" in said
        assert not list(tmp_path.glob("copy*")), "nor is room taken that a server may need"

    def test_only_to_and_from_where_nothing_is(self, kept: Kept, tmp_path: Path) -> None:
        to = tmp_path / "copy"
        backup(kept, to)
        code, said = run_xyk("backup", *kept.where, "--to", str(to))
        assert (code, "is not empty" in said) == (CONFIG, True)
        code, said = restore(to, kept.traded.data)
        assert (code, "is not empty" in said) == (CONFIG, True)
        (tmp_path / "disk").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "disk")
        code, said = run_xyk("backup", *kept.where, "--to", str(tmp_path / "link"))
        assert (code, "name a new folder inside of it" in said) == (CONFIG, True)
        code, said = restore(kept.traded.data, tmp_path / "back")
        assert (code, "is no finished backup" in said) == (CONFIG, True)
        assert not (tmp_path / "back").exists()
        if kept.traded.database_url:
            code, said = restore(to, tmp_path / "back", kept.traded.database_url)
            assert (code, "name an empty one" in said) == (CONFIG, True), said

    async def test_a_torn_one_is_refused(self, archived: Kept, tmp_path: Path) -> None:
        """Before anything is written."""
        good, back = tmp_path / "good", tmp_path / "back"
        backup(archived, good)
        for damage in ("no manifest", "manifest", "missing", "cut", "flip", "path", "journal"):
            torn = shutil.copytree(good, tmp_path / damage)
            told = tear(torn, damage)
            with pytest.raises(BadBackup, match=told):
                await restore_backup(torn, back)
            assert not back.exists(), damage
        code, said = restore(torn, back)
        assert code == CONFIG
        assert told in said


def tear(to: Path, damage: str) -> str:
    """What is said of it."""
    journal, record = to / "journal.db", to / "manifest.json"
    if damage == "no manifest":
        record.unlink()
        return "is no finished backup: it has no manifest.json"
    if damage == "manifest":
        record.write_bytes(record.read_bytes()[:-20])
        return "manifest.json cannot be read"
    if damage == "journal":
        record.write_text(record.read_text().replace('"journal.db"', '"another.db"'))
        return "has no journal.db"
    if damage == "path":
        record.write_text(record.read_text().replace('"archive/', '"../archive/'))
        return "names a file that no backup has"
    if damage == "missing":
        next((to / "archive").iterdir()).unlink()
        return "cannot be read: No such file"
    data = bytearray(journal.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
    journal.write_bytes(data if damage == "flip" else data[:-4096])
    return "journal.db of"


@pytest.mark.slow
async def test_under_load(tmp_path: Path, databases: Databases) -> None:
    """Every action that was acknowledged before it began is in it."""
    with databases() as url, databases() as fresh:
        server = Server(
            tmp_path / "data", "--seed-demo", "--snapshot-every", "50", database_url=url
        )
        where = Traded(server.data, url).where
        traders = [Trader(3), Trader(4)]
        await asyncio.to_thread(server.start)
        try:
            for trader in traders:
                await trader.fund(server.url)
                await trader.trade_some(server.url, 30)
            load = asyncio.create_task(trade_until_killed(traders, server.url))
            for number in range(BACKUPS):
                marks = [len(trader.promises) for trader in traders]
                to = tmp_path / f"copy {number}"
                code, said = await asyncio.to_thread(run_xyk, "backup", *where, "--to", str(to))
                assert code == 0, said
                went_on = sum(len(trader.promises) for trader in traders) - sum(marks)
                if went_on > 0:  # else the machine let the backup run alone: that proves nothing
                    break
            assert went_on > 0, "it served all the while"
        finally:
            await asyncio.to_thread(server.stop)
        await load
        back = tmp_path / "back"
        code, said = await asyncio.to_thread(restore, to, back, fresh)
        assert code == 0, said
        code, said = await asyncio.to_thread(run_xyk, "verify", *Traded(back, fresh).where)
        assert code == 0, said
        restored = Server(back, database_url=fresh)
        await asyncio.to_thread(restored.start)
        try:
            for trader, mark in zip(traders, marks, strict=True):
                await trader.redeem(restored.url, trader.promises[:mark])
                await trader.trade_some(restored.url, 3)
        finally:
            await asyncio.to_thread(restored.stop)
        journal: Journal = await open_read_only(back, fresh)
        try:
            assert (await journal.head())[0] > manifest(to)["seq"]
        finally:
            await journal.close()
