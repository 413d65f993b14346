"""Brings a database to the newest schema with alembic: `versions/journal`, `versions/read` and
`versions/chain` are three histories, each kept in its own database (SQLite file or PostgreSQL
schema) by its own version table.

The alembic folder lies beside the package and is found from there, not from the working folder. The
caller holds the lock of the data folder; two upgrades of one process run one after the other.
"""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from xyk.storage.chain_tables import CHAIN_METADATA
from xyk.storage.connection import Database, journal_database, read_database, writing_engine
from xyk.storage.database import DataFolder
from xyk.storage.journal import settle
from xyk.storage.tables import JOURNAL_METADATA, READ_METADATA

METADATA = {"journal": JOURNAL_METADATA, "read": READ_METADATA, "chain": CHAIN_METADATA}


def alembic_config(name: str) -> Config:
    """The configuration for one history: journal, read or chain."""
    folder = Path(__file__).resolve().parents[2] / "alembic"
    config = Config()
    config.set_main_option("script_location", _literal(folder))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", _literal(folder / "versions" / name))
    config.attributes["metadata"] = METADATA[name]
    return config


async def upgrade(data: Path, database_url: str = "") -> None:
    """Both databases, in the data folder or in PostgreSQL where a URL is given. The folder
    exists."""
    if not database_url:
        await asyncio.to_thread(settle, DataFolder(data).journal)
    await upgrade_database(journal_database(data, database_url))
    await upgrade_database(read_database(data, database_url))


async def upgrade_database(database: Database) -> None:
    """One of them, in one transaction: all of the missing steps or none."""
    engine = writing_engine(database)
    try:
        async with engine.begin() as connection:
            await _upgrade(connection, database)
    finally:
        await engine.dispose()


async def _upgrade(connection: AsyncConnection, database: Database) -> None:
    if connection.dialect.name == "postgresql":
        schema = database.search_path
        await connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')

    def run(sync_connection: Connection) -> None:
        config = alembic_config(database.name)
        config.attributes["connection"] = sync_connection
        command.upgrade(config, "head")

    await connection.run_sync(run)


def _literal(path: Path) -> str:
    return str(path).replace("%", "%%")  # the configuration interpolates
