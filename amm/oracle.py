"""Time-weighted average prices from accumulators, as Uniswap V2 keeps them.

A price is UQ112x112: units of the other token for one unit of this one, times 2^112. An
accumulator is the sum of price times seconds modulo 2^256; only differences of it mean anything,
and those survive a wrap. Sources: v2-core UniswapV2Pair.sol (_update), UQ112x112.sol;
interpolation as v3-core Oracle.sol (observeSingle). Every quotient is rounded down.
"""

Q112 = 2**112
CUMULATIVE_MODULUS = 2**256


def price_increment(reserve: int, other_reserve: int, elapsed_s: int) -> int:
    """What `elapsed_s` seconds at these reserves add to the accumulator of `reserve`'s price.

    The price is rounded down first and then multiplied, as V2 does: floor(other * 2^112 / reserve)
    * s.
    """
    assert reserve > 0
    assert other_reserve > 0
    assert elapsed_s >= 0
    return (other_reserve * Q112 // reserve) * elapsed_s


def accumulate(cumulative: int, increment: int) -> int:
    """The accumulator after `increment`, modulo 2^256: "overflow is desired", says V2."""
    assert 0 <= cumulative < CUMULATIVE_MODULUS
    assert increment >= 0
    return (cumulative + increment) % CUMULATIVE_MODULUS


def interpolate(cumulative_start: int, cumulative_end: int, elapsed_s: int, span_s: int) -> int:
    """The accumulator `elapsed_s` seconds after the start of a span, as if the price had been even.

    Multiplied before it is divided, so that it is at most one unit below the straight line.
    """
    assert 0 <= cumulative_start < CUMULATIVE_MODULUS
    assert 0 <= cumulative_end < CUMULATIVE_MODULUS
    assert 0 <= elapsed_s <= span_s
    assert span_s > 0
    growth = (cumulative_end - cumulative_start) % CUMULATIVE_MODULUS
    return accumulate(cumulative_start, growth * elapsed_s // span_s)


def twap(cumulative_start: int, cumulative_end: int, elapsed_s: int) -> int:
    """The average price between two readings of one accumulator, UQ112x112, rounded down."""
    assert 0 <= cumulative_start < CUMULATIVE_MODULUS
    assert 0 <= cumulative_end < CUMULATIVE_MODULUS
    assert elapsed_s > 0
    return (cumulative_end - cumulative_start) % CUMULATIVE_MODULUS // elapsed_s
