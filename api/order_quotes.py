"""`/api/v1/quote/order`: what a limit order would take at once, and what becomes of the rest."""

from typing import Any

import msgspec
from litestar import Request, get

from api.hops import FeeView, HopView, fees_of, single_fee
from api.markets import View
from api.problems import Problem, Refused, convert_lenient, malformed
from api.quotes import expires_at, hop_views
from api.services import Given, Services
from api.views import resolve_token, token_form_fault
from api.visibility import GivenVisitor
from xyk.domain.commands import PlaceOrder
from xyk.domain.decimals import significant, whole_tokens
from xyk.domain.events import OrderClosed
from xyk.domain.market import ASK, BID
from xyk.domain.rejections import Rejected
from xyk.domain.units import Address, Uint64, Uint256, decode_wire
from xyk.engine.order_record import NEW, PARTIALLY_FILLED
from xyk.exchange.order_quote import OrderQuote, quote_order

ORDER_QUOTE_PATH = "/api/v1/quote/order"


class OrderWish(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A PlaceOrder without nonce, deadline and trigger; tokens by address or symbol. `owner`: whose
    funds and own orders count, nobody's where it is left out. `signer`: an agent that will sign."""

    sell_token: str
    buy_token: str
    sell_amount: Uint256
    buy_amount: Uint256
    time_in_force: str = ""
    post_only: bool = False
    self_trade_prevention: str = ""
    expires: Uint64 = 0
    owner: Address | None = None
    signer: Address | None = None


class OrderQuoteView(View, frozen=True, kw_only=True):
    """`status`, `expiryReason`, executed and remaining quantities as the order would have them,
    whole tokens; executed ones are gross, `averagePrice` is their ratio. `amountIn` is what is
    spent at once and `amountOut` what is received, net of all fees, base units. `priceImpactBps`
    leaves fees out. Where the market or the owner's funds would refuse the order, `refusal` has
    code and message, `status` is null, and the figures are what it would have taken. Who may sign,
    the nonce and the deadline are not looked at. `expiresAt` is Unix ms; the same order placed at
    the same `seq` before it does exactly this."""

    symbol: str
    side: str
    status: str | None
    expiry_reason: str | None
    executed_quantity: str
    executed_quote_quantity: str
    remaining_quantity: str
    average_price: str | None
    price_impact_bps: int | None
    amount_in: str
    amount_out: str
    fee: str | None
    fees: list[FeeView]
    route: list[HopView]
    refusal: Problem | None
    seq: int
    expires_at: int


@get(ORDER_QUOTE_PATH, summary="What a limit order would do now", tags=["quote"])
async def get_order_quote(
    request: Request[Any, Any, Any], services: Given, visitor: GivenVisitor
) -> OrderQuoteView:
    """Refused where the fields are no order of an open market, as the order would be."""
    asked = request.query_params
    for name in asked:
        if len(asked.getall(name)) > 1:
            raise Refused(malformed(f"{name[:40]} is given twice - at `$.{name[:40]}`"))
    wish = convert_lenient(dict(asked), OrderWish, decode_wire)
    if isinstance(wish, Rejected):
        raise Refused(wish)
    fault = token_form_fault(wish.sell_token, "$.sellToken") or token_form_fault(
        wish.buy_token, "$.buyToken"
    )
    if fault is not None:
        raise Refused(fault)
    if wish.signer is not None and wish.owner is None:
        raise Refused(malformed("An agent signs for an owner; name the owner too - at `$.owner`"))
    if wish.owner is not None:
        await visitor.may_read(wish.owner)
    view = await services.committed(_view(services, wish))
    if isinstance(view, Rejected):
        raise Refused(view)
    return view


def _view(services: Services, wish: OrderWish) -> OrderQuoteView | Rejected:
    state, now_ms = services.state, services.now_ms()
    sold, bought = resolve_token(state, wish.sell_token), resolve_token(state, wish.buy_token)
    for token in (sold, bought):
        if isinstance(token, Rejected):
            return token
    assert isinstance(sold, str) and isinstance(bought, str)
    owner = wish.owner or ""
    place = PlaceOrder(
        owner=owner,
        sell_token=sold,
        buy_token=bought,
        sell_amount=wish.sell_amount,
        buy_amount=wish.buy_amount,
        time_in_force=wish.time_in_force,
        post_only=wish.post_only,
        self_trade_prevention=wish.self_trade_prevention,
        trigger_price=0,
        trigger_above=False,
        client_id=0,
        expires=wish.expires,
        nonce=0,
        deadline=0,
    )
    quote = quote_order(state, place, now_ms, wish.signer or owner)
    if isinstance(quote, Rejected):
        return quote
    placed, taken = quote.placed, quote.taken
    market = state.markets[placed.market]
    base_decimals = state.assets[market.base].decimals
    quote_decimals = state.assets[market.quote].decimals
    base, paid = quote.amounts
    hops = hop_views(state, (taken,)) if taken else []
    fees = fees_of(hops)
    status, reason = _status(quote)
    return OrderQuoteView(
        symbol=market.symbol,
        side=BID if placed.is_bid else ASK,
        status=status,
        expiry_reason=reason,
        executed_quantity=whole_tokens(base, base_decimals),
        executed_quote_quantity=whole_tokens(paid, quote_decimals),
        remaining_quantity=whole_tokens(placed.quantity * market.lot_size - base, base_decimals),
        average_price=significant(paid * 10**base_decimals, base * 10**quote_decimals)
        if base
        else None,
        price_impact_bps=quote.impact_bps,
        amount_in=str(taken.amount_in if taken else 0),
        amount_out=str(taken.amount_out if taken else 0),
        fee=single_fee(fees),
        fees=fees,
        route=hops,
        refusal=Problem(quote.refused.code.name, quote.refused.message) if quote.refused else None,
        seq=state.seq,
        expires_at=expires_at(
            min(filter(None, (quote.expires_s, placed.expires)), default=0), now_ms
        ),
    )


def _status(quote: OrderQuote) -> tuple[str | None, str | None]:
    """And why it ended, where it did."""
    end = quote.end
    if end is None:
        return None, None
    if isinstance(end, OrderClosed):
        return end.status, end.reason or None
    return (PARTIALLY_FILLED if quote.amounts[0] else NEW), None
