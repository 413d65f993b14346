"""`GET /api/v1/depth` and the best bid and offer: orders and curve together, from committed
entries."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from api.depth_stream import PriceLevel
from api.feed import Feed
from api.markets import View, market_named
from api.problems import Refused, malformed
from api.services import Given

LEVELS_MAX = 1_000  # a side

GivenFeed = NamedDependency[Feed]


class DepthView(View, frozen=True, kw_only=True):
    """Levels are [price, quantity]: `asks` best first, `bids` worst first, so that the best stands
    last, both ascending. `lastUpdateId` is that of the stream `depth.S`; `timestamp` in
    microseconds; `seq`: the journal entry that this is as of.
    """

    asks: list[PriceLevel]
    bids: list[PriceLevel]
    last_update_id: str
    timestamp: int
    seq: int


class BboView(View, frozen=True, kw_only=True):
    """Prices are quote per base, quantities base, both in whole tokens; null where a side is empty.
    `timestamp` is the time of entry `seq` in ms.
    """

    symbol: str
    bid_price: str | None
    bid_quantity: str | None
    ask_price: str | None
    ask_quantity: str | None
    seq: int
    timestamp: int


@get("/api/v1/depth", summary="Order book and curve", tags=["markets"])
async def get_depth(
    services: Given,
    feed: GivenFeed,
    symbol: FromQuery[str],
    limit: FromQuery[str] = str(LEVELS_MAX),
    source: FromQuery[str] = "",
) -> DepthView:
    """`limit`: levels a side, 1 to 1,000, cut after merging. `source`: `book` for resting orders
    alone, `pool` for the curve alone."""
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 6 and int(limit)):
        raise Refused(malformed("Expected limit from 1 to 1000 - at `limit`"))
    if source not in ("", "book", "pool"):
        raise Refused(malformed("Expected source book or pool, or none for both - at `source`"))
    market = await market_named(services, symbol)
    await services.committed(None)  # the feed knows of what is committed, the market too from now
    return depth_view(feed, market.symbol, min(int(limit), LEVELS_MAX), source)


@get("/api/v1/bbo/{symbol:str}", summary="Best bid and offer", tags=["markets"])
async def get_bbo(services: Given, feed: GivenFeed, symbol: FromPath[str]) -> BboView:
    """As the first level of each side of the depth."""
    market = await market_named(services, symbol)
    await services.committed(None)
    return bbo_view(feed, market.symbol)


def depth_view(feed: Feed, symbol: str, limit: int, source: str) -> DepthView:
    stream = feed.markets[symbol].depth
    depth = stream.depth
    sides = []
    for is_bid in (False, True):
        if source == "book":
            sides.append((depth.bids if is_bid else depth.asks).top(limit))
        elif source == "pool":
            sides.append(depth.curve(is_bid)[:limit])
        else:
            sides.append(depth.side(is_bid, limit))
    asks, bids = ([stream.level_view(*level) for level in side] for side in sides)
    return DepthView(
        asks=asks,
        bids=bids[::-1],
        last_update_id=str(stream.current_id()),
        timestamp=feed.time_ms * 1000,
        seq=feed.seq,
    )


def bbo_view(feed: Feed, symbol: str) -> BboView:
    stream = feed.markets[symbol].depth
    best: list[PriceLevel | tuple[None, None]] = []
    for is_bid in (True, False):
        level = next(iter(stream.depth.side(is_bid, 1)), None)
        best.append(stream.level_view(*level) if level else (None, None))
    return BboView(
        symbol=symbol,
        bid_price=best[0][0],
        bid_quantity=best[0][1],
        ask_price=best[1][0],
        ask_quantity=best[1][1],
        seq=feed.seq,
        timestamp=feed.time_ms,
    )
