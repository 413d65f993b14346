"""What an open order needs held: a bid its quote at its own price, an ask its base, for the lots
that it has left. In base units, exact: listing sees to it that a lot at a tick is a whole number.
"""

from xyk.book.order import Order
from xyk.domain.events import OrderClosed
from xyk.exchange.state import State


def held_asset(state: State, order: Order) -> str:
    market = state.markets[order.market]
    return market.quote if order.is_bid else market.base


def held_for(state: State, order: Order) -> int:
    """For what the order has left. It holds that while it rests or waits, and nothing else."""
    return amount_held(
        state, order.market, order.is_bid, order.price, order.quantity - order.filled
    )


def amount_held(state: State, market: str, is_bid: bool, price: int, lots: int) -> int:
    """For `lots` at `price` ticks."""
    if is_bid:
        return lots * price * state.lot_values[market]
    return lots * state.markets[market].lot_size


def closing(state: State, order: Order, status: str, reason: str) -> OrderClosed:
    """The end of an order that rests or waits, its hold released."""
    return OrderClosed(
        owner=order.owner,
        order_id=order.id,
        market=order.market,
        status=status,
        reason=reason,
        remaining=order.quantity - order.filled,
        released=held_for(state, order),
    )
