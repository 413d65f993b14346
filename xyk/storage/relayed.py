"""Signed transactions that were handed on to a chain's nodes, in a small database of their own.

A row is there before the first node sees its bytes, so that whoever starts again after a crash goes
on with it. What is lost with the file is only that: the chain has what it has.
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Self, TypeVar

import msgspec

T = TypeVar("T")

KEEP_MS = 30 * 24 * 60 * 60 * 1000  # of what is settled, from when it was relayed

_SCHEMA = """
CREATE TABLE IF NOT EXISTS relayed (
    hash TEXT PRIMARY KEY,
    raw BLOB NOT NULL,
    sender TEXT NOT NULL,
    nonce TEXT NOT NULL,
    until_s INTEGER NOT NULL,
    relayed_ms INTEGER NOT NULL,
    block INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    outcome BLOB
) WITHOUT ROWID
"""
_BY_NONCE = "CREATE INDEX IF NOT EXISTS relayed_by_nonce ON relayed (sender, nonce)"
_OPEN = "CREATE INDEX IF NOT EXISTS relayed_open ON relayed (relayed_ms) WHERE is_open"
_COLUMNS = "hash, raw, sender, nonce, until_s, relayed_ms, block, is_open, outcome"


class RelayedTransaction(msgspec.Struct, frozen=True):
    """`until_s`: unix seconds until which it is sent again where the nodes forget it. `block`: the
    newest one when it was relayed. `is_open` until its outcome is final; `outcome`: that, as
    whoever settled it encoded it, None where there is nothing to say but that it was dropped."""

    hash: str
    raw: bytes
    sender: str
    nonce: int
    until_s: int
    relayed_ms: int
    block: int
    is_open: bool = True
    outcome: bytes | None = None


class Relayed:
    """Every call is on disk when it returns. Raises sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """The file is made for its owner's eyes alone: a waiting transaction in strangers' hands
        could be sent at a bad moment."""
        path.parent.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        for statement in (_SCHEMA, _BY_NONCE, _OPEN):
            connection.execute(statement)
        return cls(connection)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    async def put(self, one: RelayedTransaction) -> None:
        """A new one; its hash is not there yet."""
        statement = f"INSERT INTO relayed ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        values = (one.hash, one.raw, one.sender, str(one.nonce), one.until_s, one.relayed_ms)
        await self._change(statement, *values, one.block, one.is_open, one.outcome)

    async def remove(self, digest: str) -> None:
        """What no node took was never relayed."""
        await self._change("DELETE FROM relayed WHERE hash = ?", digest)

    async def get(self, digest: str) -> RelayedTransaction | None:
        found = await self._select("WHERE hash = ?", digest)
        return found[0] if found else None

    async def of_nonce(self, sender: str, nonce: int) -> list[RelayedTransaction]:
        """All that compete for one place, the newest last."""
        where = "WHERE sender = ? AND nonce = ? ORDER BY relayed_ms, hash"
        return await self._select(where, sender, str(nonce))

    async def open_ones(self) -> list[RelayedTransaction]:
        """The oldest first."""
        return await self._select("WHERE is_open ORDER BY relayed_ms, hash")

    async def open_senders(self) -> dict[str, int]:
        """How many open ones each has."""

        def counted() -> list[tuple[str, int]]:
            statement = "SELECT sender, COUNT(*) FROM relayed WHERE is_open GROUP BY sender"
            with closing(self._connection.execute(statement)) as cursor:
                return cursor.fetchall()

        return dict(await self._run(counted))

    async def settle(self, digest: str, outcome: bytes | None) -> None:
        """Nothing will become of it any more."""
        statement = "UPDATE relayed SET is_open = 0, outcome = ? WHERE hash = ?"
        await self._change(statement, outcome, digest)

    async def sweep(self, now_ms: int) -> None:
        """Forgets what was settled long ago."""
        statement = "DELETE FROM relayed WHERE NOT is_open AND relayed_ms < ?"
        await self._change(statement, now_ms - KEEP_MS)

    async def _select(self, where: str, *values: str) -> list[RelayedTransaction]:
        def rows() -> list[tuple]:
            statement = f"SELECT {_COLUMNS} FROM relayed {where}"
            with closing(self._connection.execute(statement, values)) as cursor:
                return cursor.fetchall()

        return [_of_row(*row) for row in await self._run(rows)]

    async def _change(self, statement: str, *values: str | int | bytes | None) -> None:
        def change() -> None:
            self._connection.execute(statement, values).close()

        await self._run(change)

    async def _run(self, work: Callable[[], T]) -> T:
        def locked() -> T:
            with self._lock:
                return work()

        return await asyncio.to_thread(locked)


def _of_row(
    digest: str,
    raw: bytes,
    sender: str,
    nonce: str,
    until_s: int,
    relayed_ms: int,
    block: int,
    is_open: int,
    outcome: bytes | None,
) -> RelayedTransaction:
    return RelayedTransaction(
        *(digest, raw, sender, int(nonce), until_s, relayed_ms, block), bool(is_open), outcome
    )
