"""The price of a fill as text: quote per base in whole tokens, from the two integer amounts.

Rounded half-even to as many decimals as the larger of the quote's own and what gives 8 significant
digits, trailing zeros dropped (DESIGN section 4, Price-forming fills). The rounding never reverses
an order: the higher of two exact prices of one market is never the lower text.
"""

from xyk.domain.decimals import exponent, half_even

SIGNIFICANT_DIGITS = 8


def fill_price(
    *, base_amount: int, quote_amount: int, base_decimals: int, quote_decimals: int
) -> str:
    """`quote_amount` over `base_amount`, both in base units and above zero; 2000.5 is "2000.5"."""
    assert base_amount > 0
    assert quote_amount > 0
    numerator = quote_amount * 10**base_decimals
    denominator = base_amount * 10**quote_decimals
    places = max(quote_decimals, SIGNIFICANT_DIGITS - 1 - exponent(numerator, denominator))
    return half_even(numerator, denominator, places)
