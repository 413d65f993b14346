"""Price targets: Uniswap's arbitrage vectors, the design's depth, and exactness on every pool."""

from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amm import price_target
from amm.constant_product import get_amount_in, get_amount_out
from amm.price_target import is_better_than, marginal_price, max_in_to_price, max_out_to_price
from tests.amm.strategies import amounts, fees, moderate, prices, reserves
from xyk.domain.units import BPS, RESERVE_MAX

E18 = 10**18


def uniswap_amount_in(reserve_in: int, reserve_out: int, price_in: int, price_out: int) -> int:
    """computeProfitMaximizingTrade of UniswapV2LiquidityMathLibrary, for the token that goes in."""
    left = isqrt(reserve_in * reserve_out * 1000 * price_in // (price_out * 997))
    return max(0, left - reserve_in * 1000 // 997)


class TestPublishedVectors:
    @pytest.mark.parametrize(
        ("reserve_in", "reserve_out", "price_in", "price_out", "amount_in", "amount_out"),
        [
            (10, 1000, 1, 90, 526682316179835569, 49890467170695440744),
            (1000, 10, 110, 1, 47376582963642643588, 451039908682851138),
        ],
    )
    def test_example_swap_to_price(
        self,
        reserve_in: int,
        reserve_out: int,
        price_in: int,
        price_out: int,
        amount_in: int,
        amount_out: int,
    ) -> None:
        pool = (reserve_in * E18, reserve_out * E18, 30)
        assert uniswap_amount_in(*pool[:2], price_in, price_out) == amount_in
        assert get_amount_out(amount_in, *pool) == amount_out
        # theirs floors twice and is one unit past the price in both vectors; ours stops before
        ours = max_in_to_price(*pool, price_in, price_out)
        assert ours == amount_in - 1
        assert Fraction(*marginal_price(ours, *pool)) <= Fraction(price_in, price_out)
        assert Fraction(*marginal_price(amount_in, *pool)) > Fraction(price_in, price_out)

    # ExampleComputeLiquidityValue.spec: 10e18 of a, 1000e18 of b arbitraged to the price a : b
    @pytest.mark.parametrize(
        ("price_a", "price_b", "reserve_a", "reserve_b"),
        [
            (1, 400, 5007516917298542016, 1999997739838173075192),
            (1, 200, 7081698338256310291, 1413330640570018326894),
            (1, 100, 10 * E18, 1000 * E18),
            (1, 50, 14133306405700183269, 708169833825631029041),
            (1, 25, 19999977398381730752, 500751691729854201595),
            (25, 1, 500721601459041764285, 20030067669194168064),
        ],
    )
    def test_reserves_after_arbitrage(
        self, price_a: int, price_b: int, reserve_a: int, reserve_b: int
    ) -> None:
        a, b = 10 * E18, 1000 * E18
        if 100 * price_a >= price_b:
            amount_in = uniswap_amount_in(a, b, price_a, price_b)
            ours = max_in_to_price(a, b, 30, price_a, price_b)
            after = (a + amount_in, b - get_amount_out(amount_in, a, b, 30))
        else:
            amount_in = uniswap_amount_in(b, a, price_b, price_a)
            ours = max_in_to_price(b, a, 30, price_b, price_a)
            after = (a - get_amount_out(amount_in, b, a, 30), b + amount_in)
        assert after == (reserve_a, reserve_b)
        assert amount_in - ours in (0, 1)

    def test_tycho_swap_to_price_is_an_approximation_from_below(self) -> None:
        """tycho-simulation: (2000000, 1000000) to 0.4 out per in stops at 232711 in."""
        pool = (2_000_000, 1_000_000, 30)
        exact = max_in_to_price(*pool, 5, 2)
        assert exact == 233411
        assert Fraction(*marginal_price(exact, *pool)) <= Fraction(5, 2)
        assert Fraction(*marginal_price(exact + 1, *pool)) > Fraction(5, 2)
        assert exact > 232711

    def test_design_limit_order_takes_4697_lots(self) -> None:
        """A bid at 2025 on a 100 ETH / 200,000 USDC pool, lots of 0.0001 ETH."""
        taken = max_out_to_price(200_000 * 10**6, 100 * E18, 30, 2025 * 10**6, E18)
        assert taken // 10**14 == 4697

    def test_design_depth_levels(self) -> None:
        """The curve's first levels on the grid of 0.65, in lots of 0.0001 ETH."""
        base, quote, grid, lot = 100 * E18, 200_000 * 10**6, 650_000, 10**14

        def ask_lots(k: int) -> int:
            return max_out_to_price(quote, base, 30, k * grid, E18) // lot

        def bid_lots(k: int) -> int:
            return max_in_to_price(base, quote, 30, E18, k * grid) // lot

        first_ask, first_bid = 3087, 3067  # 2006.55 and 1993.55
        assert ask_lots(first_ask - 1) == 0
        assert bid_lots(first_bid + 1) == 0
        asks = [ask_lots(first_ask + i) - ask_lots(first_ask + i - 1) for i in range(3)]
        bids = [bid_lots(first_bid - i) - bid_lots(first_bid - i + 1) for i in range(2)]
        assert asks == [132, 162, 162]
        assert bids == [113, 163]


class TestMarginalPrice:
    def test_spot_with_fee(self) -> None:
        assert Fraction(*marginal_price(0, 5, 10, 30)) == Fraction(10_000 * 5, 9_970 * 10)
        assert Fraction(*marginal_price(0, 7, 9, 0)) == Fraction(7, 9)

    @moderate
    @given(amounts, reserves, reserves, fees)
    def test_rises_with_the_input_and_brackets_the_average(
        self, paid: int, reserve_in: int, reserve_out: int, fee_bps: int
    ) -> None:
        pool = (reserve_in, reserve_out, fee_bps)
        before, after = Fraction(*marginal_price(0, *pool)), Fraction(*marginal_price(paid, *pool))
        kept = BPS - fee_bps
        exact_out = Fraction(kept * paid * reserve_out, BPS * reserve_in + kept * paid)
        assert before < Fraction(paid) / exact_out < after


class TestIsBetterThan:
    def test_a_tie_is_not_better(self) -> None:
        assert not is_better_than(200, 100, 0, 2, 1)
        assert is_better_than(200, 100, 0, 200_001, 100_000)
        assert not is_better_than(9_970, 10_000, 30, 1, 1)
        assert is_better_than(9_969, 10_000, 30, 1, 1)

    @moderate
    @given(reserves, reserves, fees, prices, prices)
    def test_says_what_the_spot_says_and_no_target_without_it(
        self, reserve_in: int, reserve_out: int, fee_bps: int, num: int, den: int
    ) -> None:
        pool = (reserve_in, reserve_out, fee_bps)
        better = is_better_than(*pool, num, den)
        assert better == (Fraction(*marginal_price(0, *pool)) < Fraction(num, den))
        if not better:
            assert max_in_to_price(*pool, num, den) == 0
            assert max_out_to_price(*pool, num, den) == 0


def near_spot(reserve_in: int, reserve_out: int, num: int, den: int) -> tuple[int, int]:
    """A price around the pool's, so that targets are seldom trivial."""
    return reserve_in * (BPS + num % BPS), reserve_out * (BPS + den % BPS)


class TestTargets:
    @moderate
    @given(reserves, reserves, fees, prices, prices, st.booleans())
    def test_the_largest_input_keeps_the_price_and_one_more_breaks_it(
        self, reserve_in: int, reserve_out: int, fee_bps: int, num: int, den: int, near: bool
    ) -> None:
        if near:
            num, den = near_spot(reserve_in, reserve_out, num, den)
        pool = (reserve_in, reserve_out, fee_bps)
        most = max_in_to_price(*pool, num, den)
        assert most == 0 or Fraction(*marginal_price(most, *pool)) <= Fraction(num, den)
        assert Fraction(*marginal_price(most + 1, *pool)) > Fraction(num, den)

    @moderate
    @given(reserves, reserves, fees, prices, prices, st.booleans())
    def test_the_largest_output_keeps_the_price_and_one_more_breaks_it(
        self, reserve_in: int, reserve_out: int, fee_bps: int, num: int, den: int, near: bool
    ) -> None:
        if near:
            num, den = near_spot(reserve_in, reserve_out, num, den)
        kept = BPS - fee_bps

        def is_within(taken: int) -> bool:
            left = (reserve_out - taken) ** 2
            return BPS * reserve_in * reserve_out * den <= kept * num * left

        most = max_out_to_price(reserve_in, reserve_out, fee_bps, num, den)
        assert 0 <= most < reserve_out
        assert most == 0 or is_within(most)
        assert not is_within(most + 1)

    @moderate
    @given(reserves, reserves, fees, prices, prices)
    def test_both_targets_name_the_same_point_of_the_curve(
        self, reserve_in: int, reserve_out: int, fee_bps: int, num: int, den: int
    ) -> None:
        num, den = near_spot(reserve_in, reserve_out, num, den)
        pool = (reserve_in, reserve_out, fee_bps)
        most_in, most_out = max_in_to_price(*pool, num, den), max_out_to_price(*pool, num, den)
        assert get_amount_out(most_in, *pool) <= most_out
        if (
            most_out > 0
        ):  # what y* costs is at most what x* allows, but for V2's unit and the rounding up
            assert get_amount_in(most_out, *pool) <= most_in + 2

    @moderate
    @given(reserves, reserves, prices, prices)
    def test_input_is_uniswaps_or_one_less(
        self, reserve_in: int, reserve_out: int, num: int, den: int
    ) -> None:
        num, den = near_spot(reserve_in, reserve_out, num, den)
        theirs = uniswap_amount_in(reserve_in, reserve_out, num, den)
        assert theirs - max_in_to_price(reserve_in, reserve_out, 30, num, den) in (0, 1)

    @moderate
    @given(
        st.integers(10**6, RESERVE_MAX),
        st.integers(10**6, RESERVE_MAX),
        st.integers(1, 100),
        prices,
        prices,
    )
    def test_a_pool_that_stopped_at_a_level_never_crosses_it(
        self, reserve_in: int, reserve_out: int, fee_bps: int, num: int, den: int
    ) -> None:
        """After x*(P) the pool buys back strictly below P, whatever its fee above 0."""
        num, den = near_spot(reserve_in, reserve_out, num, den)
        pool = (reserve_in, reserve_out, fee_bps)
        paid = max_in_to_price(*pool, num, den)
        if paid == 0:
            return
        after_in, after_out = reserve_in + paid, reserve_out - get_amount_out(paid, *pool)
        # a taker the other way pays OUT per IN; its inverse is the pool's bid
        out_per_in = Fraction(*marginal_price(0, after_out, after_in, fee_bps))
        assert 1 / out_per_in < Fraction(num, den)


class TestBounds:
    def test_the_largest_pool(self) -> None:
        most = max_in_to_price(RESERVE_MAX, RESERVE_MAX, 0, 4, 1)
        assert most == RESERVE_MAX  # twice the reserve at four times the price
        assert max_out_to_price(RESERVE_MAX, RESERVE_MAX, 0, 4, 1) == RESERVE_MAX // 2
        assert max_out_to_price(1, RESERVE_MAX, 0, 2**256 - 1, 1) == RESERVE_MAX - 1

    @pytest.mark.parametrize("target", [max_in_to_price, max_out_to_price, is_better_than])
    @pytest.mark.parametrize(
        "arguments",
        [
            (0, 1, 30, 1, 1),
            (1, 0, 30, 1, 1),
            (1, 1, -1, 1, 1),
            (1, 1, BPS, 1, 1),
            (1, 1, 30, 0, 1),
            (1, 1, 30, 1, 0),
        ],
    )
    def test_a_target_of_an_empty_pool_or_without_a_price_is_a_bug(
        self, target: object, arguments: tuple[int, ...]
    ) -> None:
        assert callable(target)
        with pytest.raises(AssertionError):
            target(*arguments)

    @pytest.mark.parametrize(
        "arguments", [(-1, 1, 1, 30), (0, 0, 1, 30), (0, 1, 0, 30), (0, 1, 1, -1), (0, 1, 1, BPS)]
    )
    def test_a_marginal_price_of_an_empty_pool_is_a_bug(self, arguments: tuple[int, ...]) -> None:
        with pytest.raises(AssertionError):
            marginal_price(*arguments)

    def test_units_agree_with_the_domain(self) -> None:
        assert price_target.BPS == BPS
