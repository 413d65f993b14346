"""Candles as anybody would draw them from a list of fills: a calendar and a loop, no running
totals."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LENGTHS = {
    "1s": timedelta(seconds=1),
    "1m": timedelta(minutes=1),
    "3m": timedelta(minutes=3),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "2h": timedelta(hours=2),
    "4h": timedelta(hours=4),
    "6h": timedelta(hours=6),
    "8h": timedelta(hours=8),
    "12h": timedelta(hours=12),
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
    "1w": timedelta(days=7),
}
INTERVALS = (*LENGTHS, "1month")


class Fill(NamedTuple):
    """`price` is None where the fill forms none."""

    time_ms: int
    base: int
    quote: int
    price: str | None


class Candle(NamedTuple):
    start_ms: int
    open: str | None
    high: str | None
    low: str | None
    close: str | None
    base: int
    quote: int
    trades: int
    forming: int


def start_of(interval: str, time_ms: int) -> int:
    at = EPOCH + timedelta(milliseconds=time_ms)
    if interval == "1month":
        start = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    elif interval == "1w":
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        start = midnight - timedelta(days=at.weekday())
    else:
        start = EPOCH + (at - EPOCH) // LENGTHS[interval] * LENGTHS[interval]
    return (start - EPOCH) // timedelta(milliseconds=1)


def next_start(interval: str, start_ms: int) -> int:
    if interval == "1month":
        return start_of(interval, start_ms + 32 * 86_400_000)
    return start_ms + LENGTHS[interval] // timedelta(milliseconds=1)


def grouped(fills: list[Fill], interval: str) -> list[Candle]:
    """The candles that have fills, those before the first price too."""
    groups: dict[int, list[Fill]] = {}
    for fill in fills:
        groups.setdefault(start_of(interval, fill.time_ms), []).append(fill)
    candles, close = list[Candle](), None
    for start, inside in groups.items():
        prices = [fill.price for fill in inside if fill.price is not None]
        opened = high = low = close
        if prices:
            opened, close = prices[0], prices[-1]
            high, low = max(prices, key=Fraction), min(prices, key=Fraction)
        base, quote = sum(fill.base for fill in inside), sum(fill.quote for fill in inside)
        row = (start, opened, high, low, close, base, quote, len(inside), len(prices))
        candles.append(Candle(*row))
    return candles


def drawn(
    fills: list[Fill], interval: str, first_ms: int, last_ms: int, limit: int
) -> list[Candle]:
    """Without gaps, from the first that begins at `first_ms` or later and has a price, to the last
    that begins at `last_ms` or before, at most `limit`."""
    priced = [candle for candle in grouped(fills, interval) if candle.close is not None]
    if not priced:
        return []
    known = {candle.start_ms: candle for candle in priced}
    before = [candle for candle in priced if candle.start_ms < first_ms]
    close = before[-1].close if before else None
    start = start_of(interval, first_ms)
    if start < first_ms:
        start = next_start(interval, start)
    start = max(start, priced[0].start_ms)
    shown: list[Candle] = []
    while start <= last_ms and len(shown) < limit:
        candle = known.get(start)
        if candle is None:
            candle = Candle(start, close, close, close, close, 0, 0, 0, 0)
        shown.append(candle)
        close = candle.close
        start = next_start(interval, start)
    return shown
