"""Candles in the read tables: the query of a range, what the present ones of every market are made
of, and 24-hour tickers from the minutes that have fills.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Protocol

import msgspec
from sqlalchemy import CompoundSelect, Select, and_, desc, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from xyk.engine.candles import Candle, MarketCandles
from xyk.engine.intervals import INTERVALS, ONE_SECOND, Interval
from xyk.storage.tables import CANDLES, MARKETS

RANGES_A_QUERY = 100

Range = tuple[str, str, int, int]  # market, interval, from this start, before that one

_COLUMNS = CANDLES.columns[2:]  # those of a candle, from `start_ms` on


class MinuteRow(Protocol):
    """A row of `candles`, of a minute."""

    start_ms: int
    open: str | None
    high: str | None
    low: str | None
    close: str | None
    base_volume: int
    quote_volume: int
    trades: int
    forming: int


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


def priced_candles(
    market: str, interval: str, *, start_ms: int, end_ms: int, limit: int
) -> Select[Any]:
    """Rows with a price and start_ms <= start < end_ms, ascending, at most `limit`, and before them
    the one that comes before `start_ms`."""
    start = CANDLES.c.start_ms
    priced = and_(
        CANDLES.c.market == market, CANDLES.c.interval == interval, CANDLES.c.close.is_not(None)
    )
    before = select(start).where(priced, start < start_ms).order_by(desc(start)).limit(1)
    first = func.coalesce(before.scalar_subquery(), start_ms)
    query = select(*_COLUMNS).where(priced, start >= first, start < end_ms)
    return query.order_by(start).limit(limit + 1)


def candle_of(row: Sequence[Any]) -> Candle:
    """Of the columns from `start_ms` on."""
    candle = Candle(row[0], None)
    candle.open, candle.high, candle.low, candle.close = row[1], row[2], row[3], row[4]
    candle.base_volume, candle.quote_volume = row[5], row[6]
    candle.trades, candle.forming = row[7], row[8]
    return candle


async def present_candles(connection: AsyncConnection) -> dict[str, MarketCandles]:
    """Of every market, as they are after the last projected fill."""
    markets: dict[str, MarketCandles] = {}
    ranges: list[Range] = []
    for row in await connection.execute(_newest_seconds()):
        if row.market is None:
            continue
        candles = markets[row.market] = MarketCandles()
        candles.second = candle_of(row[2:])
        ranges += _sources(row.market, row.start_ms)
    closed: dict[tuple[str, str], list[Candle]] = {}
    for query in _within(ranges):
        for row in await connection.execute(query):
            closed.setdefault((row.market, row.interval), []).append(candle_of(row[2:]))
    for market, candles in markets.items():
        assert candles.second is not None
        second_ms = candles.second.start_ms
        for interval in INTERVALS[1:]:
            assert interval.source is not None
            parts = closed.get((market, interval.source.name), [])
            start_ms = interval.start_of(second_ms)
            inside = [part for part in parts if part.start_ms >= start_ms]
            candles.restore(interval, sorted(inside, key=lambda part: part.start_ms))
    return markets


def _sources(market: str, second_ms: int) -> Iterator[Range]:
    """Where the closed candles lie that the present ones are made of."""
    firsts: dict[Interval, int] = {}
    for interval in INTERVALS[1:]:
        source = interval.source
        assert source is not None
        first = interval.start_of(second_ms)
        firsts[source] = min(firsts.get(source, first), first)
    for source, first in firsts.items():
        end = source.start_of(second_ms)
        if first < end:
            yield market, source.name, first, end


def _newest_seconds() -> Select[Any]:
    """By look-ups in the index: the outer join keeps SQLite from reading the whole table first. An
    empty row for a market without fills; to leave it out here would undo that."""
    other = CANDLES.alias()
    newest = select(func.max(other.c.start_ms)).where(
        other.c.market == MARKETS.c.market, other.c.interval == ONE_SECOND.name
    )
    is_newest = and_(
        CANDLES.c.market == MARKETS.c.market,
        CANDLES.c.interval == ONE_SECOND.name,
        CANDLES.c.start_ms == newest.scalar_subquery(),
    )
    return select(CANDLES).select_from(MARKETS.outerjoin(CANDLES, is_newest))


def _within(ranges: Sequence[Range]) -> Iterator[CompoundSelect[Any]]:
    """Rows that begin in any of these, each range by a look-up in the index."""
    start = CANDLES.c.start_ms
    for at in range(0, len(ranges), RANGES_A_QUERY):
        yield union_all(
            *(
                select(CANDLES).where(
                    CANDLES.c.market == market,
                    CANDLES.c.interval == interval,
                    start >= first,
                    start < end,
                )
                for market, interval, first, end in ranges[at : at + RANGES_A_QUERY]
            )
        )
