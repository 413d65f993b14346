"""Longer candles and 24-hour tickers from the minutes that have fills.

Only price-forming fills move the four prices; volume and trades count all of them. A stretch
without a price-forming fill is flat at the close before it, and there is nothing before the first
price.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Protocol

import msgspec


class MinuteRow(Protocol):
    """A row of `candles_1m`."""

    start_ms: int
    open: str | None
    high: str | None
    low: str | None
    close: str | None
    base_volume: int
    quote_volume: int
    trades: int
    forming: int


class Candle(msgspec.Struct, frozen=True):
    """Prices are decimal text, volumes base units of each asset."""

    start_ms: int
    open: str
    high: str
    low: str
    close: str
    base_volume: int = 0
    quote_volume: int = 0
    trades: int = 0


class Ticker(msgspec.Struct, frozen=True):
    first: str
    last: str
    high: str
    low: str
    base_volume: int = 0
    quote_volume: int = 0
    trades: int = 0

    @classmethod
    def flat(cls, price: str) -> "Ticker":
        return cls(first=price, last=price, high=price, low=price)


def roll_up(rows: Sequence[MinuteRow]) -> Ticker | None:
    """Several minutes, ascending, as one; None where none of them has a price yet."""
    last = rows[-1].close
    if last is None:
        return None
    forming = [row for row in rows if row.forming]
    first, high, low = last, last, last
    if forming:
        first = forming[0].open or last
        high = max((row.high or last for row in forming), key=Decimal)
        low = min((row.low or last for row in forming), key=Decimal)
    return Ticker(
        first=first,
        last=last,
        high=high,
        low=low,
        base_volume=sum(row.base_volume for row in rows),
        quote_volume=sum(row.quote_volume for row in rows),
        trades=sum(row.trades for row in rows),
    )


def fill_candles(
    rows: Iterable[MinuteRow],
    close: str | None,
    *,
    start_ms: int,
    end_ms: int,
    interval_ms: int,
) -> list[Candle]:
    """Every interval from `start_ms` (a multiple of it) to before `end_ms`; `close` is the one
    before them. Empty intervals are flat without volume; those before the first price are left
    out."""
    candles = []
    groups = {
        start: list(group)
        for start, group in groupby(rows, lambda row: row.start_ms - row.start_ms % interval_ms)
    }
    for start in range(start_ms, end_ms, interval_ms):
        rolled = roll_up(groups[start]) if start in groups else None
        if rolled:
            prices = rolled.first, rolled.high, rolled.low, rolled.last
            volume = rolled.base_volume, rolled.quote_volume, rolled.trades
            candles.append(Candle(start, *prices, *volume))
            close = rolled.last
        elif close is not None:
            candles.append(Candle(start, close, close, close, close))
    return candles
