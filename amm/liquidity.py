"""Shares of a pool: what a deposit mints, what a burn pays, what the protocol takes.

Sources: v2-core UniswapV2Pair.sol (mint, burn, _mintFee), v2-periphery UniswapV2Router02.sol
(_addLiquidity) and UniswapV2Library.sol (quote). Amounts, reserves and shares are base units. Every
rounding is down, so nobody takes out more than a share of what is in.
"""

from math import isqrt

MINIMUM_LIQUIDITY = 1_000  # shares that the first deposit locks for ever: no share can grow dear


def quote(amount_a: int, reserve_a: int, reserve_b: int) -> int:
    """What `amount_a` is worth in the other token at the pool's ratio, no fee; rounded down."""
    assert amount_a >= 0
    assert reserve_a > 0
    assert reserve_b > 0
    return amount_a * reserve_b // reserve_a


def optimal_amounts(
    amount_a_desired: int, amount_b_desired: int, reserve_a: int, reserve_b: int
) -> tuple[int, int]:
    """The part of both desired amounts that a deposit takes, by the router's rule.

    An empty pool takes both as they are. Else one amount is taken whole and the other at the pool's
    ratio, rounded down; minimums are the caller's to check.
    """
    assert amount_a_desired >= 0
    assert amount_b_desired >= 0
    if reserve_a == 0 and reserve_b == 0:
        return amount_a_desired, amount_b_desired
    amount_b = quote(amount_a_desired, reserve_a, reserve_b)
    if amount_b <= amount_b_desired:
        return amount_a_desired, amount_b
    amount_a = quote(amount_b_desired, reserve_b, reserve_a)
    assert amount_a <= amount_a_desired
    return amount_a, amount_b_desired


def first_liquidity(amount_a: int, amount_b: int) -> int:
    """Shares for the first depositor: floor(sqrt(a*b)) less MINIMUM_LIQUIDITY, which stays locked.

    Zero or negative means that the deposit is too small to open a pool.
    """
    assert amount_a >= 0
    assert amount_b >= 0
    return isqrt(amount_a * amount_b) - MINIMUM_LIQUIDITY


def liquidity_minted(
    amount_a: int, amount_b: int, reserve_a: int, reserve_b: int, total_supply: int
) -> int:
    """Shares for a later deposit: the lesser of both proportions, rounded down.

    What is above the lesser proportion is a gift to all shares. The supply is that after
    `protocol_liquidity`; 0 shares are the caller's to refuse.
    """
    assert amount_a >= 0
    assert amount_b >= 0
    assert reserve_a > 0
    assert reserve_b > 0
    assert total_supply > 0
    return min(amount_a * total_supply // reserve_a, amount_b * total_supply // reserve_b)


def amounts_burned(
    liquidity: int, reserve_a: int, reserve_b: int, total_supply: int
) -> tuple[int, int]:
    """What `liquidity` shares pay out of both reserves, rounded down: the rest stays in.

    The supply is that after `protocol_liquidity`; a payment of 0 is the caller's to refuse.
    """
    assert reserve_a > 0
    assert reserve_b > 0
    assert 0 <= liquidity <= total_supply
    assert total_supply > 0
    return liquidity * reserve_a // total_supply, liquidity * reserve_b // total_supply


def protocol_liquidity(reserve_a: int, reserve_b: int, total_supply: int, k_last: int) -> int:
    """Shares for the protocol before a deposit or withdrawal: at most 1/6 of sqrt(k)'s growth.

    V2's _mintFee: floor(S * (rootK - rootKLast) / (5*rootK + rootKLast)), roots and quotient
    rounded down. `k_last` is reserve_a * reserve_b after the last such event with the fee on, 0 =
    none yet.
    """
    assert reserve_a >= 0
    assert reserve_b >= 0
    assert total_supply >= 0
    assert k_last >= 0
    if k_last == 0:
        return 0
    root_k = isqrt(reserve_a * reserve_b)
    root_k_last = isqrt(k_last)
    if root_k <= root_k_last:
        return 0
    return total_supply * (root_k - root_k_last) // (5 * root_k + root_k_last)
