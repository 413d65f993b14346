"""ExecuteOrder: an order in the Backpack form takes the way of a native one, with two differences.

It may be a market order: IOC with a worst price of ours, by quantity or by quote amount. And what
ends without a fill by Market, IOC, FOK or RejectTaker is accepted and Expired, so that it has an id
and a place in the history. A key counts as an agent.
"""

import msgspec

from xyk.domain.events import AnyEvent, OrderClosed, OrderPlaced, TriggerArmed
from xyk.domain.key_commands import LIMIT, MARKET, ExecuteOrder
from xyk.domain.market import BID, OPEN, Market
from xyk.domain.rejections import Rejected
from xyk.domain.request import Request
from xyk.exchange.arrival import arrived, filling_fault, reach, taking_fault
from xyk.exchange.key_terms import lots_of, quote_of, ticks_of, worst_price
from xyk.exchange.listings import unknown_market
from xyk.exchange.order_terms import (
    FOK,
    GTC,
    IOC,
    REJECT_TAKER,
    agent_price_fault,
    form_fault,
    quantity_fault,
    status_fault,
    trigger_fault,
)
from xyk.exchange.orders import limit_fault
from xyk.exchange.route import edge_of
from xyk.exchange.spot import spot_of
from xyk.exchange.state import State
from xyk.exchange.swaps import insufficient_funds
from xyk.exchange.taken import Taken
from xyk.exchange.walk import take_quote

Outcome = tuple[AnyEvent, ...] | Rejected

SELF_TRADE = "SelfTradePrevention"  # reasons, in the convention's words
NOTHING_TO_TAKE = "InsufficientLiquidity"
IMMEDIATE = "ImmediateOrCancel"
ALL_OR_NOTHING = "FillOrKill"
TOO_LITTLE = "InvalidQuantity"


def execute_order(state: State, request: Request, execute: ExecuteOrder, owner: str) -> Outcome:
    market = state.markets.get(execute.symbol)
    if market is None:
        return unknown_market(execute.symbol)
    if market.status != OPEN:
        return status_fault(market)
    is_market = execute.order_type == MARKET
    time_in_force = execute.time_in_force or GTC
    if is_market and time_in_force == GTC:
        time_in_force = IOC
    placed = OrderPlaced(
        owner=owner,
        order_id=request.seq,
        digest=request.digest,
        market=market.symbol,
        is_bid=execute.side == BID,
        price=0,
        quantity=0,
        time_in_force=time_in_force,
        post_only=execute.post_only,
        self_trade_prevention=execute.self_trade_prevention or REJECT_TAKER,
        client_id=execute.client_id,
        by_agent=True,
        order_type=MARKET if is_market else LIMIT,
    )
    priced = _priced(state, market, execute, placed)
    if isinstance(priced, Rejected):
        return priced
    sized = _sized(state, market, execute, priced)
    if isinstance(sized, Rejected):
        return sized
    fault = form_fault(state, request.now_ms, market, sized, time_in_force)
    return _placed(state, market, sized) if fault is None else fault


def _priced(
    state: State, market: Market, execute: ExecuteOrder, placed: OrderPlaced
) -> OrderPlaced | Rejected:
    """With its limit, and the side from which last comes to its trigger."""
    price = trigger = 0
    if execute.price:
        ticks = ticks_of(state, market, "price", execute.price)
        if isinstance(ticks, Rejected):
            return ticks
        price = ticks
    whole_base = 10 ** state.assets[market.base].decimals
    above = False
    if execute.trigger_price:
        ticks = ticks_of(state, market, "triggerPrice", execute.trigger_price)
        if isinstance(ticks, Rejected):
            return ticks
        trigger, last = ticks, state.last_fills.get(market.symbol)
        if last is not None:
            above = trigger * market.tick_size * last[1] > last[0] * whole_base
        fault = trigger_fault(state, market, whole_base, trigger * market.tick_size, above)
        if fault is not None:
            return fault
    rests = placed.time_in_force == GTC and not trigger
    gross = price * market.tick_size
    fault = agent_price_fault(state, market, placed.is_bid, whole_base, gross, rests)
    if fault is not None:
        return fault
    if not price:
        spot = spot_of(state, market)
        assert spot is not None, "an agent's order was refused without one"
        price = worst_price(state, market, execute, spot, trigger)
    return msgspec.structs.replace(
        placed, price=price, trigger_price=trigger * market.tick_size, trigger_above=above
    )


def _sized(
    state: State, market: Market, execute: ExecuteOrder, placed: OrderPlaced
) -> OrderPlaced | Rejected:
    """With its lots, or the quote amount that will give them."""
    if execute.quote_quantity:
        quote = quote_of(state, market, execute.quote_quantity)
        if isinstance(quote, Rejected):
            return quote
        return msgspec.structs.replace(placed, quote_quantity=quote)
    name, text = "quantity", execute.quantity
    if execute.trigger_quantity:
        name, text = "triggerQuantity", execute.trigger_quantity
    lots = lots_of(state, market, name, text)
    if isinstance(lots, Rejected):
        return lots
    quote = quote_amount(state, market, placed.price, lots)
    fault = quantity_fault(market, lots * market.lot_size, quote)
    return msgspec.structs.replace(placed, quantity=lots) if fault is None else fault


def quote_amount(state: State, market: Market, price: int, lots: int) -> int:
    """Quote base units of so many lots at `price` ticks, rounded up; exact beside a book."""
    whole_base: int = 10 ** state.assets[market.base].decimals
    return -(-lots * market.lot_size * price * market.tick_size // whole_base)


def _placed(state: State, market: Market, placed: OrderPlaced) -> Outcome:
    """The order waits for its trigger, or meets the market now."""
    is_bid, lots = placed.is_bid, placed.quantity
    taken = None
    if placed.quote_quantity:
        edge = edge_of(state, market, not is_bid)
        prevention = placed.self_trade_prevention
        taken = take_quote(edge, placed.quote_quantity, placed.price, placed.owner, prevention)
        lots = taken.lots
        placed = msgspec.structs.replace(placed, quantity=lots)
    elif not placed.trigger_price:
        edge = edge_of(state, market, not is_bid)
        taken = reach(edge, lots, placed.price, placed.owner, placed.self_trade_prevention)
    expired = "" if placed.trigger_price else _expired(state, market, placed, taken)
    if taken is not None and not expired:
        fault = taking_fault(
            *(state, taken, placed.time_in_force, placed.post_only),
            *(placed.self_trade_prevention, True),
        )
        if fault is not None:
            return fault
    keeps = placed.time_in_force == GTC and not expired
    if taken is not None:
        keeps = keeps and taken.lots < lots and not taken.met_own
    if keeps or placed.trigger_price:
        fault = limit_fault(state, placed.owner, market)
        if fault is not None:
            return fault
    sold, needed = market.base, lots * market.lot_size
    if is_bid:
        needed = placed.quote_quantity or quote_amount(state, market, placed.price, lots)
        sold = market.quote
    available = state.ledger.available(placed.owner, sold)
    if available < needed:
        return insufficient_funds(sold, needed, available)
    if placed.trigger_price:
        return placed, TriggerArmed(order_id=placed.order_id, held=needed)
    if expired and (taken is None or not taken.steps or expired in (SELF_TRADE, ALL_OR_NOTHING)):
        return placed, _closed(placed, expired, lots)
    if taken is not None:
        assert taken.amount_in <= needed, "a limit bounds the cost"
        fault = filling_fault(taken, lots, GTC)
        if fault is not None:
            return fault
    return placed, *_arrived(state, market, placed, taken, expired)


def _expired(state: State, market: Market, placed: OrderPlaced, taken: Taken | None) -> str:
    """Why the order ends without any fill; empty where it does not, or is refused."""
    time_in_force, prevention = placed.time_in_force, placed.self_trade_prevention
    if placed.post_only or (taken is not None and taken.is_too_long):
        return ""
    had, met_own = (taken.lots, taken.met_own) if taken is not None else (0, False)
    if met_own and (time_in_force == FOK or (prevention == REJECT_TAKER and not had)):
        return SELF_TRADE
    if time_in_force == FOK and had < placed.quantity:
        return ALL_OR_NOTHING
    if time_in_force != IOC or had or met_own:
        return ""
    if placed.order_type == LIMIT:
        return IMMEDIATE
    is_small = taken is not None and taken.is_spent
    return TOO_LITTLE if is_small else NOTHING_TO_TAKE


def _arrived(
    state: State, market: Market, placed: OrderPlaced, taken: Taken | None, expired: str
) -> list[AnyEvent]:
    """As any order arrives; what ends it is told in the convention's words."""
    events = arrived(
        *(state, placed.order_id, placed.owner, market, placed.is_bid, placed.price),
        *(placed.quantity, placed.time_in_force, taken),
    )
    end = events[-1]
    if isinstance(end, OrderClosed) and taken is not None:
        if taken.met_own and (end.remaining or placed.quote_quantity):
            events[-1] = _closed(placed, SELF_TRADE, end.remaining)
        elif expired:
            events[-1] = _closed(placed, expired, end.remaining)
        elif placed.quote_quantity and not taken.is_spent:
            events[-1] = _closed(placed, IMMEDIATE, end.remaining)
    return events


def _closed(placed: OrderPlaced, reason: str, remaining: int) -> OrderClosed:
    return OrderClosed(
        owner=placed.owner,
        order_id=placed.order_id,
        market=placed.market,
        status="Expired",
        reason=reason,
        remaining=remaining,
    )
