"""The table `orders` as anybody would write it down: for each order, all events that name it."""

from collections.abc import Iterable
from typing import Any

from xyk.domain import events as e

Row = tuple[Any, ...]
Place = tuple[int, int, int, Any]  # seq, event, time in ms, the event


def naive_orders(places: Iterable[Place]) -> list[Row]:
    terms: dict[str, tuple[int, int]] = {}
    orders: dict[int, dict[str, Any]] = {}
    for seq, _, time_ms, x in places:
        if isinstance(x, e.MarketListed | e.MarketUpdated):
            terms[x.market] = (x.tick_size, x.lot_size)
        for number in named(x):
            if isinstance(x, e.OrderPlaced):
                tick, lot = terms[x.market]
                orders[number] = fresh(x, tick, lot, time_ms)
            order = orders[number]
            go_on(order, number, x, time_ms)
            order.update(seq=seq, updated_ms=time_ms)
    return [tuple(order.values()) for order in orders.values()]


def named(x: Any) -> list[int]:
    """Ids of orders that the event changes."""
    if isinstance(x, e.BookFilled):
        return [x.maker_order_id, x.order_id] if x.order_id else [x.maker_order_id]
    number = getattr(x, "order_id", 0)
    return [number] if number else []


def fresh(x: e.OrderPlaced, tick: int, lot: int, time_ms: int) -> dict[str, Any]:
    """Columns in their order, and the lot at the end of nothing: it goes along in a closure."""
    return {
        "order_id": x.order_id,
        "seq": 0,
        "digest": x.digest,
        "owner": x.owner,
        "market": x.market,
        "is_bid": x.is_bid,
        "price": Scaled(x.price, tick),
        "quantity": Scaled(x.quantity, lot),
        "executed_base": 0,
        "executed_quote": 0,
        "status": "New",
        "reason": "",
        "time_in_force": x.time_in_force,
        "post_only": x.post_only,
        "self_trade_prevention": x.self_trade_prevention,
        "client_id": x.client_id,
        "expires": x.expires,
        "trigger_price": x.trigger_price,
        "trigger_above": x.trigger_above,
        "triggered_ms": 0,
        "created_ms": time_ms,
        "updated_ms": 0,
        "order_type": x.order_type,
        "quote_quantity": x.quote_quantity,
    }


class Scaled(int):
    """A number of units of `size`; `of` gives as many others of the same size."""

    size: int

    def __new__(cls, count: int, size: int) -> "Scaled":
        self = super().__new__(cls, count * size)
        self.size = size
        return self

    def of(self, count: int) -> "Scaled":
        return Scaled(count, self.size)


def go_on(order: dict[str, Any], number: int, x: Any, time_ms: int) -> None:
    if isinstance(x, e.BookFilled):
        order["executed_base"] += x.base_amount
        order["executed_quote"] += x.quote_amount
    elif isinstance(x, e.PoolSwapped):
        moved = {True: x.amount_in, False: x.amount_out}
        order["executed_base"] += moved[not order["is_bid"]]
        order["executed_quote"] += moved[order["is_bid"]]
    elif isinstance(x, e.OrderReplaced | e.OrderReduced):
        order["quantity"] = order["quantity"].of(x.quantity)
        if isinstance(x, e.OrderReplaced):
            order["price"] = order["price"].of(x.price)
        return
    some = "PartiallyFilled" if order["executed_base"] else "New"
    match x:
        case e.OrderClosed():
            order.update(status=x.status, reason=x.reason)
        case e.TriggerArmed():
            order["status"] = "TriggerPending"
        case e.OrderTriggered():
            order.update(status=some, triggered_ms=time_ms)
        case e.BookFilled() if number == x.maker_order_id and not x.maker_remaining:
            order["status"] = "Filled"
        case _:
            order["status"] = some
