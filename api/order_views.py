"""The order object of the convention with ours beside it, and the fills of a taker's order."""

from collections.abc import Sequence
from typing import Any

from api.markets import View
from api.views import address
from xyk.domain.decimals import whole_tokens
from xyk.domain.events import AnyEvent, BookFilled, PoolSwapped
from xyk.domain.market import ASK, BID
from xyk.domain.price import fill_price
from xyk.engine.order_record import OrderRecord
from xyk.exchange.state import State

POOL, BOOK = "pool", "book"  # venues
LAST_PRICE = "LastPrice"


class OrderFields(View, frozen=True, kw_only=True):
    """`createdAt` and `triggeredAt` in ms; prices are quote per base, quantities base, both in
    whole tokens. Executed quantities are gross and count book and pool together. `triggerQuantity`
    is the quantity of an order that waits for its trigger. `expires` in unix seconds.
    """

    id: str
    client_id: int | None
    created_at: int
    symbol: str
    side: str
    order_type: str
    time_in_force: str
    self_trade_prevention: str
    status: str
    price: str
    quantity: str
    executed_quantity: str
    executed_quote_quantity: str
    post_only: bool
    trigger_by: str | None
    trigger_price: str | None
    trigger_quantity: str | None
    trigger_above: bool | None
    triggered_at: int | None
    expiry_reason: str | None
    owner: str
    expires: int | None
    reduce_only: None = None
    related_order_id: None = None
    strategy_id: None = None


class OrderView(OrderFields, frozen=True, kw_only=True):
    """`digest` is that of the action that placed it; `seq` the journal entry up to which this
    tells."""

    digest: str
    seq: int


class FillView(View, frozen=True, kw_only=True):
    """What one maker's order or the pool gave a taker. Price and quantities as in an order; the
    pool's price has its fee inside. `fee` is the taker's, in whole tokens of `feeSymbol`."""

    symbol: str
    venue: str
    side: str
    trade_id: int
    price: str
    quantity: str
    quote_quantity: str
    fee: str
    fee_symbol: str
    maker_order_id: str


def order_view(state: State, order: OrderRecord, seq: int) -> OrderView:
    """`state` only gives names and decimals, which never change."""
    return OrderView(**order_fields(state, order), digest=order.digest, seq=seq)


def order_fields(state: State, order: OrderRecord) -> dict[str, Any]:
    """The arguments of OrderFields."""
    market = state.markets[order.market]
    base = state.assets[market.base].decimals
    quote = state.assets[market.quote].decimals
    has_trigger = order.trigger_price > 0
    quantity = whole_tokens(order.quantity, base)
    return {
        "id": str(order.order_id),
        "client_id": order.client_id or None,
        "created_at": order.created_ms,
        "symbol": order.market,
        "side": BID if order.is_bid else ASK,
        "order_type": order.order_type,
        "time_in_force": order.time_in_force,
        "self_trade_prevention": order.self_trade_prevention,
        "status": order.status,
        "price": whole_tokens(order.price, quote),
        "quantity": quantity,
        "executed_quantity": whole_tokens(order.executed_base, base),
        "executed_quote_quantity": whole_tokens(order.executed_quote, quote),
        "post_only": order.post_only,
        "trigger_by": LAST_PRICE if has_trigger else None,
        "trigger_price": whole_tokens(order.trigger_price, quote) if has_trigger else None,
        "trigger_quantity": quantity if has_trigger else None,
        "trigger_above": order.trigger_above if has_trigger else None,
        "triggered_at": order.triggered_ms or None,
        "expiry_reason": order.reason or None,
        "owner": address(order.owner),
        "expires": order.expires or None,
    }


def fill_views(state: State, events: Sequence[AnyEvent]) -> list[FillView]:
    return [
        _book_fill(state, event) if isinstance(event, BookFilled) else _pool_fill(state, event)
        for event in events
        if isinstance(event, BookFilled | PoolSwapped)
    ]


def _book_fill(state: State, fill: BookFilled) -> FillView:
    market = state.markets[fill.market]
    received = state.assets[market.base if fill.taker_buys else market.quote]
    return _fill(
        state,
        fill.market,
        venue=BOOK,
        buys=fill.taker_buys,
        trade_id=fill.trade_id,
        base=fill.base_amount,
        quote=fill.quote_amount,
        fee=whole_tokens(fill.taker_fee, received.decimals),
        fee_symbol=received.symbol,
        maker_order=fill.maker_order_id,
    )


def _pool_fill(state: State, swap: PoolSwapped) -> FillView:
    given = state.assets[swap.asset_in]
    buys = swap.asset_out == state.markets[swap.market].base
    base, quote = swap.amount_in, swap.amount_out
    if buys:
        base, quote = quote, base
    return _fill(
        state,
        swap.market,
        venue=POOL,
        buys=buys,
        trade_id=swap.trade_id,
        base=base,
        quote=quote,
        fee=whole_tokens(swap.fee, given.decimals),
        fee_symbol=given.symbol,
        maker_order=0,
    )


def _fill(
    state: State,
    symbol: str,
    *,
    venue: str,
    buys: bool,
    trade_id: int,
    base: int,
    quote: int,
    fee: str,
    fee_symbol: str,
    maker_order: int,
) -> FillView:
    market = state.markets[symbol]
    base_decimals = state.assets[market.base].decimals
    quote_decimals = state.assets[market.quote].decimals
    return FillView(
        symbol=symbol,
        venue=venue,
        side=BID if buys else ASK,
        trade_id=trade_id,
        price=fill_price(
            base_amount=base,
            quote_amount=quote,
            base_decimals=base_decimals,
            quote_decimals=quote_decimals,
        ),
        quantity=whole_tokens(base, base_decimals),
        quote_quantity=whole_tokens(quote, quote_decimals),
        fee=fee,
        fee_symbol=fee_symbol,
        maker_order_id=str(maker_order),
    )
