"""`GET /api/v1/depth` and the best bid and offer: orders and curve together, from committed
entries.

The levels of an answer are encoded once for each state of the depth, whoever asks for them, and the
text of a level that stays as it was is made once: books are asked for far more often than they
change, and change at a few prices.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.committed_market import committed_market
from api.depth_stream import DepthStream, PriceLevel
from api.feed import Feed
from api.markets import View
from api.problems import Answer, Refused, malformed
from api.query import LIMIT_MAX, parser
from api.services import GivenReads, Reads
from xyk.domain.rejections import Rejected
from xyk.exchange.curve import Level

SIDES_KEPT = 16  # different limits and sources of one market
TEXTS_KEPT = 8_192  # levels of one market, about 2 MB

SOURCES = ("", "book", "pool")

GivenFeed = NamedDependency[Feed]

_encode = msgspec.json.Encoder().encode


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


class DepthQuery(msgspec.Struct, frozen=True):
    symbol: str
    limit: Annotated[
        int,
        msgspec.Meta(ge=1, description=f"levels a side, {LIMIT_MAX} at most; cut after merging"),
    ] = LIMIT_MAX
    source: Annotated[
        str,
        msgspec.Meta(description="book for resting orders alone, pool for the curve alone"),
    ] = ""


_depth_query = parser(DepthQuery)


class DepthText:
    """The encoded levels of one market."""

    __slots__ = ("_sides", "_stream", "_terms", "_texts", "_version")

    def __init__(self, stream: DepthStream) -> None:
        self._stream = stream
        self._version = 0
        self._terms = stream.depth.market
        self._sides: dict[tuple[str, int], bytes] = {}
        self._texts: dict[Level, bytes] = {}

    def answer(self, feed: Feed, source: str, limit: int) -> bytes:
        stream = self._stream
        if self._version != stream.version:
            self._version = stream.version
            self._sides.clear()
        sides = self._sides.get((source, limit))
        if sides is None:
            if len(self._sides) >= SIDES_KEPT:
                self._sides.clear()
            sides = self._sides[source, limit] = self._encoded(source, limit)
        return b'%b,"lastUpdateId":"%d","timestamp":%d,"seq":%d}' % (
            sides,
            stream.current_id(),
            feed.time_ms * 1000,
            feed.seq,
        )

    def _encoded(self, source: str, limit: int) -> bytes:
        depth = self._stream.depth
        if self._terms is not depth.market or len(self._texts) > TEXTS_KEPT:
            self._terms = depth.market
            self._texts.clear()
        asks = self._joined(side_of(self._stream, False, source, limit))
        bids = self._joined(side_of(self._stream, True, source, limit)[::-1])
        return b'{"asks":[%b],"bids":[%b]' % (asks, bids)

    def _joined(self, levels: Sequence[Level]) -> bytes:
        texts = self._texts
        parts = []
        for level in levels:
            text = texts.get(level)
            if text is None:
                text = texts[level] = _encode(self._stream.level_view(*level))
            parts.append(text)
        return b",".join(parts)


class Depths:
    """The endpoint of GET /api/v1/depth; it is asked with the query string as it was sent."""

    def __init__(self, services: Reads, feed: Feed) -> None:
        self._services = services
        self._feed = feed
        self._texts: dict[str, DepthText] = {}

    async def one(self, query: bytes) -> Answer:
        asked = _depth_query(query)
        if isinstance(asked, Rejected):
            raise Refused(asked)
        if asked.source not in SOURCES:
            raise Refused(malformed("Expected source book or pool, or none for both - at `source`"))
        text = self._texts.get(asked.symbol)
        if text is None:
            market = await committed_market(self._services, self._feed, asked.symbol)
            text = self._texts[asked.symbol] = DepthText(market.depth)
        return Answer(200, text.answer(self._feed, asked.source, min(asked.limit, LIMIT_MAX)))


@get("/api/v1/bbo/{symbol:str}", summary="Best bid and offer", tags=["markets"])
async def get_bbo(services: GivenReads, feed: GivenFeed, symbol: FromPath[str]) -> BboView:
    """As the first level of each side of the depth."""
    market = await committed_market(services, feed, symbol)
    bid, ask = best_levels(market.depth)
    return BboView(
        symbol=market.symbol,
        bid_price=bid[0] if bid else None,
        bid_quantity=bid[1] if bid else None,
        ask_price=ask[0] if ask else None,
        ask_quantity=ask[1] if ask else None,
        seq=feed.seq,
        timestamp=feed.time_ms,
    )


def best_levels(stream: DepthStream) -> tuple[PriceLevel | None, PriceLevel | None]:
    """The best bid and the best ask; None where there is none."""
    bid, ask = (next(iter(stream.depth.side(is_bid, 1)), None) for is_bid in (True, False))
    return (
        stream.level_view(*bid) if bid else None,
        stream.level_view(*ask) if ask else None,
    )


def side_of(stream: DepthStream, is_bid: bool, source: str, limit: int) -> list[Level]:
    """The best `limit` levels of one of SOURCES, best first."""
    depth = stream.depth
    if source == "book":
        return (depth.bids if is_bid else depth.asks).top(limit)
    if source == "pool":
        return depth.curve(is_bid)[:limit]
    return depth.side(is_bid, limit)
