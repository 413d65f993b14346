"""The read tables and the journal on SQLite and on PostgreSQL, each test on its own."""

from pathlib import Path

import pytest

from xyk.storage.connection import Database, read_database
from xyk.storage.migrate import upgrade_database


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
