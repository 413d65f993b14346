"""The read tables and the journal on SQLite and on PostgreSQL, each test on its own."""

from pathlib import Path

import pytest

from xyk.storage.connection import Database, read_database
from xyk.storage.migrate import upgrade_database


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> Database:
    """Read tables at the newest schema, empty."""
    database = read_database(tmp_path, database_url)
    await upgrade_database(database)
    return database
