"""The clock's entries on real files: after SIGKILL, in the auditor's hands, in the read tables."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from tests.cli.armed import ALICE, BOB, HOUR_S, TRIGGERS, Floor
from tests.server import ROOT, run_xyk
from tests.storage.chain import eventually
from xyk.cli.clock import SystemClock
from xyk.cli.compose import running
from xyk.cli.settings import Settings
from xyk.wallet.signer import NonceClock


def never(error: BaseException) -> NoReturn:
    raise AssertionError(error)


class LaterClock(SystemClock):
    """An hour after the machine's."""

    def now_ms(self) -> int:
        return super().now_ms() + HOUR_S * 1000


def armed_and_killed(data: Path) -> int:
    """SIGKILL as soon as all is committed that `armed` commits; the seq of its last command."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.cli.armed", str(data)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    line = child.stdout.readline()
    child.kill()
    child.wait()
    child.stdout.close()
    assert line.startswith("armed "), line
    return int(line.split()[1])


def kinds(data: Path, after: int) -> list[str]:
    connection = sqlite3.connect(data / "journal.db")
    rows = connection.execute("SELECT kind FROM entries WHERE seq > ? ORDER BY seq", (after,))
    found = [kind for (kind,) in rows]
    connection.close()
    return found


@pytest.mark.slow
async def test_timers_and_triggers_survive_sigkill(tmp_path: Path) -> None:
    data = tmp_path / "data"
    seq = await asyncio.to_thread(armed_and_killed, data)
    settings = Settings(data=data, snapshot_every=60)
    async with running(settings, "1", on_failure=never) as exchange:
        state, writer = exchange.services.state, exchange.services.writer
        await eventually(lambda: writer.committed_seq == seq + 100)
        assert len(state.open_orders.due) == TRIGGERS - 100
        assert len(state.open_orders.timers) == 1
    assert kinds(data, seq) == ["ActivateTrigger"] * 100, "before and after the kill together"

    async with running(settings, "1", on_failure=never, clock=LaterClock()) as exchange:
        state, writer = exchange.services.state, exchange.services.writer
        await eventually(lambda: writer.committed_seq == seq + 102)
        assert not state.open_orders.by_id
        for wallet in (ALICE, BOB):
            for asset, _, held in state.ledger.assets_of(wallet.address):
                assert held == 0, f"{wallet.address} holds {asset}"

        floor = Floor(exchange, NonceClock())
        await floor.place(ALICE, 1, 1_000)
        armed = await floor.switch(ALICE, 1)
        await eventually(lambda: writer.committed_seq == armed.entry.seq + 1)
        assert not state.open_orders.by_id, "it fired while nobody commanded anything"
        fired_ms = armed.entry.time + 1_000
        assert state.now_ms >= fired_ms
    by_time = ["ExpireOrder", "FireCancelTimer"]
    assert sorted(kinds(data, seq)[100:102]) == by_time
    assert kinds(data, seq)[102:] == ["PlaceOrder", "CancelAllAfter", "FireCancelTimer"]

    await expect_the_auditors_yes(data)
    move_the_expiry(data)
    code, said = await asyncio.to_thread(run_xyk, "verify", "--data", str(data))
    assert code == 1
    assert "no: entry" in said


async def expect_the_auditors_yes(data: Path) -> None:
    """Of verify, of replay with every snapshot, and of rebuilt read tables."""
    for command in ("snapshot", "verify", "replay"):
        code, said = await asyncio.to_thread(run_xyk, command, "--data", str(data))
        assert code == 0, said
        if command != "snapshot":
            assert "yes: " in said
        if command == "verify":
            assert "(103 clock" in said
    before = await asyncio.to_thread(actions, data)
    code, said = await asyncio.to_thread(run_xyk, "rebuild", "--data", str(data))
    assert code == 0, said
    assert await asyncio.to_thread(actions, data) == before
    assert all(digest for digest, *_ in before), "the clock's entries have none"


def actions(data: Path) -> list[tuple[str, int]]:
    connection = sqlite3.connect(data / "read.db")
    rows = connection.execute("SELECT digest, seq FROM actions ORDER BY seq").fetchall()
    connection.close()
    return rows


def move_the_expiry(data: Path) -> None:
    """Somebody moves the expiry's time in the table."""
    connection = sqlite3.connect(data / "journal.db")
    with connection:
        changed = "UPDATE entries SET time = time - 1 WHERE kind = 'ExpireOrder'"
        assert connection.execute(changed).rowcount == 1
    connection.close()
