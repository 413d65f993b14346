"""Base units for people: whole tokens with a point, exact, never through a float."""


def whole(amount: int, decimals: int) -> str:
    """1500000 with 6 decimals is 1.5."""
    sign = "-" if amount < 0 else ""
    units, rest = divmod(abs(amount), 10**decimals)
    fraction = f"{rest:0{decimals}d}".rstrip("0") if rest else ""
    return f"{sign}{units:,}" + (f".{fraction}" if fraction else "")


def short(amount: int, decimals: int, places: int = 6) -> str:
    """At most `places` places, cut off: for a table, where the exact amount is one click away."""
    if decimals > places:
        amount, decimals = amount // 10 ** (decimals - places), places
    return whole(amount, decimals)
