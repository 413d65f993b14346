from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, insert, inspect, select
from sqlalchemy.exc import DBAPIError

from tests.storage.sample import Sample
from xyk.domain.units import UINT256_MAX
from xyk.engine.entry import Entry
from xyk.storage.chain_tables import CHAIN_METADATA
from xyk.storage.connection import (
    Database,
    chain_database,
    journal_database,
    read_database,
    reading_engine,
    writing_engine,
)
from xyk.storage.migrate import upgrade, upgrade_database
from xyk.storage.tables import ENTRIES, JOURNAL_METADATA, READ_METADATA, TRANSFERS


async def table_names(database: Database) -> set[str]:
    engine = reading_engine(database)
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda c: inspect(c).get_table_names())
    await engine.dispose()
    return set(names)


async def test_each_database_gets_the_schema_of_its_tables(
    tmp_path: Path, database_url: str
) -> None:
    of_a_chain = chain_database(tmp_path, "main-net", database_url)
    (tmp_path / "chain").mkdir()
    for _ in range(2):  # the second time there is nothing more to do
        await upgrade(tmp_path, database_url)
        await upgrade_database(of_a_chain)
    targets: list[tuple[Database, MetaData]] = [
        (of_a_chain, CHAIN_METADATA),
        (journal_database(tmp_path, database_url), JOURNAL_METADATA),
        (read_database(tmp_path, database_url), READ_METADATA),
    ]
    for database, metadata in targets:

        def differences(connection: Connection, metadata: MetaData = metadata) -> list[object]:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return compare_metadata(context, metadata)

        engine = reading_engine(database)
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []
        await engine.dispose()
        assert await table_names(database) == {*metadata.tables, "alembic_version"}


async def test_migrations_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    await upgrade(tmp_path)
    assert "entries" in await table_names(journal_database(tmp_path))


async def test_a_failed_migration_leaves_nothing_behind(tmp_path: Path, database_url: str) -> None:
    database = read_database(tmp_path, database_url)
    engine = writing_engine(database)
    async with engine.begin() as connection:
        if database_url:
            await connection.exec_driver_sql("CREATE SCHEMA read")
        # The last table that the first migration makes.
        await connection.exec_driver_sql("CREATE TABLE positions (something INTEGER)")
    await engine.dispose()
    with pytest.raises(DBAPIError):
        await upgrade_database(database)
    assert await table_names(database) == {"positions"}


async def test_journal_has_no_index_but_its_key_and_keeps_entries_byte_for_byte(
    tmp_path: Path, database_url: str
) -> None:
    await upgrade(tmp_path, database_url)
    engine = writing_engine(journal_database(tmp_path, database_url))
    sample = Sample(3)
    sample.genesis()
    sample.steps(20)
    columns = [column.name for column in ENTRIES.columns]
    assert columns == list(Entry.__struct_fields__)
    async with engine.begin() as connection:
        indexes = await connection.run_sync(lambda c: inspect(c).get_indexes("entries"))
        assert indexes == []
        rows = [{name: getattr(one, name) for name in columns} for one in sample.entries]
        await connection.execute(insert(ENTRIES), rows)
        kept = (await connection.execute(select(ENTRIES).order_by(ENTRIES.c.seq))).all()
        if not database_url:
            indexes_of = (
                "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = 'entries'"
            )
            assert (await connection.exec_driver_sql(indexes_of)).scalar_one() == 0
    await engine.dispose()
    assert [Entry(*row) for row in kept] == sample.entries


@pytest.mark.parametrize("value", [0, 1, 2**63, 10**24 + 1, UINT256_MAX])
async def test_amounts_keep_every_unit(database: Database, value: int) -> None:
    engine = writing_engine(database)
    async with engine.begin() as connection:
        await connection.execute(insert(TRANSFERS).values(transfer(1, value)))
        read = (await connection.execute(select(TRANSFERS.c.amount))).scalar_one()
        same = select(TRANSFERS.c.seq).where(TRANSFERS.c.amount == value)
        assert (await connection.execute(same)).scalar_one() == 1
    await engine.dispose()
    assert type(read) is int
    assert read == value


async def test_amounts_sort_as_numbers(database: Database) -> None:
    values = [10**18, 9, 0, UINT256_MAX, 10, 2**255]
    engine = writing_engine(database)
    async with engine.begin() as connection:
        rows = [transfer(seq, value) for seq, value in enumerate(values)]
        await connection.execute(insert(TRANSFERS), rows)
        query = select(TRANSFERS.c.amount).order_by(TRANSFERS.c.amount)
        assert (await connection.execute(query)).scalars().all() == sorted(values)
    await engine.dispose()


@pytest.mark.parametrize("value", [-1, UINT256_MAX + 1, 1.0, True, "1"])
async def test_what_is_no_amount_never_reaches_the_database(
    database: Database, value: object
) -> None:
    engine = writing_engine(database)
    with pytest.raises(Exception, match="not an amount"):
        async with engine.begin() as connection:
            await connection.execute(insert(TRANSFERS).values(transfer(1, value)))
    await engine.dispose()


async def test_readers_cannot_write(database: Database) -> None:
    engine = reading_engine(database)
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            await connection.execute(insert(TRANSFERS).values(transfer(1, 1)))
    await engine.dispose()


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ("postgres://u:p@h:1/d", "postgresql+asyncpg://u:***@h:1/d"),
        ("postgresql://h/d?sslmode=require", "postgresql+asyncpg://h/d?ssl=require"),
        ("postgresql+asyncpg://h/d", "postgresql+asyncpg://h/d"),
    ],
)
def test_the_usual_forms_of_a_postgresql_address_are_understood(given: str, opened: str) -> None:
    assert str(read_database(Path(), given).url) == opened


@pytest.mark.parametrize("url", ["mysql://h/d", "sqlite:///x.db"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="postgresql://user:password@host:port/database"):
        read_database(Path(), url)


def transfer(seq: int, amount: object) -> dict[str, object]:
    return {
        "owner": "0x01",
        "seq": seq,
        "event": 0,
        "time_ms": 0,
        "kind": "in",
        "asset": "ETH",
        "amount": amount,
        "counterparty": "",
    }
