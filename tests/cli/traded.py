"""What a server left behind, in files or in PostgreSQL, and what somebody with access to the
machine may do to it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Executable, delete, insert, select, text, update

from tests.databases import in_a_thread
from tests.server import Server
from xyk.cli.settings import Settings
from xyk.engine.entry import Entry
from xyk.storage.connection import Database, journal_database, read_database, writing_engine
from xyk.storage.tables import ENTRIES, READ_METADATA

Rows = list[tuple[Any, ...]]


class Traded:
    """A deployment at rest; `database_url` is empty for SQLite."""

    def __init__(self, data: Path, database_url: str) -> None:
        self.data = data
        self.database_url = database_url

    @property
    def where(self) -> tuple[str, ...]:
        """The flags that name it."""
        database = ("--database-url", self.database_url) if self.database_url else ()
        return ("--data", str(self.data), *database)

    def settings(self, **others: Any) -> Settings:
        return Settings(data=self.data, database_url=self.database_url, **others)

    def server(self, *arguments: str) -> Server:
        return Server(self.data, *arguments, database_url=self.database_url)

    def entries(self) -> list[Entry]:
        [rows] = self._on_journal(select(ENTRIES).order_by(ENTRIES.c.seq))
        return [Entry(*row) for row in rows]

    def alter(self, seq: int, **columns: Any) -> None:
        """A row of the journal gets other values or expressions; nothing else changes."""
        before = self.entries()
        self._on_journal(update(ENTRIES).where(ENTRIES.c.seq == seq).values(**columns))
        assert self.entries() != before

    def replace(self, seq: int, column: str, old: bytes, new: bytes) -> None:
        """As SQL's replace, in one row of the journal."""
        value: bytes = getattr(self.entries()[seq - 1], column)
        self.alter(seq, **{column: value.replace(old, new)})

    def remove(self, *seqs: int) -> None:
        before = self.entries()
        self._on_journal(delete(ENTRIES).where(ENTRIES.c.seq.in_(seqs)))
        assert len(self.entries()) == len(before) - len(seqs)

    def write(self, journal: Sequence[Entry]) -> None:
        """Another journal in place of this one."""
        rows = [msgspec.structs.asdict(entry) for entry in journal]
        self._on_journal(delete(ENTRIES), insert(ENTRIES).values(rows))

    def forget_snapshots(self) -> None:
        """And what was owed at their seqs."""
        for file in (*self.data.glob("snapshots/*.json"), *self.data.glob("liabilities/*")):
            file.unlink()

    def forget_read_tables(self) -> None:
        if self.database_url:
            self.on_read_tables("DROP SCHEMA read CASCADE")
        else:
            (self.data / "read.db").unlink()

    def forget_anchors(self) -> None:
        self.forget_snapshots()
        self.forget_read_tables()

    def read_tables(self) -> dict[str, Rows]:
        """Every row of them."""
        tables = READ_METADATA.sorted_tables
        found = _execute(self._read, *map(select, tables))
        return {
            table.name: sorted(rows, key=repr) for table, rows in zip(tables, found, strict=True)
        }

    def on_read_tables(self, *statements: str) -> None:
        _execute(self._read, *map(text, statements))

    def names(self) -> set[str]:
        """The files of the data folder, or the schemas of the database."""
        if not self.database_url:
            return {file.name for file in self.data.iterdir()}
        [rows] = _execute(self._read, text("SELECT nspname FROM pg_namespace"))
        return {name for (name,) in rows}

    @property
    def _read(self) -> Database:
        return read_database(self.data, self.database_url)

    def _on_journal(self, *statements: Executable) -> list[Rows]:
        return _execute(journal_database(self.data, self.database_url), *statements)


def _execute(database: Database, *statements: Executable) -> list[Rows]:
    """The rows that each gives, all in one transaction."""

    async def execute() -> list[Rows]:
        engine = writing_engine(database)
        try:
            async with engine.begin() as connection:
                found: list[Rows] = []
                for statement in statements:
                    result = await connection.execute(statement)
                    found.append([tuple(row) for row in result] if result.returns_rows else [])
                return found
        finally:
            await engine.dispose()

    return in_a_thread(execute())
