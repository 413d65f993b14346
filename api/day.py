"""The last 24 hours of one market, by whole minutes: what tickers, volumes and APR are made of.

Kept in memory from committed entries, so that a ticker a second costs no query; at the start it is
filled from the read tables. The rules are those of the candles: only price-forming fills move the
prices, volume and the number of trades count all of them.
"""

from collections import deque
from collections.abc import Callable
from decimal import Decimal

import msgspec

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


class Minute(msgspec.Struct, kw_only=True):
    """Volumes and fees in base units. The prices are decimal text, None without a price-forming
    fill.
    """

    start_ms: int
    open: str | None = None
    high: str | None = None
    low: str | None = None
    close: str | None = None
    base_volume: int = 0
    quote_volume: int = 0
    base_fees: int = 0
    quote_fees: int = 0
    trades: int = 0

    def merge(self, later: "Minute") -> None:
        """Take over what happened later in the same minute."""
        self.base_volume += later.base_volume
        self.quote_volume += later.quote_volume
        self.base_fees += later.base_fees
        self.quote_fees += later.quote_fees
        self.trades += later.trades
        self.open = self.open or later.open
        self.high = _pick(max, self.high, later.high)
        self.low = _pick(min, self.low, later.low)
        self.close = later.close or self.close


class Ticker(msgspec.Struct, frozen=True, kw_only=True):
    first: str
    last: str
    high: str
    low: str


class Day:
    """Sums over the minutes kept are kept too, so that reading them costs nothing."""

    __slots__ = (
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

    def restore(self, minute: Minute) -> None:
        """A minute as the read tables have it; they come in order, before any fill."""
        self.minutes.append(minute)
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
        fill = Minute(
            start_ms=time_ms - time_ms % MINUTE_MS,
            open=price,
            high=price,
            low=price,
            close=price,
            base_volume=base,
            quote_volume=quote,
            base_fees=base_fee,
            quote_fees=quote_fee,
            trades=1,
        )
        self._count(fill, 1)
        self.last = price or self.last
        if self.minutes and self.minutes[-1].start_ms == fill.start_ms:
            self.minutes[-1].merge(fill)
        else:
            self.expire(time_ms)
            self.minutes.append(fill)

    def expire(self, now_ms: int) -> None:
        """Forget the minutes that began 24 hours ago or earlier."""
        while self.minutes and self.minutes[0].start_ms <= now_ms - DAY_MS:
            self._count(self.minutes.popleft(), -1)

    def ticker(self) -> Ticker | None:
        """Of the minutes kept; flat at the last price where none of them has one, None before the
        first.
        """
        if self.last is None:
            return None
        whole = Minute(start_ms=0)
        for minute in self.minutes:
            if minute.open is not None:
                whole.merge(minute)
        last = self.last
        return Ticker(
            first=whole.open or last, last=last, high=whole.high or last, low=whole.low or last
        )

    def _count(self, minute: Minute, sign: int) -> None:
        self.base_volume += sign * minute.base_volume
        self.quote_volume += sign * minute.quote_volume
        self.base_fees += sign * minute.base_fees
        self.quote_fees += sign * minute.quote_fees
        self.trades += sign * minute.trades


def _pick(choose: Callable[..., str], one: str | None, other: str | None) -> str | None:
    """The higher or lower of two prices, of which either may be missing."""
    if one is None or other is None:
        return one or other
    return choose(one, other, key=Decimal)
