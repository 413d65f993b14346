"""One market walked in one direction: what a taker meets there, seen as IN and OUT."""

from collections.abc import Iterable

import msgspec

from pools.pool import Pool
from xyk.book.book import Book
from xyk.book.level import Level
from xyk.domain.market import Market


class Edge(msgspec.Struct, frozen=True):
    """Below a floor in reserves its pool sleeps. `book` is None where the market has none.
    `lot_value`: quote base units of one lot at one tick; `whole_base`: base units of a whole token.
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


Path = tuple[Edge, ...]
