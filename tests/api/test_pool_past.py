"""A pool's past over years, held against the rows of the read tables, with what is remembered."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from api.pool_history import PoolPast, Shown
from tests.api.aged import MARKET
from tests.cli.traded import Traded
from tests.server import Server
from xyk.engine.intervals import BY_NAME, Interval
from xyk.storage.connection import read_database, reading_engine
from xyk.storage.history import History, PoolChange, PoolSums

Row = tuple[Any, ...]
HOUR_MS = 3_600_000


class CountingHistory(History):
    """Counts how often minutes are added up."""

    sums = 0

    async def pool_sums(self, market: str, start_ms: int, end_ms: int) -> PoolSums:
        self.sums += 1
        return await super().pool_sums(market, start_ms, end_ms)


@pytest.fixture
async def history(aged: Server) -> AsyncIterator[CountingHistory]:
    engine = reading_engine(read_database(aged.data, aged.database_url))
    yield CountingHistory(engine)
    await engine.dispose()


@pytest.fixture
def tables(aged: Server) -> dict[str, list[Row]]:
    return Traded(aged.data, aged.database_url).read_tables()


def drawn(
    tables: dict[str, list[Row]], interval: Interval, now_ms: int, limit: int
) -> list[tuple[int, PoolSums, PoolChange]]:
    """As somebody would who has all rows before him."""
    changes = sorted(
        (PoolChange(*row) for row in tables["pool_history"] if row[0] == MARKET),
        key=lambda one: (one.seq, one.event),
    )
    minutes = [row for row in tables["pool_minutes"] if row[0] == MARKET]
    found: list[tuple[int, PoolSums, PoolChange]] = []
    start_ms = interval.start_of(now_ms)
    while len(found) < limit and interval.end_of(start_ms) > changes[0].time_ms:
        end_ms = interval.end_of(start_ms)
        inside = [row for row in minutes if start_ms <= row[1] < end_ms]
        sums = PoolSums(*[sum(row[column] for row in inside) for column in range(2, 7)])
        found.append((start_ms, sums, [one for one in changes if one.time_ms < end_ms][-1]))
        start_ms -= interval.length_ms
    return found[::-1]


def moments(changes: Sequence[Row]) -> list[int]:
    """Of some changes: just then, an hour later, and long after the last."""
    times = sorted(row[3] for row in changes if row[0] == MARKET)
    return [*times[:: len(times) // 5], times[0] + HOUR_MS, times[-1], times[-1] + 10**11]


@pytest.mark.parametrize("name", ["1h", "1d"])
async def test_every_interval_is_as_drawn_from_the_rows(
    history: CountingHistory, tables: dict[str, list[Row]], name: str
) -> None:
    """With a memory that grows, and with one that may keep nothing as the tables trail."""
    interval, past, last_ms = (
        BY_NAME[name],
        PoolPast(history),
        max(row[3] for row in tables["pool_history"]),
    )
    for now_ms in moments(tables["pool_history"]):
        for limit in (1, 24, 168):
            expected = drawn(tables, interval, now_ms, limit)
            for shown in (Shown(1, True, last_ms), Shown(1, False, last_ms)):
                found = await past.of(MARKET, interval, now_ms, limit, shown)
                assert found == expected
    assert sum(one[1].swaps for one in expected) == 0 < len(expected), "quiet since"


async def test_what_is_over_is_added_up_once(
    history: CountingHistory, tables: dict[str, list[Row]]
) -> None:
    last_ms = max(row[3] for row in tables["pool_history"])
    past, shown = PoolPast(history), Shown(1, True, last_ms)
    whole = await past.of(MARKET, BY_NAME["1d"], last_ms, 168, shown)
    cold, history.sums = history.sums, 0
    assert cold >= 168
    assert await past.of(MARKET, BY_NAME["1d"], last_ms, 168, shown) == whole
    assert history.sums <= 1, "of the present hour alone"
    trailing = Shown(1, False, last_ms)
    history.sums, fresh = 0, PoolPast(history)
    assert await fresh.of(MARKET, BY_NAME["1h"], last_ms, 24, trailing) == (
        await fresh.of(MARKET, BY_NAME["1h"], last_ms, 24, trailing)
    )
    assert history.sums == 48, "nothing is remembered of tables that trail"


async def test_a_pool_that_was_never_filled_has_none(history: CountingHistory) -> None:
    past = PoolPast(history)
    assert await past.of("X_Y", BY_NAME["1h"], 10**13, 24, Shown(1, True, 10**13)) == []
