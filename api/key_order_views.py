"""The order object of the convention, as an API key gets it: one form for limit and one for market
orders, told apart by `orderType`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from api.order_views import order_fields
from api.views import naive_time
from xyk.domain.decimals import whole_tokens
from xyk.domain.key_commands import LIMIT, MARKET
from xyk.engine.order_record import OrderRecord
from xyk.exchange.state import State

OK, ERR = "Ok", "Err"  # operations: what became of an element of a batch
CANCELLED = "Cancelled"
SELF_TRADES: Mapping[str, str] = {"SelfTrade": "SelfTradePrevention"}
# Reasons that the convention has a word for; others are Unknown there.
EXPIRY_REASONS = frozenset(
    {"FillOrKill", "ImmediateOrCancel", "InsufficientFunds", "InsufficientLiquidity"}
    | {"InvalidPrice", "InvalidQuantity", "PostOnlyMode", "PostOnlyTaker", "PriceOutOfBounds"}
    | {"PriceImpact", "SelfTradePrevention", "SlippageToleranceExceeded"}
)


class KeyOrder(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="orderType", tag="Order"
):
    """Quantities base, prices quote per base, in whole tokens. Executed quantities are gross and
    count book and pool together. `createdAt` and `triggeredAt` in ms. `triggerQuantity` is the
    quantity of an order that waits for its trigger."""

    id: str
    client_id: int | None
    created_at: int
    symbol: str
    side: str
    time_in_force: str
    self_trade_prevention: str
    status: str
    executed_quantity: str
    executed_quote_quantity: str
    trigger_by: str | None
    trigger_price: str | None
    trigger_quantity: str | None
    triggered_at: int | None
    expiry_reason: str | None
    reduce_only: None = None
    related_order_id: None = None
    strategy_id: None = None
    stop_loss_trigger_price: None = None
    stop_loss_limit_price: None = None
    stop_loss_trigger_by: None = None
    take_profit_trigger_price: None = None
    take_profit_limit_price: None = None
    take_profit_trigger_by: None = None


class LimitOrder(KeyOrder, frozen=True, kw_only=True, tag=LIMIT):
    price: str
    quantity: str
    post_only: bool


class MarketOrder(KeyOrder, frozen=True, kw_only=True, tag=MARKET):
    """By base `quantity` or by `quoteQuantity`, the other one is null."""

    quantity: str | None
    quote_quantity: str | None


AnyKeyOrder = LimitOrder | MarketOrder


class HistoryOrder(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An order in any state, open ones too. `createdAt` is UTC without a zone."""

    id: str
    client_id: int | None
    created_at: str
    symbol: str
    side: str
    order_type: str
    time_in_force: str
    self_trade_prevention: str
    status: str
    price: str | None
    quantity: str | None
    quote_quantity: str | None
    executed_quantity: str
    executed_quote_quantity: str
    post_only: bool
    trigger_by: str | None
    trigger_price: str | None
    trigger_quantity: str | None
    triggered_at: int | None
    expiry_reason: str | None
    system_order_type: None = None
    reduce_only: None = None
    related_order_id: None = None
    strategy_id: None = None


def key_order(state: State, order: OrderRecord) -> AnyKeyOrder:
    """`state` only gives names and decimals, which never change."""
    fields = _fields(state, order)
    kind = MarketOrder if order.order_type == MARKET else LimitOrder
    return kind(**{name: fields[name] for name in kind.__struct_fields__ if name in fields})


def history_order(state: State, order: OrderRecord) -> HistoryOrder:
    fields = _fields(state, order) | {"created_at": naive_ms(order.created_ms)}
    if order.order_type == MARKET:
        fields["price"] = None  # the worst one that it would have taken, which it never named
    return HistoryOrder(
        **{name: fields[name] for name in HistoryOrder.__struct_fields__ if name in fields}
    )


def _fields(state: State, order: OrderRecord) -> dict[str, Any]:
    fields = order_fields(state, order)
    fields["expiry_reason"] = expiry_reason(order)
    fields["quote_quantity"] = None
    if order.quote_quantity:
        quote = state.assets[state.markets[order.market].quote].decimals
        fields["quote_quantity"] = whole_tokens(order.quote_quantity, quote)
        fields["quantity"] = None
    return fields


def expiry_reason(order: OrderRecord) -> str | None:
    """Why it ended unfilled where nobody cancelled it, in the convention's words."""
    reason = SELF_TRADES.get(order.reason, order.reason)
    if not reason or (order.status == CANCELLED and reason not in EXPIRY_REASONS):
        return None
    return reason if reason in EXPIRY_REASONS else "Unknown"


def naive_ms(time_ms: int) -> str:
    """UTC without a zone, to the millisecond: 2025-07-27T17:39:00.092."""
    return naive_time(time_ms)[:-3]
