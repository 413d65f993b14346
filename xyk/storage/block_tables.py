"""The read tables of a deployment on a chain, kept from its final blocks: a block is the entry of
its number, in the same tables as the exchange's own.

Each transaction takes whole blocks up to 500 rows and moves the cursor from the number that it was
at. What was written once is passed over when it comes again, so whoever is not sure that blocks
were written gives them again.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from xyk.storage.batch import Batch, CommittedEntry, rows_at_most
from xyk.storage.batch_writer import ROWS_MAX, BatchWriter
from xyk.storage.chain_fold import ChainFold
from xyk.storage.restore import locked_cursor, restore


class BlockTables:
    """`engine` is from `connection.writing_engine`, and nobody else's."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writer = BatchWriter(engine)
        self._fold: ChainFold | None = None  # None: to be restored before the next block
        self._seq = 0

    @property
    def seq(self) -> int:
        """The last block of which the tables show everything."""
        return self._seq

    async def open(self) -> int:
        """Reads where they stand."""
        await self._restored()
        return self._seq

    async def project(self, blocks: Sequence[CommittedEntry], number: int, digest: str) -> None:
        """All blocks with events up to block `number`, after which the cursor stands there. Raises
        CursorMoved, and what the database raises: nothing is half written then."""
        fold = await self._restored()
        self._fold = None  # until the tables and the memory agree again
        batch = Batch()
        for block in blocks:
            if block.entry.seq <= self._seq:
                continue
            if batch.seq and batch.size + rows_at_most(block) > ROWS_MAX:
                await self._write(fold, batch)
                batch = Batch()
            fold.apply(block, batch)
        if number > self._seq:
            batch.seq, batch.hash = number, digest
            await self._write(fold, batch)
        self._fold = fold

    async def _write(self, fold: ChainFold, batch: Batch) -> None:
        await self._writer.write(fold, batch, self._seq)
        self._seq = batch.seq

    async def _restored(self) -> ChainFold:
        if self._fold is None:
            async with self._engine.begin() as connection:
                self._seq, _ = await locked_cursor(connection)
                self._fold = await restore(connection, ChainFold)
        return self._fold
