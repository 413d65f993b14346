"""Cross-origin access for browsers, only where the operator names origins; off by default."""

from typing import Any

from api.gateway import Application, Receive, Scope, Send

ANY = "*"
MAX_AGE_S = 600
ALLOWED_HEADERS = (
    b"authorization, content-type, x-api-key, x-signature, x-timestamp, x-window, x-broker-id"
)
EXPOSED_HEADERS = (
    b"x-page-count, x-current-page, x-page-size, x-total, retry-after, "
    b"x-block, x-block-hash, x-age-ms, x-stale"
)


class Cors:
    """Wraps an application. No cookies are used anywhere, so credentials are never allowed."""

    def __init__(self, application: Application, origins: tuple[str, ...]) -> None:
        self._application = application
        self._origins = frozenset(origin.encode() for origin in origins)
        self._is_open = ANY in origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = self._allowed(scope) if scope["type"] == "http" else None
        if origin is None:
            await self._application(scope, receive, send)
            return
        headers = [(b"access-control-allow-origin", origin), (b"vary", b"origin")]
        if scope["method"] == "OPTIONS":
            await _preflight(send, headers)
            return
        headers.append((b"access-control-expose-headers", EXPOSED_HEADERS))

        async def with_headers(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        await self._application(scope, receive, with_headers)

    def _allowed(self, scope: Scope) -> bytes | None:
        for name, value in scope["headers"]:
            if name == b"origin":
                return value if self._is_open or value in self._origins else None
        return None


async def _preflight(send: Send, headers: list[tuple[bytes, bytes]]) -> None:
    headers = [
        *headers,
        (b"access-control-allow-methods", b"GET, POST, PATCH, DELETE"),
        (b"access-control-allow-headers", ALLOWED_HEADERS),
        (b"access-control-max-age", str(MAX_AGE_S).encode()),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
