"""Candles of every interval, over fills of years, against those drawn from the list of fills."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import event

from tests.naive.candles import INTERVALS, Candle, Fill, drawn, grouped, next_start, start_of
from tests.storage.naive_tables import fill_of, naive_tables
from tests.storage.read_back import everything, journal_of
from tests.storage.sample import MARKETS, OWNERS, Sample
from xyk.engine import candles as ours
from xyk.engine.intervals import BY_NAME
from xyk.engine.journal import MemoryJournal
from xyk.storage.connection import Database, read_database, reading_engine, writing_engine
from xyk.storage.history import History
from xyk.storage.migrate import upgrade_database
from xyk.storage.projection import ROWS_MAX, Projection
from xyk.storage.rebuild import rebuild

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
PAUSES = (0, 0, 1, 300, SECOND, 5 * SECOND, MINUTE, 4 * MINUTE, 40 * MINUTE)
PAUSES += (HOUR, 5 * HOUR, 11 * HOUR, DAY, 3 * DAY, 9 * DAY, 70 * DAY)


def years_of_trading(seed: int, steps: int) -> Sample:
    """Fills of pool and book, dust among them, at times that a coin decides."""
    sample, random = Sample(seed), Random(seed)
    sample.genesis()
    for _ in range(steps):
        pause = random.choice(PAUSES)
        sample.now_ms += random.choice((pause, random.randrange(pause + 1)))
        if random.random() < 0.1:  # to the very edge of an interval
            edge = next_start(random.choice(INTERVALS), sample.now_ms // DAY * DAY)
            sample.now_ms = max(sample.now_ms, edge - random.randrange(2))
        market, owner = random.choice(MARKETS), random.choice(OWNERS)
        match random.randrange(4):
            case 0:
                sample.order(market, owner)
            case 1:
                sample.swap(owner, ["ETH_USDC", "ETH_BTC"])
            case _:
                sample.swap(owner, [market])
    return sample


@pytest.fixture(scope="module")
def sample() -> Sample:
    sample = years_of_trading(3, 500)
    assert sample.now_ms - sample.entries[0].time > 4 * 365 * DAY
    return sample


def fills_of(sample: Sample, until: int | None = None) -> dict[str, list[Fill]]:
    decoded = sample.decoded()[:until]
    found: dict[str, list[Fill]] = {market: [] for market in MARKETS}
    for row in naive_tables(decoded)["trades"]:
        found[row[0]].append(fill_of(row))
    return found


def as_drawn(candle: ours.Candle) -> Candle:
    prices = (candle.open, candle.high, candle.low, candle.close)
    volumes = (candle.base_volume, candle.quote_volume)
    return Candle(candle.start_ms, *prices, *volumes, candle.trades, candle.forming)


async def test_rows_are_the_same_over_restarts_and_after_a_rebuild(
    database: Database, database_url: str, tmp_path: Path, sample: Sample
) -> None:
    """A projection that is gone in the middle leaves nothing that the next one does not know, what
    the present candles are made of too."""
    journal, random, end = MemoryJournal(), Random(1), 0
    history = History(reader := reading_engine(database))
    while end < len(sample.entries):
        end = min(len(sample.entries), end + random.randrange(1, 60))
        journal.entries = sample.entries[:end]
        engine = writing_engine(database)
        await Projection(engine, journal).catch_up()
        await engine.dispose()
        seq, present = await history.present_candles()
        assert seq == end
        for market, fills in fills_of(sample, end).items():
            for name in INTERVALS if fills else ():
                candle = present[market].at_present(BY_NAME[name])
                assert candle is not None
                assert as_drawn(candle) == grouped(fills, name)[-1], (end, market, name)
    await reader.dispose()
    expected = naive_tables(sample.decoded())
    assert await everything(database) == expected
    names = {row[1] for row in expected["candles"]}
    assert names == set(INTERVALS)
    await rebuild(journal_of(sample.entries), tmp_path, database_url)
    assert await everything(database) == expected


@pytest.mark.parametrize("name", INTERVALS)
async def test_ranges_are_those_that_were_drawn(
    database: Database, sample: Sample, name: str
) -> None:
    """The stored ones with the present one, as the API puts them together."""
    engine = writing_engine(database)
    await Projection(engine, journal_of(sample.entries)).catch_up()
    await engine.dispose()
    random, interval = Random(name), BY_NAME[name]
    history = History(reader := reading_engine(database))
    _, present = await history.present_candles()
    shown = 0
    for market, fills in fills_of(sample).items():
        times = [fill.time_ms for fill in fills]
        for at in (0, times[0] - 40 * DAY, times[-1] - 1, *random.sample(times, 12)):
            start_ms, limit = start_of(name, at), random.choice((1, 7, 1000))
            end_ms = random.choice((times[-1] + 3 * DAY, at + 200 * DAY, at + HOUR))
            stored = await history.candles(
                market, name, start_ms=start_ms, end_ms=end_ms, limit=limit
            )
            assert len(stored) <= limit + 1
            newest = present[market].at_present(interval)
            assert newest is not None
            if not stored or newest.start_ms > stored[-1].start_ms:
                stored.append(newest)
            found = ours.fill_gaps(stored, interval, start_ms=start_ms, end_ms=end_ms, limit=limit)
            expected = drawn(fills, name, start_ms, end_ms - 1, limit)
            assert [as_drawn(candle) for candle in found] == expected
            shown += len(expected)
    await reader.dispose()
    assert shown > 100


async def test_transactions_of_candles_that_close_have_at_most_500_rows(
    database: Database, sample: Sample
) -> None:
    """Hours and days lie between the fills, so that nearly each closes one in every interval."""
    engine, sizes = writing_engine(database), [0]

    def count(_c: Any, _cursor: Any, _s: Any, parameters: Any, _x: Any, many: bool) -> None:
        sizes[-1] += len(parameters) if many else 1

    event.listen(engine.sync_engine, "begin", lambda _connection: sizes.append(0))
    event.listen(engine.sync_engine, "before_cursor_execute", count)
    await Projection(engine, journal_of(sample.entries)).catch_up()
    await engine.dispose()
    assert 400 < max(sizes) <= ROWS_MAX + 1  # SQLite's own BEGIN is a statement


async def test_a_range_is_found_without_sorting_or_reading_others(tmp_path: Path) -> None:
    """On SQLite, whose planner says what it does."""
    database = read_database(tmp_path)
    await upgrade_database(database)
    engine, sent = reading_engine(database), list[tuple[str, tuple[object, ...]]]()
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *call: sent.append(call[2:4]))
    await History(engine).candles("ETH_USDC", "1d", start_ms=5, end_ms=10**12, limit=1000)
    statement, parameters = sent[-1]
    async with engine.connect() as connection:
        explain = f"EXPLAIN QUERY PLAN {statement}"
        plan = str((await connection.exec_driver_sql(explain, parameters)).all())
    await engine.dispose()
    assert "SEARCH candles USING PRIMARY KEY (market=? AND interval=? AND start_ms>?" in plan
    assert "SCAN candles" not in plan
    assert "TEMP B-TREE" not in plan


async def test_present_candles_are_read_back_by_look_ups(tmp_path: Path, sample: Sample) -> None:
    """A start must not read candles of years."""
    database = read_database(tmp_path)
    await upgrade_database(database)
    writer = writing_engine(database)
    await Projection(writer, journal_of(sample.entries)).catch_up()
    await writer.dispose()
    engine, sent = reading_engine(database), list[tuple[str, tuple[object, ...]]]()
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *call: sent.append(call[2:4]))
    await History(engine).present_candles()
    about = [one for one in sent if "candles" in one[0]]
    assert len(about) == 2
    async with engine.connect() as connection:
        for statement, parameters in about:
            explain = f"EXPLAIN QUERY PLAN {statement}"
            plan = str((await connection.exec_driver_sql(explain, parameters)).all())
            assert "SEARCH candles USING PRIMARY KEY" in plan
            assert "SCAN candles" not in plan
    await engine.dispose()
