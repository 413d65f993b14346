"""The last 24 hours of one market, by whole minutes: what tickers, volumes and APR are made of; and
its last seven days, by whole hours.

Kept in memory from committed entries, so that a ticker a second costs no query; at the start it is
filled from the read tables. The rules are those of the candles: only price-forming fills move the
prices, volume and the number of trades count all of them.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, Self

import msgspec

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS


class Minute(msgspec.Struct, kw_only=True):
    """Or an hour. Volumes and fees in base units. The prices are None without a price-forming
    fill."""

    start_ms: int
    open: str | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    close: str | None = None
    base_volume: int = 0
    quote_volume: int = 0
    base_fees: int = 0
    quote_fees: int = 0
    trades: int = 0

    def form(self, price: str) -> None:
        """A later fill of the same minute has this price."""
        value = Decimal(price)
        if self.open is None or self.high is None or self.low is None:
            self.open = price
            self.high = self.low = value
        elif value > self.high:
            self.high = value
        elif value < self.low:
            self.low = value
        self.close = price

    def take(self, other: "Minute") -> None:
        """A later one is part of this one."""
        self.base_volume += other.base_volume
        self.quote_volume += other.quote_volume
        self.base_fees += other.base_fees
        self.quote_fees += other.quote_fees
        self.trades += other.trades
        if other.close is None or other.high is None or other.low is None:
            return
        self.open = other.open if self.open is None else self.open
        self.high = other.high if self.high is None else max(self.high, other.high)
        self.low = other.low if self.low is None else min(self.low, other.low)
        self.close = other.close


class Ticker(msgspec.Struct, frozen=True, kw_only=True):
    first: str
    last: str
    high: str
    low: str


class Day:
    """Sums over the minutes kept are kept too, so that reading them costs nothing."""

    STEP_MS = MINUTE_MS
    LENGTH_MS = DAY_MS

    __slots__ = (
        "_is_known",
        "_ticker",
        "base_fees",
        "base_volume",
        "last",
        "minutes",
        "quote_fees",
        "quote_volume",
        "trades",
    )

    def __init__(self, last: str | None = None) -> None:
        """`last`: the price of the last price-forming fill, however long ago."""
        self.last = last
        self.minutes: deque[Minute] = deque()
        self.base_volume = self.quote_volume = 0
        self.base_fees = self.quote_fees = 0
        self.trades = 0
        self._is_known = False  # whether _ticker is that of the minutes as they are
        self._ticker: Ticker | None = None

    def restore(self, minute: Minute) -> None:
        """A minute as the read tables have it; they come in order, before any fill."""
        self._at(minute.start_ms).take(minute)
        self._count(minute, 1)
        self.last = minute.close or self.last

    def add(
        self,
        time_ms: int,
        *,
        base: int,
        quote: int,
        base_fee: int,
        quote_fee: int,
        price: str | None,
    ) -> None:
        """One fill; `price` is None where it does not form the price. Time never goes back."""
        minute = self._at(time_ms)
        minute.base_volume += base
        minute.quote_volume += quote
        minute.base_fees += base_fee
        minute.quote_fees += quote_fee
        minute.trades += 1
        self.base_volume += base
        self.quote_volume += quote
        self.base_fees += base_fee
        self.quote_fees += quote_fee
        self.trades += 1
        if price is not None:
            minute.form(price)
            self.last = price

    def expire(self, now_ms: int) -> None:
        """Forget the minutes that began 24 hours ago or earlier."""
        while self.minutes and self.minutes[0].start_ms <= now_ms - self.LENGTH_MS:
            self._count(self.minutes.popleft(), -1)
            self._is_known = False

    def ticker(self) -> Ticker | None:
        """Of the minutes kept; flat at the last price where none of them has one, None before the
        first.
        """
        if not self._is_known:
            self._ticker = self._rolled_up()
            self._is_known = True
        return self._ticker

    def copy(self) -> Self:
        """What is added to one is not in the other."""
        copy = type(self)(self.last)
        for minute in self.minutes:
            copy.minutes.append(msgspec.structs.replace(minute))
            copy._count(minute, 1)
        return copy

    def _rolled_up(self) -> Ticker | None:
        if self.last is None:
            return None
        highs = [minute.high for minute in self.minutes if minute.high is not None]
        if not highs:
            return Ticker(first=self.last, last=self.last, high=self.last, low=self.last)
        lows = [minute.low for minute in self.minutes if minute.low is not None]
        first = next(minute.open for minute in self.minutes if minute.open is not None)
        return Ticker(first=first, last=self.last, high=f"{max(highs):f}", low=f"{min(lows):f}")

    def _at(self, time_ms: int) -> Minute:
        """The minute of this time, the newest one, about to be changed."""
        self._is_known = False
        start_ms = time_ms - time_ms % self.STEP_MS
        if not self.minutes or self.minutes[-1].start_ms != start_ms:
            self.expire(time_ms)
            self.minutes.append(Minute(start_ms=start_ms))
        return self.minutes[-1]

    def _count(self, minute: Minute, sign: int) -> None:
        self.base_volume += sign * minute.base_volume
        self.quote_volume += sign * minute.quote_volume
        self.base_fees += sign * minute.base_fees
        self.quote_fees += sign * minute.quote_fees
        self.trades += sign * minute.trades


class Week(Day):
    """Seven days; its steps are hours, so that what is older is out of it, and up to an hour
    more."""

    __slots__ = ()

    STEP_MS = HOUR_MS
    LENGTH_MS = WEEK_MS


class DayFill(NamedTuple):
    """A fill as `Day.add` counts it."""

    seq: int
    time_ms: int
    market: str
    base: int
    quote: int
    base_fee: int
    quote_fee: int
    price: str | None


class Days:
    """Day and week of every market. What is committed before they are restored waits: the read
    tables may have it by then, and it counts once."""

    def __init__(self) -> None:
        self._markets: dict[str, tuple[Day, Week]] = {}
        self._early: list[DayFill] | None = []  # None once restored

    def of(self, market: str) -> tuple[Day, Week]:
        """A market that is listed."""
        return self._markets.setdefault(market, (Day(), Week()))

    def go_back(self, market: str, earlier: "Days") -> tuple[Day, Week]:
        """To what the market has there: nothing, where it is not listed yet."""
        known = earlier._markets.get(market)
        fresh = (Day(), Week()) if known is None else (known[0].copy(), known[1].copy())
        self._markets[market] = fresh
        return fresh

    def add(self, fill: DayFill) -> None:
        """The next committed fill."""
        if self._early is not None:
            self._early.append(fill)
            return
        for window in self._markets[fill.market]:
            window.add(
                fill.time_ms,
                base=fill.base,
                quote=fill.quote,
                base_fee=fill.base_fee,
                quote_fee=fill.quote_fee,
                price=fill.price,
            )

    def restore(
        self, seq: int, stored: Mapping[str, tuple[str | None, Sequence[Minute]]], now_ms: int
    ) -> None:
        """The last price before them and the minutes of each market, as of entry `seq`; once."""
        for market, (last, minutes) in stored.items():
            for window in self._markets[market]:
                window.last = last
                for minute in minutes:
                    window.restore(minute)
                window.expire(now_ms)
        early, self._early = self._early, None
        assert early is not None
        for fill in early:
            if fill.seq > seq:
                self.add(fill)
