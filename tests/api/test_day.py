"""The rolling day, against sums over all fills."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api.day import DAY_MS, MINUTE_MS, Day, Minute

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


@given(fills, st.integers(0, 2 * DAY_MS))
def test_it_is_the_sum_of_its_fills(fills: list[tuple[Any, ...]], later_ms: int) -> None:
    day, time_ms, known = Day(), START_MS, []
    for pause_ms, base, quote, base_fee, quote_fee, price in fills:
        time_ms += pause_ms
        known.append((time_ms, base, quote, base_fee, quote_fee, price))
        day.add(
            time_ms, base=base, quote=quote, base_fee=base_fee, quote_fee=quote_fee, price=price
        )
    now_ms = time_ms + later_ms
    day.expire(now_ms)

    # A minute is in the day as a whole: those that began less than 24 hours ago.
    inside = [fill for fill in known if fill[0] - fill[0] % MINUTE_MS > now_ms - DAY_MS]
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
