"""Constant-product swaps, x * y = k, exactly as Uniswap V2 computes them.

The fee is taken from the input and stays in the pool, and every rounding favours the pool, so k
never falls. Amounts and reserves are base units; fees are basis points, of which Uniswap's own
pair has 30. Source: v2-periphery UniswapV2Library.sol, with 10000 - fee over 10000 in place of 997
over 1000.
"""

BPS = 10_000


def get_amount_out(amount_in: int, reserve_in: int, reserve_out: int, fee_bps: int) -> int:
    """The most that `amount_in` buys, always less than `reserve_out`; may be 0.

    V2's getAmountOut: floor(n*x*ro / (d*ri + n*x)), n/d what the fee leaves. Rounded down, so the
    pool keeps the fraction: it is the largest output that V2's check of k lets pass.
    """
    assert amount_in >= 0
    assert reserve_in > 0
    assert reserve_out > 0
    assert 0 <= fee_bps < BPS
    effective_in = amount_in * (BPS - fee_bps)
    return effective_in * reserve_out // (reserve_in * BPS + effective_in)


def get_amount_in(amount_out: int, reserve_in: int, reserve_out: int, fee_bps: int) -> int:
    """What `amount_out` costs; it must be positive and less than `reserve_out`.

    V2's getAmountIn: floor(d*ri*y / (n*(ro - y))) + 1. The trader pays the fraction, and one unit
    more than needed where the division is exact. The result may exceed any bound on reserves: that
    is the caller's to refuse.
    """
    assert reserve_in > 0
    assert 0 < amount_out < reserve_out
    assert 0 <= fee_bps < BPS
    return reserve_in * amount_out * BPS // ((reserve_out - amount_out) * (BPS - fee_bps)) + 1


def swap_fee(amount_in: int, fee_bps: int) -> int:
    """The part of `amount_in` that stays in the pool as its fee, in units of the input.

    Rounded up: what is reported as earned by the pool is never less than the rate. The swap's
    amounts do not depend on it.
    """
    assert amount_in >= 0
    assert 0 <= fee_bps < BPS
    return -(-amount_in * fee_bps // BPS)
