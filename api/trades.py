"""`GET /api/v1/trades` and `/trades/history`: price-forming fills, newest first.

The newest come from memory, where a fill is as soon as it is committed, the others from the read
tables, which trail by a moment: no trade is left out between the two, and none is there twice.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from api.committed_market import committed_market
from api.feed import Feed, MarketFeed
from api.markets import View
from api.problems import Answer, Refused
from api.query import LIMIT_MAX, parser
from api.services import Reads
from api.trade_tail import PublicTrade
from xyk.domain.decimals import whole_tokens
from xyk.domain.rejections import Rejected
from xyk.storage.history import Trade

OFFSET_MAX = 1_000_000  # rows that the database passes over for one answer

_encode = msgspec.json.Encoder().encode
Limit = Annotated[int, msgspec.Meta(ge=1, description=f"more than {LIMIT_MAX} counts as that")]
Offset = Annotated[int, msgspec.Meta(ge=0, le=OFFSET_MAX)]


class TradeView(View, frozen=True, kw_only=True):
    """`id` is sequential per market and counts fills that form no price too; `quantity` is base,
    `quoteQuantity` quote, in whole tokens; `timestamp` in ms; `isBuyerMaker`: the taker sold."""

    id: int
    price: str
    quantity: str
    quote_quantity: str
    timestamp: int
    is_buyer_maker: bool


class TradesQuery(msgspec.Struct, frozen=True):
    symbol: str
    limit: Limit = 100


class HistoryQuery(msgspec.Struct, frozen=True):
    symbol: str
    limit: Limit = 100
    offset: Offset = 0


_trades_query = parser(TradesQuery)
_history_query = parser(HistoryQuery)


class Trades:
    """The two endpoints; they are asked with the query string as it was sent."""

    def __init__(self, services: Reads, feed: Feed) -> None:
        self._services = services
        self._feed = feed

    async def newest(self, query: bytes) -> Answer:
        asked = _trades_query(query)
        if isinstance(asked, Rejected):
            raise Refused(asked)
        return await self._answer(asked.symbol, asked.limit, 0)

    async def history(self, query: bytes) -> Answer:
        asked = _history_query(query)
        if isinstance(asked, Rejected):
            raise Refused(asked)
        return await self._answer(asked.symbol, asked.limit, asked.offset)

    async def _answer(self, symbol: str, limit: int, offset: int) -> Answer:
        market = await committed_market(self._services, self._feed, symbol)
        trades = await newest_trades(self._services, market, min(limit, LIMIT_MAX), offset)
        return Answer(200, _encode([trade_view(market, trade) for trade in trades]))


async def newest_trades(
    services: Reads, market: MarketFeed, limit: int, offset: int = 0
) -> Sequence[PublicTrade | Trade]:
    """At most LIMIT_MAX of them, after the first `offset`."""
    tail = market.tail
    found: list[Any] = [*tail.newest(limit, offset)]
    if len(found) < limit:
        rest = await services.history.trades(
            market.symbol,
            limit=limit - len(found),
            before=tail.first_id,  # as it was before anything is awaited
            offset=max(0, offset - len(tail)),
        )
        found += rest
    return found


async def trades_between(
    services: Reads,
    market: MarketFeed,
    limit: int,
    *,
    start_ms: int = 0,
    end_ms: int | None = None,
    taker_buys: bool | None = None,
) -> Sequence[PublicTrade | Trade]:
    """The newest of those from `start_ms` to `end_ms`, both included, and of one side where it is
    named; at most LIMIT_MAX, newest first."""
    tail, history, symbol = market.tail, services.history, market.symbol
    found: list[Any] = [
        trade
        for trade in tail.newest(len(tail), 0)
        if start_ms <= trade.time_ms
        and (end_ms is None or trade.time_ms <= end_ms)
        and taker_buys in (None, trade.taker_buys)
    ][:limit]
    before = tail.first_id  # as it was before anything is awaited
    if len(found) < limit:
        if end_ms is not None:
            after = await history.first_trade_at(symbol, end_ms + 1)
            before = after if before is None else min(before, after)
        since = await history.first_trade_at(symbol, start_ms) if start_ms else 0
        found += await history.trades(
            symbol, limit=limit - len(found), before=before, since=since, taker_buys=taker_buys
        )
    return found


def trade_view(market: MarketFeed, trade: PublicTrade | Trade) -> TradeView:
    return TradeView(
        id=trade.trade_id,
        price=trade.price,
        quantity=whole_tokens(trade.base_amount, market.base_decimals),
        quote_quantity=whole_tokens(trade.quote_amount, market.quote_decimals),
        timestamp=trade.time_ms,
        is_buyer_maker=not trade.taker_buys,
    )
