"""Integers as decimal text: exact where it is exact, half-even where it is rounded."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xyk.domain.decimals import base_units, exponent, half_even, significant, whole_tokens


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


@given(st.integers(0, 2**256 - 1), st.integers(0, 36))
def test_base_units_are_the_inverse_of_whole_tokens(amount: int, decimals: int) -> None:
    assert base_units(whole_tokens(amount, decimals), decimals) == amount


@pytest.mark.parametrize(
    ("text", "decimals", "amount"),
    [("007.50", 1, 75), ("1.500000", 1, 15), ("0", 0, 0), ("2", 6, 2_000_000)],
)
def test_zeros_that_say_nothing_are_read(text: str, decimals: int, amount: int) -> None:
    assert base_units(text, decimals) == amount


@pytest.mark.parametrize(
    "text", ["", ".", "1.", ".5", "1.2.3", "-1", "+1", "1e3", "1_0", " 1", "\u0661", "9" * 121]
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no decimal number"):
        base_units(text, 6)


def test_more_places_than_count_are_refused_and_not_rounded() -> None:
    with pytest.raises(ValueError, match="has 2 decimals, at most 1 count here"):
        base_units("1.25", 1)
