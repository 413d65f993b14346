"""Whether a market's book and pool could trade with each other, or the book with itself.

Takers take the best price of both first, so neither ends up crossing the other by more than less
than two lots; only a deposit can bring a pool to a price beyond a resting order. Let T be a level
in quote units per lot, L the lot, t the taker's fee, n/d what the pool's fee leaves of an input.
"""

import msgspec

from pools.pool import Pool, awake_floors
from xyk.book.book import Book
from xyk.domain.market import Market
from xyk.domain.units import BPS
from xyk.exchange.state import State

TOLERANCE_LOTS = 2  # what may cross: orders trade in whole lots, so less than one stays on a side


class QuoteRange(msgspec.Struct, frozen=True):
    """Quote reserves, in base units and inclusive, that do not cross the book beside a given base
    reserve; `highest` is None without asks."""

    lowest: int
    highest: int | None


def crosses(state: State, symbol: str) -> bool:
    """Invariant 6 of one market, as it is now."""
    book = state.books.get(symbol)
    if book is None:
        return False
    bid, ask = book.best_bid, book.best_ask
    if bid is not None and ask is not None and bid >= ask:
        return True
    pool, market = state.pools[symbol], state.markets[symbol]
    return pool_crosses(
        book, market, pool, pool.reserve_base, pool.reserve_quote, state.lot_values[symbol]
    )


def pool_crosses(
    book: Book, market: Market, pool: Pool, reserve_base: int, reserve_quote: int, lot_value: int
) -> bool:
    """Whether with these reserves the pool is awake and would take part of a round trip: two lots
    or more can be sold to it above a resting ask, or bought from it below a resting bid, after the
    taker's fee. Exact, no rounding.
    """
    floor_base, floor_quote = awake_floors(market.lot_size, beside_book=True)
    if reserve_base < floor_base or reserve_quote < floor_quote:
        return False
    lot = market.lot_size
    tolerated = TOLERANCE_LOTS * lot
    kept, whole_fee = BPS - pool.fee_bps, BPS - market.taker_fee_bps
    bid, ask = book.best_bid, book.best_ask
    if ask is not None:
        # n*d*rb*rq / (d*rb + n*x)^2 > T/L * d/(d-t): the price of the last unit of x sold.
        virtual = BPS * reserve_base + kept * tolerated
        sold_at = kept * reserve_base * reserve_quote * whole_fee * lot
        if sold_at > ask * lot_value * virtual * virtual:
            return True
    if bid is not None and reserve_base > tolerated:
        # d*rb*rq / (n*(rb - y)^2) < T/L * (d-t)/d: the price of the last unit of y bought.
        left = reserve_base - tolerated
        bought_at = BPS * BPS * reserve_base * reserve_quote * lot
        if bought_at < bid * lot_value * whole_fee * kept * left * left:
            return True
    return False


def allowed_quote(
    book: Book, market: Market, pool: Pool, reserve_base: int, lot_value: int
) -> QuoteRange:
    """The quote reserves with which `pool_crosses` is False beside `reserve_base`."""
    lot = market.lot_size
    tolerated = TOLERANCE_LOTS * lot
    kept, whole_fee = BPS - pool.fee_bps, BPS - market.taker_fee_bps
    bid, ask = book.best_bid, book.best_ask
    lowest, highest = 0, None
    if ask is not None:
        virtual = BPS * reserve_base + kept * tolerated
        limit = ask * lot_value * virtual * virtual
        highest = limit // (kept * reserve_base * whole_fee * lot)
    if bid is not None and reserve_base > tolerated:
        left = reserve_base - tolerated
        limit = bid * lot_value * whole_fee * kept * left * left
        lowest = -(-limit // (BPS * BPS * reserve_base * lot))
    return QuoteRange(lowest, highest)
