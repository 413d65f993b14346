"""A pool's curve as price levels on an absolute grid, so that levels stay put while spot moves a
little (DESIGN section 7, depth).

Prices are in ticks, quantities in lots, both whole. A level's quantity is what the pool trades
between the price before it and its own, its fee inside the price: all levels up to one together
never take the marginal price past that one.
"""

from collections.abc import Iterator

from amm.price_target import max_in_to_price, max_out_to_price
from pools.pool import Pool
from xyk.domain.market import ASK, BID, Market
from xyk.domain.units import BPS

GRID_PRICES = 20  # a side, empty ones included
GRID_BPS = 5  # of the power of two below spot: levels are 2.5 to 5 bps of spot apart

Level = tuple[int, int]  # (price in ticks, quantity in lots)


def levels(
    pool: Pool, market: Market, side: str, limit: int = GRID_PRICES, *, base_decimals: int
) -> list[Level]:
    """The best `limit` levels of a side (ASK or BID), best first, of those on its first 20 grid
    prices; those without a whole lot are left out.

    A dormant pool has none. Quantities are differences of totals rounded down to whole lots, so
    that no remainder is lost between two levels and none is promised twice.
    """
    assert side in (ASK, BID)
    assert limit > 0
    if pool.is_dormant(market.lot_size, market.book):
        return []
    whole_base: int = 10**base_decimals
    found: list[Level] = []
    reached = 0  # lots, down to the price before
    for price in _grid_prices(pool, market, side, whole_base):
        total = _lots_to_price(pool, market, side, price, whole_base)
        if total > reached:
            found.append((price, total - reached))
            if len(found) == limit:
                break
        reached = total
    return found


def grid_step(pool: Pool, market: Market, whole_base: int) -> int:
    """g in ticks: 5 bps of the largest power of two that is not above spot, at least one tick.

    Spot is rounded down to whole ticks, and up to the first one. The pool has reserves.
    """
    spot = pool.reserve_quote * whole_base // (pool.reserve_base * market.tick_size)
    power = 1 << (max(1, spot).bit_length() - 1)
    return max(1, GRID_BPS * power // BPS)


def _grid_prices(pool: Pool, market: Market, side: str, whole_base: int) -> Iterator[int]:
    """Multiples of g beyond the marginal price with fee, outwards, in ticks; none below 1."""
    step = grid_step(pool, market, whole_base)
    kept = BPS - pool.fee_bps
    if side == ASK:
        quote, base = BPS * pool.reserve_quote, kept * pool.reserve_base
        first = quote * whole_base // (base * market.tick_size * step) + 1
        yield from range(first * step, (first + GRID_PRICES) * step, step)
    else:
        quote, base = kept * pool.reserve_quote, BPS * pool.reserve_base
        first = (quote * whole_base - 1) // (base * market.tick_size * step)
        yield from range(first * step, max(0, first - GRID_PRICES) * step, -step)


def _lots_to_price(pool: Pool, market: Market, side: str, price: int, whole_base: int) -> int:
    """Whole lots of base that the pool gives (ASK) or takes (BID) until its marginal price is
    `price` ticks, rounded down."""
    quote = price * market.tick_size  # per whole base token
    if side == ASK:
        base = max_out_to_price(
            pool.reserve_quote, pool.reserve_base, pool.fee_bps, quote, whole_base
        )
    else:
        base = max_in_to_price(
            pool.reserve_base, pool.reserve_quote, pool.fee_bps, whole_base, quote
        )
    return base // market.lot_size
