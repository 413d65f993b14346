"""The twin's pair against what Uniswap published, so that the second mind rests on the outside."""

from fractions import Fraction

import pytest

from tests.naive.pair import Pair, Refused

E18 = 10**18
NOW_S = 1_700_000_000

# v2-core UniswapV2Pair.spec.ts swapTestCases: in, reserve in, reserve out, most out.
SWAPS = (
    (1 * E18, 5 * E18, 10 * E18, 1662497915624478906),
    (1 * E18, 10 * E18, 5 * E18, 453305446940074565),
    (2 * E18, 5 * E18, 10 * E18, 2851015155847869602),
    (2 * E18, 10 * E18, 5 * E18, 831248957812239453),
    (1 * E18, 10 * E18, 10 * E18, 906610893880149131),
    (1 * E18, 100 * E18, 100 * E18, 987158034397061298),
    (1 * E18, 1000 * E18, 1000 * E18, 996006981039903216),
    (2, 100, 100, 1),  # v2-periphery UniswapV2Router02.spec.ts
    (2, 10_000, 10_000, 1),
)
# Router02.spec getAmountIn, Router01.spec swapTokensForExactTokens: out, reserves, in.
NEEDS = (
    (1, 100, 100, 2),
    (1, 10_000, 10_000, 2),
    (1 * E18, 5 * E18, 10 * E18, 557227237267357629),
)


def _pair(reserve_0: int, reserve_1: int) -> Pair:
    return Pair(30, [reserve_0, reserve_1], supply=E18, last_s=NOW_S)


@pytest.mark.parametrize("amount_in, reserve_in, reserve_out, amount_out", SWAPS)
def test_the_published_output_passes_k_and_one_more_does_not(
    amount_in: int, reserve_in: int, reserve_out: int, amount_out: int
) -> None:
    assert _pair(reserve_in, reserve_out).out_for(0, amount_in) == amount_out
    assert _pair(reserve_out, reserve_in).out_for(1, amount_in) == amount_out
    _pair(reserve_in, reserve_out).swap(0, amount_in, amount_out, NOW_S)
    with pytest.raises(AssertionError, match="UniswapV2: K"):
        _pair(reserve_in, reserve_out).swap(0, amount_in, amount_out + 1, NOW_S)


@pytest.mark.parametrize("amount_out, reserve_in, reserve_out, amount_in", NEEDS)
def test_the_published_input_for_an_exact_output(
    amount_out: int, reserve_in: int, reserve_out: int, amount_in: int
) -> None:
    assert _pair(reserve_in, reserve_out).in_for(0, amount_out) == amount_in
    assert _pair(reserve_in, reserve_out).in_for(0, reserve_out) is None


def test_mint_and_burn_lock_the_minimum() -> None:
    pair = Pair(30)
    assert pair.mint((E18, 4 * E18), False, NOW_S) == (2 * E18 - 1000, 1000, 0)
    assert pair.burn(2 * E18 - 1000, False, NOW_S) == (E18 - 500, 4 * E18 - 2000, 0)
    assert (pair.reserves, pair.supply) == ([500, 2000], 1000)


def test_a_first_deposit_of_the_locked_minimum_gives_nothing() -> None:
    for amount, refused in ((999, True), (1000, True), (1001, False)):
        pair = Pair(30)
        if refused:
            with pytest.raises(Refused, match="INSUFFICIENT_LIQUIDITY"):
                pair.mint((amount, amount), False, NOW_S)
        else:
            assert pair.mint((amount, amount), False, NOW_S) == (1, 1000, 0)


@pytest.mark.parametrize(
    "fee_on, protocol, left",
    [
        (False, 0, (1000, 1000)),
        (True, 249750499251388, (1000 + 249501683697445, 1000 + 250000187312969)),
    ],
)
def test_the_protocol_takes_a_sixth_of_the_growth(
    fee_on: bool, protocol: int, left: tuple[int, int]
) -> None:
    pair = Pair(30)
    liquidity, _, _ = pair.mint((1000 * E18, 1000 * E18), fee_on, NOW_S)
    pair.swap(1, E18, 996006981039903216, NOW_S)
    _, _, minted = pair.burn(liquidity, fee_on, NOW_S)
    assert minted == protocol
    assert pair.supply == 1000 + protocol
    if fee_on:
        assert tuple(pair.reserves) == left


def test_prices_accumulate_over_the_seconds_they_stood() -> None:
    pair = Pair(30)
    pair.mint((3 * E18, 3 * E18), False, NOW_S)
    pair.swap(0, 3 * E18, E18, NOW_S + 10)
    assert pair.cumulative == [10 * 2**112, 10 * 2**112]
    pair.swap(0, 1000, 300, NOW_S + 20)
    assert pair.cumulative[0] == 10 * 2**112 + 10 * (2 * E18 * 2**112 // (6 * E18))
    assert pair.cumulative[1] == 10 * 2**112 + 10 * (6 * E18 * 2**112 // (2 * E18))


def test_the_marginal_price_lies_between_spot_and_the_price_after() -> None:
    pair = Pair(30, [100 * E18, 200_000 * 10**6])
    spot, kept = Fraction(pair.reserves[1], pair.reserves[0]), Fraction(997, 1000)
    assert pair.marginal_price(0, 0) == spot * kept
    assert pair.marginal_price(1, 0) == spot / kept
    assert pair.marginal_price(1, 10**9) > pair.marginal_price(1, 0) > pair.marginal_price(0, 0)
    assert pair.marginal_price(0, 0) > pair.marginal_price(0, E18)
