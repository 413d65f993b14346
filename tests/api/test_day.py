"""The rolling day and the rolling week, against sums over all fills."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.day import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    WEEK_MS,
    Day,
    DayFill,
    Days,
    Minute,
    Ticker,
    Week,
)

START_MS = 1_800_000_000_000

fills = st.lists(
    st.tuples(
        st.integers(0, 12 * 60 * MINUTE_MS),  # ms since the fill before
        st.integers(1, 10**9),  # base
        st.integers(1, 10**9),  # quote
        st.integers(0, 10**6),  # base fee
        st.integers(0, 10**6),  # quote fee
        st.none() | st.decimals("0.000001", "1000000", places=6).map(str),
    ),
    max_size=30,
)


@pytest.mark.parametrize(
    ("kind", "step_ms", "length_ms"), [(Day, MINUTE_MS, DAY_MS), (Week, HOUR_MS, WEEK_MS)]
)
@given(fills=fills, later_ms=st.integers(0, 2 * DAY_MS), scale=st.integers(1, 7))
def test_it_is_the_sum_of_its_fills(
    kind: type[Day],
    step_ms: int,
    length_ms: int,
    fills: list[tuple[Any, ...]],
    later_ms: int,
    scale: int,
) -> None:
    day, time_ms, known = kind(), START_MS, []
    later_ms *= scale
    for pause_ms, base, quote, base_fee, quote_fee, price in fills:
        time_ms += pause_ms
        known.append((time_ms, base, quote, base_fee, quote_fee, price))
        day.add(
            time_ms, base=base, quote=quote, base_fee=base_fee, quote_fee=quote_fee, price=price
        )
        assert day.ticker() == day.ticker()
    now_ms = time_ms + later_ms
    day.expire(now_ms)

    # A minute is in the day as a whole: those that began less than 24 hours ago.
    inside = [fill for fill in known if fill[0] - fill[0] % step_ms > now_ms - length_ms]
    sums = [sum(fill[column] for fill in inside) for column in range(1, 5)]
    assert [day.base_volume, day.quote_volume, day.base_fees, day.quote_fees] == sums
    assert day.trades == len(inside)
    last = next((fill[5] for fill in reversed(known) if fill[5] is not None), None)
    prices = [fill[5] for fill in inside if fill[5] is not None]
    ticker = day.ticker()
    if last is None:
        assert ticker is None
    elif not prices:
        assert ticker is not None
        assert ticker.first == ticker.last == ticker.high == ticker.low == last
    else:
        assert ticker is not None
        assert (ticker.first, ticker.last) == (prices[0], last)
        assert Decimal(ticker.high) == max(map(Decimal, prices))
        assert Decimal(ticker.low) == min(map(Decimal, prices))


def test_it_goes_on_from_what_was_read_back() -> None:
    day = Day("7")
    assert day.ticker() is not None
    day.restore(Minute(start_ms=START_MS, base_volume=5, quote_volume=6, base_fees=1, trades=2))
    flat = day.ticker()
    assert flat is not None
    assert flat.last == "7"
    day.restore(
        Minute(
            start_ms=START_MS + MINUTE_MS,
            open="2",
            high=Decimal(9),
            low=Decimal(1),
            close="3",
            trades=4,
        )
    )
    day.add(START_MS + MINUTE_MS + 1, base=1, quote=1, base_fee=0, quote_fee=0, price="10")
    ticker = day.ticker()
    assert ticker is not None
    assert (ticker.first, ticker.high, ticker.low, ticker.last) == ("2", "10", "1", "10")
    assert (day.trades, day.base_volume, day.base_fees) == (7, 6, 1)
    assert len(day.minutes) == 2


def test_a_week_takes_minutes_as_hours() -> None:
    week = Week()
    start_ms = START_MS - START_MS % HOUR_MS
    for number, (price, minute) in enumerate((("5", 0), ("9", 1), ("4", 59), ("6", 60)), start=1):
        week.restore(
            Minute(
                start_ms=start_ms + minute * MINUTE_MS,
                open=price,
                high=Decimal(price),
                low=Decimal(price),
                close=price,
                base_volume=number,
                trades=1,
            )
        )
    assert [one.start_ms for one in week.minutes] == [start_ms, start_ms + HOUR_MS]
    first, second = week.minutes
    assert (first.open, first.high, first.low, first.close) == ("5", Decimal(9), Decimal(4), "4")
    assert (first.base_volume, first.trades, second.base_volume) == (6, 3, 4)
    ticker = week.ticker()
    assert ticker is not None
    assert (ticker.first, ticker.high, ticker.low, ticker.last) == ("5", "9", "4", "6")
    week.expire(start_ms + WEEK_MS)
    assert (week.base_volume, week.trades) == (4, 1)
    ticker = week.ticker()
    assert ticker is not None
    assert (ticker.first, ticker.high, ticker.low, ticker.last) == ("6", "6", "6", "6")


def test_fills_that_the_read_tables_do_not_have_count_after_what_they_have() -> None:
    days = Days()
    day, week = days.of("ETH_USDC")
    for seq in (5, 6, 7):
        days.add(DayFill(seq, START_MS + seq, "ETH_USDC", 10**seq, 1, 0, 0, str(seq)))
    assert day.ticker() is None
    days.restore(6, {"ETH_USDC": ("4", [Minute(start_ms=START_MS, trades=2)])}, START_MS)
    days.add(DayFill(8, START_MS + 8, "ETH_USDC", 10**8, 1, 0, 0, "3"))
    for window in (day, week):
        assert (window.trades, window.base_volume, window.last) == (4, 10**7 + 10**8, "3")
        assert window.ticker() == Ticker(first="7", last="3", high="7", low="3")
