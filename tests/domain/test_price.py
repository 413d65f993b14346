from decimal import Decimal, localcontext
from fractions import Fraction
from random import Random

import pytest

from xyk.domain.price import fill_price


@pytest.mark.parametrize(
    ("base_amount", "quote_amount", "base_decimals", "quote_decimals", "price"),
    [
        (10**18, 2000 * 10**6, 18, 6, "2000"),
        (10**18, 2000_500_000, 18, 6, "2000.5"),
        (3 * 10**18, 10_000 * 10**6, 18, 6, "3333.333333"),  # the quote's six places
        (3 * 10**18, 10**6, 18, 6, "0.33333333"),  # eight digits need more than six places
        (3 * 10**18, 1, 18, 6, "0.00000033333333"),
        (2 * 10**18, 10**17 + 1, 18, 6, "50000000000"),  # half a unit of the quote, to even
        (2 * 10**18, 10**17 + 3, 18, 6, "50000000000.000002"),
        (10**8, 10**30, 8, 6, "1000000000000000000000000"),
        (3, 2, 0, 0, "0.66666667"),
        (3, 20_000_000_000, 0, 0, "6666666667"),  # more than eight digits, no place of the quote's
        (10**9, 1_000_000_005, 0, 0, "1"),  # half to even, down
        (10**9, 1_000_000_015, 9, 9, "1.000000015"),
        (2 * 10**8, 200_000_001, 0, 0, "1"),  # 1.000000005
        (2 * 10**7, 20_000_001, 0, 0, "1"),  # 1.00000005: half, and the even digit is 0
        (2 * 10**7, 20_000_003, 0, 0, "1.0000002"),  # 1.00000015: half, and the even digit is 2
        (10**10, 9_999_999_999, 0, 0, "1"),  # rounds up into the next power of ten
        (1, 2**112, 0, 36, "0.005192296858534827628530496329220096"),
    ],
)
def test_price_is_rounded_half_even_to_the_larger_of_two_precisions(
    base_amount: int, quote_amount: int, base_decimals: int, quote_decimals: int, price: str
) -> None:
    assert price == fill_price(
        base_amount=base_amount,
        quote_amount=quote_amount,
        base_decimals=base_decimals,
        quote_decimals=quote_decimals,
    )


def naive_price(
    base_amount: int, quote_amount: int, base_decimals: int, quote_decimals: int
) -> str:
    exact = Fraction(quote_amount, 10**quote_decimals) / Fraction(base_amount, 10**base_decimals)
    places = quote_decimals
    while exact * 10**places < 10**7:
        places += 1
    with localcontext(prec=200):
        text = f"{Decimal(round(exact * 10**places)).scaleb(-places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def test_price_equals_the_fraction_rounded_by_definition() -> None:
    random = Random(7)
    for _ in range(3_000):
        base_decimals, quote_decimals = random.randrange(0, 37), random.randrange(0, 37)
        base_amount = random.randrange(1, 10 ** random.randrange(1, 20))
        quote_amount = base_amount * random.randrange(1, 10**6) // random.randrange(1, 10**6) + 1
        arguments = (base_amount, quote_amount, base_decimals, quote_decimals)
        price = fill_price(
            base_amount=base_amount,
            quote_amount=quote_amount,
            base_decimals=base_decimals,
            quote_decimals=quote_decimals,
        )
        assert price == naive_price(*arguments), arguments


def test_rounding_never_reverses_the_order_of_two_prices() -> None:
    random = Random(11)
    for _ in range(3_000):
        base_amount = 10 ** random.randrange(1, 12)
        near = 10 ** random.randrange(1, 12) + random.randrange(-3, 4)
        low, high = (
            Decimal(
                fill_price(
                    base_amount=base_amount, quote_amount=quote, base_decimals=0, quote_decimals=2
                )
            )
            for quote in (max(1, near), max(1, near) + random.randrange(1, 4))
        )
        assert low <= high


@pytest.mark.parametrize(("base_amount", "quote_amount"), [(0, 1), (1, 0), (-1, 1)])
def test_a_fill_of_nothing_has_no_price(base_amount: int, quote_amount: int) -> None:
    with pytest.raises(AssertionError):
        fill_price(
            base_amount=base_amount, quote_amount=quote_amount, base_decimals=0, quote_decimals=0
        )
