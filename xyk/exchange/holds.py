"""What an open order holds, and how one ends.

A bid holds its quote at its own price, an ask its base, for the lots that it has left. In base
units, exact: listing sees to it that a tick of a lot is a whole number of quote units.
"""

from xyk.book.order import Order
from xyk.domain.events import OrderClosed
from xyk.exchange.state import State


def hold_of(state: State, order: Order) -> tuple[str, int]:
    """Asset and base units that the order holds for the lots that it has left. Exact."""
    market, lots = state.markets[order.market], order.quantity - order.filled
    if order.is_bid:
        return market.quote, lots * order.price * state.lot_values[order.market]
    return market.base, lots * market.lot_size


def held_asset(state: State, order: Order) -> str:
    market = state.markets[order.market]
    return market.quote if order.is_bid else market.base


def held_for(state: State, order: Order, lots: int) -> int:
    """Base units that `lots` of the order hold. Exact."""
    if order.is_bid:
        return lots * order.price * state.lot_values[order.market]
    return lots * state.markets[order.market].lot_size


def amount_held(state: State, market: str, is_bid: bool, price: int, lots: int) -> int:
    """Base units that `lots` at `price` ticks hold: quote for a bid, base for an ask. Exact."""
    if is_bid:
        return lots * price * state.lot_values[market]
    return lots * state.markets[market].lot_size


def closed(state: State, order: Order, status: str, reason: str) -> OrderClosed:
    """An order of book or waiting list ends with its whole hold released."""
    return OrderClosed(
        owner=order.owner,
        order_id=order.id,
        market=order.market,
        status=status,
        reason=reason,
        remaining=order.quantity - order.filled,
        released=hold_of(state, order)[1],
    )
