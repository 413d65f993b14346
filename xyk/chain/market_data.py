"""Where the market data of a deployment is kept: read tables as the exchange's own, of final
blocks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from xyk.storage.block_tables import BlockTables
from xyk.storage.connection import chain_read_database, reading_engine, writing_engine
from xyk.storage.database import DataFolder
from xyk.storage.history import History
from xyk.storage.migrate import upgrade_database


@dataclass(frozen=True, slots=True)
class MarketData:
    tables: BlockTables
    history: History


@asynccontextmanager
async def open_market_data(
    data: Path, deployment: str, database_url: str = ""
) -> AsyncIterator[MarketData]:
    """In the data folder, or in PostgreSQL where a URL is given, at the newest schema; the caller
    holds the folder's lock. Raises SQLAlchemyError and OSError."""
    database = chain_read_database(data, deployment, database_url)
    if not database_url:
        DataFolder(data).chain.mkdir(mode=0o700, exist_ok=True)
    await upgrade_database(database)
    writing, reading = writing_engine(database), reading_engine(database)
    try:
        yield MarketData(BlockTables(writing), History(reading))
    finally:
        await reading.dispose()
        await writing.dispose()
