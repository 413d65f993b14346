"""Orders that end without a fill: by their owner's word, by a dead man's switch, by their time.

All of it works in every market status. The hold goes back to what the owner has available.
"""

from xyk.book.order import Order
from xyk.domain.commands import (
    CancelAllAfter,
    CancelAllOrders,
    CancelOrder,
    ExpireOrder,
    FireCancelTimer,
)
from xyk.domain.events import AnyEvent, CancelTimerSet, OrderClosed
from xyk.domain.key_commands import CancelOpenOrder, CancelOpenOrders
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import Request
from xyk.domain.units import CANCEL_AFTER_MAX_S
from xyk.exchange.holds import closed
from xyk.exchange.key_terms import CONDITIONAL, RESTING
from xyk.exchange.listings import unknown_market
from xyk.exchange.state import State

_ID_DIGITS_MAX = 20


def cancel_order(
    state: State, request: Request, cancel: CancelOrder
) -> tuple[AnyEvent, ...] | Rejected:
    """By its id, or where that is empty by the owner's clientId. Waiting triggers too."""
    order = _own_order(state, cancel.owner, cancel.order_id, cancel.client_id)
    return order if isinstance(order, Rejected) else (_cancelled(state, order),)


def cancel_open_order(
    state: State, cancel: CancelOpenOrder, owner: str
) -> tuple[AnyEvent, ...] | Rejected:
    """The same by a key, which names the order's market besides."""
    if cancel.symbol not in state.markets:
        return unknown_market(cancel.symbol)
    order = _own_order(state, owner, cancel.order_id, cancel.client_id)
    if isinstance(order, Rejected):
        return order
    if order.market != cancel.symbol:
        return Rejected(
            Code.RESOURCE_NOT_FOUND,
            f"Not Found: the order is in {order.market}, not in {cancel.symbol}",
        )
    return (_cancelled(state, order),)


def cancel_open_orders(
    state: State, cancel: CancelOpenOrders, owner: str
) -> tuple[AnyEvent, ...] | Rejected:
    """All of the owner's orders in the market that rest, that wait for a trigger, or both."""
    if cancel.symbol not in state.markets:
        return unknown_market(cancel.symbol)
    waits = {RESTING: False, CONDITIONAL: True}.get(cancel.order_type)
    return tuple(
        [
            _cancelled(state, order)
            for order in state.open_orders.by_owner.get(owner, {}).values()
            if order.market == cancel.symbol
            and (waits is None or state.open_orders.is_waiting(order) is waits)
        ]
    )


def cancel_all_orders(
    state: State, request: Request, cancel: CancelAllOrders
) -> tuple[AnyEvent, ...] | Rejected:
    """All of the owner's orders in the market (empty: in all), also where there is none."""
    if cancel.market and cancel.market not in state.markets:
        return unknown_market(cancel.market)
    return tuple(_closings(state, cancel.owner, cancel.market, "UserCancelled"))


def cancel_all_after(
    state: State, request: Request, cancel: CancelAllAfter
) -> tuple[AnyEvent, ...] | Rejected:
    """Sets the owner's switch for the market (empty: all) anew; 0 seconds disarm it."""
    if cancel.market and cancel.market not in state.markets:
        return unknown_market(cancel.market)
    seconds = cancel.timeout_seconds
    if seconds > CANCEL_AFTER_MAX_S:
        return Rejected(
            Code.INVALID_QUANTITY,
            f"timeoutSeconds {seconds} must be 1 to {CANCEL_AFTER_MAX_S}, or 0 to disarm",
        )
    fires_ms = request.now_ms + 1000 * seconds if seconds else 0
    return (CancelTimerSet(owner=cancel.owner, market=cancel.market, fires_ms=fires_ms),)


def fire_cancel_timer(
    state: State, request: Request, fire: FireCancelTimer
) -> tuple[AnyEvent, ...]:
    """The switch is gone, and with it the orders that are open at this moment."""
    return (
        CancelTimerSet(owner=fire.owner, market=fire.market, fires_ms=0),
        *_closings(state, fire.owner, fire.market, "CancelAllAfter"),
    )


def expire_order(state: State, request: Request, expire: ExpireOrder) -> tuple[AnyEvent, ...]:
    order = state.open_orders.by_id[expire.order_id]
    return (closed(state, order, "Expired", "GoodTillDate"),)


def _closings(state: State, owner: str, market: str, reason: str) -> list[OrderClosed]:
    """In ascending order of id, which is the order in which an owner's orders are kept."""
    return [
        closed(state, order, "Cancelled", reason)
        for order in state.open_orders.by_owner.get(owner, {}).values()
        if not market or order.market == market
    ]


def _cancelled(state: State, order: Order) -> OrderClosed:
    return closed(state, order, "Cancelled", "UserCancelled")


def _own_order(state: State, owner: str, order_id: str, client_id: int) -> Order | Rejected:
    """An open order of the owner by id, or where that is empty by clientId."""
    orders = state.open_orders
    order: Order | None = None
    if order_id:
        number = _order_number(order_id)
        if number is not None:
            order = orders.by_id.get(number)
        if order is None or order.owner != owner:
            return Rejected(
                Code.RESOURCE_NOT_FOUND,
                f"Not Found: the owner has no open order {order_id[:32]!r}; it may be filled, "
                "cancelled or expired",
            )
        return order
    order = orders.by_client_id.get((owner, client_id))
    if order is None:
        return Rejected(
            Code.RESOURCE_NOT_FOUND,
            f"Not Found: the owner has no open order with clientId {client_id}; name an open "
            "order's orderId or its clientId",
        )
    return order


def _order_number(text: str) -> int | None:
    """The id that a canonical decimal string names."""
    if len(text) <= _ID_DIGITS_MAX and text.isascii() and text.isdigit() and text[0] != "0":
        return int(text)
    return None
