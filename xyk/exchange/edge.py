"""One market walked in one direction: what a taker meets there, seen as IN and OUT."""

from collections.abc import Iterable

import msgspec

from pools.pool import Pool
from xyk.book.book import Book
from xyk.book.level import Level
from xyk.domain.market import Market
from xyk.domain.units import BPS, RESERVE_MAX


class Edge(msgspec.Struct, eq=False):
    """Below a floor in reserves its pool sleeps. `book` is None where the market has none.
    `lot_value`: quote base units of one lot at one tick; `whole_base`: base units of a whole token.

    Only `first_tick` ever changes: what `pool_reaches` remembers, and of which reserves.
    """

    market: Market
    pool: Pool
    sells_base: bool
    asset_in: str
    asset_out: str
    floor_in: int
    floor_out: int
    book: Book | None = None
    lot_value: int = 0
    whole_base: int = 1
    first_tick: int = 0
    first_of: tuple[int, int] = (-1, -1)  # (base, quote) reserves

    @property
    def taker_fee_bps(self) -> int:
        return self.market.taker_fee_bps

    @property
    def reserves(self) -> tuple[int, int]:
        """(in, out) of the pool, awake or not."""
        pool = self.pool
        if self.sells_base:
            return pool.reserve_base, pool.reserve_quote
        return pool.reserve_quote, pool.reserve_base

    @property
    def has_awake_pool(self) -> bool:
        reserve_in, reserve_out = self.reserves
        return reserve_in >= self.floor_in and reserve_out >= self.floor_out

    @property
    def has_orders(self) -> bool:
        """On the side that the taker takes from."""
        book = self.book
        if book is None:
            return False
        return (book.bids if self.sells_base else book.asks).best is not None

    def levels(self) -> Iterable[Level]:
        """Best for the taker first."""
        if self.book is None:
            return ()
        return self.book.bids if self.sells_base else self.book.asks

    def lot_amounts(self, price: int) -> tuple[int, int]:
        """(in, out) base units of one lot at `price` ticks, gross."""
        lot, quote = self.market.lot_size, price * self.lot_value
        return (lot, quote) if self.sells_base else (quote, lot)

    def limit_price(self, limit: int) -> tuple[int, int]:
        """`limit` ticks as IN per OUT, exact."""
        quote = limit * self.market.tick_size
        return (self.whole_base, quote) if self.sells_base else (quote, self.whole_base)

    def reaches(self, limit: int) -> bool:
        """Whether the best resting order is within `limit` ticks."""
        book = self.book
        if book is None:
            return False
        if self.sells_base:
            best = book.bids.best
            return best is not None and best.price >= limit
        best = book.asks.best
        return best is not None and best.price <= limit

    def pool_reaches(self, limit: int) -> bool:
        """Whether the pool, awake or not, trades its first lot within `limit` ticks, by its
        marginal price after that lot with the fee inside, as in amm.price_target. Exact.
        """
        pool = self.pool
        base, quote = self.first_of
        if pool.reserve_base != base or pool.reserve_quote != quote:
            self._find_first_tick(pool.reserve_base, pool.reserve_quote)
        return limit <= self.first_tick if self.sells_base else limit >= self.first_tick

    def pool_may_beat(self, price: int) -> bool:
        """False where the pool has no lot that costs less than a level at `price` ticks with the
        taker's fee: a few products instead of a root at most levels. True says nothing.
        """
        self.pool_reaches(price)
        kept = BPS - self.market.taker_fee_bps
        if self.sells_base:
            return price * kept < (self.first_tick + 1) * BPS
        return price * BPS > (self.first_tick - 1) * kept

    def _find_first_tick(self, base: int, quote: int) -> None:
        """The best limit that the pool's first lot reaches, rounded to the worse for the pool."""
        market, kept = self.market, BPS - self.pool.fee_bps
        if self.sells_base:
            virtual = BPS * base + kept * market.lot_size
            price = kept * BPS * base * quote * self.whole_base
            self.first_tick = price // (virtual * virtual * market.tick_size)
        else:
            left = base - market.lot_size
            if left > 0:
                price = BPS * base * quote * self.whole_base
                self.first_tick = -(-price // (kept * left * left * market.tick_size))
            else:
                self.first_tick = RESERVE_MAX + 1  # beyond every limit
        self.first_of = base, quote


Path = tuple[Edge, ...]
