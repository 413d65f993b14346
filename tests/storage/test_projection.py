import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.naive_tables import naive_tables
from tests.storage.read_back import everything, journal_of
from tests.storage.sample import OWNERS, Sample
from xyk.domain.commands import FaucetDeposit
from xyk.domain.events import Deposited, PoolSwapped
from xyk.domain.units import UINT256_MAX, ZERO_ADDRESS
from xyk.engine.entry import Entry
from xyk.engine.journal import MemoryJournal
from xyk.storage import projection as module
from xyk.storage.connection import Database, read_database, writing_engine
from xyk.storage.migrate import upgrade_database
from xyk.storage.projection import (
    LAG_MAX,
    ROWS_MAX,
    CursorMoved,
    ForeignReadTables,
    Projection,
)


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    engine = writing_engine(database)
    yield engine
    await engine.dispose()


@pytest.fixture
def sample() -> Sample:
    sample = Sample(1)
    sample.genesis()
    return sample.steps(500)


async def test_tables_equal_a_naive_recomputation(
    database: Database, engine: AsyncEngine, sample: Sample
) -> None:
    await Projection(engine, journal_of(sample.entries)).catch_up()
    found, expected = await everything(database), naive_tables(sample.decoded())
    assert found == expected
    assert all(found.values())  # the sample reaches every table


async def test_feeding_in_groups_over_restarts_gives_the_same_rows(
    database: Database, engine: AsyncEngine, sample: Sample
) -> None:
    random, fed = Random(5), 0
    journal = MemoryJournal()
    decoded = sample.decoded()
    while fed < len(decoded):
        projection = Projection(engine, journal)
        await projection.catch_up()
        running = asyncio.create_task(projection.run())
        for _ in range(8):
            group = decoded[fed : fed + random.randrange(1, 40)]
            await journal.append([one.entry for one in group])
            projection.feed(group)
            fed += len(group)
            if random.random() < 0.5:
                await projection.reached(fed)
                assert projection.lag == 0
        projection.stop()
        await running
        assert projection.seq == fed
        assert await everything(database) == naive_tables(decoded[:fed])


async def test_what_is_delivered_twice_is_written_once(
    database: Database, engine: AsyncEngine, sample: Sample
) -> None:
    decoded = sample.decoded()
    projection = Projection(engine, journal_of(sample.entries))
    running = asyncio.create_task(projection.run())
    projection.feed(decoded[:200])
    projection.feed(decoded[:200])
    await projection.reached(200)
    projection.feed(decoded[100:300])
    projection.feed(decoded[:])
    await projection.reached(len(decoded))
    projection.feed(decoded[:50])
    projection.stop()
    await running
    assert await everything(database) == naive_tables(decoded)


class Crash(Exception):
    pass


async def test_a_crash_at_any_statement_loses_and_doubles_nothing(
    database: Database, sample: Sample
) -> None:
    """Dies before the n-th statement or commit, each time on new connections, until it gets
    through."""
    journal = journal_of(sample.entries)
    random, crashes = Random(9), 0
    while True:
        engine = writing_engine(database)
        left = random.randrange(8, 40)

        def count_down(*_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Crash

        event.listen(engine.sync_engine, "before_cursor_execute", count_down)
        event.listen(engine.sync_engine, "commit", count_down)
        try:
            await Projection(engine, journal).catch_up()
            break
        except Crash:
            crashes += 1
            found = await everything(database)
            assert found == naive_tables(sample.decoded()[: found["cursor"][0][1]])
        finally:
            await engine.dispose()
    assert crashes >= 3
    assert await everything(database) == naive_tables(sample.decoded())


async def test_transactions_have_at_most_500_rows(engine: AsyncEngine, sample: Sample) -> None:
    sizes = [0]

    def count(_c: Any, _cursor: Any, _s: Any, parameters: Any, _x: Any, many: bool) -> None:
        sizes[-1] += len(parameters) if many else 1

    def begin(_connection: Any) -> None:
        sizes.append(0)

    journal = MemoryJournal()
    projection = Projection(engine, journal)
    await projection.catch_up()  # reads what is there, before anything is counted
    await journal.append(sample.entries)
    event.listen(engine.sync_engine, "begin", begin)
    event.listen(engine.sync_engine, "before_cursor_execute", count)
    await projection.catch_up()
    assert ROWS_MAX == 500
    assert max(sizes) <= 500 + 1  # SQLite's own BEGIN is a statement
    assert max(sizes) > 250


async def test_an_entry_of_more_rows_is_one_transaction_of_its_own(
    database: Database, engine: AsyncEngine
) -> None:
    sample = Sample(2)
    sample.genesis()
    deposits = [Deposited(owner=OWNERS[0], asset="ETH", amount=n) for n in range(1, 701)]
    command = FaucetDeposit(owner=OWNERS[0], token=ZERO_ADDRESS, amount=1)
    sample.append(command, *deposits, scheme="faucet")
    sample.steps(20)
    await Projection(engine, journal_of(sample.entries)).catch_up()
    assert await everything(database) == naive_tables(sample.decoded())


async def test_the_largest_amount_is_kept(database: Database, engine: AsyncEngine) -> None:
    sample = Sample(2)
    sample.genesis()
    command = FaucetDeposit(owner=OWNERS[0], token=ZERO_ADDRESS, amount=UINT256_MAX)
    deposit = Deposited(owner=OWNERS[0], asset="ETH", amount=UINT256_MAX)
    sample.append(command, deposit, scheme="faucet")
    await Projection(engine, journal_of(sample.entries)).catch_up()
    [row] = (await everything(database))["transfers"]
    assert row[6] == 2**256 - 1


async def test_lag_counts_what_is_committed_and_not_yet_shown(
    engine: AsyncEngine, sample: Sample
) -> None:
    decoded = sample.decoded()
    projection = Projection(engine, journal_of(sample.entries))
    assert projection.lag == 0
    projection.feed(decoded[:300])
    assert (projection.seq, projection.lag) == (0, 300)
    running = asyncio.create_task(projection.run())
    await projection.reached(300)
    assert (projection.seq, projection.lag) == (300, 0)
    projection.stop()
    await running


async def test_beyond_100_000_entries_it_is_too_far_behind(
    engine: AsyncEngine, sample: Sample
) -> None:
    projection = Projection(engine, journal_of(sample.entries))
    last = sample.decoded()[-1]
    for seq, too_far in ((LAG_MAX, False), (LAG_MAX + 1, True)):
        entry = Entry(seq, *(getattr(last.entry, name) for name in Entry.__struct_fields__[1:]))
        projection.feed([last._replace(entry=entry)])
        assert projection.is_too_far_behind is too_far
    assert LAG_MAX == 100_000


async def test_what_the_queue_has_no_room_for_comes_from_the_journal(
    database: Database, engine: AsyncEngine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUEUE_MAX", 10)
    decoded = sample.decoded()
    projection = Projection(engine, journal_of(sample.entries))
    projection.feed(decoded[:200])
    running = asyncio.create_task(projection.run())
    await projection.reached(5)
    projection.feed(decoded[200:])  # a gap between what the queue holds
    await projection.reached(len(decoded))
    projection.stop()
    await running
    assert await everything(database) == naive_tables(decoded)


async def test_start_up_catches_up_with_the_journal(
    database: Database, engine: AsyncEngine, sample: Sample
) -> None:
    journal = MemoryJournal()
    journal.entries = sample.entries[:100]
    await Projection(engine, journal).catch_up()
    journal.entries = sample.entries
    projection, seen = Projection(engine, journal), list[tuple[int, int]]()
    await projection.catch_up(lambda seq, head: seen.append((seq, head)))
    assert projection.seq == len(sample.entries)
    assert await everything(database) == naive_tables(sample.decoded())
    assert [seq for seq, _ in seen] == sorted({seq for seq, _ in seen})
    assert seen[-1] == (len(sample.entries), len(sample.entries))
    assert seen[0][0] > 100


@pytest.mark.parametrize("change", ["cut off", "another journal"])
async def test_tables_of_another_journal_are_refused(
    engine: AsyncEngine, sample: Sample, change: str
) -> None:
    await Projection(engine, journal_of(sample.entries)).catch_up()
    if change == "cut off":
        other, says = sample.entries[:-1], f"at entry {len(sample.entries)}, .* ends before it"
    else:
        stranger = Sample(2)
        stranger.genesis()
        other, says = stranger.steps(600).entries, "has another hash there"
    with pytest.raises(ForeignReadTables, match=says):
        await Projection(engine, journal_of(other)).catch_up()


async def test_two_projections_at_once_do_no_harm(
    database: Database, engine: AsyncEngine, sample: Sample
) -> None:
    other_engine = writing_engine(database)
    journal = journal_of(sample.entries)

    async def insist(projection: Projection) -> None:
        while projection.seq < len(sample.entries):
            with suppress(CursorMoved):
                await projection.catch_up()

    await asyncio.gather(*(insist(Projection(one, journal)) for one in (engine, other_engine)))
    await other_engine.dispose()
    assert await everything(database) == naive_tables(sample.decoded())


async def test_a_projection_whose_cursor_was_moved_reads_it_again(
    database: Database, engine: AsyncEngine, sample: Sample
) -> None:
    journal = MemoryJournal()
    journal.entries = sample.entries[:100]
    overtaken = Projection(engine, journal)
    await overtaken.catch_up()
    journal.entries = sample.entries[:300]
    await Projection(engine, journal).catch_up()
    with pytest.raises(CursorMoved):
        await overtaken.catch_up()
    journal.entries = sample.entries
    await overtaken.catch_up()
    assert await everything(database) == naive_tables(sample.decoded())


async def test_one_whose_cursor_was_moved_at_its_end_writes_the_rest_all_the_same(
    database: Database, engine: AsyncEngine, sample: Sample
) -> None:
    """The next start would, but an auditor who looks before that would find an end missing."""
    journal = MemoryJournal()
    journal.entries = sample.entries[:100]
    overtaken = Projection(engine, journal)
    await overtaken.catch_up()
    journal.entries = sample.entries
    other = Projection(engine, journal_of(sample.entries[:300]))
    await other.catch_up()
    overtaken.feed(sample.decoded(100))
    overtaken.stop()
    await overtaken.run()
    assert overtaken.seq == len(sample.entries)
    assert await everything(database) == naive_tables(sample.decoded())


async def test_it_goes_on_when_the_database_is_back(
    database: Database, engine: AsyncEngine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    away = 3

    def refuse(_connection: Any) -> None:
        nonlocal away
        if projection.seq > 50 and away:
            away -= 1
            raise OperationalError("COMMIT", {}, Exception("disk I/O error"))

    event.listen(engine.sync_engine, "commit", refuse)
    decoded = sample.decoded()
    projection = Projection(engine, journal_of(sample.entries))
    running = asyncio.create_task(projection.run())
    projection.feed(decoded)
    await projection.reached(len(decoded))
    projection.stop()
    await running
    assert away == 0
    assert await everything(database) == naive_tables(decoded)


@pytest.mark.postgres
async def test_it_connects_again_when_postgresql_closed_the_connection(
    postgres_url: str, tmp_path: Path, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = read_database(tmp_path, postgres_url)
    await upgrade_database(database)
    engine = writing_engine(database)
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    decoded = sample.decoded()
    projection = Projection(engine, journal_of(sample.entries))
    running = asyncio.create_task(projection.run())
    projection.feed(decoded[:100])
    await projection.reached(100)
    other = writing_engine(database)
    async with other.begin() as connection:
        await connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await other.dispose()
    projection.feed(decoded[100:])
    await projection.reached(len(decoded))
    projection.stop()
    await running
    assert await everything(database) == naive_tables(decoded)
    await engine.dispose()


async def test_stop_does_not_wait_for_a_database_that_is_away(
    engine: AsyncEngine, sample: Sample
) -> None:
    tried = asyncio.Event()

    def refuse(_connection: Any) -> None:
        tried.set()
        raise OperationalError("COMMIT", {}, Exception("disk I/O error"))

    event.listen(engine.sync_engine, "commit", refuse)
    projection = Projection(engine, journal_of(sample.entries))
    projection.feed(sample.decoded())
    running = asyncio.create_task(projection.run())
    await tried.wait()
    projection.stop()
    await running
    assert projection.lag == len(sample.entries)


async def test_a_fault_of_ours_is_raised_and_nobody_waits_for_ever(
    engine: AsyncEngine, sample: Sample
) -> None:
    swap = next(
        event for one in sample.decoded() for event in one.events if isinstance(event, PoolSwapped)
    )
    unknown = PoolSwapped(
        **{**{n: getattr(swap, n) for n in swap.__struct_fields__}, "market": "X_Y"}
    )
    command = FaucetDeposit(owner=OWNERS[0], token=ZERO_ADDRESS, amount=1)
    sample.append(command, unknown, scheme="faucet")
    projection = Projection(engine, journal_of(sample.entries))
    waiting = asyncio.create_task(projection.reached(len(sample.entries)))
    projection.feed(sample.decoded())
    with pytest.raises(KeyError, match="X_Y"):
        await projection.run()
    with pytest.raises(RuntimeError, match="stopped at"):
        await waiting
