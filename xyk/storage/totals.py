"""Running totals of one market, so that no query ever has to add up its fills.

Candles are in engine/candles.py. A pool minute collects the swaps of one UTC minute; journal time
never goes back, so only the newest is open. The pool's reserves give V2's price accumulators their
next term.
"""

from typing import NamedTuple

from xyk.engine.candles import MarketCandles
from xyk.engine.intervals import MINUTE_MS

UINT256 = 2**256


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
        "candles",
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
        self.candles = MarketCandles()
        self.minute: PoolMinute | None = None
        self.pool = PoolState()

    def minute_at(self, time_ms: int) -> PoolMinute:
        start_ms = time_ms - time_ms % MINUTE_MS
        if self.minute is None or self.minute.start_ms != start_ms:
            self.minute = PoolMinute(self.market, start_ms)
        return self.minute
