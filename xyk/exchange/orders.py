"""PlaceOrder and ReplaceOrder: checks in the order of precedence, then the way of a taker down to
the limit, then the rest of the order in the book, or its end.

A passive order, the common case, meets each check once and no walk.
"""

from xyk.book.order import Order
from xyk.domain.commands import PlaceOrder, ReplaceOrder
from xyk.domain.events import (
    AnyEvent,
    OrderPlaced,
    OrderReduced,
    OrderReplaced,
    OrderRested,
    TriggerArmed,
)
from xyk.domain.market import OPEN, Market
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import Request
from xyk.domain.units import (
    ORDERS_PER_MARKET_MAX,
    ORDERS_PER_OWNER_MAX,
    RESERVE_MAX,
)
from xyk.exchange.arrival import arrived, filling_fault, reach, taking_fault
from xyk.exchange.edge import Edge
from xyk.exchange.holds import amount_held, held_for
from xyk.exchange.order_terms import (
    GTC,
    GTD,
    REJECT_TAKER,
    agent_price_fault,
    form_fault,
    pair_fault,
    quantity_fault,
    status_fault,
    tick_fault,
    trigger_fault,
    zero_fault,
)
from xyk.exchange.route import edge_between, edge_of
from xyk.exchange.state import State
from xyk.exchange.swaps import insufficient_funds

Outcome = tuple[AnyEvent, ...] | Rejected


def place_order(state: State, request: Request, place: PlaceOrder) -> Outcome:
    """An order of whole lots at a whole tick, named by what is sold and what is bought for it."""
    read = read_order(state, request, place)
    if isinstance(read, Rejected):
        return read
    placed, edge, needed = read
    return arriving(state, placed, edge, needed)


def read_order(
    state: State, request: Request, place: PlaceOrder
) -> tuple[OrderPlaced, Edge, int] | Rejected:
    """The order in ticks and lots, its market in the taker's direction, and the base units that it
    needs available; refused where it is no order of an open market."""
    edge = edge_between(state, place.sell_token, place.buy_token)
    if edge is None:
        return pair_fault(state, place.sell_token, place.buy_token)
    market = edge.market
    if market.status != OPEN:
        return status_fault(market)
    is_bid = not edge.sells_base
    if is_bid:
        base, quote = place.buy_amount, place.sell_amount
    else:
        base, quote = place.sell_amount, place.buy_amount
    if not base or not quote:
        return zero_fault()
    lots, crumbs = divmod(base, market.lot_size)
    if crumbs or edge.book is None:
        price, off = divmod(quote * edge.whole_base, base * market.tick_size)
    else:  # the same with smaller numbers: beside a book a lot's value at a tick is exact
        price, off = divmod(quote, lots * edge.lot_value)
    if off or price > RESERVE_MAX:
        return tick_fault(market, edge.whole_base, base, quote)
    time_in_force = place.time_in_force or GTC
    by_agent = request.signer != place.owner
    fault = None
    if place.trigger_price or by_agent:
        fault = _price_fault(state, place, edge, base, quote, time_in_force, by_agent)
    fault = (
        fault
        or quantity_fault(market, base, quote)
        or form_fault(state, request.now_ms, market, place, time_in_force)
    )
    if fault is not None:
        return fault
    placed = OrderPlaced(
        owner=place.owner,
        order_id=request.seq,
        digest=request.digest,
        market=market.symbol,
        is_bid=is_bid,
        price=price,
        quantity=lots,
        time_in_force=time_in_force,
        post_only=place.post_only,
        self_trade_prevention=place.self_trade_prevention or REJECT_TAKER,
        client_id=place.client_id,
        expires=place.expires,
        trigger_price=place.trigger_price,
        trigger_above=place.trigger_above and place.trigger_price > 0,
        by_agent=by_agent,
    )
    return placed, edge, quote if is_bid else base


def _price_fault(
    state: State,
    place: PlaceOrder,
    edge: Edge,
    base: int,
    quote: int,
    time_in_force: str,
    by_agent: bool,
) -> Rejected | None:
    """What else is wrong with a price: of the trigger, or of an agent's order."""
    if place.trigger_price:
        fault = trigger_fault(
            state, edge.market, edge.whole_base, place.trigger_price, place.trigger_above
        )
        if fault is not None:
            return fault
    if by_agent:
        rests = time_in_force in (GTC, GTD) and not place.trigger_price
        return agent_price_fault(state, edge.market, not edge.sells_base, base, quote, rests)
    return None


def arriving(state: State, placed: OrderPlaced, edge: Edge, needed: int) -> Outcome:
    """The order waits for its trigger, or meets the market now. Without an owner it is only asked
    about, and no funds are looked at."""
    owner, price, lots = placed.owner, placed.price, placed.quantity
    time_in_force, prevention = placed.time_in_force, placed.self_trade_prevention
    taken = None
    keeps = True
    if not placed.trigger_price:
        taken = reach(edge, lots, price, owner, prevention)
        keeps = time_in_force in (GTC, GTD)
        if taken is not None:
            fault = taking_fault(
                state, taken, time_in_force, placed.post_only, prevention, placed.by_agent
            )
            if fault is not None:
                return fault
            keeps = keeps and taken.lots < lots and not taken.met_own
    if keeps:
        fault = limit_fault(state, owner, edge.market)
        if fault is not None:
            return fault
    available = state.ledger.available(owner, edge.asset_in)
    if available < needed and owner:
        return insufficient_funds(edge.asset_in, needed, available)
    if placed.trigger_price:
        return placed, TriggerArmed(order_id=placed.order_id, held=needed)
    if taken is None and keeps:
        return placed, OrderRested(order_id=placed.order_id, remaining=lots, held=needed)
    fault = filling_fault(taken, lots, time_in_force)
    if fault is not None:
        return fault
    assert taken is not None and taken.amount_in <= needed, "a limit bounds the cost"
    return (
        placed,
        *arrived(
            *(state, placed.order_id, owner, edge.market, placed.is_bid, price, lots),
            *(time_in_force, taken),
        ),
    )


def replace_order(state: State, request: Request, replace: ReplaceOrder) -> Outcome:
    """A new total quantity and price for an open order; the rest of it stays, its id too.

    Less at the same price keeps its place; anything else leaves the book and comes again as a new
    order would. A waiting trigger order goes on waiting.
    """
    sold = state.tokens.get(replace.sell_token, "")
    symbol = state.pairs.get((sold, state.tokens.get(replace.buy_token, "")))
    order = state.open_orders.by_digest.get(replace.order)
    is_known = order is not None and order.owner == replace.owner
    if symbol is None:
        unpaired = pair_fault(state, replace.sell_token, replace.buy_token)
        if is_known or unpaired.code in (Code.INVALID_ASSET, Code.INVALID_MARKET):
            return unpaired
    if order is None or not is_known or symbol is None:
        return Rejected(
            Code.RESOURCE_NOT_FOUND,
            f"Not Found: the owner has no open order that {replace.order} placed; name the digest "
            "of the action that placed it",
        )
    market = state.markets[symbol]
    if market.status != OPEN:
        return status_fault(market)
    is_bid = sold == market.quote
    if is_bid:
        base, quote = replace.buy_amount, replace.sell_amount
    else:
        base, quote = replace.sell_amount, replace.buy_amount
    if not base or not quote:
        return zero_fault()
    whole_base = 10 ** state.assets[market.base].decimals
    price, off = divmod(quote * whole_base, base * market.tick_size)
    if off or price > RESERVE_MAX:
        return tick_fault(market, whole_base, base, quote)
    by_agent = request.signer != replace.owner
    if by_agent:
        rests = not state.open_orders.is_waiting(order)
        fault = agent_price_fault(state, market, is_bid, base, quote, rests)
        if fault is not None:
            return fault
    fault = quantity_fault(market, base, quote) or _replacement_fault(
        order, market, is_bid, base // market.lot_size
    )
    if fault is not None:
        return fault
    return _replaced(state, order, market, price, base // market.lot_size, by_agent)


def _replaced(
    state: State, order: Order, market: Market, price: int, quantity: int, by_agent: bool
) -> Outcome:
    symbol, is_bid, lots = market.symbol, order.is_bid, quantity - order.filled
    held = held_for(state, order, order.quantity - order.filled)
    needed = amount_held(state, symbol, is_bid, price, lots)
    is_resting = not state.open_orders.is_waiting(order)
    if is_resting and price == order.price and quantity < order.quantity:
        return (
            OrderReduced(
                order_id=order.id, quantity=quantity, remaining=lots, released=held - needed
            ),
        )
    taken = None
    if is_resting:
        edge = edge_of(state, market, not is_bid)
        taken = reach(edge, lots, price, order.owner, order.self_trade_prevention)
        if taken is not None:
            fault = taking_fault(
                *(state, taken, order.time_in_force, order.post_only),
                *(order.self_trade_prevention, by_agent),
            )
            if fault is not None:
                return fault
    sold = market.quote if is_bid else market.base
    available = state.ledger.available(order.owner, sold) + held
    if available < needed:
        return insufficient_funds(sold, needed, available)
    replaced = OrderReplaced(
        order_id=order.id,
        price=price,
        quantity=quantity,
        released=held,
        by_agent=by_agent and not is_resting,
    )
    if not is_resting:
        return replaced, TriggerArmed(order_id=order.id, held=needed)
    if taken is not None:
        fault = filling_fault(taken, lots, order.time_in_force)
        if fault is not None:
            return fault
        assert taken.amount_in <= needed, "a limit bounds the cost"
    return (
        replaced,
        *arrived(
            *(state, order.id, order.owner, market, is_bid, price, lots),
            *(order.time_in_force, taken),
        ),
    )


def _replacement_fault(
    order: Order, market: Market, is_bid: bool, quantity: int
) -> Rejected | None:
    if quantity <= order.filled:
        least = (order.filled + 1) * market.lot_size
        return Rejected(
            Code.INVALID_QUANTITY,
            "The quantity is the new total with what is filled already, "
            f"{order.filled * market.lot_size} base units of {market.base}; name at least {least}, "
            "or cancel the order",
        )
    if order.market != market.symbol or order.is_bid != is_bid:
        side = "bid" if order.is_bid else "ask"
        return Rejected(
            Code.INVALID_ORDER,
            f"The order is a {side} in {order.market}; a replacement keeps market and side",
        )
    return None


def limit_fault(state: State, owner: str, market: Market) -> Rejected | None:
    """Whether there is room for one more order that rests or waits."""
    orders = state.open_orders
    if len(orders.by_owner.get(owner, ())) >= ORDERS_PER_OWNER_MAX:
        return Rejected(
            Code.ORDER_LIMIT,
            f"An owner may have {ORDERS_PER_OWNER_MAX} open orders; cancel some first",
        )
    if orders.count.get(market.symbol, 0) >= ORDERS_PER_MARKET_MAX:
        return Rejected(
            Code.ORDER_LIMIT,
            f"{market.symbol} has {ORDERS_PER_MARKET_MAX} open orders, which is its limit; IOC and "
            "FOK still work",
        )
    return None
