"""How the exchange itself is: status, time, signing domain, metrics."""

from typing import Any

from litestar import MediaType, Response, get

from api.markets import View
from api.metrics import CONTENT_TYPE
from api.problems import STOPPING, Refused
from api.services import Given, GivenReads, StateDigest
from api.views import address
from xyk.wallet.typed_data import domain_document


class RootMark(View, frozen=True, kw_only=True):
    seq: int
    root: str


class StatusView(View, frozen=True, kw_only=True):
    """`seq` and `hash` are the last committed entry's: keep them as an anchor for `xyk verify`.
    `stateDigest` is the newest snapshot's, `liabilities` the root over all accounts at its seq (see
    `/api/v1/proof`); null before the first one. `operator` signs what
    only the operator may; no mirrored chain has one.
    """

    status: str
    message: str | None
    seq: int
    hash: str
    state_digest: StateDigest | None
    version: str
    sandbox: bool
    operator: str | None
    liabilities: RootMark | None


class HealthView(View, frozen=True, kw_only=True):
    """`live` or `ready`."""

    status: str


@get("/healthz", summary="The process answers", tags=["system"])
async def get_healthz() -> HealthView:
    """For a supervisor: no answer within some seconds means restart it."""
    return HealthView(status="live")


@get("/readyz", summary="Commands are taken; else 503 that says why not", tags=["system"])
async def get_readyz(services: Given) -> HealthView:
    """For a balancer: 503 while the server stops, its queue is full, its clock jumped or its read
    tables trail too far. A restart does not help against any of these."""
    if services.health.is_ending:
        raise Refused(STOPPING)
    unready = services.writer.unready()
    if unready is not None:
        raise Refused(unready)
    return HealthView(status="ready")


@get("/api/v1/ping", media_type=MediaType.TEXT, summary="pong", tags=["system"])
async def get_ping() -> str:
    return "pong"


@get("/api/v1/time", media_type=MediaType.TEXT, summary="Unix ms, as digits", tags=["system"])
async def get_time(services: GivenReads) -> str:
    return str(services.now_ms())


@get("/api/v1/status", summary="Head of the journal and newest state digest", tags=["system"])
async def get_status(services: Given) -> StatusView:
    seq, head = services.writer.head
    owed = services.liabilities()
    return StatusView(
        status="Ok",
        message=None,
        seq=seq,
        hash=head,
        state_digest=services.state_digest(),
        version=services.settings.version,
        sandbox=services.state.sandbox,
        operator=address(services.state.operator),
        liabilities=None if owed is None else RootMark(seq=owed.root.seq, root=owed.root.root),
    )


@get("/api/v1/domain", summary="EIP-712 domain and types", tags=["system"])
async def get_domain(services: Given) -> dict[str, Any]:
    """Ready for eth_signTypedData_v4 of any action: add primaryType and message."""
    return domain_document(services.domain)


@get("/metrics", include_in_schema=False)
async def get_metrics(services: Given) -> Response[bytes]:
    return Response(services.metrics.exposition(), media_type=CONTENT_TYPE)
