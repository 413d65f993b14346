"""The stream `account.orderUpdate`: what becomes of an owner's orders, event by event.

As accounts are public, it needs no session: `account.orderUpdate@0xOWNER` tells of all markets,
`account.orderUpdate.ETH_USDC@0xOWNER` of one. The owner is written in lower case or with its
checksum. Letters are the convention's.
"""

from typing import Any

import msgspec

from api.account_stream import BALANCE_UPDATE, ORDER_UPDATE, AccountStream, named
from api.hub import Hub
from api.order_log import OrderLog
from api.order_views import LAST_PRICE
from xyk.domain import events as ev
from xyk.domain.decimals import whole_tokens
from xyk.domain.events import AnyEvent
from xyk.domain.key_commands import LIMIT
from xyk.domain.market import ASK, BID
from xyk.domain.price import fill_price
from xyk.domain.units import parse_hex
from xyk.engine.entry import Entry
from xyk.engine.order_record import TRIGGER_PENDING, OrderRecord
from xyk.exchange.state import State

_encode = msgspec.json.Encoder().encode


def is_owner_stream(name: str, markets: dict[str, Any]) -> bool:
    """Whether it is about an owner, names it, and can be subscribed to."""
    head, at, owner = name.partition("@")
    channel, _, market = head.rpartition(".")
    is_of_market = channel == ORDER_UPDATE and market in markets
    if not at or not (is_of_market or head in (ORDER_UPDATE, BALANCE_UPDATE)):
        return False
    try:
        lower = parse_hex(owner, 20)
    except ValueError:
        return False
    return name in named(head, lower)


class OrderStream:
    def __init__(self, state: State, hub: Hub, log: OrderLog, accounts: AccountStream) -> None:
        self._state = state  # for names and decimals, which never change
        self._hub = hub
        self._log = log
        self._accounts = accounts

    def publish(self, entry: Entry, event: AnyEvent, changed: tuple[OrderRecord, ...]) -> None:
        """After the event was applied to the log."""
        for order in changed:
            private = self._accounts.order_names(order.owner, order.market, entry.time)
            names = (*stream_names(order.owner, order.market), *private)
            if any(self._hub.has_readers(name) for name in names):
                frame = self._frame(entry, event, order)
                if frame is not None:
                    self._hub.push(names, _encode(frame).decode(), replaceable=False)

    def _frame(self, entry: Entry, event: AnyEvent, order: OrderRecord) -> dict[str, Any] | None:
        market = self._state.markets[order.market]
        base = self._state.assets[market.base].decimals
        quote = self._state.assets[market.quote].decimals
        kind = _kind(event, order)
        if kind is None:
            return None
        frame: dict[str, Any] = {
            "e": kind,
            "E": entry.time * 1000,
            "T": entry.time * 1000,
            "s": order.market,
            "S": BID if order.is_bid else ASK,
            "o": order.order_type.upper(),
            "f": order.time_in_force,
            "q": whole_tokens(order.quantity, base),
            "X": order.status,
            "i": str(order.order_id),
            "t": None,
            "z": whole_tokens(order.executed_base, base),
            "Z": whole_tokens(order.executed_quote, quote),
            "V": order.self_trade_prevention,
            "r": False,
            "O": "USER",
            "y": order.post_only,
            "seq": entry.seq,
        }
        if order.order_type == LIMIT:
            frame["p"] = whole_tokens(order.price, quote)
        if order.quote_quantity:
            frame["Q"] = whole_tokens(order.quote_quantity, quote)
        if order.client_id:
            frame["c"] = order.client_id
        if order.reason:
            frame["R"] = order.reason
        if order.trigger_price:
            frame["P"] = whole_tokens(order.trigger_price, quote)
            frame["B"] = LAST_PRICE
            frame["Y"] = frame["q"]
        if isinstance(event, ev.BookFilled | ev.PoolSwapped):
            frame |= self._fill(event, order, base, quote)
        return frame

    def _fill(
        self, event: ev.BookFilled | ev.PoolSwapped, order: OrderRecord, base: int, quote: int
    ) -> dict[str, Any]:
        market = self._state.markets[order.market]
        gets, gives = (market.base, market.quote) if order.is_bid else (market.quote, market.base)
        is_maker = False
        if isinstance(event, ev.PoolSwapped):
            amounts = event.amount_in, event.amount_out
            in_base, in_quote = amounts[::-1] if order.is_bid else amounts
            fee, asset = event.fee, gives
        else:
            in_base, in_quote = event.base_amount, event.quote_amount
            is_maker = order.order_id == event.maker_order_id
            fee, asset = event.taker_fee, gets
            if is_maker and event.maker_rebate:
                fee, asset = -event.maker_rebate, gives
            elif is_maker:
                fee = event.maker_fee
        price = fill_price(
            base_amount=in_base, quote_amount=in_quote, base_decimals=base, quote_decimals=quote
        )
        return {
            "t": event.trade_id,
            "l": whole_tokens(in_base, base),
            "L": price,
            "m": is_maker,
            "n": whole_tokens(fee, self._state.assets[asset].decimals),
            "N": asset,
        }


def stream_names(owner: str, market: str) -> tuple[str, ...]:
    return (*named(ORDER_UPDATE, owner), *named(f"{ORDER_UPDATE}.{market}", owner))


def _kind(event: AnyEvent, order: OrderRecord) -> str | None:
    match event:
        case ev.OrderPlaced():
            return None if order.trigger_price else "orderAccepted"
        case ev.TriggerArmed():
            return "triggerPlaced"
        case ev.OrderTriggered():
            return "orderAccepted"
        case ev.BookFilled() | ev.PoolSwapped():
            return "orderFill"
        case ev.OrderReduced():
            return "orderModified"
        case ev.OrderReplaced():
            return None if order.status == TRIGGER_PENDING else "orderModified"
        case ev.OrderClosed(status="Cancelled"):
            return "orderCancelled"
        case ev.OrderClosed(status="Expired"):
            return "orderExpired"
        case ev.OrderClosed(status="TriggerFailed"):
            return "triggerFailed"
    return None
