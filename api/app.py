"""The HTTP application: signed routes in front, litestar's reads behind, a websocket beside."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.types import Scope

from api.account_stream import AccountStream
from api.accounts import get_account
from api.auth import auth_endpoints, with_sessions
from api.best_price import BestPrice
from api.candle_log import CandleLog
from api.chain import CHAIN
from api.chain_market_data import ChainMarketData
from api.cors import Cors
from api.depth import get_bbo
from api.docs import get_docs
from api.feed import Feed
from api.gateway import Application, Gateway
from api.guides import get_guide
from api.history import get_fills, get_liquidity, get_order_history, get_transfers
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
from api.order_quotes import get_order_quote
from api.orders import get_order, get_order_by_id, get_orders
from api.pool_history import PoolPast, get_pool_history
from api.pools import get_pool, get_pools, get_position
from api.problems import answer_exception
from api.proof import get_proof, get_root_of_all
from api.quotes import Quotes
from api.routing import methods_of, places_of
from api.schema import openapi_config
from api.services import Services
from api.sessions import Sessions
from api.site import Site
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
from api.windows import last_week
from xyk.domain.units import BODY_MAX

READS = (
    *(get_assets, get_markets, get_market, get_bbo, get_pools, get_pool, get_position),
    *(get_account, get_order, get_order_by_id, get_orders, get_order_quote, get_pool_history),
    *(get_fills, get_order_history, get_liquidity, get_transfers),
    *(get_securities, get_wallets, get_nothing, refuse_action),
    *(get_klines, *UDF),
    *(get_ping, get_time, get_status, get_domain),
    *(get_coingecko_pairs, get_coingecko_tickers, get_coingecko_book, get_coingecko_trades),
    *(get_cmc_summary, get_cmc_assets, get_cmc_ticker, get_cmc_book, get_cmc_trades),
    *(get_latest_block, get_listed_asset, get_listed_pair, get_events),
    *(get_healthz, get_readyz, get_metrics, get_docs, get_guide),
    *(get_journal, get_root_of_all, get_proof),
    *CHAIN,
)

NO_PAGE = Site({})


def create_app(
    services: Services, reads: Sequence[Any] = READS, site: Site = NO_PAGE
) -> Application:
    """An ASGI application. All of the state that it is made on is committed. `reads`: litestar's
    handlers, whose making takes most of the time; a simulation that begins often wants few.
    `site`: the page for people."""
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
    table |= Quotes(services, readers, BestPrice(services).answer).endpoints()
    asked, keyed = queries(services, feed), key_endpoints(services, log)
    chains = {
        name: ChainMarketData(venue, services)
        for name, venue in services.chains.items()
        if venue.market_data is not None
    }
    app = _reads(services, feed, readers, reads, tuple(chains.values()))
    native = [*table, *(("GET", path) for path in (*asked, *site.paths))]
    methods = methods_of(app, [*native, *keyed])
    gateway = Gateway(
        endpoints=table,
        queries=asked,
        keyed=keyed,
        shared={*native, *places_of(app)} & keyed.keys(),
        methods=methods,
        reads=app,  # type: ignore[arg-type]  # litestar's own names for the same ASGI types
        stream=Stream(hub, feed, metrics, services.now_ms, streams, services.limits),
        metrics=metrics,
        limits=services.limits,
        chains=chains,
        site=site,
    )
    origins = services.settings.cors_origins
    return Cors(gateway, origins) if origins else gateway


def _reads(
    services: Services,
    feed: Feed,
    readers: Readers,
    handlers: Sequence[Any],
    chains: Sequence[ChainMarketData],
) -> Litestar:
    def visitor(scope: Scope) -> Visitor:
        return Visitor(readers, scope)

    pool_past = PoolPast(services.history)
    return Litestar(
        route_handlers=handlers,
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False),
            "feed": Provide(lambda: feed, sync_to_thread=False),
            "pool_past": Provide(lambda: pool_past, sync_to_thread=False),
            "visitor": Provide(visitor, sync_to_thread=False),
        },
        exception_handlers={Exception: answer_exception},
        openapi_config=openapi_config(services),
        request_max_body_size=BODY_MAX,
        lifespan=[partial(_lifespan, services, feed, chains)],
        logging_config=None,
    )


@asynccontextmanager
async def _lifespan(
    services: Services, feed: Feed, chains: Sequence[ChainMarketData], _app: Litestar
) -> AsyncIterator[None]:
    """Before the port opens the last week and the present candles are read back, of each deployment
    too, whose mirror may run from then on; while it is open, what goes out by the clock goes
    out."""
    now_ms = services.now_ms()
    week = await last_week(services.history, tuple(feed.markets), now_ms)
    feed.days.restore(*week, now_ms)
    feed.candles.restore(*await services.history.present_candles())
    pushing = [
        asyncio.create_task(push_tickers(feed, services.now_ms)),
        asyncio.create_task(pace_depth(feed, services.now_ms)),
        asyncio.create_task(push_klines(feed.klines, services)),
    ]
    try:
        async with AsyncExitStack() as stack:
            for chain in chains:
                await stack.enter_async_context(chain.running())
            yield
    finally:
        for task in pushing:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
