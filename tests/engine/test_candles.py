"""The running candles of a market, against those drawn from the list of its fills, and the calendar
by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.naive.candles import INTERVALS, Candle, Fill, grouped, next_start, start_of
from xyk.engine import candles as ours
from xyk.engine.candles import MarketCandles, fill_gaps
from xyk.engine.intervals import BY_NAME

DAY_MS = 86_400_000
START_MS = 1_700_000_000_000

fills = st.lists(
    st.tuples(
        st.one_of(
            st.integers(0, 2_000),
            st.integers(0, 5 * 60_000),
            st.integers(0, 3 * 3_600_000),
            st.integers(0, 45 * DAY_MS),
        ),
        st.integers(1, 10**9),
        st.integers(1, 10**9),
        st.none() | st.sampled_from(["9", "10", "9.5", "100", "0.1", "10.00001"]),
    ),
    min_size=1,
    max_size=40,
)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def as_drawn(candle: ours.Candle) -> Candle:
    prices = (candle.open, candle.high, candle.low, candle.close)
    volumes = (candle.base_volume, candle.quote_volume)
    return Candle(candle.start_ms, *prices, *volumes, candle.trades, candle.forming)


@given(fills)
def test_after_every_fill_they_are_as_drawn(some: list[tuple[Any, ...]]) -> None:
    running, time_ms, known = MarketCandles(), START_MS, list[Fill]()
    closed: dict[str, list[Candle]] = {name: [] for name in INTERVALS}
    for pause_ms, base, quote, price in some:
        time_ms += pause_ms
        known.append(Fill(time_ms, base, quote, price))
        for interval, candle in running.add(time_ms, base, quote, price):
            closed[interval.name].append(as_drawn(candle))
        for name in INTERVALS:
            present = running.at_present(BY_NAME[name])
            assert present is not None
            assert [*closed[name], as_drawn(present)] == grouped(known, name)


def test_a_fill_at_the_very_start_of_an_interval_is_in_it() -> None:
    """2026-06-01 is a Monday and the first, and its day since the epoch, 20,605, no multiple of
    three: midnight ends all but 3d."""
    running, midnight = MarketCandles(), ms("2026-06-01 00:00:00")
    assert running.add(midnight - 1, 1, 1, "7") == ()
    over = [interval.name for interval, _ in running.add(midnight, 1, 1, "8")]
    assert over == [name for name in INTERVALS if name != "3d"]
    for name in over:
        present = running.at_present(BY_NAME[name])
        assert present is not None
        assert (present.start_ms, present.open, present.trades) == (midnight, "8", 1)


@pytest.mark.parametrize(
    ("name", "inside", "start", "end"),
    [
        ("1s", "2025-01-01 10:20:30", "2025-01-01 10:20:30", "2025-01-01 10:20:31"),
        ("3m", "2025-01-01 10:20:30", "2025-01-01 10:18:00", "2025-01-01 10:21:00"),
        ("8h", "2025-01-01 16:00:00", "2025-01-01 16:00:00", "2025-01-02 00:00:00"),
        ("6h", "2025-01-01 17:59:59", "2025-01-01 12:00:00", "2025-01-01 18:00:00"),
        ("3d", "1970-01-06 23:59:59", "1970-01-04 00:00:00", "1970-01-07 00:00:00"),
        ("3d", "2025-01-01 00:00:00", "2024-12-31 00:00:00", "2025-01-03 00:00:00"),
        ("1w", "2025-01-05 23:59:59", "2024-12-30 00:00:00", "2025-01-06 00:00:00"),
        ("1w", "2025-01-06 00:00:00", "2025-01-06 00:00:00", "2025-01-13 00:00:00"),
        ("1month", "2024-02-29 23:59:59", "2024-02-01 00:00:00", "2024-03-01 00:00:00"),
        ("1month", "2025-12-31 00:00:00", "2025-12-01 00:00:00", "2026-01-01 00:00:00"),
    ],
)
def test_the_calendar(name: str, inside: str, start: str, end: str) -> None:
    """3d: 2024-12-31 is day 20,088 since the epoch, a multiple of three."""
    interval = BY_NAME[name]
    assert interval.start_of(ms(inside)) == ms(start) == start_of(name, ms(inside))
    assert interval.end_of(ms(start)) == ms(end) == next_start(name, ms(start))


@pytest.mark.parametrize("name", INTERVALS)
def test_starts_are_counted_back(name: str) -> None:
    interval, starts = BY_NAME[name], [start_of(name, ms("2024-12-30 05:06:07"))]
    while len(starts) < 30:
        starts.append(next_start(name, starts[-1]))
    for count in (0, 1, 13, 29):
        assert interval.earlier(starts[29], count) == starts[29 - count]
    assert interval.earlier(starts[0], 10**10 if name != "1month" else 5_000) <= 0


def test_gaps_are_filled_up_to_the_end_and_the_limit() -> None:
    """A price at minute 2, dust at minute 5, nothing else."""
    running = MarketCandles()
    rows: list[ours.Candle] = []
    for minute, price in ((0, None), (2, "7"), (5, None)):
        closed = running.add(minute * 60_000, 10, 70, price)
        rows += [candle for interval, candle in closed if interval.name == "1m"]
    present = running.at_present(BY_NAME["1m"])
    assert present is not None
    rows.append(present)

    def shown(start: int, end: int, limit: int = 99) -> list[tuple[int, str | None, int]]:
        return [
            (candle.start_ms // 60_000, candle.close, candle.trades)
            for candle in fill_gaps(
                rows, BY_NAME["1m"], start_ms=start * 60_000, end_ms=end * 60_000, limit=limit
            )
        ]

    whole = [(2, "7", 1), (3, "7", 0), (4, "7", 0), (5, "7", 1), (6, "7", 0)]
    assert shown(0, 7) == whole
    assert shown(3, 7) == whole[1:]
    assert shown(0, 7, 2) == whole[:2]
    assert shown(4, 5) == whole[2:3]
    assert shown(9, 11) == [(9, "7", 0), (10, "7", 0)]
    assert shown(0, 2) == []
