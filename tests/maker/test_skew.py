"""Over HTTP: who holds more of one side quotes so as to get rid of it. The formula is in
test_quoting.py; here the funds come from the exchange and change by fills."""

from decimal import Decimal

import pytest

from tests.maker.conftest import Makers
from tests.maker.desk import Desk, Order, until

WIDE = ("--size", "0.5", "--levels", "2", "--spread-bps", "60", "--skew", "20")
PRICE = Decimal(2_000)
HALF_BPS = 30
CENT = Decimal("0.01")


def shift_bps(base: Decimal, quote: Decimal, target: Decimal = Decimal("0.5")) -> Decimal:
    """How much lower: all of --skew where everything is base, by hand."""
    excess = base * PRICE / (base * PRICE + quote) - target
    return 20 * excess / ((1 - target) if excess > 0 else target)


def is_shifted(orders: list[Order], bps: Decimal) -> bool:
    """Best bid and ask are half the spread around the price so shifted, but for the rounding."""
    best_bid = PRICE * (10_000 - bps - HALF_BPS) / 10_000
    best_ask = PRICE * (10_000 - bps + HALF_BPS) / 10_000
    [bid, *_] = [one for one in orders if one.is_bid]
    [ask, *_] = [one for one in orders if not one.is_bid]
    return 0 <= best_bid - bid.price < 2 * CENT and 0 <= ask.price - best_ask < 2 * CENT


@pytest.mark.parametrize(
    ("base", "quote", "flags", "target"),
    [
        (20, 40_000, (), "0.5"),
        (30, 20_000, (), "0.5"),
        (10, 60_000, (), "0.5"),
        (30, 20_000, ("--target", "7500"), "0.75"),
    ],
    ids=["even", "more base", "more quote", "as it wants to be"],
)
def test_what_it_holds_shifts_its_quotes(
    desk: Desk, makers: Makers, base: int, quote: int, flags: tuple[str, ...], target: str
) -> None:
    maker = makers(desk.market(), base=base, quote=quote).start(*WIDE, *flags)
    orders = maker.until_quoting(2, 2)
    assert is_shifted(orders, shift_bps(Decimal(base), Decimal(quote), Decimal(target)))


def test_a_fill_lowers_all_quotes(desk: Desk, makers: Makers) -> None:
    """Of two tokens it bought more: the asks come down to where somebody may take them."""
    maker = makers(desk.market(), base=2, quote=4_000).start(*WIDE)
    before = maker.until_quoting(2, 2)
    assert is_shifted(before, Decimal(0))
    wallet = desk.trader(maker.market)
    best = before[0]
    desk.take(wallet, maker.market, "Ask", best.price, f"{best.quantity:f}")
    base, quote = Decimal("2.5"), 4_000 - best.price / 2
    assert desk.holds(maker.owner, maker.base) == base
    until(lambda: is_shifted(maker.until_quoting(2, 2), shift_bps(base, quote)))
