"""What the engine asks of a journal. SQLite, PostgreSQL and memory keep it; storage/ holds the
first two.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from xyk.engine.entry import GENESIS_HASH, Entry


class Journal(Protocol):
    """An append-only table of entries, seq 1, 2, 3 ... without a gap."""

    async def head(self) -> tuple[int, str]:
        """The last entry's seq and hash; (0, GENESIS_HASH) when empty."""
        ...

    async def append(self, entries: Sequence[Entry]) -> None:
        """All of them or none, in one transaction that is on disk when this returns. Raises
        otherwise.
        """
        ...

    def read(self, after: int, until: int | None = None) -> AsyncIterator[Sequence[Entry]]:
        """Batches of the entries with after < seq (<= until), in order."""
        ...

    async def entry(self, seq: int) -> Entry | None: ...

    async def close(self) -> None: ...


class MemoryJournal:
    """Keeps entries in a list: for tests, simulation and the benchmark of the core."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def head(self) -> tuple[int, str]:
        return (self.entries[-1].seq, self.entries[-1].hash) if self.entries else (0, GENESIS_HASH)

    async def append(self, entries: Sequence[Entry]) -> None:
        self.entries.extend(entries)

    async def read(self, after: int, until: int | None = None) -> AsyncIterator[Sequence[Entry]]:
        last = len(self.entries) if until is None else min(until, len(self.entries))
        for start in range(after, last, 1000):
            yield self.entries[start : min(start + 1000, last)]

    async def entry(self, seq: int) -> Entry | None:
        return self.entries[seq - 1] if 1 <= seq <= len(self.entries) else None

    async def close(self) -> None:
        return None
