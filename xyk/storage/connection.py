"""Where the databases are, and engines for the read tables.

SQLite keeps journal.db and read.db in the data folder; PostgreSQL keeps schemas journal and read in
the one database of `--database-url`. A mirrored deployment has a file or a schema of its own. The
engines here are for the schemas, the projection and the readers; the journal's append goes to the
driver itself.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

JOURNAL = "journal"
READ = "read"
CHAIN = "chain"

BUSY_TIMEOUT_MS = 10_000
READERS_MAX = 4


class Database(msgspec.Struct, frozen=True):
    """`name`: whose tables these are, journal, read or chain. `schema`: what it is called on
    PostgreSQL, where that is another word."""

    url: URL
    name: str
    schema: str = ""

    @property
    def search_path(self) -> str:
        return self.schema or self.name

    @property
    def is_derived(self) -> bool:
        """Whether the journal brings back what a crash of the machine costs."""
        return self.name == READ and not self.schema


def journal_database(data: Path, database_url: str = "") -> Database:
    """The journal of the data folder, or of PostgreSQL where a URL is given."""
    return _database(JOURNAL, data, database_url)


def read_database(data: Path, database_url: str = "") -> Database:
    """The read tables, likewise."""
    return _database(READ, data, database_url)


def chain_read_database(data: Path, deployment: str, database_url: str = "") -> Database:
    """The read tables of a deployment on a chain: `chain/NAME.read.db`, or the schema
    `chain_NAME_read`."""
    url = _database(READ, data, database_url).url
    if not database_url:
        url = url.set(database=str(data / "chain" / f"{deployment}.read.db"))
    return Database(url, READ, f"chain_{deployment}_read")


def chain_database(data: Path, deployment: str, database_url: str = "") -> Database:
    """What the mirror of a deployment keeps: `chain/NAME.db`, or the schema `chain_NAME`."""
    database = _database(CHAIN, data, database_url)
    if not database_url:
        path = data / "chain" / f"{deployment}.db"
        return Database(database.url.set(database=str(path)), CHAIN)
    return Database(database.url, CHAIN, f"chain_{deployment}")


def writing_engine(database: Database) -> AsyncEngine:
    """For the one that writes: every transaction takes the write lock at its start, so that none
    fails half-way for having read first."""
    if _is_sqlite(database):
        synchronous = "NORMAL" if database.is_derived else "FULL"
        engine = create_async_engine(
            database.url, pool_size=1, max_overflow=1, pool_reset_on_return=None
        )
        pragmas = "journal_mode = WAL", f"synchronous = {synchronous}"
        event.listen(engine.sync_engine, "connect", _on_connect(*pragmas))
        event.listen(engine.sync_engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
        return engine
    settings = {"search_path": f'"{database.search_path}"'}
    if database.is_derived:
        # As SQLite's NORMAL: a crash of the database may cost the end, which the journal brings
        # back.
        settings["synchronous_commit"] = "off"
    return create_async_engine(
        database.url, pool_size=1, max_overflow=1, connect_args={"server_settings": settings}
    )


def reading_engine(database: Database) -> AsyncEngine:
    """For readers, who cannot write: no transactions, every statement sees what was committed
    before it."""
    arguments: dict[str, Any] = {
        "pool_size": READERS_MAX,
        "max_overflow": 0,
        "pool_reset_on_return": None,
        "isolation_level": "AUTOCOMMIT",
    }
    if _is_sqlite(database):
        engine = create_async_engine(database.url, **arguments)
        event.listen(engine.sync_engine, "connect", _on_connect("query_only = ON"))
        return engine
    settings = {"search_path": f'"{database.search_path}"', "default_transaction_read_only": "on"}
    connect = {"server_settings": settings}
    return create_async_engine(database.url, connect_args=connect, pool_pre_ping=True, **arguments)


def is_transient(error: Exception) -> bool:
    """Whether the database may do the same thing later: it was busy, full, away. A broken
    constraint or statement is a fault of ours and stays one."""
    if isinstance(error, DataError | IntegrityError | ProgrammingError):
        return False
    return isinstance(error, DBAPIError | OSError)


def _database(name: str, data: Path, database_url: str) -> Database:
    if not database_url:
        return Database(URL.create("sqlite+aiosqlite", database=str(data / f"{name}.db")), name)
    url = make_url(database_url)
    if url.drivername.partition("+")[0] not in ("postgres", "postgresql"):
        raise ValueError(
            "Expected a database URL of the form postgresql://user:password@host:port/database"
        )
    # libpq's name for what asyncpg's connect() calls ssl
    query = {"ssl" if key == "sslmode" else key: value for key, value in url.query.items()}
    return Database(url.set(drivername="postgresql+asyncpg", query=query), name)


def _is_sqlite(database: Database) -> bool:
    return database.url.get_backend_name() == "sqlite"


def _on_connect(*pragmas: str) -> Callable[[Any, object], None]:
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver opens no transaction of its own
        cursor = connection.cursor()
        for pragma in (f"busy_timeout = {BUSY_TIMEOUT_MS}", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return on_connect
