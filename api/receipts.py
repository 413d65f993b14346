"""Receipts: what an accepted action did, from its events alone, so that a repeated one reads the
same.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import msgspec

from api.hops import FeeView, HopView, fees_of, hops_of, single_fee
from api.order_log import Orders
from api.order_views import (
    FillView,
    OrderView,
    fill_views,
    order_fields,
    order_view,
)
from api.outcomes import placed_order
from api.views import address, event_view, token_of
from xyk.domain.commands import (
    AddLiquidity,
    CancelAllAfter,
    CancelAllOrders,
    CancelOrder,
    PlaceOrder,
    RemoveLiquidity,
    ReplaceOrder,
    SwapExactIn,
    SwapExactOut,
    Withdraw,
)
from xyk.domain.events import (
    BookFilled,
    CancelTimerSet,
    LiquidityAdded,
    LiquidityRemoved,
    Withdrawn,
)
from xyk.engine.order_record import OrderRecord
from xyk.engine.submission import Committed
from xyk.exchange.state import State


class Receipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`timestamp` is Unix ms, `digest` the action's (null for the faucet). `events` are the
    journal's, amounts as strings.
    """

    seq: int
    timestamp: int
    digest: str | None
    events: list[dict[str, Any]]


class DustView(msgspec.Struct, frozen=True):
    """What could not be traded and stayed with the owner."""

    token: str
    amount: str


class SwapReceipt(Receipt, frozen=True, kw_only=True):
    """`fee` is null where fees were paid in several tokens."""

    amount_in: str
    amount_out: str
    fee: str | None
    fees: list[FeeView]
    route: list[HopView]
    dust: list[DustView]


class LiquidityReceipt(Receipt, frozen=True, kw_only=True):
    """Amounts in the order in which the action names its tokens; `liquidity` in shares."""

    amount_a: str
    amount_b: str
    liquidity: str
    pool: str


class WithdrawalReceipt(Receipt, frozen=True, kw_only=True):
    token: str
    amount: str
    recipient: str
    status: str


class OrderReceipt(Receipt, frozen=True, kw_only=True):
    """The order object beside the receipt's own fields, and whole as `order`: `digest` and `seq`
    are the receipt's here, `order.digest` stays that of the action that placed it. `fills` are
    those of this entry in which the order was the taker."""

    id: str
    client_id: int | None
    created_at: int
    symbol: str
    side: str
    order_type: str
    time_in_force: str
    self_trade_prevention: str
    status: str
    price: str
    quantity: str
    executed_quantity: str
    executed_quote_quantity: str
    post_only: bool
    trigger_by: str | None
    trigger_price: str | None
    trigger_quantity: str | None
    trigger_above: bool | None
    triggered_at: int | None
    expiry_reason: str | None
    owner: str
    expires: int | None
    order: OrderView
    fills: list[FillView]
    reduce_only: None = None
    related_order_id: None = None
    strategy_id: None = None


class CancelAllReceipt(Receipt, frozen=True, kw_only=True):
    """`orders` that were cancelled, ascending id."""

    orders: list[OrderView]


class TimerReceipt(Receipt, frozen=True, kw_only=True):
    """`market` empty: all. `firesAt` in ms, null where the switch was disarmed."""

    market: str
    fires_at: int | None


def receipt(state: State, committed: Committed, orders: Orders = ()) -> Receipt:
    """`state` only names tokens, which never change; all amounts are the events'. `orders`: what
    the entry made of the orders that a replacement or a cancel named."""
    make = _KINDS.get(type(committed.command), _plain)
    return make(state, committed, orders)


def hide_makers(view: Receipt) -> None:
    """Whose orders were met is not for the taker to know where accounts are private."""
    for event in view.events:
        if event["type"] == BookFilled.__name__:
            event["maker"] = ""


def _plain(state: State, committed: Committed, orders: Orders) -> Receipt:
    return Receipt(**_common(committed))


def _common(committed: Committed) -> dict[str, Any]:
    entry = committed.entry
    return {
        "seq": entry.seq,
        "timestamp": entry.time,
        "digest": committed.evidence.digest or None,
        "events": [event_view(event) for event in committed.events],
    }


def _swap(state: State, committed: Committed, orders: Orders) -> Receipt:
    command = committed.command
    assert isinstance(command, SwapExactIn | SwapExactOut)
    hops = hops_of(state, committed.events)
    views = [view for hop in hops for view in hop.views(state)]
    fees = fees_of(views)
    dust = [
        DustView(token_of(state, hop.asset_out), str(hop.amount_out - after.amount_in))
        for hop, after in pairwise(hops)
        if hop.amount_out > after.amount_in
    ]
    if isinstance(command, SwapExactIn) and command.amount_in > hops[0].amount_in:
        unspent = str(command.amount_in - hops[0].amount_in)
        dust.insert(0, DustView(address(command.token_in), unspent))
    return SwapReceipt(
        **_common(committed),
        amount_in=str(hops[0].amount_in),
        amount_out=str(hops[-1].amount_out),
        fee=single_fee(fees),
        fees=fees,
        route=views,
        dust=dust,
    )


def _liquidity(state: State, committed: Committed, orders: Orders) -> Receipt:
    command = committed.command
    assert isinstance(command, AddLiquidity | RemoveLiquidity)
    moved = next(
        event for event in committed.events if isinstance(event, LiquidityAdded | LiquidityRemoved)
    )
    amount_a, amount_b = moved.amount_base, moved.amount_quote
    if command.token_a != state.assets[state.markets[moved.market].base].token:
        amount_a, amount_b = amount_b, amount_a
    return LiquidityReceipt(
        **_common(committed),
        amount_a=str(amount_a),
        amount_b=str(amount_b),
        liquidity=str(moved.liquidity),
        pool=moved.market,
    )


def _withdrawal(state: State, committed: Committed, orders: Orders) -> Receipt:
    moved = next(event for event in committed.events if isinstance(event, Withdrawn))
    return WithdrawalReceipt(
        **_common(committed),
        token=token_of(state, moved.asset),
        amount=str(moved.amount),
        recipient=address(moved.recipient),
        status="confirmed",
    )


def _placed(state: State, committed: Committed, orders: Orders) -> Receipt:
    """The order as its own entry left it, from command and events alone."""
    return _order_receipt(state, committed, placed_order(state, committed))


def _named(state: State, committed: Committed, orders: Orders) -> Receipt:
    [order] = orders
    return _order_receipt(state, committed, order)


def _order_receipt(state: State, committed: Committed, order: OrderRecord) -> Receipt:
    fields = order_fields(state, order)
    return OrderReceipt(
        **fields,
        **_common(committed),
        order=OrderView(**fields, digest=order.digest, seq=committed.entry.seq),
        fills=fill_views(state, committed.events),
    )


def _cancelled(state: State, committed: Committed, orders: Orders) -> Receipt:
    seq = committed.entry.seq
    views = [order_view(state, order, seq) for order in orders]
    return CancelAllReceipt(**_common(committed), orders=views)


def _timer(state: State, committed: Committed, orders: Orders) -> Receipt:
    timer = next(event for event in committed.events if isinstance(event, CancelTimerSet))
    return TimerReceipt(**_common(committed), market=timer.market, fires_at=timer.fires_ms or None)


_KINDS: Mapping[type, Callable[[State, Committed, Orders], Receipt]] = {
    SwapExactIn: _swap,
    SwapExactOut: _swap,
    AddLiquidity: _liquidity,
    RemoveLiquidity: _liquidity,
    Withdraw: _withdrawal,
    PlaceOrder: _placed,
    ReplaceOrder: _named,
    CancelOrder: _named,
    CancelAllOrders: _cancelled,
    CancelAllAfter: _timer,
}
