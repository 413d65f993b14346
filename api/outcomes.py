"""What an entry made of the orders that its action named: the same for its first receipt and for
every later one, whatever became of the orders since.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from api.order_log import OrderLog, Orders, named_orders
from api.services import Services
from xyk.domain.commands import CancelAllOrders, CancelOrder, PlaceOrder, ReplaceOrder
from xyk.domain.events import (
    AnyEvent,
    BookFilled,
    OrderClosed,
    OrderPlaced,
    PoolSwapped,
    TriggerArmed,
)
from xyk.engine.order_record import NEW, TRIGGER_PENDING, OrderRecord
from xyk.engine.submission import Committed
from xyk.exchange.state import State
from xyk.storage.history import LIMIT_MAX, History

_NAMING = (ReplaceOrder, CancelOrder, CancelAllOrders)


async def named_outcome(services: Services, log: OrderLog, committed: Committed) -> Orders:
    """The orders that a replacement or a cancel named, as the entry left them; none for other
    actions. Raises BehindJournal."""
    if not isinstance(committed.command, _NAMING):
        return ()
    seq = committed.entry.seq
    kept = log.outcome(seq)
    if kept is not None:
        return kept
    found = []
    for number in named_orders(committed):
        # What is open was replaced; what is not, is closed for good.
        order = log.open(number) or log.closed(number) or await services.history.order(number)
        assert order is not None, f"order {number} was placed"
        if isinstance(committed.command, ReplaceOrder):
            if services.projected() < seq:
                raise BehindJournal
            order = await _as_of(services.state, services.history, order, committed)
        found.append(order)
    return tuple(found)


class BehindJournal(Exception):
    """The read tables do not show the entry yet; a moment later they do."""


def placed_order(state: State, committed: Committed) -> OrderRecord:
    """The order as the entry that placed it left it, from command and events alone: ticks and lots
    may have changed since."""
    command, entry = committed.command, committed.entry
    assert isinstance(command, PlaceOrder)
    placed = next(event for event in committed.events if isinstance(event, OrderPlaced))
    price, quantity = price_and_quantity(state, placed.market, placed.is_bid, command)
    order = OrderRecord(
        order_id=placed.order_id,
        seq=entry.seq,
        digest=placed.digest,
        owner=placed.owner,
        market=placed.market,
        is_bid=placed.is_bid,
        price=price,
        quantity=quantity,
        executed_base=0,
        executed_quote=0,
        status=NEW,
        reason="",
        time_in_force=placed.time_in_force,
        post_only=placed.post_only,
        self_trade_prevention=placed.self_trade_prevention,
        client_id=placed.client_id,
        expires=placed.expires,
        trigger_price=placed.trigger_price,
        trigger_above=placed.trigger_above,
        triggered_ms=0,
        created_ms=entry.time,
        updated_ms=entry.time,
    )
    _go_on(order, committed.events)
    return order


def price_and_quantity(
    state: State, market: str, is_bid: bool, command: PlaceOrder | ReplaceOrder
) -> tuple[int, int]:
    """Quote base units per whole base token, exact because it is whole ticks; base units."""
    base, quote = command.sell_amount, command.buy_amount
    if is_bid:
        base, quote = quote, base
    return quote * 10 ** state.assets[state.markets[market].base].decimals // base, base


async def _as_of(
    state: State, history: History, order: OrderRecord, committed: Committed
) -> OrderRecord:
    """As a replacement left it: before its fills what was executed until then, then they."""
    command, entry = committed.command, committed.entry
    assert isinstance(command, ReplaceOrder)
    price, quantity = price_and_quantity(state, order.market, order.is_bid, command)
    base, quote = await _executed_before(history, order, entry.seq)
    waits = any(isinstance(event, TriggerArmed) for event in committed.events)
    then = replace(
        order,
        seq=entry.seq,
        price=price,
        quantity=quantity,
        executed_base=base,
        executed_quote=quote,
        reason="",
        triggered_ms=0 if waits else order.triggered_ms,
        updated_ms=entry.time,
    )
    then.status = then.open_status()
    _go_on(then, committed.events)
    return then


async def _executed_before(history: History, order: OrderRecord, seq: int) -> tuple[int, int]:
    base = quote = 0
    before: tuple[int, int] | None = (seq, 0)
    while before is not None:
        fills = await history.fills(
            order.owner, order_id=order.order_id, limit=LIMIT_MAX, before=before
        )
        base += sum(fill.base_amount for fill in fills)
        quote += sum(fill.quote_amount for fill in fills)
        before = (fills[-1].seq, fills[-1].event) if len(fills) == LIMIT_MAX else None
    return base, quote


def _go_on(order: OrderRecord, events: Sequence[AnyEvent]) -> None:
    """By the fills that it took, and what became of the rest."""
    for event in events:
        match event:
            case BookFilled() if event.order_id == order.order_id:
                order.executed_base += event.base_amount
                order.executed_quote += event.quote_amount
            case PoolSwapped() if event.order_id == order.order_id:
                amounts = event.amount_in, event.amount_out
                base, quote = amounts[::-1] if order.is_bid else amounts
                order.executed_base += base
                order.executed_quote += quote
            case OrderClosed() if event.order_id == order.order_id:
                order.status, order.reason = event.status, event.reason
                return
            case TriggerArmed():
                order.status = TRIGGER_PENDING
                return
    order.status = order.open_status()
