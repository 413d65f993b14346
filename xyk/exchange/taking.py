"""From the plan of a hop to its events: who paid what to whom."""

from collections.abc import Sequence

from xyk.book.order import Order
from xyk.domain.events import AnyEvent, BookFilled, PoolSwapped, TriggersReached
from xyk.domain.units import BPS, MINIMUM_FILL_QUOTE
from xyk.exchange.edge import Edge
from xyk.exchange.holds import closed
from xyk.exchange.state import State
from xyk.exchange.taken import Taken

SELF_TRADE = "SelfTrade"


def taken_events(state: State, taken: Taken, owner: str, order_id: int = 0) -> list[AnyEvent]:
    """In the order of the walk: own orders that are cancelled, fills, and last the pool's swap.
    `order_id` is the taker's order, 0 for a swap.
    """
    events: list[AnyEvent] = []
    edge = taken.edge
    trade_id = state.trade_ids[edge.market.symbol]
    for step in taken.steps:
        if step.lots:
            trade_id += 1
            events.append(_filled(edge, step.order, step.lots, owner, order_id, trade_id))
        else:
            events.append(closed(state, step.order, "Cancelled", SELF_TRADE))
    if taken.pool_in:
        events.append(_swapped(taken, owner, order_id, trade_id + 1))
    return events


def reached_events(state: State, events: Sequence[AnyEvent]) -> list[AnyEvent]:
    """What the price-forming fills among `events` trigger, one event for each market."""
    if not state.open_orders.waiting:
        return []
    fills: dict[str, list[tuple[int, int]]] = {}
    for event in events:
        if isinstance(event, BookFilled):
            quote, base = event.quote_amount, event.base_amount
        elif isinstance(event, PoolSwapped):
            quote, base = event.amount_in, event.amount_out
            if event.asset_in == state.markets[event.market].base:
                quote, base = base, quote
        else:
            continue
        if event.price_forming:
            market = state.markets[event.market]
            whole_base = 10 ** state.assets[market.base].decimals
            fills.setdefault(event.market, []).append((quote * whole_base, base))
    reached: list[AnyEvent] = []
    for symbol, prices in fills.items():
        orders = state.open_orders.reached(symbol, prices)
        if orders:
            reached.append(TriggersReached(market=symbol, orders=orders))
    return reached


def _filled(
    edge: Edge, order: Order, lots: int, owner: str, order_id: int, trade_id: int
) -> BookFilled:
    market, price = edge.market, order.price
    base, quote = lots * market.lot_size, lots * price * edge.lot_value
    taker_gets, maker_gets = (quote, base) if edge.sells_base else (base, quote)
    taker_fee = -(-taker_gets * market.taker_fee_bps // BPS)  # rounded up, both of them
    maker_fee = maker_rebate = 0
    maker_bps = market.maker_fee_bps
    if maker_bps > 0:
        maker_fee = -(-maker_gets * maker_bps // BPS)
    elif maker_bps < 0:
        maker_rebate = min(taker_fee, taker_gets * -maker_bps // BPS)
    return BookFilled(
        market=market.symbol,
        maker_order_id=order.id,
        maker=order.owner,
        taker=owner,
        taker_buys=not edge.sells_base,
        price=price,
        quantity=lots,
        base_amount=base,
        quote_amount=quote,
        taker_fee=taker_fee,
        maker_remaining=order.quantity - order.filled - lots,
        trade_id=trade_id,
        price_forming=quote >= MINIMUM_FILL_QUOTE,  # and a whole lot it is
        maker_fee=maker_fee,
        maker_rebate=maker_rebate,
        order_id=order_id,
    )


def _swapped(taken: Taken, owner: str, order_id: int, trade_id: int) -> PoolSwapped:
    edge = taken.edge
    market, pool = edge.market, edge.pool
    if edge.sells_base:
        base, quote = taken.pool_in, taken.pool_out
        reserve_base, reserve_quote = pool.reserve_base + base, pool.reserve_quote - quote
    else:
        base, quote = taken.pool_out, taken.pool_in
        reserve_base, reserve_quote = pool.reserve_base - base, pool.reserve_quote + quote
    return PoolSwapped(
        owner=owner,
        market=market.symbol,
        asset_in=edge.asset_in,
        asset_out=edge.asset_out,
        amount_in=taken.pool_in,
        amount_out=taken.pool_out,
        fee=taken.pool_fee,
        reserve_base=reserve_base,
        reserve_quote=reserve_quote,
        trade_id=trade_id,
        price_forming=base >= market.lot_size and quote >= MINIMUM_FILL_QUOTE,
        order_id=order_id,
    )
