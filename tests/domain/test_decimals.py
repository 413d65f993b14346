"""Integers as decimal text: exact where it is exact, half-even where it is rounded."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xyk.domain.decimals import exponent, half_even, significant, whole_tokens


@pytest.mark.parametrize(
    ("amount", "decimals", "text"),
    [
        (0, 18, "0"),
        (0, 0, "0"),
        (1, 0, "1"),
        (1, 18, "0.000000000000000001"),
        (1_500_000, 6, "1.5"),
        (2_000 * 10**6, 6, "2000"),
        (-1_500_000, 6, "-1.5"),
        (100, 0, "100"),
        (2**256 - 1, 18, f"{(2**256 - 1) // 10**18}.{(2**256 - 1) % 10**18:018d}"),
    ],
)
def test_whole_tokens_are_exact(amount: int, decimals: int, text: str) -> None:
    assert whole_tokens(amount, decimals) == text


@pytest.mark.parametrize(
    ("numerator", "denominator", "digits", "text"),
    [
        (0, 7, 18, "0"),
        (1, 3, 5, "0.33333"),
        (2, 3, 5, "0.66667"),
        (5, 4, 2, "1.2"),
        (15, 4, 2, "3.8"),
        (35, 20, 2, "1.8"),
        (12_345, 1, 3, "12300"),
        (12_350, 1, 3, "12400"),
        (999_999, 1_000, 4, "1000"),
        (1, 10**30, 3, "0." + "0" * 29 + "1"),
        (99, 100, 4, "0.99"),
    ],
)
def test_significant_digits_round_half_even(
    numerator: int, denominator: int, digits: int, text: str
) -> None:
    assert significant(numerator, denominator, digits) == text


@given(st.integers(1, 2**256), st.integers(1, 2**256), st.integers(1, 30))
def test_significant_digits_agree_with_decimal(
    numerator: int, denominator: int, digits: int
) -> None:
    expected = Context(prec=digits, rounding=ROUND_HALF_EVEN).divide(
        Decimal(numerator), Decimal(denominator)
    )
    assert Decimal(significant(numerator, denominator, digits)) == expected


@given(st.integers(1, 2**256), st.integers(1, 2**256))
def test_the_exponent_brackets_the_ratio(numerator: int, denominator: int) -> None:
    e = exponent(numerator, denominator)
    up, down = 10 ** max(e, 0), 10 ** max(-e, 0)
    assert denominator * up <= numerator * down < 10 * denominator * up


def test_half_even_to_tens() -> None:
    assert half_even(25, 1, -1) == "20"
    assert half_even(35, 1, -1) == "40"
    assert half_even(4, 1, -1) == "0"
