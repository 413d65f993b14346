"""`/api/v1/quote`: what a swap would do now, with every price a client needs and the message to
sign.
"""

from collections.abc import Awaitable, Callable, Iterable
from itertools import count
from typing import Any

import msgspec

from api.gateway import Endpoint, Scope
from api.hops import FeeView, HopView, fees_of, single_fee
from api.order_views import BOOK, POOL
from api.problems import Answer, Refused
from api.services import Services
from api.swap_wish import SwapWish, body_reader, query_reader
from api.views import resolve_token, token_of
from api.visibility import Readers, Visitor
from xyk.domain.commands import SignedAction, SwapExactIn, SwapExactOut
from xyk.domain.decimals import significant, whole_tokens
from xyk.domain.rejections import Rejected
from xyk.domain.units import NONCE_SLOTS, Address
from xyk.exchange.quote import (
    Quote,
    max_amount_in,
    min_amount_out,
    quote_exact_in,
    quote_exact_out,
)
from xyk.exchange.state import State
from xyk.exchange.taken import Taken
from xyk.wallet.typed_data import typed_data

QUOTE_PATH = "/api/v1/quote"

OWN = "own"
LIFETIME_MS = 30_000
DEADLINE_S = 60  # of the message to sign

_encode = msgspec.json.Encoder().encode
_slots = count()  # so that two quotes of one second do not offer the same nonce


class QuoteRequest(SwapWish, frozen=True, kw_only=True):
    """`venue`: `own`, the name of a mirrored deployment, or `all` of them to compare. `owner`: who
    will sign, of our own quote alone."""

    owner: Address | None = None
    venue: str = OWN


_wish_of_query, _wish_of_body = query_reader(QuoteRequest), body_reader(QuoteRequest)
Elsewhere = Callable[[QuoteRequest], Awaitable[msgspec.Struct]]


class QuoteView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Amounts in base units. Prices are decimals: quote per base on one hop, tokenOut per tokenIn
    on several. `executionPrice` is net of all fees, `spotPrice` the reserves' before the swap,
    `worstPrice` that of the last unit with the fee, on the market's tick: the limit to sign for an
    IOC or FOK order. `priceImpactBps` leaves fees out. `expiresAt` is Unix ms; executed at the same
    `seq` before it, the amounts are exactly these. `typedData` is ready for eth_signTypedData_v4.
    """

    amount_in: str
    amount_out: str
    min_amount_out: str | msgspec.UnsetType = msgspec.UNSET
    max_amount_in: str | msgspec.UnsetType = msgspec.UNSET
    execution_price: str
    spot_price: str
    worst_price: str | None
    price_impact_bps: int
    fee: str | None
    fees: list[FeeView]
    route: list[HopView]
    seq: int
    expires_at: int
    typed_data: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class Quotes:
    """The two endpoints; GET takes the same names as POST, each at most once. `elsewhere` answers
    for venues besides our own."""

    def __init__(self, services: Services, readers: Readers, elsewhere: Elsewhere) -> None:
        self._services = services
        self._readers = readers
        self._elsewhere = elsewhere

    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        return {("GET", QUOTE_PATH): self.of_query, ("POST", QUOTE_PATH): self.of_body}

    async def of_query(self, _: bytes, scope: Scope) -> Answer:
        return await self._answer(_wish_of_query(scope["query_string"]), scope)

    async def of_body(self, body: bytes, scope: Scope) -> Answer:
        return await self._answer(_wish_of_body(body), scope)

    async def _answer(self, wish: QuoteRequest | Rejected, scope: Scope) -> Answer:
        if isinstance(wish, Rejected):
            raise Refused(wish)
        if wish.owner is not None:  # whose own orders are passed over, whose nonces are looked at
            await Visitor(self._readers, scope).may_read(wish.owner)
        if wish.venue != OWN:
            return Answer(200, _encode(await self._elsewhere(wish)))
        view = await self._services.committed(quote_view(self._services, wish))
        if isinstance(view, Rejected):
            raise Refused(view)
        return Answer(200, _encode(view))


def quote_view(services: Services, wish: QuoteRequest) -> QuoteView | Rejected:
    state = services.state
    quote = _quote(state, wish)
    if isinstance(quote, Rejected):
        return quote
    route = quote.route
    if wish.amount_in is not None:
        bound = min_amount_out(route.amount_out, wish.slippage_bps)
        bounds = {"min_amount_out": str(bound)}
    else:
        bound = max_amount_in(route.amount_in, wish.slippage_bps)
        bounds = {"max_amount_in": str(bound)}
    now_ms = services.now_ms()
    action = None
    if wish.owner is not None:
        action = _action(state, wish, wish.owner, quote, bound, now_ms // 1000)
    hops = hop_views(state, route.hops)
    fees = fees_of(hops)
    return QuoteView(
        amount_in=str(route.amount_in),
        amount_out=str(route.amount_out),
        **bounds,
        execution_price=significant(*quote.execution_price),
        spot_price=significant(*quote.spot_price),
        worst_price=_worst_price(state, quote),
        price_impact_bps=quote.impact_bps,
        fee=single_fee(fees),
        fees=fees,
        route=hops,
        seq=state.seq,
        expires_at=expires_at(quote.expires_s, now_ms),
        typed_data=typed_data(services.domain, action) if action else msgspec.UNSET,
    )


def hop_views(state: State, hops: Iterable[Taken]) -> list[HopView]:
    """What each venue gives, in the order of the way: the book's part of a market before its
    pool's."""
    views: list[HopView] = []
    for hop in hops:
        market = hop.edge.market.symbol
        token_in, token_out = (
            token_of(state, hop.edge.asset_in),
            token_of(state, hop.edge.asset_out),
        )
        if hop.book_in:
            amounts = str(hop.book_in), str(hop.book_out), str(hop.book_fee)
            views.append(HopView(market, BOOK, token_in, token_out, *amounts))
        if hop.pool_in:
            amounts = str(hop.pool_in), str(hop.pool_out), str(hop.pool_fee)
            views.append(HopView(market, POOL, token_in, token_out, *amounts))
    return views


def _quote(state: State, wish: QuoteRequest) -> Quote | Rejected:
    token_in, token_out = resolve_token(state, wish.token_in), resolve_token(state, wish.token_out)
    for token in (token_in, token_out):
        if isinstance(token, Rejected):
            return token
    assert isinstance(token_in, str) and isinstance(token_out, str)
    if wish.amount_in is not None:
        return quote_exact_in(state, token_in, token_out, wish.amount_in, wish.owner or "")
    assert wish.amount_out is not None
    return quote_exact_out(state, token_in, token_out, wish.amount_out, wish.owner or "")


def expires_at(expires_s: int, now_ms: int) -> int:
    """ms: the first end of an order that a quote uses, 0 = none; at most LIFETIME_MS from now."""
    latest = now_ms + LIFETIME_MS
    return min(latest, expires_s * 1000) if expires_s else latest


def _worst_price(state: State, quote: Quote) -> str | None:
    if quote.worst_price is None:
        return None
    market = quote.route.hops[0].edge.market
    return whole_tokens(quote.worst_price, state.assets[market.quote].decimals)


def _action(
    state: State, wish: QuoteRequest, owner: str, quote: Quote, bound: int, now_s: int
) -> SignedAction:
    """The swap to sign, with a nonce that nobody of the owner's keys has used."""
    token_in, token_out = state.assets[quote.asset_in].token, state.assets[quote.asset_out].token
    nonce, deadline = _fresh_nonce(state, owner, now_s), now_s + DEADLINE_S
    if wish.amount_in is not None:
        return SwapExactIn(
            owner=owner,
            token_in=token_in,
            token_out=token_out,
            amount_in=wish.amount_in,
            min_amount_out=bound,
            nonce=nonce,
            deadline=deadline,
        )
    return SwapExactOut(
        owner=owner,
        token_in=token_in,
        token_out=token_out,
        amount_out=quote.route.amount_out,
        max_amount_in=bound,
        nonce=nonce,
        deadline=deadline,
    )


def _fresh_nonce(state: State, owner: str, now_s: int) -> int:
    """An unused slot of this second, or of an earlier one where all of it are used."""
    start = next(_slots)
    for second in range(now_s, now_s - DEADLINE_S, -1):
        for offset in range(NONCE_SLOTS):
            nonce = second * NONCE_SLOTS + (start + offset) % NONCE_SLOTS
            if not state.nonce_used_for(owner, owner, nonce):
                return nonce
    return now_s * NONCE_SLOTS  # a minute of 256 actions a second: the exchange will say NONCE_USED
