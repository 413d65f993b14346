"""Integers as decimal text, for people and for clients that expect whole tokens. No float anywhere.

Plain notation, no exponent, no trailing zeros: "0.5", "2000", "0.000001".
"""

DIGITS_MAX = 120  # of a number that is read; 2^256 has 78
PRICE_DIGITS = 18  # significant digits of a price or a share that is no exact decimal


def whole_tokens(amount: int, decimals: int) -> str:
    """`amount` base units of an asset with `decimals`, exactly; 1500000 at 6 decimals is "1.5"."""
    assert decimals >= 0
    return _shifted(amount, decimals)


def base_units(text: str, decimals: int) -> int:
    """The inverse of `whole_tokens`: "1.5" at 6 decimals is 1500000. ValueError for anything but
    plain digits with at most one point, and for more places than `decimals`; nothing is rounded.
    """
    whole, point, fraction = text.partition(".")
    digits = whole + fraction
    is_plain = digits.isascii() and digits.isdigit() and whole and bool(point) == bool(fraction)
    if not is_plain or len(digits) > DIGITS_MAX:
        raise ValueError(f'{text[:40]!r} is no decimal number such as "0.5"')
    fraction = fraction.rstrip("0")
    if len(fraction) > decimals:
        raise ValueError(f"{text} has {len(fraction)} decimals, at most {decimals} count here")
    return int(whole + fraction.ljust(decimals, "0"))


def significant(numerator: int, denominator: int, digits: int = PRICE_DIGITS) -> str:
    """`numerator` over `denominator`, rounded half-even to so many significant digits."""
    assert numerator >= 0
    assert denominator > 0
    assert digits > 0
    if numerator == 0:
        return "0"
    return half_even(numerator, denominator, digits - 1 - exponent(numerator, denominator))


def half_even(numerator: int, denominator: int, places: int) -> str:
    """`numerator` over `denominator`, rounded half-even to `places` decimals (below 0: to tens)."""
    if places >= 0:
        numerator *= 10**places
    else:
        denominator *= 10**-places
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient & 1):
        quotient += 1
    return _shifted(quotient, places)


def exponent(numerator: int, denominator: int) -> int:
    """The e of 10^e <= numerator / denominator < 10^(e+1)."""
    guess = len(str(numerator)) - len(str(denominator))
    if guess >= 0:
        return guess if numerator >= denominator * 10**guess else guess - 1
    return guess if numerator * 10**-guess >= denominator else guess - 1


def _shifted(value: int, places: int) -> str:
    """`value` * 10^-places."""
    if not value:
        return "0"
    sign, digits = ("-", str(-value)) if value < 0 else ("", str(value))
    if places <= 0:
        return sign + digits + "0" * -places
    digits = digits.zfill(places + 1)
    fraction = digits[-places:].rstrip("0")
    return f"{sign}{digits[:-places]}.{fraction}" if fraction else sign + digits[:-places]
