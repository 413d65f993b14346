"""What is said once about an order. Nearly all orders say the same few things,
so those terms are made once and shared: an order carries one reference instead of seven fields."""

from itertools import product

import msgspec


class Terms(msgspec.Struct, frozen=True, gc=False):
    """`expires` in unix seconds (GTD), `trigger_price` in quote base units per whole base token;
    0 = none. `is_market`: its trigger waits for a market order."""

    time_in_force: str = "GTC"
    post_only: bool = False
    self_trade_prevention: str = "RejectTaker"
    by_agent: bool = False
    expires: int = 0
    trigger_price: int = 0
    trigger_above: bool = False
    is_market: bool = False


_SHARED = {
    key: Terms(*key)
    for key in product(
        ("GTC", "IOC", "FOK"),
        (False, True),
        ("RejectTaker", "RejectMaker", "RejectBoth"),
        (False, True),
    )
}
PLAIN = _SHARED["GTC", False, "RejectTaker", False]


def shared_terms(
    time_in_force: str, post_only: bool, self_trade_prevention: str, by_agent: bool
) -> Terms:
    """Of an order that neither expires nor waits for a trigger: the same object for the same terms.

    Terms that no order can have are made anew, so that a fold never fails for them.
    """
    key = (time_in_force, post_only, self_trade_prevention, by_agent)
    return _SHARED.get(key) or Terms(*key)
