"""Read tables of before there were orders, and what the next start makes of them."""

from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from tests.storage.naive_tables import naive_tables
from tests.storage.read_back import everything, journal_of
from tests.storage.sample import Sample
from xyk.storage.connection import Database, read_database, writing_engine
from xyk.storage.migrate import alembic_config, upgrade_database
from xyk.storage.projection import Projection

ROWS = (
    "INSERT INTO assets (symbol, decimals) VALUES ('ETH', 17), ('OLD', 2)",
    "INSERT INTO markets (market, base, quote) VALUES ('ETH_OLD', 'ETH', 'OLD')",
    "INSERT INTO actions (digest, seq, signer, nonce, kind) VALUES ('0x07', 3, '0x', 1, 'Swap')",
    "UPDATE cursor SET seq = 40, hash = 'ab'",
)


async def test_tables_of_the_first_version_are_filled_anew(
    database_url: str, tmp_path: Path
) -> None:
    database = read_database(tmp_path, database_url)
    await make_first_version(database)
    sample = Sample(2)
    sample.genesis()
    sample.steps(120)
    await upgrade_database(database)
    engine = writing_engine(database)
    await Projection(engine, journal_of(sample.entries)).catch_up()
    await engine.dispose()
    assert await everything(database) == naive_tables(sample.decoded())


async def make_first_version(database: Database) -> None:
    engine = writing_engine(database)
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{database.name}"')

        def upgrade(sync_connection: Connection) -> None:
            config = alembic_config(database.name)
            config.attributes["connection"] = sync_connection
            command.upgrade(config, "read_0001")

        await connection.run_sync(upgrade)
        for statement in ROWS:
            await connection.exec_driver_sql(statement)
    await engine.dispose()
