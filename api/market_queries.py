"""The reads of market data that bypass litestar: one table drives routing and OpenAPI."""

from typing import Any

import msgspec

from api.depth import DepthQuery, Depths, DepthView
from api.feed import Feed
from api.gateway import Query
from api.services import Reads
from api.tickers import TickerQuery, Tickers, TickersQuery, TickerView
from api.trades import HistoryQuery, Trades, TradesQuery, TradeView

DEPTH, TICKER, TICKERS = "/api/v1/depth", "/api/v1/ticker", "/api/v1/tickers"
TRADES, TRADES_HISTORY = "/api/v1/trades", "/api/v1/trades/history"


class QueryRoute(msgspec.Struct, frozen=True):
    """`query`: the Struct of its parameters; `is_list`: it answers a list of `view`; `without`:
    when it answers 204."""

    path: str
    query: Any
    view: Any
    summary: str
    is_list: bool = False
    without: str = ""


QUERY_ROUTES = (
    QueryRoute(DEPTH, DepthQuery, DepthView, "Order book and curve"),
    QueryRoute(
        TICKER,
        TickerQuery,
        TickerView,
        "The last 24 hours or 7 days of a market",
        without="before the first price",
    ),
    QueryRoute(
        TICKERS, TickersQuery, TickerView, "The same of all markets with a price", is_list=True
    ),
    QueryRoute(TRADES, TradesQuery, TradeView, "The newest trades, newest first", is_list=True),
    QueryRoute(TRADES_HISTORY, HistoryQuery, TradeView, "Older trades, newest first", is_list=True),
)


def queries(services: Reads, feed: Feed) -> dict[str, Query]:
    tickers, trades = Tickers(services, feed), Trades(services, feed)
    return {
        DEPTH: Depths(services, feed).one,
        TICKER: tickers.one,
        TICKERS: tickers.all,
        TRADES: trades.newest,
        TRADES_HISTORY: trades.history,
    }
