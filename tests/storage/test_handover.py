"""A statement has begun in its own thread before anything else of the event loop goes on."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from xyk.storage import handover as module
from xyk.storage.handover import Handover

STATEMENTS = 50


class Desk:
    """A connection, and the statements that its thread has begun."""

    def __init__(self) -> None:
        self.handover = Handover()
        self.begun: list[str] = []
        self.connection: aiosqlite.Connection

    async def open(self, path: Path) -> None:
        def factory(*arguments: Any, **options: Any) -> sqlite3.Connection:
            plain = type(self.handover.connection(":memory:"))
            begun = self.begun

            class Noting(plain):  # type: ignore[misc, valid-type]
                def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
                    begun.append(sql)
                    return super().execute(sql, *values)

            return Noting(self.handover._has_begun, *arguments, **options)

        self.connection = await aiosqlite.connect(path, isolation_level=None, factory=factory)

    async def run(self, sql: str) -> list[Any]:
        return list(await self.handover(self.connection.execute_fetchall(sql)))


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(module, "BEGIN_MAX_S", 30)  # however busy this machine is
    made = Desk()
    await made.open(tmp_path / "some.db")
    yield made
    await made.connection.close()


async def begun_in_one_turn(desk: Desk, number: int) -> None:
    running = asyncio.create_task(desk.run(f"SELECT {number}"))
    await asyncio.sleep(0)  # one turn: the task ran until it had to wait
    assert desk.begun[-1] == f"SELECT {number}"
    assert await running == [(number,)]


async def test_each_statement_begins_before_the_loop_goes_on(desk: Desk) -> None:
    for number in range(STATEMENTS):
        await begun_in_one_turn(desk, number)


async def test_what_the_statement_raises_is_raised(desk: Desk) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await desk.run("SELECT * FROM nowhere")
    await begun_in_one_turn(desk, 1)


async def test_who_stops_waiting_leaves_the_next_one_its_turn(desk: Desk) -> None:
    running = asyncio.create_task(desk.run("SELECT 1"))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await begun_in_one_turn(desk, 2)


async def test_a_thread_that_is_late_is_not_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BEGIN_MAX_S", 0)
    for number in range(STATEMENTS):
        assert await desk.run(f"SELECT {number}") == [(number,)]
    monkeypatch.setattr(module, "BEGIN_MAX_S", 30)
    for number in range(STATEMENTS):  # what came late is not taken for the next one's
        await begun_in_one_turn(desk, number)
