"""The read tables and the journal on SQLite and on PostgreSQL, each test on its own."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex

import asyncpg
import pytest

from xyk.storage.connection import Database, read_database
from xyk.storage.migrate import upgrade_database

SERVER = "postgresql://127.0.0.1:5432"


@pytest.fixture
async def postgres_url() -> AsyncIterator[str]:
    """A database of its own on the local PostgreSQL."""
    try:
        server = await asyncpg.connect(f"{SERVER}/postgres")
    except (OSError, asyncpg.PostgresError):
        if os.environ.get("XYK_REQUIRE_POSTGRES") == "1":
            raise
        pytest.skip("PostgreSQL does not answer on 127.0.0.1:5432")
    name = f"xyk_test_{token_hex(6)}"
    await server.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{SERVER}/{name}"
    finally:
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await server.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """What `--database-url` would say; empty for SQLite."""
    return request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> Database:
    """Read tables at the newest schema, empty."""
    database = read_database(tmp_path, database_url)
    await upgrade_database(database)
    return database
