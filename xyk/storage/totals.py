"""Running totals of one market, so that no query ever has to add up its fills.

A candle and a pool minute collect the fills of one UTC minute; journal time never goes back, so
only the newest of each is open. The pool's reserves give V2's price accumulators their next term.
"""

from decimal import Decimal
from typing import NamedTuple

MINUTE_MS = 60_000
UINT256 = 2**256


class Candle:
    """One minute of fills, as `tables.CandleRow` describes it."""

    __slots__ = (
        "base_volume",
        "close",
        "forming",
        "high",
        "low",
        "market",
        "open",
        "quote_volume",
        "start_ms",
        "trades",
    )

    def __init__(self, market: str, start_ms: int, previous_close: str | None) -> None:
        self.market = market
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


class PoolMinute:
    """One minute of a pool's swaps, as `tables.PoolMinuteRow` describes it."""

    __slots__ = (
        "base_fees",
        "base_volume",
        "market",
        "quote_fees",
        "quote_volume",
        "start_ms",
        "swaps",
    )

    def __init__(self, market: str, start_ms: int) -> None:
        self.market = market
        self.start_ms = start_ms
        self.base_volume = 0
        self.quote_volume = 0
        self.base_fees = 0
        self.quote_fees = 0
        self.swaps = 0


class PoolState(NamedTuple):
    """A pool after its last change; the accumulators are V2's (UQ112x112 times seconds, mod
    2^256)."""

    time_s: int = 0
    reserve_base: int = 0
    reserve_quote: int = 0
    total_supply: int = 0
    price_base_cumulative: int = 0
    price_quote_cumulative: int = 0

    def after(
        self, time_s: int, reserve_base: int, reserve_quote: int, total_supply: int
    ) -> "PoolState":
        """The next state. As V2's _update, whole seconds since the last one count at the OLD
        reserves."""
        price_base, price_quote = self.price_base_cumulative, self.price_quote_cumulative
        elapsed_s = time_s - self.time_s
        if elapsed_s > 0 and self.reserve_base and self.reserve_quote:
            price_base += (self.reserve_quote << 112) // self.reserve_base * elapsed_s
            price_quote += (self.reserve_base << 112) // self.reserve_quote * elapsed_s
        return PoolState(
            time_s,
            reserve_base,
            reserve_quote,
            total_supply,
            price_base % UINT256,
            price_quote % UINT256,
        )


class MarketTotals:
    """What the projection keeps in memory of one market."""

    __slots__ = (
        "base",
        "base_decimals",
        "candle",
        "market",
        "minute",
        "pool",
        "quote",
        "quote_decimals",
    )

    def __init__(
        self, market: str, *, base: str, quote: str, base_decimals: int, quote_decimals: int
    ) -> None:
        self.market = market
        self.base = base
        self.quote = quote
        self.base_decimals = base_decimals
        self.quote_decimals = quote_decimals
        self.candle: Candle | None = None
        self.minute: PoolMinute | None = None
        self.pool = PoolState()

    def candle_at(self, time_ms: int) -> Candle:
        """The candle of this time's minute, opened at the previous close if it is new."""
        start_ms = time_ms - time_ms % MINUTE_MS
        candle = self.candle
        if candle is None or candle.start_ms != start_ms:
            candle = Candle(self.market, start_ms, candle.close if candle else None)
            self.candle = candle
        return candle

    def minute_at(self, time_ms: int) -> PoolMinute:
        start_ms = time_ms - time_ms % MINUTE_MS
        if self.minute is None or self.minute.start_ms != start_ms:
            self.minute = PoolMinute(self.market, start_ms)
        return self.minute
