"""The events of orders, folded: book, holds, and what finds an open order."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from xyk.book.order import Order
from xyk.book.terms import Terms, shared_terms
from xyk.domain import events as ev
from xyk.domain.key_commands import MARKET
from xyk.exchange.holds import hold_of
from xyk.exchange.state import State


def _order_placed(state: State, event: ev.OrderPlaced) -> None:
    if event.expires or event.trigger_price:
        terms = Terms(
            event.time_in_force,
            event.post_only,
            event.self_trade_prevention,
            event.by_agent,
            event.expires,
            event.trigger_price,
            event.trigger_above,
            event.order_type == MARKET,
        )
    else:
        terms = shared_terms(
            event.time_in_force, event.post_only, event.self_trade_prevention, event.by_agent
        )
    order = Order(
        event.order_id,
        event.owner,
        event.is_bid,
        event.price,
        event.quantity,
        event.digest,
        state.markets[event.market].symbol,
        event.client_id,
        state.now_ms,
        terms,
    )
    state.open_orders.by_id[order.id] = order
    state.has_ordered = True


def _book_filled(state: State, event: ev.BookFilled) -> None:
    """The maker pays out of its hold, the taker out of what it has available; each fee out of what
    its payer receives."""
    market = state.markets[event.market]
    if event.taker_buys:
        given, got = market.base, market.quote
        given_amount, got_amount = event.base_amount, event.quote_amount
    else:
        given, got = market.quote, market.base
        given_amount, got_amount = event.quote_amount, event.base_amount
    state.ledger.settle(
        event.maker,
        event.taker,
        state.fee_recipient,
        given,
        given_amount,
        event.taker_fee,
        event.maker_rebate,
        got,
        got_amount,
        event.maker_fee,
    )
    orders = state.open_orders
    order = orders.by_id[event.maker_order_id]
    order.executed_quote += event.quote_amount
    state.books[event.market].fill(order, event.quantity)
    if not event.maker_remaining:
        orders.close(order)
    if event.order_id:
        order = orders.by_id[event.order_id]
        order.filled += event.quantity
        order.executed_quote += event.quote_amount
    state.trade_ids[event.market] = event.trade_id
    if event.price_forming:
        state.last_fills[event.market] = (event.quote_amount, event.base_amount)


def _order_rested(state: State, event: ev.OrderRested) -> None:
    order = state.open_orders.by_id[event.order_id]
    _hold(state, order, event.held)
    order.priority = state.seq
    state.books[order.market].add(order)
    state.open_orders.keep(order)


def _trigger_armed(state: State, event: ev.TriggerArmed) -> None:
    order = state.open_orders.by_id[event.order_id]
    _hold(state, order, event.held)
    state.open_orders.keep(order)
    state.open_orders.arm(order)


def _triggers_reached(state: State, event: ev.TriggersReached) -> None:
    state.open_orders.make_due(event.market, event.orders)


def _order_triggered(state: State, event: ev.OrderTriggered) -> None:
    order = state.open_orders.by_id[event.order_id]
    order.triggered_ms = state.now_ms
    state.open_orders.disarm(order)
    _release(state, order, event.released)


def _order_reduced(state: State, event: ev.OrderReduced) -> None:
    order = state.open_orders.by_id[event.order_id]
    asset, held = hold_of(state, order)
    state.books[order.market].reduce(order, event.quantity)
    assert event.released == held - hold_of(state, order)[1], "a smaller order needs less"
    state.ledger.release(order.owner, asset, event.released)


def _order_replaced(state: State, event: ev.OrderReplaced) -> None:
    """A waiting order that is due already stays due."""
    order = state.open_orders.by_id[event.order_id]
    _release(state, order, event.released)
    if order.level is not None:
        state.books[order.market].remove(order)
    elif order.id not in state.open_orders.due:
        state.open_orders.disarm(order)
    order.price = event.price
    order.quantity = event.quantity
    if event.by_agent:
        order.terms = msgspec.structs.replace(order.terms, by_agent=True)


def _order_closed(state: State, event: ev.OrderClosed) -> None:
    """From the book, from the waiting list, or from nowhere: a taker that never rested."""
    orders = state.open_orders
    order = orders.by_id[event.order_id]
    if event.released:
        _release(state, order, event.released)
        if order.level is not None:
            state.books[order.market].remove(order)
        else:
            orders.disarm(order)
    orders.close(order)


def _cancel_timer_set(state: State, event: ev.CancelTimerSet) -> None:
    state.open_orders.set_timer((event.owner, event.market), event.fires_ms)


def _hold(state: State, order: Order, amount: int) -> None:
    asset, needed = hold_of(state, order)
    assert amount == needed, "held is what the open order needs"
    state.ledger.hold(order.owner, asset, amount)


def _release(state: State, order: Order, amount: int) -> None:
    """All of it: half of invariant 3, checked where the order is still known."""
    asset, needed = hold_of(state, order)
    assert amount == needed, "released is what the order needed"
    state.ledger.release(order.owner, asset, amount)


FOLD: Mapping[type, Callable[[State, Any], None]] = {
    ev.OrderPlaced: _order_placed,
    ev.BookFilled: _book_filled,
    ev.OrderRested: _order_rested,
    ev.TriggerArmed: _trigger_armed,
    ev.TriggersReached: _triggers_reached,
    ev.OrderTriggered: _order_triggered,
    ev.OrderReduced: _order_reduced,
    ev.OrderReplaced: _order_replaced,
    ev.OrderClosed: _order_closed,
    ev.CancelTimerSet: _cancel_timer_set,
}
