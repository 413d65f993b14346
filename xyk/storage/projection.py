"""Keeps the read tables behind the journal: committed entries in, rows out.

Each transaction takes whole entries up to 500 rows and moves the cursor from the seq that it was
at, so that a crash between two of them, a second delivery or a second projection changes nothing.
What is fed while the queue is full is read from the journal later. One task runs it (`run`); before
that, start-up calls `catch_up`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from sqlalchemy.ext.asyncio import AsyncEngine

from xyk.engine.journal import Journal
from xyk.storage.batch import (
    Batch,
    CommittedEntry,
    DecodedEntry,
    order_ids,
    position_keys,
    rows_at_most,
)
from xyk.storage.batch_writer import ROWS_MAX, BatchWriter, CursorMoved
from xyk.storage.connection import is_transient
from xyk.storage.fold import Fold
from xyk.storage.restore import locked_cursor, open_orders, positions, restore

CHUNK = 160  # entries decoded and loaded for together: as many swaps as fill a transaction
QUEUE_MAX = 4_096  # entries kept in memory for the task
ORDERS_KEPT = 100_000  # open orders in memory, about 40 MB; others are read when they change
LAG_MAX = 100_000  # entries; beyond it the exchange takes no more
RETRY_S = 1.0

Progress = Callable[[int, int], None]  # (seq projected, seq of the journal's head)

log = logging.getLogger("xyk.storage.projection")


class ForeignReadTables(Exception):
    """The read tables are ahead of the journal, or of another one: it was cut off or replaced."""


class Projection:
    """`engine` is from `connection.writing_engine`, and nobody else's."""

    def __init__(self, engine: AsyncEngine, journal: Journal) -> None:
        self._engine = engine
        self._journal = journal
        self._writer = BatchWriter(engine)
        self._fold: Fold | None = None  # None: to be restored before the next entry
        self._seq = 0
        self._head = 0
        self._fed: deque[CommittedEntry] = deque()
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []

    @property
    def seq(self) -> int:
        """The last entry whose rows are committed."""
        return self._seq

    @property
    def lag(self) -> int:
        """Entries known to be committed that the read tables do not show yet."""
        return max(0, self._head - self._seq)

    @property
    def is_too_far_behind(self) -> bool:
        return self.lag > LAG_MAX

    def feed(self, committed: Sequence[CommittedEntry]) -> None:
        """Newly committed entries, in order of seq; a listener of the writer. Never blocks."""
        for one in committed:
            self._head = max(self._head, one.entry.seq)
            if len(self._fed) < QUEUE_MAX:
                self._fed.append(one)
        self._wake.set()

    async def catch_up(self, progress: Progress | None = None) -> None:
        """Everything up to the journal's present head. Raises ForeignReadTables."""
        head, _ = await self._journal.head()
        self._head = max(self._head, head)
        await self._drain(progress)

    async def run(self) -> None:
        """Projects what is fed until `stop`, and then the rest of it. While the database is away it
        tries again every second; a fault of ours is raised."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                try:
                    await self._drain(None)
                except (
                    CursorMoved
                ) as moved:  # by a rebuild: it goes on from there, and at the end too
                    log.warning("read tables at seq %d: %s", self._seq, moved)
                    self._wake.set()
                except Exception as error:
                    if not is_transient(error):
                        raise
                    log.warning("read tables at seq %d, %d behind: %s", self._seq, self.lag, error)
                    if not await self._retry_later():
                        return
                if self._stopping.is_set() and not self.lag:
                    return
        finally:
            self._release(stopped=True)

    def stop(self) -> None:
        """`run` returns when everything fed is projected, or at once while the database is away:
        the next start catches up."""
        self._stopping.set()
        self._wake.set()

    async def reached(self, seq: int) -> None:
        """Waits until the rows of entry `seq` can be read. RuntimeError if `run` ends before."""
        if self._seq < seq:
            future = asyncio.get_running_loop().create_future()
            self._waiters.append((seq, future))
            await future

    async def _retry_later(self) -> bool:
        """False when there is no later."""
        try:
            await asyncio.wait_for(self._stopping.wait(), RETRY_S)
        except TimeoutError:
            self._wake.set()
            return True
        return False

    async def _drain(self, progress: Progress | None) -> None:
        fold = await self._restored()
        while self._seq < self._head:
            chunk = self._take()
            if chunk:
                await self._project(fold, chunk)
            else:
                await self._project_from_journal(fold, progress)

    def _take(self) -> list[CommittedEntry]:
        """The next entries of the queue, if it has them; those that came before are dropped."""
        fed, chunk, expected = self._fed, list[CommittedEntry](), self._seq + 1
        while fed and len(chunk) < CHUNK and fed[0].entry.seq <= expected:
            one = fed.popleft()
            if one.entry.seq == expected:
                chunk.append(one)
                expected += 1
        return chunk

    async def _project_from_journal(self, fold: Fold, progress: Progress | None) -> None:
        until = self._fed[0].entry.seq - 1 if self._fed else self._head
        async for entries in self._journal.read(self._seq, until):
            for start in range(0, len(entries), CHUNK):
                some = [DecodedEntry.of(entry) for entry in entries[start : start + CHUNK]]
                await self._project(fold, some)
                if progress:
                    progress(self._seq, self._head)
        assert self._seq == until

    async def _restored(self) -> Fold:
        if self._fold is None:
            async with self._engine.begin() as connection:
                at = await locked_cursor(connection)
                fold = await restore(connection, Fold)
            await self._check(*at)
            self._seq, self._fold = at[0], fold
            self._release()
        return self._fold

    async def _check(self, seq: int, digest: str) -> None:
        if seq:
            entry = await self._journal.entry(seq)
            if entry is None or entry.hash != digest:
                found = "ends before it" if entry is None else "has another hash there"
                raise ForeignReadTables(
                    f"the read tables stand at entry {seq}, and the journal {found}: "
                    "restore the journal, or run `xyk rebuild` if this journal is the right one"
                )

    async def _project(self, fold: Fold, chunk: Sequence[CommittedEntry]) -> None:
        """Consecutive entries after the cursor, in as many transactions as their rows need."""
        self._fold = None  # until the tables and the memory agree again
        assert chunk[0].entry.seq == self._seq + 1
        await self._load(fold, chunk)
        batch = Batch()
        for committed in chunk:
            if batch.seq and batch.size + rows_at_most(committed) > ROWS_MAX:
                await self._write(fold, batch)
                batch = Batch()
            fold.apply(committed, batch)
        await self._write(fold, batch)
        kept = fold.orders.open
        for number in list(islice(kept, max(0, len(kept) - ORDERS_KEPT))):
            del kept[number]
        self._fold = fold

    async def _load(self, fold: Fold, chunk: Sequence[CommittedEntry]) -> None:
        """The rows that these entries go on from, where memory has not got them."""
        keys = position_keys(chunk)
        # One by one: a set minus a dict's keys walks through all of them, however few are asked.
        ids = {number for number in order_ids(chunk) if number not in fold.orders.open}
        fold.positions = {}
        if not keys and not ids:
            return
        async with self._engine.begin() as connection:
            seq, _ = await locked_cursor(connection)
            if seq != self._seq:
                raise CursorMoved(f"the cursor is at {seq}, no longer at {self._seq}")
            fold.positions = await positions(connection, keys)
            for order in await open_orders(connection, ids):
                fold.orders.open[order.order_id] = order

    async def _write(self, fold: Fold, batch: Batch) -> None:
        await self._writer.write(fold, batch, self._seq)
        self._seq = batch.seq
        self._release()

    def _release(self, stopped: bool = False) -> None:
        waiting = []
        for seq, future in self._waiters:
            if future.done():
                continue
            if seq <= self._seq:
                future.set_result(None)
            elif stopped:
                future.set_exception(RuntimeError(f"the projection stopped at {self._seq}"))
            else:
                waiting.append((seq, future))
        self._waiters = waiting
