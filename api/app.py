"""The HTTP application: signed routes in front, litestar's reads behind, a websocket beside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import msgspec
from litestar import Litestar, MediaType, Response, get
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig

from api.accounts import get_account
from api.day import Minute
from api.docs import page, schema
from api.feed import Feed
from api.gateway import Gateway
from api.hub import Hub
from api.markets import get_assets, get_market, get_markets
from api.pools import get_pool, get_pools, get_position
from api.problems import JSON, answer_exception
from api.quotes import get_quote, post_quote
from api.services import Services
from api.stream import Stream, push_tickers
from api.system import get_domain, get_metrics, get_ping, get_status, get_time
from api.trading import endpoints
from xyk.domain.units import BODY_MAX

READS = (
    *(get_assets, get_markets, get_market, get_pools, get_pool, get_position, get_account),
    *(get_quote, post_quote, get_ping, get_time, get_status, get_domain, get_metrics),
)


def create_app(services: Services) -> Gateway:
    """An ASGI application. All of the state that it is made on is committed."""
    hub = Hub()
    feed = Feed(services.state, hub)
    services.writer.listeners.append(feed.publish)
    metrics = services.metrics
    metrics.watch("xyk_subscriptions", "Streams subscribed to", lambda: hub.subscriptions)
    metrics.watch("xyk_stream_frames", "Frames queued for websockets", lambda: hub.sent)
    metrics.watch("xyk_slow_readers", "Websockets closed as too slow", lambda: hub.slow)
    table = endpoints(services)
    reads = _reads(services, feed)
    return Gateway(
        endpoints=table,
        methods=_methods(reads, table),
        reads=reads,  # type: ignore[arg-type]  # litestar's own names for the same ASGI types
        stream=Stream(hub, feed, metrics),
        metrics=metrics,
    )


def _reads(services: Services, feed: Feed) -> Litestar:
    documents: dict[str, bytes] = {}

    @get("/schema", include_in_schema=False)
    async def get_schema() -> Response[bytes]:
        return Response(documents["schema"], media_type=JSON)

    @get(["/docs", "/"], include_in_schema=False)
    async def get_docs() -> Response[bytes]:
        return Response(documents["page"], media_type=MediaType.HTML)

    origins = list(services.settings.cors_origins)
    app = Litestar(
        route_handlers=[*READS, get_schema, get_docs],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
        exception_handlers={Exception: answer_exception},
        openapi_config=OpenAPIConfig(
            title="xyk", version=services.settings.version, path="/schema-of-reads"
        ),
        cors_config=CORSConfig(allow_origins=origins) if origins else None,
        request_max_body_size=BODY_MAX,
        lifespan=[partial(_lifespan, services, feed)],
        logging_config=None,
    )
    document = schema(app, services.state.sandbox)
    documents["schema"] = msgspec.json.encode(document)
    documents["page"] = page(document).encode()
    return app


@asynccontextmanager
async def _lifespan(services: Services, feed: Feed, _app: Litestar) -> AsyncIterator[None]:
    """Before the port opens the last day is read back; while it is open, tickers go out."""
    now_ms = services.now_ms()
    for symbol, market in feed.markets.items():
        ticker = await services.history.ticker_24h(symbol, now_ms)
        market.day.last = ticker.last if ticker is not None else None
        for minute in await services.history.minutes(symbol, now_ms):
            market.day.restore(Minute(**msgspec.structs.asdict(minute)))
        market.day.expire(now_ms)
    tickers = asyncio.create_task(push_tickers(feed, services.now_ms))
    try:
        yield
    finally:
        tickers.cancel()
        with suppress(asyncio.CancelledError):
            await tickers


def _methods(reads: Litestar, table: object) -> dict[str, frozenset[str]]:
    """All methods of the paths that have a signed route, so that any other one is answered 405."""
    assert isinstance(table, dict)
    methods: dict[str, set[str]] = {}
    for method, path in table:
        methods.setdefault(path, set()).add(method)
    for route in reads.routes:
        if route.path in methods:
            methods[route.path] |= set(getattr(route, "methods", ()))
    return {path: frozenset(known) for path, known in methods.items()}
