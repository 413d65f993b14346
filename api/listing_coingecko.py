"""Markets in the form that CoinGecko reads from exchanges without accounts: pairs are named by the
addresses of their tokens."""

from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from api.depth_stream import PriceLevel
from api.feed import Feed
from api.listing import (
    BUY,
    SELL,
    Summary,
    best_first,
    named_market,
    pair_of_addresses,
    pool_value_usd,
    summaries,
)
from api.problems import Refused, malformed
from api.query import LIMIT_MAX, whole_number
from api.services import Given
from api.trades import trade_view, trades_between
from api.views import token_of
from xyk.domain.rejections import Rejected
from xyk.exchange.state import State

TRADES_DEFAULT = 200
TAG = "listing"
PATH = "/listing/coingecko"

GivenFeed = NamedDependency[Feed]
Side = Annotated[str, msgspec.Meta(description="buy or sell, as the taker did")]


class CoingeckoPair(msgspec.Struct, frozen=True):
    ticker_id: str
    base: str
    target: str
    pool_id: str


class CoingeckoTicker(msgspec.Struct, frozen=True):
    """24 hours. Null where there is no price, no offer, or no price in dollars."""

    ticker_id: str
    base_currency: str
    target_currency: str
    pool_id: str
    last_price: str | None
    base_volume: str
    target_volume: str
    bid: str | None
    ask: str | None
    high: str | None
    low: str | None
    liquidity_in_usd: str | None


class CoingeckoBook(msgspec.Struct, frozen=True):
    """[price, quantity], best first; `timestamp` in ms."""

    ticker_id: str
    timestamp: int
    bids: list[PriceLevel]
    asks: list[PriceLevel]


class CoingeckoTrade(msgspec.Struct, frozen=True):
    """`trade_timestamp` in ms."""

    trade_id: int
    price: str
    base_volume: str
    target_volume: str
    trade_timestamp: int
    type: Side


class CoingeckoTrades(msgspec.Struct, frozen=True):
    """Newest first."""

    buy: list[CoingeckoTrade]
    sell: list[CoingeckoTrade]


@get(f"{PATH}/pairs", summary="CoinGecko: pairs", tags=[TAG])
async def get_coingecko_pairs(services: Given, feed: GivenFeed) -> list[CoingeckoPair]:
    state, pairs = services.state, []
    for symbol in feed.markets:
        market = state.markets[symbol]
        base, target = token_of(state, market.base), token_of(state, market.quote)
        pairs.append(CoingeckoPair(pair_of_addresses(state, market), base, target, symbol))
    return pairs


@get(f"{PATH}/tickers", summary="CoinGecko: 24 hours of every pair", tags=[TAG])
async def get_coingecko_tickers(services: Given, feed: GivenFeed) -> list[CoingeckoTicker]:
    views = [_ticker(services.state, one) for one in summaries(services, feed)]
    return await services.committed(views)  # reserves are read from the state


@get(f"{PATH}/orderbook", summary="CoinGecko: order book and curve of a pair", tags=[TAG])
async def get_coingecko_book(
    services: Given, feed: GivenFeed, ticker_id: FromQuery[str], depth: FromQuery[str] = "0"
) -> CoingeckoBook:
    """`depth`: levels of both sides together, 100 is 50 of each; 0 is all, at most 1,000 a side."""
    wanted = whole_number(depth, "depth", 0, 2 * LIMIT_MAX)
    if isinstance(wanted, Rejected):
        raise Refused(wanted)
    known = await named_market(services, feed, ticker_id)
    bids, asks = best_first(known, (wanted + 1) // 2 or LIMIT_MAX)
    name = pair_of_addresses(services.state, services.state.markets[known.symbol])
    return CoingeckoBook(name, feed.time_ms, bids, asks)


@get(f"{PATH}/historical_trades", summary="CoinGecko: trades of a pair", tags=[TAG])
async def get_coingecko_trades(
    services: Given,
    feed: GivenFeed,
    ticker_id: FromQuery[str],
    side: Annotated[str, QueryParameter(name="type")] = "",
    limit: FromQuery[str] = str(TRADES_DEFAULT),
    start_time: FromQuery[str] = "0",
    end_time: FromQuery[str] = "",
) -> CoingeckoTrades:
    """`type`: buy or sell, as the taker did; both without it. `limit`: 0 is as many as one answer
    has, 1,000. `start_time` and `end_time` in ms, both included."""
    most = whole_number(limit, "limit", 0, LIMIT_MAX)
    start_ms = whole_number(start_time, "start_time", 0)
    end_ms = whole_number(end_time, "end_time", 0) if end_time else None
    for number in (most, start_ms, end_ms):
        if isinstance(number, Rejected):
            raise Refused(number)
    assert isinstance(most, int) and isinstance(start_ms, int) and not isinstance(end_ms, Rejected)
    if side not in ("", BUY, SELL):
        raise Refused(malformed("Expected type buy or sell, or none for both - at `type`"))
    known = await named_market(services, feed, ticker_id)
    trades = await trades_between(
        services,
        known,
        most or LIMIT_MAX,
        start_ms=start_ms,
        end_ms=end_ms,
        taker_buys=side == BUY if side else None,
    )
    sides: dict[str, list[CoingeckoTrade]] = {BUY: [], SELL: []}
    for trade in trades:
        view = trade_view(known, trade)
        kind = SELL if view.is_buyer_maker else BUY
        sides[kind].append(
            CoingeckoTrade(
                view.id, view.price, view.quantity, view.quote_quantity, view.timestamp, kind
            )
        )
    return CoingeckoTrades(**sides)


def _ticker(state: State, one: Summary) -> CoingeckoTicker:
    market, ticker = one.market, one.ticker
    return CoingeckoTicker(
        ticker_id=pair_of_addresses(state, market),
        base_currency=token_of(state, market.base),
        target_currency=token_of(state, market.quote),
        pool_id=market.symbol,
        last_price=ticker.last_price if ticker else None,
        base_volume=ticker.volume if ticker else "0",
        target_volume=ticker.quote_volume if ticker else "0",
        bid=one.bid,
        ask=one.ask,
        high=ticker.high if ticker else None,
        low=ticker.low if ticker else None,
        liquidity_in_usd=pool_value_usd(state, market),
    )
