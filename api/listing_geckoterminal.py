"""The adapter that GeckoTerminal and DEX Screener read: blocks, tokens, pairs and events.

The journal's entries are the blocks: an entry's seq is its number and the id of its transaction.
`/latest-block` is never ahead of `/events`, which come from the read tables.
"""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from api.feed import Feed, MarketFeed
from api.listing import asset_named, named_market
from api.markets import View
from api.problems import Refused, malformed
from api.query import whole_number
from api.services import PRIVATE, Given
from api.views import address, token_of
from xyk.domain.decimals import whole_tokens
from xyk.domain.rejections import Rejected
from xyk.domain.units import ZERO_ADDRESS
from xyk.storage.history import BlockEvent, TooManyEvents

EVENTS_MAX = 10_000  # of one answer
DEX = "xyk"
TAG = "listing"
PATH = "/listing/geckoterminal"

GivenFeed = NamedDependency[Feed]


class BlockView(View, frozen=True, kw_only=True):
    """`blockTimestamp` in Unix seconds."""

    block_number: int
    block_timestamp: int


class LatestBlockView(View, frozen=True, kw_only=True):
    block: BlockView


class ListedAsset(View, frozen=True, kw_only=True):
    """`totalSupply`: what of it is on this exchange, in whole tokens."""

    id: str
    name: str
    symbol: str
    decimals: int
    total_supply: str
    circulating_supply: str


class ListedAssetView(View, frozen=True, kw_only=True):
    asset: ListedAsset


class ListedPair(View, frozen=True, kw_only=True):
    """Asset 0 is the base, asset 1 the quote; the fee is the pool's."""

    id: str
    dex_key: str
    asset0_id: str
    asset1_id: str
    created_at_block_timestamp: int
    fee_bps: int


class ListedPairView(View, frozen=True, kw_only=True):
    pair: ListedPair


class ReservesView(View, frozen=True, kw_only=True):
    asset0: str
    asset1: str


class EventView(View, frozen=True, kw_only=True, omit_defaults=True):
    """A swap has what went in and out, by the taker, and its price in asset 1; a join or an exit
    has `amount0` and `amount1`. `reserves`: those of the pool after it. In whole tokens. `maker` is
    the zero address where accounts are private."""

    block: BlockView
    event_type: str
    txn_id: str
    txn_index: int
    event_index: int
    maker: str
    pair_id: str
    reserves: ReservesView
    asset0_in: str | None = None
    asset1_in: str | None = None
    asset0_out: str | None = None
    asset1_out: str | None = None
    price_native: str | None = None
    amount0: str | None = None
    amount1: str | None = None


class EventsView(View, frozen=True, kw_only=True):
    events: list[EventView]


@get(f"{PATH}/latest-block", summary="GeckoTerminal: the newest block", tags=[TAG])
async def get_latest_block(feed: GivenFeed) -> LatestBlockView:
    """The newest entry up to which all events can be asked for."""
    return LatestBlockView(block=_block(*feed.trail.shown()))


@get(f"{PATH}/asset", summary="GeckoTerminal: a token", tags=[TAG])
async def get_listed_asset(services: Given, id: FromQuery[str]) -> ListedAssetView:
    """`id`: the address or the symbol."""
    state = services.state
    try:
        asset = state.assets[asset_named(state, id)]
    except Refused as refused:
        raise Refused(await services.committed(refused.rejected)) from None
    supply = whole_tokens(state.ledger.supply(asset.symbol), asset.decimals)
    return await services.committed(
        ListedAssetView(
            asset=ListedAsset(
                id=address(asset.token),
                name=asset.symbol,
                symbol=asset.symbol,
                decimals=asset.decimals,
                total_supply=supply,
                circulating_supply=supply,
            )
        )
    )


@get(f"{PATH}/pair", summary="GeckoTerminal: a pair", tags=[TAG])
async def get_listed_pair(
    services: Given,
    feed: GivenFeed,
    id: FromQuery[str],
) -> ListedPairView:
    """`id`: the market's symbol, as in events."""
    state = services.state
    known = await named_market(services, feed, id)
    market = state.markets[known.symbol]
    view = ListedPair(
        id=market.symbol,
        dex_key=DEX,
        asset0_id=token_of(state, market.base),
        asset1_id=token_of(state, market.quote),
        created_at_block_timestamp=market.created_ms // 1000,
        fee_bps=state.pools[market.symbol].fee_bps,
    )
    return await services.committed(ListedPairView(pair=view))


@get(f"{PATH}/events", summary="GeckoTerminal: swaps, joins and exits", tags=[TAG])
async def get_events(
    services: Given,
    feed: GivenFeed,
    from_block: Annotated[str, QueryParameter(name="fromBlock")],
    to_block: Annotated[str, QueryParameter(name="toBlock")],
) -> EventsView:
    """Of the blocks from `fromBlock` to `toBlock`, both included; in order."""
    first = whole_number(from_block, "fromBlock", 0)
    last = whole_number(to_block, "toBlock", 0)
    for number in (first, last):
        if isinstance(number, Rejected):
            raise Refused(number)
    assert isinstance(first, int) and isinstance(last, int)
    newest, _ = feed.trail.shown()
    if last > newest:
        raise Refused(
            malformed(f"Block {last} is not there yet, the latest is {newest} - at `toBlock`")
        )
    try:
        found = await services.history.block_events(first, last, EVENTS_MAX)
    except TooManyEvents:
        raise Refused(
            malformed(f"More than {EVENTS_MAX} events; ask for fewer blocks - at `toBlock`")
        ) from None
    shows_makers = services.settings.visibility != PRIVATE
    return EventsView(events=[_event(feed.markets[one.market], one, shows_makers) for one in found])


def _block(seq: int, time_ms: int) -> BlockView:
    return BlockView(block_number=seq, block_timestamp=time_ms // 1000)


def _event(market: MarketFeed, one: BlockEvent, shows_makers: bool) -> EventView:
    base = whole_tokens(one.base_amount, market.base_decimals)
    quote = whole_tokens(one.quote_amount, market.quote_decimals)
    amounts: dict[str, str]
    if not one.price:
        amounts = {"amount0": base, "amount1": quote}
    elif one.taker_buys:
        amounts = {"asset1_in": quote, "asset0_out": base, "price_native": one.price}
    else:
        amounts = {"asset0_in": base, "asset1_out": quote, "price_native": one.price}
    return EventView(
        block=_block(one.seq, one.time_ms),
        event_type=one.kind,
        txn_id=str(one.seq),
        txn_index=0,
        event_index=one.event,
        maker=address(one.owner) if shows_makers else ZERO_ADDRESS,
        pair_id=one.market,
        reserves=ReservesView(
            asset0=whole_tokens(one.reserve_base, market.base_decimals),
            asset1=whole_tokens(one.reserve_quote, market.quote_decimals),
        ),
        **amounts,
    )
