"""`/api/v1/chain/{deployment}/quote`: what the deployment's router would do as of the mirrored
block.
"""

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath

from api.chains import CHAIN_PATH, chain_token, live_age_ms, named_venue
from api.hops import FeeView, HopView, fees_of, single_fee
from api.order_views import POOL
from api.problems import Refused
from api.services import Given
from api.swap_wish import SwapWish, body_reader, query_reader
from xyk.chain.gas import SWAP_GAS
from xyk.chain.ground import at_least, at_most
from xyk.chain.pair import Token
from xyk.chain.route import Hop, Route
from xyk.chain.venue import Venue
from xyk.domain.decimals import significant
from xyk.domain.rejections import Rejected

CHAIN_QUOTE_PATH = CHAIN_PATH + "/{deployment}/quote"

_LITESTAR_PATH = CHAIN_PATH + "/{deployment:str}/quote"


class ChainQuoteRequest(SwapWish, frozen=True, kw_only=True):
    """Tokens by address or by symbol; the native coin's stands for the wrapped one."""


class ChainHopView(HopView, frozen=True, kw_only=True):
    """`pair` is the contract's address. The fee is in `tokenIn` and inside `amountIn`."""

    pair: str


class ChainQuoteView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """As of `block`, whose own time is `ageMs` ago: the amounts are those of the router's
    getAmountsOut or getAmountsIn at that block, in base units. Prices are decimals: quote per base
    on one hop, tokenOut per tokenIn on several; `executionPrice` is net of all fees, `spotPrice`
    the reserves' before the swap. `priceImpactBps` leaves fees out. `gas`: units that the swap
    will use, about.
    """

    amount_in: str
    amount_out: str
    min_amount_out: str | msgspec.UnsetType = msgspec.UNSET
    max_amount_in: str | msgspec.UnsetType = msgspec.UNSET
    execution_price: str
    spot_price: str
    price_impact_bps: int
    fee: str | None
    fees: list[FeeView]
    route: list[ChainHopView]
    gas: int
    block: int
    block_hash: str
    age_ms: int


_wish_of_query, _wish_of_body = query_reader(ChainQuoteRequest), body_reader(ChainQuoteRequest)


@get(_LITESTAR_PATH, summary="Quote a swap on a chain", tags=["chain"])
async def get_chain_quote(
    request: Request[Any, Any, Any], services: Given, deployment: FromPath[str]
) -> ChainQuoteView:
    return _answer(services, deployment, _wish_of_query(request.scope["query_string"]))


@post(_LITESTAR_PATH, summary="Quote a swap on a chain", tags=["chain"], status_code=200)
async def post_chain_quote(
    request: Request[Any, Any, Any], services: Given, deployment: FromPath[str]
) -> ChainQuoteView:
    return _answer(services, deployment, _wish_of_body(await request.body()))


def _answer(services: Given, name: str, wish: ChainQuoteRequest | Rejected) -> ChainQuoteView:
    if isinstance(wish, Rejected):
        raise Refused(wish)
    return chain_quote(named_venue(services, name), wish, services.now_ms())


def chain_quote(venue: Venue, wish: SwapWish, now_ms: int) -> ChainQuoteView:
    """Raises Refused."""
    age_ms = live_age_ms(venue, now_ms)
    token_in = chain_token(venue, wish.token_in, "$.tokenIn")
    token_out = chain_token(venue, wish.token_out, "$.tokenOut")
    if wish.amount_in is not None:
        route = venue.best_exact_in(token_in.address, token_out.address, wish.amount_in)
    else:
        assert wish.amount_out is not None
        route = venue.best_exact_out(token_in.address, token_out.address, wish.amount_out)
    if isinstance(route, Rejected):
        raise Refused(route)
    if wish.amount_in is not None:
        bounds = {"min_amount_out": str(at_least(route.amount_out, wish.slippage_bps))}
    else:
        bounds = {"max_amount_in": str(at_most(route.amount_in, wish.slippage_bps))}
    execution, spot = _prices(route, token_in, token_out)
    hops = [_hop(hop) for hop in route.hops]
    fees = fees_of(hops)
    block = venue.mirror.block
    return ChainQuoteView(
        amount_in=str(route.amount_in),
        amount_out=str(route.amount_out),
        **bounds,
        execution_price=execution,
        spot_price=spot,
        price_impact_bps=route.impact_bps,
        fee=single_fee(fees),
        fees=fees,
        route=hops,
        gas=SWAP_GAS[len(route.hops)],
        block=block.number,
        block_hash=block.hash,
        age_ms=age_ms,
    )


def _prices(route: Route, token_in: Token, token_out: Token) -> tuple[str, str]:
    """Execution and spot, in whole tokens."""
    units = 10**token_in.decimals, 10**token_out.decimals
    first = route.hops[0]
    is_buy = len(route.hops) == 1 and first.pair.base.address == token_out.address
    shown = []
    for out, given in ((route.amount_out, route.amount_in), route.spot):
        ratio = out * units[0], given * units[1]
        shown.append(significant(*(ratio[::-1] if is_buy else ratio)))
    return shown[0], shown[1]


def _hop(hop: Hop) -> ChainHopView:
    tokens, amounts = (hop.token_in, hop.token_out), (str(hop.amount_in), str(hop.amount_out))
    return ChainHopView(
        hop.pair.symbol, POOL, *tokens, *amounts, str(hop.fee), pair=hop.pair.address
    )
