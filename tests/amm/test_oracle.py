"""Accumulators: V2's published prices, wrap-around, and the bounds of an average."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amm.oracle import CUMULATIVE_MODULUS, Q112, accumulate, interpolate, price_increment, twap
from tests.amm.strategies import moderate, reserves
from xyk.domain.units import RESERVE_MAX, UINT256_MAX

E18 = 10**18
cumulatives = st.integers(0, UINT256_MAX) | st.integers(UINT256_MAX - 2**120, UINT256_MAX)
seconds = st.integers(1, 10 * 365 * 86_400)


class TestPublishedVectors:
    def test_v2_core_cumulative_prices(self) -> None:
        """UniswapV2Pair.spec: 3e18 / 3e18 for ten seconds, then 6e18 / 2e18 for ten more."""
        even = price_increment(3 * E18, 3 * E18, 1)
        assert even == Q112
        after_ten = accumulate(accumulate(0, even), price_increment(3 * E18, 3 * E18, 9))
        assert after_ten == 10 * Q112
        price_0 = accumulate(after_ten, price_increment(6 * E18, 2 * E18, 10))
        price_1 = accumulate(after_ten, price_increment(2 * E18, 6 * E18, 10))
        assert price_0 == 10 * Q112 + 10 * (2 * E18 * Q112 // (6 * E18))
        assert price_1 == 10 * Q112 + 10 * 3 * Q112
        assert twap(after_ten, price_1, 10) == 3 * Q112


class TestPriceIncrement:
    @moderate
    @given(reserves, reserves, seconds)
    def test_is_the_price_rounded_down_once_a_second(
        self, reserve: int, other: int, elapsed_s: int
    ) -> None:
        one = price_increment(reserve, other, 1)
        assert one * reserve <= other * Q112 < (one + 1) * reserve
        assert price_increment(reserve, other, elapsed_s) == one * elapsed_s
        assert price_increment(reserve, other, 0) == 0

    def test_fits_uint256_for_any_uint32_of_seconds(self) -> None:
        assert price_increment(1, RESERVE_MAX, 2**32 - 1) < CUMULATIVE_MODULUS

    @pytest.mark.parametrize("arguments", [(0, 1, 1), (1, 0, 1), (1, 1, -1)])
    def test_of_an_empty_pool_or_backwards_is_a_bug(self, arguments: tuple[int, int, int]) -> None:
        with pytest.raises(AssertionError):
            price_increment(*arguments)


class TestAccumulate:
    def test_wraps_at_uint256(self) -> None:
        assert accumulate(UINT256_MAX, 1) == 0
        assert accumulate(UINT256_MAX, UINT256_MAX) == UINT256_MAX - 1

    @pytest.mark.parametrize("arguments", [(-1, 1), (UINT256_MAX + 1, 1), (0, -1)])
    def test_of_no_uint256_is_a_bug(self, arguments: tuple[int, int]) -> None:
        with pytest.raises(AssertionError):
            accumulate(*arguments)


class TestTwap:
    @moderate
    @given(cumulatives, st.lists(st.tuples(reserves, reserves, seconds), min_size=1, max_size=6))
    def test_lies_between_the_lowest_and_the_highest_price_over_any_wrap(
        self, start: int, spans: list[tuple[int, int, int]]
    ) -> None:
        end = start
        for reserve, other, elapsed_s in spans:
            end = accumulate(end, price_increment(reserve, other, elapsed_s))
        elapsed_s = sum(span[2] for span in spans)
        total = sum(price_increment(*span) for span in spans)
        prices = [price_increment(reserve, other, 1) for reserve, other, _ in spans]
        average = twap(start, end, elapsed_s)
        assert average == total // elapsed_s
        assert min(prices) <= average <= max(prices)

    @pytest.mark.parametrize(
        "arguments", [(0, 1, 0), (-1, 1, 1), (0, -1, 1), (2**256, 1, 1), (0, 2**256, 1)]
    )
    def test_over_no_time_is_a_bug(self, arguments: tuple[int, int, int]) -> None:
        with pytest.raises(AssertionError):
            twap(*arguments)


class TestInterpolate:
    def test_ends_are_exact_and_the_middle_is_rounded_down(self) -> None:
        assert interpolate(10, 21, 0, 3) == 10
        assert interpolate(10, 21, 1, 3) == 13
        assert interpolate(10, 21, 2, 3) == 17
        assert interpolate(10, 21, 3, 3) == 21

    @moderate
    @given(cumulatives, st.integers(0, 2**240), seconds, st.data())
    def test_is_the_straight_line_over_any_wrap(
        self, start: int, growth: int, span_s: int, data: st.DataObject
    ) -> None:
        elapsed_s = data.draw(st.integers(0, span_s))
        between = interpolate(start, accumulate(start, growth), elapsed_s, span_s)
        grown = (between - start) % CUMULATIVE_MODULUS
        assert grown * span_s <= growth * elapsed_s < (grown + 1) * span_s

    @pytest.mark.parametrize(
        "arguments", [(-1, 0, 1, 2), (0, 2**256, 1, 2), (0, 1, -1, 2), (0, 1, 3, 2), (0, 1, 0, 0)]
    )
    def test_outside_the_span_is_a_bug(self, arguments: tuple[int, int, int, int]) -> None:
        with pytest.raises(AssertionError):
            interpolate(*arguments)


def test_the_modulus_is_one_above_uint256() -> None:
    assert CUMULATIVE_MODULUS == UINT256_MAX + 1
