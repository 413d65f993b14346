"""The composition root: from settings to a running exchange, and back to files at rest.

In order: the lock, before anything is read; the schema; the journal, with a genesis where it is
empty; the newest good snapshot and the entries after it; the read tables up to the journal's end,
so that every digest is known before the port opens; the writer. Closing goes the other way, after
what was accepted is committed and projected.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from api.limits import Limits
from api.metrics import Metrics
from api.services import Services
from api.services import Settings as ApiSettings
from api.sessions import public_origin
from xyk.cli.chains import Chain, deployments, open_chains, watch_chain
from xyk.cli.clock import SystemClock
from xyk.cli.exits import CONFIG, CORRUPT, ENGINE, LOCKED, STORAGE, Stop
from xyk.cli.genesis import genesis_entry
from xyk.cli.keys import session_secret
from xyk.cli.seed import seed_demo
from xyk.cli.settings import Settings, limit_settings, listed
from xyk.cli.snapshotter import Snapshotter
from xyk.engine.clock import Clock, ClockRefused
from xyk.engine.journal import Journal
from xyk.engine.liabilities import Liabilities, LiabilitiesFolder
from xyk.engine.replica import CorruptJournal
from xyk.engine.snapshot import SnapshotFolder, Start, restore
from xyk.engine.writer import Writer
from xyk.storage.archive import open_journal
from xyk.storage.connection import read_database, reading_engine, writing_engine
from xyk.storage.database import DataFolder
from xyk.storage.errors import STORAGE_ERRORS
from xyk.storage.history import History
from xyk.storage.lock import DataInUse, FolderLock, PostgresLock
from xyk.storage.migrate import upgrade
from xyk.storage.projection import ForeignReadTables, Projection
from xyk.storage.refresh_tokens import RefreshTokens
from xyk.wallet.typed_data import Domain

OnFailure = Callable[[BaseException], None]

log = logging.getLogger("xyk")


class LockLost(Exception):
    """Another process may be the writer already."""


class Exchange:
    """What `running` gives. `failed` is set, and `failure` says why, when serving must end.
    `chains` are followed by whoever serves, when those who listen to them are there."""

    def __init__(
        self, services: Services, projection: Projection, chains: Sequence[Chain] = ()
    ) -> None:
        self.services = services
        self.projection = projection
        self.chains = chains
        self.failed = asyncio.Event()
        self.failure: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error
            self.failed.set()


def failure_code(error: BaseException) -> int:
    """The exit code of a process that ends for this reason."""
    match error:
        case CorruptJournal() | ForeignReadTables():
            return CORRUPT
        case DataInUse() | LockLost():
            return LOCKED
        case ClockRefused():
            return CONFIG
    return STORAGE if isinstance(error, STORAGE_ERRORS) else ENGINE


@asynccontextmanager
async def running(
    settings: Settings, version: str, *, on_failure: OnFailure, clock: Clock | None = None
) -> AsyncIterator[Exchange]:
    """A writer that takes submissions. Raises Stop where it cannot start; `on_failure` is called
    when the writer fails or the lock is lost, and must end the process."""
    async with AsyncExitStack() as stack:
        try:
            exchange = await _start(stack, settings, version, on_failure, clock or SystemClock())
        except (CorruptJournal, ForeignReadTables, DataInUse, ClockRefused, ValueError) as fault:
            code = CONFIG if isinstance(fault, ValueError) else failure_code(fault)
            raise Stop(code, str(fault)) from fault
        except STORAGE_ERRORS as fault:
            raise Stop(STORAGE, f"{settings.data}: {fault}") from fault
        yield exchange


async def _start(
    stack: AsyncExitStack, settings: Settings, version: str, on_failure: OnFailure, clock: Clock
) -> Exchange:
    limits, api_settings = _api_settings(settings, version)
    folder = DataFolder(settings.data)
    folder.create()
    lock = FolderLock.take(folder.lock)
    stack.callback(lock.release)
    if folder.restoring.exists():
        why = f"{folder.path}: `xyk restore` into it was broken off; empty it and restore again"
        raise Stop(CORRUPT, why)
    if settings.database_url:
        database_lock = await PostgresLock.take(
            settings.database_url, lambda why: on_failure(LockLost(why))
        )
        stack.push_async_callback(database_lock.release)
    await upgrade(settings.data, settings.database_url)
    snapshots = SnapshotFolder(folder.snapshots)
    journal = await _open_journal(settings, snapshots, clock)
    stack.push_async_callback(journal.close)
    start = await _restore(journal, snapshots)
    state = start.replica.state
    if settings.sandbox and not state.sandbox:
        raise Stop(CONFIG, f"{settings.data} holds an exchange that is no sandbox")
    projection = await _catch_up(stack, settings, journal)
    reading = reading_engine(read_database(settings.data, settings.database_url))
    stack.push_async_callback(reading.dispose)
    metrics = Metrics()
    history = History(reading)
    writer = Writer(
        state,
        journal,
        clock,
        history.find_action,
        head_hash=start.replica.head_hash,
        projected=lambda: projection.seq,
        observer=metrics,
        on_failure=on_failure,
        accept_clock=settings.accept_clock,
    )
    snapshotter = await _snapshotter(settings, journal, snapshots, start)
    chains = await _chains(stack, settings, metrics, clock)
    services = Services(
        state=state,
        writer=writer,
        journal=journal,
        clock=clock,
        history=history,
        projected=lambda: projection.seq,
        domain=Domain(state.salt, state.chain_id, state.contract),
        settings=api_settings,
        metrics=metrics,
        secret=session_secret(folder.path),
        refresh_tokens=_refresh_tokens(stack, folder),
        limits=limits,
        state_digest=snapshotter.state_digest,
        liabilities=snapshotter.liabilities,
        chains={chain.name: chain.venue for chain in chains},
    )
    exchange = Exchange(services, projection, chains)
    _watch(metrics, writer, projection, snapshotter)
    stack.push_async_callback(snapshotter.stop)
    writer.listeners += [projection.feed, snapshotter.on_committed]
    await _run(stack, exchange, writer, projection)
    snapshotter.consider(state.seq)
    if settings.seed_demo:
        filled = await seed_demo(writer, state, clock, settings.data)
        log.info("demo liquidity in %d pools", filled)
        await projection.reached(writer.committed_seq)
    return exchange


async def _chains(
    stack: AsyncExitStack, settings: Settings, metrics: Metrics, clock: Clock
) -> list[Chain]:
    if settings.chain is None:
        return []
    chains = await open_chains(stack, settings.chain, settings.data, settings.database_url)
    for chain in chains:
        watch_chain(metrics, chain.venue, clock)
    return chains


def _api_settings(settings: Settings, version: str) -> tuple[Limits, ApiSettings]:
    """Raises ValueError for what cannot be served with."""
    if settings.public_url:
        public_origin(settings.public_url)
    if settings.chain is not None:
        deployments(settings.chain)  # a fault in it is told before anything is made or folded
    return Limits(limit_settings(settings)), ApiSettings(
        version=version,
        visibility=settings.visibility.value,
        public_url=settings.public_url,
        cors_origins=listed(settings.cors_origins),
    )


def _refresh_tokens(stack: AsyncExitStack, folder: DataFolder) -> RefreshTokens:
    tokens = RefreshTokens.open(folder.sessions)
    stack.callback(tokens.close)
    return tokens


async def _open_journal(settings: Settings, snapshots: SnapshotFolder, clock: Clock) -> Journal:
    """With its genesis. Raises CorruptJournal."""
    journal = await open_journal(settings.data, settings.database_url)
    try:
        if (await journal.head())[0] == 0:
            if kept := snapshots.names():  # a new deployment has none: the journal was lost
                raise CorruptJournal(1, f"missing, although there is the snapshot {kept[0]}")
            await journal.append([genesis_entry(settings, clock.now_ms())])
    except BaseException:
        await journal.close()
        raise
    return journal


async def _restore(journal: Journal, snapshots: SnapshotFolder) -> Start:
    """The state at the journal's end; a row that cannot even be read is named too."""
    reached = 0

    def progress(seq: int) -> None:
        nonlocal reached
        reached = seq

    try:
        start = await restore(journal, snapshots, progress)
    except STORAGE_ERRORS as fault:
        why = f"it or one soon after cannot be read: {fault}"
        raise CorruptJournal(reached + 1, why) from fault
    for skipped in start.skipped:
        log.warning("snapshot %s is passed over: %s", skipped.name, skipped.why)
    origin = f"snapshot {start.snapshot.seq}" if start.snapshot is not None else "genesis"
    log.info("folded to seq %d from %s", start.replica.state.seq, origin)
    return start


async def _snapshotter(
    settings: Settings, journal: Journal, snapshots: SnapshotFolder, start: Start
) -> Snapshotter:
    owed = LiabilitiesFolder(DataFolder(settings.data).liabilities)
    newest = await _newest_owed(journal, owed)
    return Snapshotter(settings, snapshots, start.snapshot, owed, newest)


async def _newest_owed(journal: Journal, folder: LiabilitiesFolder) -> Liabilities | None:
    """The newest liabilities that are this journal's."""
    for found in folder.files():
        entry = await journal.entry(found.root.seq)
        if entry is not None and entry.hash == found.root.hash:
            return found
        log.warning("the liabilities of seq %d are of another journal", found.root.seq)
    return None


async def _catch_up(stack: AsyncExitStack, settings: Settings, journal: Journal) -> Projection:
    engine = writing_engine(read_database(settings.data, settings.database_url))
    stack.push_async_callback(engine.dispose)
    projection = Projection(engine, journal)
    await projection.catch_up()
    return projection


async def _run(
    stack: AsyncExitStack, exchange: Exchange, writer: Writer, projection: Projection
) -> None:
    """Starts both tasks; at the end drains the writer first, then the read tables."""
    projecting = asyncio.create_task(projection.run(), name="projection")
    projecting.add_done_callback(lambda task: _report(task, exchange))

    async def stop_projection() -> None:
        projection.stop()
        await asyncio.wait([projecting])

    stack.push_async_callback(stop_projection)
    writing = asyncio.create_task(writer.run(), name="writer")

    async def stop_writer() -> None:
        await writer.stop()
        await asyncio.wait([writing])

    stack.push_async_callback(stop_writer)


def _report(task: asyncio.Task[None], exchange: Exchange) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("the projection failed: %r", error, exc_info=error)
        exchange.fail(error)


def _watch(
    metrics: Metrics, writer: Writer, projection: Projection, snapshotter: Snapshotter
) -> None:
    def snapshot_seq() -> int:
        newest = snapshotter.state_digest()
        return newest.seq if newest is not None else 0

    metrics.watch("xyk_seq", "The last committed entry", lambda: writer.committed_seq)
    metrics.watch("xyk_queue_depth", "Actions that wait to be decided", lambda: writer.queue_depth)
    metrics.watch(
        "xyk_projection_lag_entries",
        "Committed entries that the read tables do not show yet",
        lambda: projection.lag,
    )
    metrics.watch("xyk_snapshot_seq", "The seq of the newest snapshot", snapshot_seq)
