"""Each deployment as a market-data venue of its own: below `/chain/{name}` the same handlers answer
that answer for the exchange, given another state, feed and history. There is no writer, so what
needs one is not here: accounts, orders and actions are 404.

Every answer says of which block it is and how old that is, in headers, as most shapes have no room
for it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from litestar import Litestar, get
from litestar.di import NamedDependency, Provide

from api.chain_feed import ChainFeed
from api.chain_stream import ChainStream
from api.depth import get_bbo
from api.docs import get_root
from api.gateway import CHAIN_PREFIX, Application, Gateway, Receive, Scope, Send
from api.klines import get_klines
from api.market_queries import queries
from api.markets import get_assets, get_market, get_markets
from api.pools import get_pool, get_pools
from api.problems import answer_exception
from api.routing import methods_of
from api.services import GivenReads, Reads, Services
from api.spot_only import get_nothing, get_securities
from api.system import StatusView, get_ping, get_time
from api.udf import UDF
from xyk.chain.mirror import LIVE
from xyk.chain.venue import Venue
from xyk.domain.units import BODY_MAX

MAINTENANCE = "Maintenance"  # the convention's word for what is not "Ok"


class ChainStatusView(StatusView, frozen=True, kw_only=True):
    """As the exchange's own, with `seq` and `hash` of the mirrored block. `status` is Ok while the
    mirror is live, and else Maintenance with a `message`; `mirror`: live, catching_up, stale or
    halted."""

    mirror: str
    chain_id: int
    block: int
    block_hash: str
    age_ms: int


@get("/api/v1/status", summary="The mirrored block and how old it is", tags=["system"])
async def get_chain_status(
    services: GivenReads, chain: NamedDependency[ChainFeed]
) -> ChainStatusView:
    state = chain.freshness()
    is_live = state.status == LIVE
    why = chain.venue.without_urls(state.reason) or f"the mirror is {state.status}"
    return ChainStatusView(
        status="Ok" if is_live else MAINTENANCE,
        message=None if is_live else why,
        seq=state.block,
        hash=state.hash,
        state_digest=None,
        version=services.settings.version,
        sandbox=False,
        operator=None,
        liabilities=None,
        mirror=state.status,
        chain_id=chain.venue.deployment.chain_id,
        block=state.block,
        block_hash=state.hash,
        age_ms=state.age_ms,
    )


READS = (
    *(get_assets, get_markets, get_market, get_bbo, get_pools, get_pool),
    *(get_klines, *UDF, get_securities, get_nothing),
    *(get_ping, get_time, get_chain_status, get_root),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReads(Reads):
    """Time is the chain's, so that nothing old is dated now."""

    chain_ms: Callable[[], int]

    def now_ms(self) -> int:
        return self.chain_ms()


class ChainMarketData:
    """An ASGI application for what is below `/chain/{name}`, once `running`."""

    def __init__(self, venue: Venue, services: Services) -> None:
        assert venue.market_data is not None
        tables, history = venue.market_data.tables, venue.market_data.history
        self.feed = ChainFeed(venue, tables, history, services.clock)
        self._reads = ChainReads(
            state=self.feed.state,
            clock=services.clock,
            history=history,
            projected=lambda: tables.seq,
            settings=services.settings,
            metrics=services.metrics,
            limits=services.limits,
            chain_ms=self.feed.now_ms,
        )
        self._application = self._gateway()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self.feed.running(self._reads):
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return

        async def with_age(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *self._age()]}
            await send(message)

        await self._application(scope, receive, with_age)

    def _age(self) -> list[tuple[bytes, bytes]]:
        state = self.feed.freshness()
        return [
            (b"x-block", b"%d" % state.block),
            (b"x-block-hash", state.hash.encode()),
            (b"x-age-ms", b"%d" % state.age_ms),
            (b"x-stale", b"false" if state.status == LIVE else b"true"),
        ]

    def _gateway(self) -> Application:
        reads, feed = self._reads, self.feed
        asked = queries(reads, feed.feed)
        app = Litestar(
            route_handlers=READS,
            dependencies={
                "services": Provide(lambda: reads, sync_to_thread=False),
                "feed": Provide(lambda: feed.feed, sync_to_thread=False),
                "chain": Provide(lambda: feed, sync_to_thread=False),
            },
            exception_handlers={Exception: answer_exception},
            openapi_config=None,
            request_max_body_size=BODY_MAX,
            logging_config=None,
        )
        return Gateway(
            endpoints={},
            queries=asked,
            keyed={},
            shared=(),
            methods=methods_of(app, [("GET", path) for path in asked]),
            reads=app,  # type: ignore[arg-type]  # litestar's own names for the same ASGI types
            stream=ChainStream(feed.hub, feed, reads.metrics, reads.limits),
            metrics=reads.metrics,
            limits=reads.limits,
            chains={},
            place=f"{CHAIN_PREFIX}{feed.venue.deployment.name}",
        )
