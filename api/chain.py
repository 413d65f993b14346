"""`/api/v1/chain`: the mirrored deployments and their pairs, and the place where all routes of a
deployment come together."""

from typing import Any

from litestar import get
from litestar.params import FromPath

from api.chain_quotes import (
    CHAIN_QUOTE_PATH,
    ChainQuoteRequest,
    ChainQuoteView,
    get_chain_quote,
    post_chain_quote,
)
from api.chain_relay import RELAY, RELAY_POSTS
from api.chain_transactions import TRANSACTION_POSTS, TRANSACTIONS
from api.chains import CHAIN_PATH, ChainPost, ChainView, named_venue
from api.markets import View
from api.services import Given
from xyk.chain.pair import Pair, Token
from xyk.chain.venue import Venue
from xyk.domain.decimals import significant


class UnusableView(View, frozen=True, kw_only=True):
    """A token or a pair that is configured and not mirrored."""

    address: str
    reason: str


class DeploymentView(ChainView, frozen=True, kw_only=True):
    """`status`: live, catching_up, stale or halted; `reason` says why where it is one of the latter
    two. `block` 0 before the first one. `coin` is paid for gas, `wrapped` is the token that stands
    for it. After `confirmations` blocks one is taken to be final. `unusable`: tokens such as those
    without decimals, and their pairs."""

    name: str
    chain_id: int
    coin: str
    wrapped: str
    factory: str
    router: str
    fee_bps: int
    confirmations: int
    status: str
    reason: str | None
    pairs: int
    unusable: list[UnusableView]


class ChainTokenView(View, frozen=True, kw_only=True):
    address: str
    symbol: str
    decimals: int


class ChainPairView(ChainView, frozen=True, kw_only=True):
    """`reserves` of [token0, token1] in base units; `spotPrice` is quote per base by them, without
    the fee, null where there are none."""

    symbol: str
    address: str
    base: str
    quote: str
    token0: ChainTokenView
    token1: ChainTokenView
    reserves: tuple[str, str]
    spot_price: str | None


@get(CHAIN_PATH, summary="All mirrored deployments", tags=["chain"])
async def get_chains(services: Given) -> list[DeploymentView]:
    now_ms = services.now_ms()
    return [deployment_view(venue, now_ms) for venue in services.chains.values()]


@get(CHAIN_PATH + "/{deployment:str}/pairs", summary="All pairs of a deployment", tags=["chain"])
async def get_chain_pairs(services: Given, deployment: FromPath[str]) -> list[ChainPairView]:
    """As of the last block that was mirrored, however old it is."""
    venue = named_venue(services, deployment)
    age_ms = venue.state(services.now_ms()).age_ms
    return [pair_view(venue, pair, age_ms) for pair in venue.mirror.pairs.values()]


def deployment_view(venue: Venue, now_ms: int) -> DeploymentView:
    deployment, block, state = venue.deployment, venue.mirror.block, venue.state(now_ms)
    return DeploymentView(
        name=deployment.name,
        chain_id=deployment.chain_id,
        coin=deployment.coin,
        wrapped=deployment.wrapped,
        factory=deployment.factory,
        router=deployment.router,
        fee_bps=deployment.fee_bps,
        confirmations=deployment.confirmations,
        status=state.status,
        reason=venue.without_urls(state.reason) or None,
        block=block.number,
        block_hash=block.hash,
        age_ms=state.age_ms,
        pairs=len(venue.mirror.pairs),
        unusable=[
            UnusableView(address=address, reason=venue.without_urls(reason))
            for address, reason in venue.skipped.items()
        ],
    )


def pair_view(venue: Venue, pair: Pair, age_ms: int) -> ChainPairView:
    block = venue.mirror.block
    reserve0, reserve1 = venue.mirror.reserves.get(pair.address, (0, 0))
    in_base, in_quote = (reserve0, reserve1) if pair.base_is_0 else (reserve1, reserve0)
    spot = None
    if in_base:
        scaled = in_quote * 10**pair.base.decimals, in_base * 10**pair.quote.decimals
        spot = significant(*scaled)
    return ChainPairView(
        symbol=pair.symbol,
        address=pair.address,
        base=pair.base.symbol,
        quote=pair.quote.symbol,
        token0=_token(pair.token0),
        token1=_token(pair.token1),
        reserves=(str(reserve0), str(reserve1)),
        spot_price=spot,
        block=block.number,
        block_hash=block.hash,
        age_ms=age_ms,
    )


def _token(token: Token) -> ChainTokenView:
    return ChainTokenView(address=token.address, symbol=token.symbol, decimals=token.decimals)


# litestar's handlers of all routes of a deployment. A POST takes the raw request, decodes its body
# by itself (api/problems) and stands in CHAIN_POSTS too; its example in api/examples_chain.py.
CHAIN: tuple[Any, ...] = (
    *(get_chains, get_chain_pairs, get_chain_quote, post_chain_quote),
    *TRANSACTIONS,
    *RELAY,
)
CHAIN_POSTS: tuple[ChainPost, ...] = (
    ChainPost(CHAIN_QUOTE_PATH, "The quote", ChainQuoteRequest, ChainQuoteView),
    *TRANSACTION_POSTS,
    *RELAY_POSTS,
)
