"""The hashes of refresh tokens, in a small database of their own beside the journal.

They are no part of what happened and cannot be rebuilt: whoever loses the file makes everybody sign
in again, and nothing else. So they stand neither in the journal nor in the read tables, on
PostgreSQL too.
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Self, TypeVar

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS refresh_tokens (
    session TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    hash TEXT NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID
"""


class RefreshTokens:
    """One row an open session: its owner, the hash of the one token that renews it, and its end in
    unix seconds. Every call is on disk when it returns. Raises sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """The file is made for its owner's eyes alone."""
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_SCHEMA)
        return cls(connection)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    async def put(self, session: str, owner: str, token_hash: str, expires: int) -> None:
        """A new session's first token."""
        statement = "INSERT OR REPLACE INTO refresh_tokens VALUES (?, ?, ?, ?)"
        await self._run(lambda: self._change(statement, session, owner, token_hash, expires))

    async def owner(self, session: str) -> str | None:
        return await self._run(lambda: self._owner(session))

    async def rotate(self, session: str, old_hash: str, new_hash: str) -> bool:
        """Whether `old_hash` was the one that counts; if so, `new_hash` is now."""
        statement = "UPDATE refresh_tokens SET hash = ? WHERE session = ? AND hash = ?"
        return await self._run(lambda: self._change(statement, new_hash, session, old_hash)) == 1

    async def remove(self, session: str) -> None:
        statement = "DELETE FROM refresh_tokens WHERE session = ?"
        await self._run(lambda: self._change(statement, session))

    async def sweep(self, now_s: int) -> None:
        """Forgets the sessions that are over."""
        statement = "DELETE FROM refresh_tokens WHERE expires < ?"
        await self._run(lambda: self._change(statement, now_s))

    async def _run(self, work: Callable[[], T]) -> T:
        def locked() -> T:
            with self._lock:
                return work()

        return await asyncio.to_thread(locked)

    def _owner(self, session: str) -> str | None:
        statement = "SELECT owner FROM refresh_tokens WHERE session = ?"
        with closing(self._connection.execute(statement, (session,))) as cursor:
            row = cursor.fetchone()
        return None if row is None else str(row[0])

    def _change(self, statement: str, *values: str | int) -> int:
        with closing(self._connection.execute(statement, values)) as cursor:
            return cursor.rowcount
