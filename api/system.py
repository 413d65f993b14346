"""How the exchange itself is: status, time, signing domain, metrics."""

from litestar import MediaType, Response, get

from api.markets import json_response
from api.metrics import CONTENT_TYPE
from api.services import Services
from xyk.wallet.typed_data import domain_document


@get("/api/v1/ping", media_type=MediaType.TEXT, summary="pong", tags=["system"])
async def get_ping() -> str:
    return "pong"


@get("/api/v1/time", media_type=MediaType.TEXT, summary="Unix ms", tags=["system"])
async def get_time(services: Services) -> str:
    return str(services.clock.now_ms())


@get("/api/v1/status", summary="Head of the journal and newest state digest", tags=["system"])
async def get_status(services: Services) -> Response[bytes]:
    """`seq` and `hash` are the last committed entry's: keep them as an anchor for `xyk verify`."""
    seq, head = services.writer.head
    digest = services.state_digest()
    return json_response(
        {
            "status": "Ok",
            "message": None,
            "seq": seq,
            "hash": head,
            "stateDigest": None if digest is None else {"seq": digest.seq, "digest": digest.digest},
            "version": services.settings.version,
            "sandbox": services.state.sandbox,
        }
    )


@get("/api/v1/domain", summary="EIP-712 domain and types", tags=["system"])
async def get_domain(services: Services) -> Response[bytes]:
    """Ready for eth_signTypedData_v4 of any action: add primaryType and message."""
    return json_response(domain_document(services.domain))


@get("/metrics", summary="Prometheus metrics", tags=["system"])
async def get_metrics(services: Services) -> Response[bytes]:
    return Response(services.metrics.exposition(), media_type=CONTENT_TYPE)
