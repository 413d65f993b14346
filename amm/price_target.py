"""How much a pool can trade until its marginal price reaches a limit.

A price is IN per OUT with the pool's fee inside, as a fraction num/den: what the taker pays in
base units of IN for one more base unit of OUT. With n/d what the fee leaves of the input, one swap
of x in takes the marginal price to (d*ri + n*x)^2 / (n*d*ri*ro); both targets below solve that for
the limit and round down, so that they never reach past it. As UniswapV2LiquidityMathLibrary.sol
computeProfitMaximizingTrade, which floors twice and can overshoot by one unit.
"""

from math import isqrt

BPS = 10_000


def marginal_price(
    amount_in: int, reserve_in: int, reserve_out: int, fee_bps: int
) -> tuple[int, int]:
    """The exact price of the next unit after `amount_in` went in as one swap, not reduced.

    At `amount_in` 0 it is the pool's spot price with fee, d*ri / (n*ro).
    """
    assert amount_in >= 0
    assert reserve_in > 0
    assert reserve_out > 0
    assert 0 <= fee_bps < BPS
    kept = BPS - fee_bps
    virtual_in = BPS * reserve_in + kept * amount_in
    return virtual_in * virtual_in, kept * BPS * reserve_in * reserve_out


def is_better_than(
    reserve_in: int, reserve_out: int, fee_bps: int, price_num: int, price_den: int
) -> bool:
    """Whether the pool's first unit costs strictly less than num/den; a tie is not better."""
    assert reserve_in > 0
    assert reserve_out > 0
    assert 0 <= fee_bps < BPS
    assert price_num > 0
    assert price_den > 0
    return BPS * reserve_in * price_den < (BPS - fee_bps) * reserve_out * price_num


def max_in_to_price(
    reserve_in: int, reserve_out: int, fee_bps: int, price_num: int, price_den: int
) -> int:
    """x*: the largest input, as one swap, that leaves the marginal price <= num/den; else 0.

    max(0, floor((isqrt(floor(n*d*ri*ro*num / den)) - d*ri) / n)). The three floors are exact: x* is
    within the limit and x* + 1 is not. Its output may still be 0.
    """
    assert reserve_in > 0
    assert reserve_out > 0
    assert 0 <= fee_bps < BPS
    assert price_num > 0
    assert price_den > 0
    kept = BPS - fee_bps
    virtual_in = BPS * reserve_in
    virtual_in_at_price = isqrt(kept * virtual_in * reserve_out * price_num // price_den)
    return max(0, (virtual_in_at_price - virtual_in) // kept)


def max_out_to_price(
    reserve_in: int, reserve_out: int, fee_bps: int, price_num: int, price_den: int
) -> int:
    """y*: the largest output y with d*ri*ro / (n*(ro - y)^2) at most num/den; else 0.

    max(0, ro - ceil(sqrt(ceil(d*ri*ro*den / (n*num))))). Both ceilings keep more in the pool: y* is
    within the limit and y* + 1 is not. Always less than `reserve_out`.
    """
    assert reserve_in > 0
    assert reserve_out > 0
    assert 0 <= fee_bps < BPS
    assert price_num > 0
    assert price_den > 0
    square = -(-BPS * reserve_in * reserve_out * price_den // ((BPS - fee_bps) * price_num))
    reserve_out_at_price = isqrt(square - 1) + 1  # ceil(sqrt(square)), for square >= 1
    return max(0, reserve_out - reserve_out_at_price)
