"""Read tables of before there were candles of every interval, and what the next start makes of
them: rows that are wrong on purpose are gone, and everything is there."""

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
    "INSERT INTO markets (market, base, quote, tick_size, lot_size)"
    " VALUES ('ETH_OLD', 'ETH', 'OLD', '1', '1')",
    "INSERT INTO actions (digest, seq, signer, nonce, kind) VALUES ('0x07', 3, '0x', 1, 'Swap')",
    "INSERT INTO candles_1m (market, start_ms, open, high, low, close, base_volume, quote_volume,"
    " trades, forming) VALUES ('ETH_USDC', 60000, '1', '1', '1', '1', '5', '5', 1, 1)",
    "INSERT INTO pool_minutes (market, start_ms, base_volume, quote_volume, base_fees, quote_fees,"
    " swaps) VALUES ('ETH_USDC', 60000, '5', '5', '0', '0', 1)",
    "INSERT INTO trades VALUES ('ETH_USDC', 1, 3, 0, 60000, '5', '5', '1', true, '0x', 0, true,"
    " '0', 'ETH', '', 0, '0', '0')",
    "INSERT INTO transfers VALUES ('0x', 3, 0, 60000, 'in', 'ETH', '5', '')",
    "INSERT INTO pool_history VALUES ('ETH_USDC', 3, 0, 60000, '5', '5', '5', '0', '0')",
    "INSERT INTO positions VALUES ('0x', 'ETH_USDC', 3, '5', '5', '5', '5', '0', '0')",
    "INSERT INTO liquidity_events VALUES ('ETH_USDC', 3, 0, 60000, '0x', 'add', '5', '5', '5', '0',"
    " '', '0', '5', '5', '5')",
    "INSERT INTO orders VALUES (7, 3, '0x', '0x', 'ETH_USDC', true, '1', '1', '0', '0', 'New', '',"
    " 'GTC', false, '', 0, '0', '0', false, 0, 0, 0, 'Limit', '0')",
    "UPDATE cursor SET seq = 40, hash = 'ab'",
)


async def test_tables_of_the_version_before_are_filled_anew(
    database_url: str, tmp_path: Path
) -> None:
    database = read_database(tmp_path, database_url)
    await make_version_before(database)
    await upgrade_database(database)
    found = await everything(database)
    assert found.pop("cursor") == [("read", 0, "0" * 64)]
    assert not any(found.values())
    sample = Sample(2)
    sample.genesis()
    sample.steps(120)
    engine = writing_engine(database)
    await Projection(engine, journal_of(sample.entries)).catch_up()
    await engine.dispose()
    assert await everything(database) == naive_tables(sample.decoded())


async def make_version_before(database: Database) -> None:
    engine = writing_engine(database)
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{database.name}"')

        def upgrade(sync_connection: Connection) -> None:
            config = alembic_config(database.name)
            config.attributes["connection"] = sync_connection
            command.upgrade(config, "read_0005")

        await connection.run_sync(upgrade)
        for statement in ROWS:
            await connection.exec_driver_sql(statement)
    await engine.dispose()
