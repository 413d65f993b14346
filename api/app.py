"""The HTTP application: signed routes in front, litestar's reads behind, a websocket beside."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import msgspec
from litestar import Litestar
from litestar.di import Provide
from litestar.types import Scope

from api.account_stream import AccountStream
from api.accounts import get_account
from api.auth import auth_endpoints, with_sessions
from api.candle_log import CandleLog
from api.cors import Cors
from api.day import WEEK_MS, Minute
from api.depth import get_bbo
from api.docs import get_docs, get_root
from api.feed import Feed
from api.gateway import Application, Gateway
from api.guides import get_guide
from api.hub import Hub
from api.journal import get_journal
from api.key_routes import key_endpoints
from api.kline_stream import push_klines
from api.klines import get_klines
from api.listing_coingecko import (
    get_coingecko_book,
    get_coingecko_pairs,
    get_coingecko_tickers,
    get_coingecko_trades,
)
from api.listing_coinmarketcap import (
    get_cmc_assets,
    get_cmc_book,
    get_cmc_summary,
    get_cmc_ticker,
    get_cmc_trades,
)
from api.listing_geckoterminal import (
    get_events,
    get_latest_block,
    get_listed_asset,
    get_listed_pair,
)
from api.market_queries import queries
from api.markets import get_assets, get_market, get_markets
from api.order_log import OrderLog
from api.orders import get_order, get_order_by_id, get_orders
from api.pools import get_pool, get_pools, get_position
from api.problems import answer_exception
from api.proof import get_proof, get_root_of_all
from api.quotes import Quotes
from api.schema import openapi_config
from api.services import Services
from api.sessions import Sessions
from api.spot_only import get_nothing, get_securities, get_wallets, refuse_action
from api.stream import Stream, pace_depth, push_tickers
from api.stream_sessions import StreamSessions
from api.system import (
    get_domain,
    get_healthz,
    get_metrics,
    get_ping,
    get_readyz,
    get_status,
    get_time,
)
from api.trading import endpoints
from api.udf import UDF
from api.visibility import Readers, Visitor
from xyk.domain.units import BODY_MAX

READS = (
    *(get_assets, get_markets, get_market, get_bbo, get_pools, get_pool, get_position),
    *(get_account, get_order, get_order_by_id, get_orders),
    *(get_securities, get_wallets, get_nothing, refuse_action),
    *(get_klines, *UDF),
    *(get_ping, get_time, get_status, get_domain),
    *(get_coingecko_pairs, get_coingecko_tickers, get_coingecko_book, get_coingecko_trades),
    *(get_cmc_summary, get_cmc_assets, get_cmc_ticker, get_cmc_book, get_cmc_trades),
    *(get_latest_block, get_listed_asset, get_listed_pair, get_events),
    *(get_healthz, get_readyz, get_metrics, get_docs, get_guide, get_root),
    *(get_journal, get_root_of_all, get_proof),
)


def create_app(services: Services, reads: Sequence[Any] = READS) -> Application:
    """An ASGI application. All of the state that it is made on is committed. `reads`: litestar's
    handlers, whose making takes most of the time; a simulation that begins often wants few."""
    assert services.writer.committed_seq == services.state.seq
    hub = Hub()
    log = OrderLog(services.state, services.projected)
    accounts = AccountStream(services.state, hub, services.writer.balances)
    candles = CandleLog(services.projected)
    feed = Feed(services.state, hub, log, candles, services.now_ms(), services.projected, accounts)
    services.writer.listeners.append(feed.publish)
    metrics = services.metrics
    metrics.watch("xyk_subscriptions", "Streams subscribed to", lambda: hub.subscriptions)
    metrics.watch("xyk_stream_frames", "Frames queued for websockets", lambda: hub.sent)
    metrics.watch("xyk_slow_readers", "Websockets closed as too slow", lambda: hub.slow)
    metrics.watch("xyk_open_orders", "Orders that rest or wait for a trigger", lambda: len(log))
    sessions = Sessions(services)
    readers = Readers(services, sessions)
    streams = StreamSessions(sessions, readers, hub)
    services.writer.listeners.append(streams.publish)
    table = with_sessions(endpoints(services, log), services, log, sessions)
    table |= auth_endpoints(services, sessions)
    table |= Quotes(services, readers).endpoints()
    asked, keyed = queries(services, feed), key_endpoints(services, log)
    app = _reads(services, feed, readers, reads)
    native = [*table, *(("GET", path) for path in asked)]
    methods = _methods(app, [*native, *keyed])
    gateway = Gateway(
        endpoints=table,
        queries=asked,
        keyed=keyed,
        shared={*native, *_places(app)} & keyed.keys(),
        methods=methods,
        reads=app,  # type: ignore[arg-type]  # litestar's own names for the same ASGI types
        stream=Stream(hub, feed, metrics, services.now_ms, streams, services.limits),
        metrics=metrics,
        limits=services.limits,
    )
    origins = services.settings.cors_origins
    return Cors(gateway, origins) if origins else gateway


def _reads(services: Services, feed: Feed, readers: Readers, handlers: Sequence[Any]) -> Litestar:
    def visitor(scope: Scope) -> Visitor:
        return Visitor(readers, scope)

    return Litestar(
        route_handlers=handlers,
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False),
            "feed": Provide(lambda: feed, sync_to_thread=False),
            "visitor": Provide(visitor, sync_to_thread=False),
        },
        exception_handlers={Exception: answer_exception},
        openapi_config=openapi_config(services),
        request_max_body_size=BODY_MAX,
        lifespan=[partial(_lifespan, services, feed)],
        logging_config=None,
    )


@asynccontextmanager
async def _lifespan(services: Services, feed: Feed, _app: Litestar) -> AsyncIterator[None]:
    """Before the port opens the last week and the present candles are read back; while it is open,
    what goes out by the clock goes out."""
    now_ms = services.now_ms()
    feed.days.restore(*await _last_week(services, feed, now_ms), now_ms)
    feed.candles.restore(*await services.history.present_candles())
    pushing = [
        asyncio.create_task(push_tickers(feed, services.now_ms)),
        asyncio.create_task(pace_depth(feed, services.now_ms)),
        asyncio.create_task(push_klines(feed.klines, services)),
    ]
    try:
        yield
    finally:
        for task in pushing:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _last_week(
    services: Services, feed: Feed, now_ms: int
) -> tuple[int, dict[str, tuple[str | None, list[Minute]]]]:
    """The seq that the read tables show, and of every market the last price and the minutes as of
    that entry."""
    history, markets = services.history, tuple(feed.markets)
    while True:
        seq, _ = await history.cursor()
        found = {}
        for symbol in markets:
            ticker = await history.ticker_24h(symbol, now_ms)
            minutes = await history.minutes(symbol, now_ms, WEEK_MS)
            found[symbol] = (
                ticker.last if ticker is not None else None,
                [msgspec.convert(minute, Minute, from_attributes=True) for minute in minutes],
            )
        if (await history.cursor())[0] == seq:  # nothing was projected between the queries
            return seq, found


def _places(reads: Litestar) -> Iterator[tuple[str, str]]:
    for route in reads.routes:
        yield from ((method, route.path) for method in getattr(route, "methods", ()))


def _methods(reads: Litestar, table: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """All methods of the paths that have a signed route, so that any other one is answered 405."""
    methods: dict[str, set[str]] = {}
    for method, path in table:
        methods.setdefault(path, set()).add(method)
    for route in reads.routes:
        if route.path in methods:
            methods[route.path] |= set(getattr(route, "methods", ()))
    return {path: frozenset(known) for path, known in methods.items()}
