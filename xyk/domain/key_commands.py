"""What an API key may ask for, in the words of the Backpack convention that it signs.

A value is what the signed text says, decimals in whole tokens included: `xyk verify` makes the
command again from the text, and `decide` alone turns decimals into ticks and lots. Whose key it is
the state knows. An absent value is empty, zero or false. `timestamp` is Unix ms, `window` ms: the
request is good until their sum. Unknown parameters were signed too and mean nothing here.
"""

from collections.abc import Mapping

import msgspec

LIMIT, MARKET = "Limit", "Market"
WINDOW_DEFAULT_MS = 5_000
WINDOW_MAX_MS = 60_000


class ByKey(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """A command that an Ed25519 key signs."""

    timestamp: int
    window: int
    symbol: str


class ExecuteOrder(ByKey, frozen=True, kw_only=True):
    """`orderExecute`. A market order names `quantity` (base) or `quote_quantity`: the most spent by
    a bid, what an ask stops at. `trigger_quantity` stands in for `quantity` where there is a
    trigger. `slippage_tolerance`: how far beyond the best price a market order may go, in
    `slippage_tolerance_type` (TickSize or Percent)."""

    side: str
    order_type: str
    price: str = ""
    quantity: str = ""
    quote_quantity: str = ""
    time_in_force: str = ""
    post_only: bool = False
    client_id: int = 0
    self_trade_prevention: str = ""
    trigger_price: str = ""
    trigger_quantity: str = ""
    trigger_by: str = ""
    slippage_tolerance: str = ""
    slippage_tolerance_type: str = ""


class CancelOpenOrder(ByKey, frozen=True, kw_only=True):
    """`orderCancel`, by exactly one of the two."""

    order_id: str = ""
    client_id: int = 0


class CancelOpenOrders(ByKey, frozen=True, kw_only=True):
    """`orderCancelAll`. `order_type`: RestingLimitOrder, ConditionalOrder, or empty for both."""

    order_type: str = ""


KeyCommand = ExecuteOrder | CancelOpenOrder | CancelOpenOrders
INSTRUCTIONS: Mapping[str, type[KeyCommand]] = {
    "orderExecute": ExecuteOrder,
    "orderCancel": CancelOpenOrder,
    "orderCancelAll": CancelOpenOrders,
}
KEY_COMMANDS: Mapping[str, type[KeyCommand]] = {
    kind.__name__: kind for kind in INSTRUCTIONS.values()
}
