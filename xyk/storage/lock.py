"""One data folder, one writer; one PostgreSQL database, one writer.

Taken before anything is read. The kernel and PostgreSQL free both locks when the holder dies,
however it dies; the primary key of the journal is the second line.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg

from xyk.storage.journal import driver_url

LOCK_FILE = "lock"
ADVISORY_KEY = 0x78_79_6B_0001  # "xyk", 1: the writer


class Locked(Exception):
    """Somebody else writes here; the message names who."""


class FolderLock:
    """Holds an exclusive flock on `<data>/lock`, which names the holder's process id."""

    def __init__(self, data: Path) -> None:
        """Raises Locked."""
        path = data / LOCK_FILE
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise Locked(f"process {holder or '?'} is using {data}; stop it first") from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        os.close(self._descriptor)


class DatabaseLock:
    """Holds an advisory lock on a connection of its own; losing it loses the lock."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @classmethod
    async def take(cls, database_url: str, on_lost: Callable[[], None]) -> "DatabaseLock":
        """Raises Locked. `on_lost` is called where the connection ends and `release` did not end
        it: another server may write from then on, so this one has to stop at once.
        """
        connection = await asyncpg.connect(
            driver_url(database_url),
            server_settings={
                "application_name": f"xyk writer, process {os.getpid()}",
                "tcp_keepalives_idle": "5",
            },
        )
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", ADVISORY_KEY):
            holder = await connection.fetchval(
                "SELECT a.application_name || ' (backend ' || a.pid || ')' FROM pg_locks l "
                "JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted "
                "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                "AND (l.classid::bigint << 32 | l.objid::bigint) = $1",
                ADVISORY_KEY,
            )
            await connection.close()
            raise Locked(f"{holder or 'another server'} is using this database; stop it first")
        lock = cls(connection)
        connection.add_termination_listener(lambda _: lock._ended(on_lost))
        return lock

    async def release(self) -> None:
        connection, self._connection = self._connection, None
        await connection.close()

    def _ended(self, on_lost: Callable[[], None]) -> None:
        if self._connection is not None:
            on_lost()
