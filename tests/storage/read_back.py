"""All rows of the read tables, to compare them with what they should be."""

from sqlalchemy import select

from tests.storage.naive_tables import Tables, by_key
from xyk.engine.entry import Entry
from xyk.engine.journal import MemoryJournal
from xyk.storage.connection import Database, reading_engine
from xyk.storage.tables import READ_METADATA


async def everything(database: Database) -> Tables:
    """All read tables, in the order of their keys as Python sorts them."""
    engine = reading_engine(database)
    async with engine.connect() as connection:
        found = {
            table.name: sorted(
                (tuple(row) for row in await connection.execute(select(table))), key=by_key
            )
            for table in READ_METADATA.sorted_tables
        }
    await engine.dispose()
    return found


def journal_of(entries: list[Entry]) -> MemoryJournal:
    journal = MemoryJournal()
    journal.entries = entries
    return journal
