"""Tick and lot of a market on a chain, where nobody listed it: powers of ten, from the reserves
that it was first seen with, and the same ever after.

A tick gives the price seven significant digits then, as far as the quote's smallest unit allows: a
whole base token that is worth 38 of those has ticks of one unit and so two digits, whatever its
trades' prices say. A lot is about 10^-9 of the base reserve.
"""

from typing import NamedTuple

from xyk.domain.units import MINIMUM_FILL_QUOTE

PRICE_DIGITS = 7
RESERVE_DIGITS = 10


class Terms(NamedTuple):
    """`tick_size`: quote base units per whole base token; `lot_size`: base units."""

    tick_size: int
    lot_size: int


def terms_of(reserve_base: int, reserve_quote: int, base_decimals: int) -> Terms:
    """Of reserves above zero, in base units."""
    assert reserve_base > 0 and reserve_quote > 0
    price = reserve_quote * 10**base_decimals // reserve_base  # of a whole base token
    return Terms(_unit(price, PRICE_DIGITS), _unit(reserve_base, RESERVE_DIGITS))


def least_quote(quote_decimals: int) -> int:
    """The quote base units from which on a swap forms the price: as on our own markets, but no
    more than a whole token, of which some have few units."""
    return int(min(MINIMUM_FILL_QUOTE, 10**quote_decimals))


def _unit(value: int, digits: int) -> int:
    """The power of ten in which `value` has so many digits, at least 1."""
    return int(10 ** max(0, len(str(value)) - digits))
