"""One deployment, one writer: a lock that is taken before anything is read.

Both kinds are released by the operating system or the database when their process dies, however it
dies. The journal's primary key is the second line.
"""

import asyncio
import fcntl
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg

from xyk.storage.database import KEEPALIVES, postgres_dsn

WRITER_KEY = 0x78796B_00000001  # "xyk": of the advisory lock, one a database
HEARTBEAT_S = 5.0

log = logging.getLogger(__name__)


class DataInUse(Exception):
    """Another process is the writer; the message names it."""


class FolderLock:
    """flock on `<data>/lock`, which holds the pid of whoever has it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> "FolderLock":
        """Raises DataInUse at once where another process has it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise DataInUse(
                f"{path.parent} is in use by the process with pid {holder}; "
                "one data folder has one server"
            ) from None
        except OSError:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        os.close(self._descriptor)


class PostgresLock:
    """A session's advisory lock, on a connection that does nothing else."""

    def __init__(self, connection: Any, on_lost: Callable[[str], None], heartbeat_s: float) -> None:
        self._connection = connection
        self._on_lost = on_lost
        self._is_held = True
        connection.add_termination_listener(self._terminated)
        self._heart = asyncio.create_task(self._beat(heartbeat_s))

    @classmethod
    async def take(
        cls, url: str, on_lost: Callable[[str], None], heartbeat_s: float = HEARTBEAT_S
    ) -> "PostgresLock":
        """Raises DataInUse where another process has it. `on_lost` is called once with the reason
        when it is held no longer; the process must then end: another may be the writer already.
        """
        name = f"xyk writer, pid {os.getpid()} on {socket.gethostname()}"
        connection = await asyncpg.connect(
            postgres_dsn(url), server_settings={"application_name": name[:63], **KEEPALIVES}
        )
        try:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", WRITER_KEY):
                raise DataInUse(await _holder(connection))
        except BaseException:
            await connection.close()
            raise
        return cls(connection, on_lost, heartbeat_s)

    async def release(self) -> None:
        self._is_held = False
        self._heart.cancel()
        await self._connection.close()

    async def _beat(self, heartbeat_s: float) -> None:
        """A connection that is silently cut off shows only when it is used."""
        try:
            while self._is_held:
                await asyncio.sleep(heartbeat_s)
                await self._connection.fetchval("SELECT 1", timeout=heartbeat_s)
        except Exception as error:
            self._lose(f"the connection that holds it fails: {error!r}")

    def _terminated(self, _connection: Any) -> None:
        self._lose("the connection that holds it was closed")

    def _lose(self, why: str) -> None:
        if self._is_held:
            self._is_held = False
            log.critical("the lock on the database is lost: %s", why)
            self._on_lost(why)


async def _holder(connection: Any) -> str:
    row = await connection.fetchrow(
        "SELECT a.application_name, a.client_addr::text AS address"
        " FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
        " WHERE l.locktype = 'advisory' AND l.granted AND l.database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND l.classid = ($1::bigint >> 32)::bigint::oid"
        " AND l.objid = ($1::bigint & 4294967295)::oid AND l.objsubid = 1",
        WRITER_KEY,
    )
    holder = f"{row['application_name']} ({row['address']})" if row else "another process"
    return f"the database is in use by {holder}; one database has one server"
