"""Candles of one market in every interval, kept up fill by fill.

Only price-forming fills move the four prices; volume and trades count all of them. A candle without
a price-forming fill is flat at the close before it, and there is nothing before the first price.

A fill touches the candle of its second and nothing else. When a later fill shows that a second is
over, its candle is merged into the minute's, and so on up to the month's: each interval goes on
from the closed candles of the one that it is made of. What an interval comes to at present is its
closed part and the seconds, minutes, hours that are still open.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from xyk.engine.intervals import INTERVALS, ONE_SECOND, Interval


class Candle:
    """The fills of one interval. Prices are decimal text, volumes base units of each asset.

    `forming` counts the price-forming fills. Where it is 0 the four prices are the previous close,
    or None before the market's first price."""

    __slots__ = (
        "base_volume",
        "close",
        "forming",
        "high",
        "low",
        "open",
        "quote_volume",
        "start_ms",
        "trades",
    )

    def __init__(self, start_ms: int, previous_close: str | None) -> None:
        self.start_ms = start_ms
        self.open = self.high = self.low = self.close = previous_close
        self.base_volume = 0
        self.quote_volume = 0
        self.trades = 0
        self.forming = 0

    def add(self, base_amount: int, quote_amount: int) -> None:
        """Any fill counts in volume."""
        self.base_volume += base_amount
        self.quote_volume += quote_amount
        self.trades += 1

    def form(self, price: str) -> None:
        """A price-forming fill moves the prices too; the first one replaces the previous close."""
        if not self.forming or self.high is None or self.low is None:
            self.open = self.high = self.low = price
        elif price != self.close:
            value = Decimal(price)
            if value > Decimal(self.high):
                self.high = price
            elif value < Decimal(self.low):
                self.low = price
        self.close = price
        self.forming += 1

    def merge(self, later: "Candle") -> None:
        """The fills of a stretch that follows this candle's."""
        self.base_volume += later.base_volume
        self.quote_volume += later.quote_volume
        self.trades += later.trades
        if not later.forming:
            return
        if not self.forming:
            self.open, self.high, self.low = later.open, later.high, later.low
        else:
            assert self.high is not None and later.high is not None
            assert self.low is not None and later.low is not None
            if later.high != self.high and Decimal(later.high) > Decimal(self.high):
                self.high = later.high
            if later.low != self.low and Decimal(later.low) < Decimal(self.low):
                self.low = later.low
        self.close = later.close
        self.forming += later.forming

    def copy(self, start_ms: int) -> "Candle":
        copy = Candle(start_ms, None)
        copy.open, copy.high, copy.low, copy.close = self.open, self.high, self.low, self.close
        copy.base_volume, copy.quote_volume = self.base_volume, self.quote_volume
        copy.trades, copy.forming = self.trades, self.forming
        return copy


Closed = tuple[Interval, Candle]


class MarketCandles:
    """`second` is the candle of the last fill's second, None before the first fill. `parts` has by
    interval the merged closed candles of its source, where the interval is not over."""

    __slots__ = ("parts", "second")

    def __init__(self) -> None:
        self.second: Candle | None = None
        self.parts: dict[Interval, Candle] = {}

    def copy(self) -> "MarketCandles":
        """What is added to one is not in the other."""
        copy = MarketCandles()
        copy.second = self.second.copy(self.second.start_ms) if self.second is not None else None
        copy.parts = {at: part.copy(part.start_ms) for at, part in self.parts.items()}
        return copy

    def add(
        self, time_ms: int, base_amount: int, quote_amount: int, price: str | None
    ) -> Sequence[Closed]:
        """One fill; `price` is None where it forms none. Time never goes back. Gives the candles
        that it shows to be over, which nothing will change any more."""
        second = self.second
        closed: Sequence[Closed] = ()
        if second is None or time_ms >= second.start_ms + 1_000:
            if second is not None:
                closed = self._close(second, time_ms)
            close = second.close if second is not None else None
            second = self.second = Candle(time_ms - time_ms % 1_000, close)
        second.base_volume += base_amount
        second.quote_volume += quote_amount
        second.trades += 1
        if price is not None:
            second.form(price)
        return closed

    def _close(self, second: Candle, time_ms: int) -> list[Closed]:
        closed: list[Closed] = [(ONE_SECOND, second)]
        over = {ONE_SECOND: second}
        for interval in INTERVALS[1:]:
            assert interval.source is not None
            candle = over.get(interval.source)
            if candle is None:
                continue  # its source goes on, and so does the interval itself
            whole = self.parts.get(interval)
            if whole is None:
                whole = self.parts[interval] = candle.copy(interval.start_of(candle.start_ms))
            else:
                whole.merge(candle)
            if time_ms >= interval.end_of(whole.start_ms):
                del self.parts[interval]
                over[interval] = whole
                closed.append((interval, whole))
        return closed

    def at_present(self, interval: Interval) -> Candle | None:
        """The candle that the last fill is in, a copy; None before the first fill."""
        second = self.second
        if second is None:
            return None
        whole: Candle | None = None
        for part in _parts(interval, self.parts):
            if whole is None:
                whole = part.copy(interval.start_of(second.start_ms))
            else:
                whole.merge(part)
        if whole is None:
            return second.copy(interval.start_of(second.start_ms))
        whole.merge(second)
        return whole

    def restore(self, interval: Interval, closed: Iterable[Candle]) -> None:
        """The closed candles of its source that the present interval is made of, ascending."""
        assert self.second is not None
        whole: Candle | None = None
        for candle in closed:
            if whole is None:
                whole = self.parts[interval] = candle.copy(interval.start_of(self.second.start_ms))
            else:
                whole.merge(candle)


def _parts(interval: Interval, parts: dict[Interval, Candle]) -> Iterator[Candle]:
    """Oldest first: what is closed of the interval, then of the open one within it, and so on."""
    at: Interval | None = interval
    while at is not None:
        part = parts.get(at)
        if part is not None:
            yield part
        at = at.source


def fill_gaps(
    candles: Iterable[Candle], interval: Interval, *, start_ms: int, end_ms: int, limit: int
) -> list[Candle]:
    """Every candle that begins at `start_ms` or later and before `end_ms`, at most `limit`, from
    those that have fills, ascending. Intervals without fills are flat at the close before them;
    candles before `start_ms` say what that is, those without a price are left out."""
    filled: list[Candle] = []
    next_ms, close = start_ms, None
    for candle in candles:
        if candle.close is None:
            continue
        if candle.start_ms >= end_ms:
            break
        if close is not None:
            next_ms = _add_flat(filled, interval, close, next_ms, candle.start_ms, limit)
        close = candle.close
        if candle.start_ms >= next_ms:
            filled.append(candle)
            next_ms = interval.end_of(candle.start_ms)
        if len(filled) >= limit:
            return filled[:limit]
    if close is not None:
        _add_flat(filled, interval, close, next_ms, end_ms, limit)
    return filled


def _add_flat(
    filled: list[Candle], interval: Interval, close: str, start_ms: int, end_ms: int, limit: int
) -> int:
    """Gives where the next candle begins."""
    while start_ms < end_ms and len(filled) < limit:
        filled.append(Candle(start_ms, close))
        start_ms = interval.end_of(start_ms)
    return start_ms
