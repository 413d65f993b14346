"""What an open order holds, and how one ends."""

from xyk.book.order import Order
from xyk.domain.events import OrderClosed
from xyk.exchange.state import State


def held_for(state: State, order: Order, lots: int) -> int:
    """Base units that `lots` of the order hold: quote at its price for a bid, base for an ask.
    Exact."""
    market = state.markets[order.market]
    if order.is_bid:
        return lots * order.price * market.lot_value(state.assets[market.base].decimals)
    return lots * market.lot_size


def closed(state: State, order: Order, status: str, reason: str) -> OrderClosed:
    """An order of book or waiting list ends with its whole hold released."""
    remaining = order.quantity - order.filled
    return OrderClosed(
        owner=order.owner,
        order_id=order.id,
        market=order.market,
        status=status,
        reason=reason,
        remaining=remaining,
        released=held_for(state, order, remaining),
    )
