"""An order as the outside sees it, folded from committed events: what streams and read tables
tell.

Units are the wire's: `price` and `trigger_price` in quote base units per whole base token, amounts
in base units; ticks and lots are turned into them by the market's terms of that moment.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from xyk.domain import events as ev
from xyk.domain.events import AnyEvent
from xyk.domain.key_commands import LIMIT, MARKET
from xyk.exchange.state import State

NEW = "New"
PARTIALLY_FILLED = "PartiallyFilled"
FILLED = "Filled"
TRIGGER_PENDING = "TriggerPending"


class OrderRecord(msgspec.Struct, gc=False):
    """`seq` is the entry that changed it last, at `updated_ms`. Executed amounts are gross, those
    of book and pool together. `expires` in unix seconds; 0 or empty is none. A Market order's
    `price` is its worst one; one by quote amount names `quote_quantity`, and `quantity` is what
    that came to.

    The fields are the columns of the read table `orders`, in their order.
    """

    order_id: int
    seq: int
    digest: str
    owner: str
    market: str
    is_bid: bool
    price: int
    quantity: int
    executed_base: int
    executed_quote: int
    status: str
    reason: str
    time_in_force: str
    post_only: bool
    self_trade_prevention: str
    client_id: int
    expires: int
    trigger_price: int
    trigger_above: bool
    triggered_ms: int
    created_ms: int
    updated_ms: int
    order_type: str = LIMIT
    quote_quantity: int = 0

    def open_status(self) -> str:
        """By what was executed so far."""
        if not self.executed_base:
            return NEW
        return PARTIALLY_FILLED if self.executed_base < self.quantity else FILLED


class Terms(NamedTuple):
    """Of a market; as in xyk.domain.market.Market."""

    tick_size: int
    lot_size: int


def record_of(state: State, order_id: int) -> OrderRecord:
    """An open order as it stands. The seq and time of its last change are not known in the state:
    they are those of its place in the book, or of its acceptance."""
    order = state.open_orders.by_id[order_id]
    market = state.markets[order.market]
    tick, lot = market.tick_size, market.lot_size
    record = OrderRecord(
        order_id=order.id,
        seq=order.priority or order.id,
        digest=order.digest,
        owner=order.owner,
        market=order.market,
        is_bid=order.is_bid,
        price=order.price * tick,
        quantity=order.quantity * lot,
        executed_base=order.filled * lot,
        executed_quote=order.executed_quote,
        status=TRIGGER_PENDING,
        reason="",
        time_in_force=order.time_in_force,
        post_only=order.post_only,
        self_trade_prevention=order.self_trade_prevention,
        client_id=order.client_id,
        expires=order.expires,
        trigger_price=order.trigger_price,
        trigger_above=order.trigger_above,
        triggered_ms=order.triggered_ms,
        created_ms=order.created_ms,
        updated_ms=order.created_ms,
        order_type=MARKET if order.terms.is_market else LIMIT,
    )
    if order.level is not None:
        record.status = record.open_status()
    return record


Changed = tuple[OrderRecord, ...]


class OrderRecords:
    """`open`: the records of orders that are not over. Whoever keeps only some of them puts those
    that an event names there first. `terms` by market.
    """

    __slots__ = ("open", "terms")

    def __init__(self) -> None:
        self.open: dict[int, OrderRecord] = {}
        self.terms: dict[str, Terms] = {}

    @classmethod
    def of(cls, state: State) -> "OrderRecords":
        """Those of all open orders."""
        records = cls()
        for market in state.markets.values():
            records.terms[market.symbol] = Terms(market.tick_size, market.lot_size)
        for order_id in state.open_orders.by_id:
            records.open[order_id] = record_of(state, order_id)
        return records

    def apply(self, seq: int, time_ms: int, event: AnyEvent) -> Changed:
        """Goes on by one event; the records that it changed, those of closed orders too."""
        fold = _FOLD.get(type(event))
        if fold is None:
            return ()
        changed = fold(self, event)
        for record in changed:
            record.seq = seq
            record.updated_ms = time_ms
            if type(event) is ev.OrderPlaced:
                record.created_ms = time_ms
            elif type(event) is ev.OrderTriggered:
                record.triggered_ms = time_ms
        return changed


def _market_changed(records: OrderRecords, event: ev.MarketListed | ev.MarketUpdated) -> Changed:
    records.terms[event.market] = Terms(event.tick_size, event.lot_size)
    return ()


def _order_placed(records: OrderRecords, event: ev.OrderPlaced) -> Changed:
    tick, lot = records.terms[event.market]
    record = records.open[event.order_id] = OrderRecord(
        order_id=event.order_id,
        seq=0,
        digest=event.digest,
        owner=event.owner,
        market=event.market,
        is_bid=event.is_bid,
        price=event.price * tick,
        quantity=event.quantity * lot,
        executed_base=0,
        executed_quote=0,
        status=NEW,
        reason="",
        time_in_force=event.time_in_force,
        post_only=event.post_only,
        self_trade_prevention=event.self_trade_prevention,
        client_id=event.client_id,
        expires=event.expires,
        trigger_price=event.trigger_price,
        trigger_above=event.trigger_above,
        triggered_ms=0,
        created_ms=0,
        updated_ms=0,
        order_type=event.order_type,
        quote_quantity=event.quote_quantity,
    )
    return (record,)


def _book_filled(records: OrderRecords, event: ev.BookFilled) -> Changed:
    maker = records.open[event.maker_order_id]
    maker.executed_base += event.base_amount
    maker.executed_quote += event.quote_amount
    if event.maker_remaining:
        maker.status = PARTIALLY_FILLED
    else:
        maker.status = FILLED
        del records.open[event.maker_order_id]
    if not event.order_id:
        return (maker,)
    taker = records.open[event.order_id]
    taker.executed_base += event.base_amount
    taker.executed_quote += event.quote_amount
    taker.status = taker.open_status()
    return maker, taker


def _pool_swapped(records: OrderRecords, event: ev.PoolSwapped) -> Changed:
    if not event.order_id:
        return ()
    taker = records.open[event.order_id]
    base, quote = event.amount_in, event.amount_out
    if taker.is_bid:
        base, quote = quote, base
    taker.executed_base += base
    taker.executed_quote += quote
    taker.status = taker.open_status()
    return (taker,)


def _order_rested(records: OrderRecords, event: ev.OrderRested) -> Changed:
    record = records.open[event.order_id]
    record.status = record.open_status()
    return (record,)


def _trigger_armed(records: OrderRecords, event: ev.TriggerArmed) -> Changed:
    record = records.open[event.order_id]
    record.status = TRIGGER_PENDING
    return (record,)


def _order_triggered(records: OrderRecords, event: ev.OrderTriggered) -> Changed:
    record = records.open[event.order_id]
    record.status = NEW
    return (record,)


def _order_reduced(records: OrderRecords, event: ev.OrderReduced) -> Changed:
    record = records.open[event.order_id]
    record.quantity = event.quantity * records.terms[record.market].lot_size
    return (record,)


def _order_replaced(records: OrderRecords, event: ev.OrderReplaced) -> Changed:
    record = records.open[event.order_id]
    tick, lot = records.terms[record.market]
    record.price = event.price * tick
    record.quantity = event.quantity * lot
    return (record,)


def _order_closed(records: OrderRecords, event: ev.OrderClosed) -> Changed:
    record = records.open.pop(event.order_id)
    record.status = event.status
    record.reason = event.reason
    return (record,)


_FOLD: Mapping[type, Callable[[OrderRecords, Any], Changed]] = {
    ev.MarketListed: _market_changed,
    ev.MarketUpdated: _market_changed,
    ev.OrderPlaced: _order_placed,
    ev.BookFilled: _book_filled,
    ev.PoolSwapped: _pool_swapped,
    ev.OrderRested: _order_rested,
    ev.TriggerArmed: _trigger_armed,
    ev.OrderTriggered: _order_triggered,
    ev.OrderReduced: _order_reduced,
    ev.OrderReplaced: _order_replaced,
    ev.OrderClosed: _order_closed,
}
