"""`GET /api/v1/ticker` and `/tickers`: the last 24 hours, or seven days, of each market."""

from typing import Annotated

import msgspec

from api.committed_market import committed_market
from api.day import Day
from api.feed import Feed, MarketFeed
from api.markets import View
from api.problems import Answer, Refused, malformed
from api.query import parser
from api.services import Reads
from xyk.domain.decimals import base_units, half_even, whole_tokens
from xyk.domain.rejections import Rejected

CHANGE_PLACES = 6  # decimals of priceChangePercent
INTERVALS = ("1d", "1w")

NO_PRICE = Answer(204, b"")

_encode = msgspec.json.Encoder().encode
Interval = Annotated[str, msgspec.Meta(description="1d or 1w, the window that rolls")]


class TickerView(View, frozen=True, kw_only=True):
    """All decimals. Prices are quote per base, `volume` base, `quoteVolume` quote, in whole tokens;
    `priceChangePercent` is a fraction: -0.0125 is down by 1.25 %. Only price-forming fills move
    the prices, volume and `trades` count all fills. Without one in the window the prices are all
    the last one before it. A day rolls by whole minutes, a week by whole hours.
    """

    symbol: str
    first_price: str
    last_price: str
    high: str
    low: str
    price_change: str
    price_change_percent: str
    volume: str
    quote_volume: str
    trades: str


class TickerQuery(msgspec.Struct, frozen=True):
    symbol: str
    interval: Interval = "1d"


class TickersQuery(msgspec.Struct, frozen=True):
    interval: Interval = "1d"


_ticker_query = parser(TickerQuery)
_tickers_query = parser(TickersQuery)


class Tickers:
    """The two endpoints; they are asked with the query string as it was sent."""

    def __init__(self, services: Reads, feed: Feed) -> None:
        self._services = services
        self._feed = feed

    async def one(self, query: bytes) -> Answer:
        """204 before the first price."""
        asked = _ticker_query(query)
        if isinstance(asked, Rejected):
            raise Refused(asked)
        market = self._feed.markets.get(asked.symbol)
        if market is None:
            market = await committed_market(self._services, self._feed, asked.symbol)
        view = ticker_view(market, window_of(market, asked.interval), self._services.now_ms())
        return NO_PRICE if view is None else Answer(200, _encode(view))

    async def all(self, query: bytes) -> Answer:
        """Of the markets that have a price, in order of listing."""
        asked = _tickers_query(query)
        if isinstance(asked, Rejected):
            raise Refused(asked)
        now_ms = self._services.now_ms()
        views = [
            ticker_view(market, window_of(market, asked.interval), now_ms)
            for market in self._feed.markets.values()
        ]
        return Answer(200, _encode([view for view in views if view is not None]))


def window_of(market: MarketFeed, interval: str) -> Day:
    """Raises Refused."""
    if interval not in INTERVALS:
        raise Refused(malformed("Expected interval 1d or 1w - at `interval`"))
    return market.week if interval == "1w" else market.day


def ticker_view(market: MarketFeed, window: Day, now_ms: int) -> TickerView | None:
    """None before the first price."""
    window.expire(now_ms)
    ticker = window.ticker()
    if ticker is None:
        return None
    change, fraction = price_change(ticker.first, ticker.last)
    return TickerView(
        symbol=market.symbol,
        first_price=ticker.first,
        last_price=ticker.last,
        high=ticker.high,
        low=ticker.low,
        price_change=change,
        price_change_percent=fraction,
        volume=whole_tokens(window.base_volume, market.base_decimals),
        quote_volume=whole_tokens(window.quote_volume, market.quote_decimals),
        trades=str(window.trades),
    )


def price_change(first: str, last: str) -> tuple[str, str]:
    """The difference, exactly, and as a fraction of `first`, rounded half-even."""
    places = max(len(price.partition(".")[2]) for price in (first, last))
    before = base_units(first, places)
    change = base_units(last, places) - before
    return whole_tokens(change, places), half_even(change, before, CHANGE_PLACES)
