"""A trigger order whose price was reached takes its turn: it arrives as a new order would."""

from xyk.book.order import Order
from xyk.domain.commands import ActivateTrigger
from xyk.domain.events import AnyEvent, OrderClosed, OrderTriggered
from xyk.domain.rejections import Rejected
from xyk.domain.request import Request
from xyk.exchange.arrival import arrived, filling_fault, reach, taking_fault
from xyk.exchange.holds import held_for
from xyk.exchange.order_terms import GTC, GTD, agent_price_fault
from xyk.exchange.route import edge_of
from xyk.exchange.state import State
from xyk.exchange.taken import Taken


def activate_trigger(
    state: State, request: Request, activate: ActivateTrigger
) -> tuple[AnyEvent, ...]:
    """What a new order would be refused for ends this one as TriggerFailed, its hold released and
    nothing else touched.
    """
    order = state.open_orders.by_id[activate.order_id]
    lots = order.quantity - order.filled
    triggered = OrderTriggered(order_id=order.id, released=held_for(state, order, lots))
    taken = _taken(state, order, lots)
    if isinstance(taken, Rejected):
        reason = "".join([part.capitalize() for part in taken.code.name.split("_")])
        failed = OrderClosed(
            owner=order.owner,
            order_id=order.id,
            market=order.market,
            status="TriggerFailed",
            reason=reason,
            remaining=lots,
        )
        return triggered, failed
    market = state.markets[order.market]
    return (
        triggered,
        *arrived(
            *(state, order.id, order.owner, market, order.is_bid, order.price, lots),
            *(order.time_in_force, taken),
        ),
    )


def _taken(state: State, order: Order, lots: int) -> Taken | Rejected | None:
    market, tif, prevention = (
        state.markets[order.market],
        order.time_in_force,
        order.self_trade_prevention,
    )
    if order.by_agent:
        base, quote = market.lot_size, order.price * state.lot_values[order.market]
        rests = tif in (GTC, GTD)
        fault = agent_price_fault(state, market, order.is_bid, base, quote, rests)
        if fault is not None:
            return fault
    edge = edge_of(state, market, not order.is_bid)
    taken = reach(edge, lots, order.price, order.owner, prevention)
    if taken is not None:
        fault = taking_fault(state, taken, tif, order.post_only, prevention, order.by_agent)
        if fault is not None:
            return fault
    fault = filling_fault(taken, lots, tif)
    return taken if fault is None else fault
