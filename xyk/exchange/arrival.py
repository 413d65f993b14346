"""An order arrives at its market: what it takes there, and what becomes of the rest.

Used alike by a new order, by a replacement that crosses and by an activated trigger.
"""

from xyk.domain.events import AnyEvent, OrderClosed, OrderRested
from xyk.domain.market import Market
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import AGENT_BAND_BPS, FILLS_MAX
from xyk.exchange.edge import Edge
from xyk.exchange.holds import amount_held
from xyk.exchange.order_terms import FOK, IOC, REJECT_MAKER, REJECT_TAKER
from xyk.exchange.spot import leaves_band, spot_of
from xyk.exchange.state import State
from xyk.exchange.taken import Taken
from xyk.exchange.taking import SELF_TRADE, reached_events, taken_events
from xyk.exchange.walk import take_order


def reach(edge: Edge, lots: int, limit: int, owner: str, prevention: str) -> Taken | None:
    """The walk's plan, or None without a walk where neither the best order of the other side nor
    the pool's first lot is within `limit` ticks.
    """
    if edge.reaches(limit) or edge.pool_reaches(limit):
        return take_order(edge, lots, limit, owner, prevention)
    return None


def taking_fault(
    state: State,
    taken: Taken,
    time_in_force: str,
    post_only: bool,
    prevention: str,
    by_agent: bool,
) -> Rejected | None:
    """What forbids to take at all: INVALID_PRICE (an agent's band), INVALID_ORDER, ORDER_LIMIT."""
    if by_agent and taken.lots:
        spot = spot_of(state, taken.edge.market)
        assert spot is not None, "an agent's order was refused without one"
        if leaves_band(taken, spot):
            return Rejected(
                Code.INVALID_PRICE,
                f"An agent may trade at most {AGENT_BAND_BPS} bps from spot; use a nearer limit or "
                "a smaller quantity, or let the owner sign",
            )
    if post_only and taken.lots:
        return Rejected(
            Code.INVALID_ORDER,
            "Order would immediately match and take; a postOnly order must stay behind the best "
            "price of book and pool",
        )
    if taken.met_own:
        if post_only or time_in_force == FOK:
            return Rejected(
                Code.INVALID_ORDER,
                "Order would meet an order of its own owner; cancel that one first, or use "
                f"{REJECT_MAKER}",
            )
        if prevention == REJECT_TAKER and not taken.lots:
            return Rejected(
                Code.INVALID_ORDER,
                "Order would trade with its own owner before anybody else; cancel the resting "
                f"order first, or use {REJECT_MAKER}",
            )
    if taken.is_too_long:
        return Rejected(
            Code.ORDER_LIMIT,
            f"Order would meet more than {FILLS_MAX} orders at once; use a smaller quantity or a "
            "nearer limit",
        )
    return None


def filling_fault(taken: Taken | None, lots: int, time_in_force: str) -> Rejected | None:
    """What the market cannot do: INSUFFICIENT_LIQUIDITY, RESERVE_OVERFLOW."""
    had = taken.lots if taken is not None else 0
    if time_in_force == FOK and had < lots:
        return Rejected(
            Code.INSUFFICIENT_LIQUIDITY,
            f"Only {had} of {lots} lots can be filled within the limit; FOK takes all or nothing",
        )
    if time_in_force == IOC and not had and (taken is None or not taken.met_own):
        return Rejected(
            Code.INSUFFICIENT_LIQUIDITY,
            "Nothing can be filled within the limit; IOC takes what it can at once",
        )
    if taken is not None and taken.overflows:
        return Rejected(
            Code.RESERVE_OVERFLOW,
            f"A reserve of {taken.edge.market.symbol} would pass 2^112-1 base units; use a smaller "
            "quantity",
        )
    return None


def arrived(
    state: State,
    order_id: int,
    owner: str,
    market: Market,
    is_bid: bool,
    price: int,
    lots: int,
    time_in_force: str,
    taken: Taken | None,
) -> list[AnyEvent]:
    """Fills, what they trigger, and last what becomes of the order."""
    symbol = market.symbol
    if taken is None:
        events: list[AnyEvent] = []
    else:
        events = taken_events(state, taken, owner, order_id)
        events += reached_events(state, events)
        lots -= taken.lots
        if not lots:
            status, reason = "Filled", ""
        elif taken.met_own:
            status, reason = "Expired", SELF_TRADE
        elif time_in_force == IOC:
            status, reason = "Expired", "ImmediateOrCancel"
        else:
            status = ""
        if status:
            events.append(
                OrderClosed(
                    owner=owner,
                    order_id=order_id,
                    market=symbol,
                    status=status,
                    reason=reason,
                    remaining=lots,
                )
            )
            return events
    held = amount_held(state, symbol, is_bid, price, lots)
    events.append(OrderRested(order_id=order_id, remaining=lots, held=held))
    return events
