"""The outermost ASGI application: exact paths of the hot routes first, everything else to litestar.

A handler inside litestar costs about 70 us, more than recovering a signature; the signed routes and
the hottest reads need nothing of what that buys. They get the whole body, or the query string, and
give a whole answer.

Liberal where clients of the convention stumble: slashes that were doubled in joining a URL count
once, and a name without a value in a query is as if it were not there.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

import structlog

from api.limits import Limits
from api.metrics import Metrics
from api.problems import (
    JSON,
    SERVER_ERROR,
    STOPPING,
    TOO_LARGE,
    Answer,
    Refused,
    hanging_up,
    method_not_allowed,
    problem,
)
from api.query import plain_query
from api.site import Site
from xyk.domain.units import BODY_MAX
from xyk.engine.writer import WriterStopped

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
# The whole body, and the scope for whoever needs headers, query or the client's address.
Endpoint = Callable[[bytes, Scope], Awaitable[Answer]]
Query = Callable[[bytes], Awaitable[Answer]]  # takes the query string as it was sent

# The route's name in the metrics where there is none: paths are the client's to choose.
UNMATCHED = "unmatched"
KEY_HEADER = b"x-api-key"
CHAIN_PREFIX = "/chain/"

DRAIN_S = 10
DRAIN_MAX = 32 * 1024 * 1024  # bytes of a refused body that are read and thrown away

_log = structlog.get_logger("api")
_CONTENT_TYPE = (b"content-type", JSON.encode())
_BARE_JSON = (b"content-type", b"application/json")
_SLASHES = re.compile("/{2,}")


class Gateway:
    """`endpoints` by (method, path), `queries` (GET) by path. `keyed` are for what an API key
    signs; the `shared` ones of them only where its header is there. `methods` are all that their
    paths take, the other reads included. `chains`: market-data venues of their own by the names of
    their deployments; each has all that is below /chain/{name}, counts and limits by itself.
    `site`: the page for people, whose paths are in `methods`. `place`: what is before the paths in
    the metrics, as a venue's own are counted there."""

    def __init__(
        self,
        *,
        endpoints: Mapping[tuple[str, str], Endpoint],
        queries: Mapping[str, Query],
        keyed: Mapping[tuple[str, str], Endpoint],
        shared: Collection[tuple[str, str]],
        methods: Mapping[str, frozenset[str]],
        reads: Application,
        stream: Application,
        metrics: Metrics,
        limits: Limits,
        chains: Mapping[str, Application],
        site: Site | None = None,
        place: str = "",
    ) -> None:
        self._endpoints = endpoints
        self._queries = queries
        self._keyed = keyed
        self._shared = shared
        self._methods = methods
        self._reads = reads
        self._stream = stream
        self._metrics = metrics
        self._limits = limits
        self._chains = chains
        self._site = site
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if "//" in scope.get("path", ""):
            scope = with_single_slashes(scope)
        if self._chains and kind != "lifespan" and scope["path"].startswith(CHAIN_PREFIX):
            name, _, rest = scope["path"].removeprefix(CHAIN_PREFIX).partition("/")
            if name in self._chains:
                path = f"/{rest}"
                await self._chains[name](
                    {**scope, "path": path, "raw_path": path.encode()}, receive, send
                )
                return
        if kind == "http":
            if scope["method"] == "HEAD":  # also in the metrics it is the GET that it stands for
                scope, send = {**scope, "method": "GET"}, headers_only(send)
            method, path = scope["method"], scope["path"]
            limited = self._limits.of_request(scope)
            if limited is not None:
                self._count(method, UNMATCHED, 429)
                self._metrics.refused(limited.code)
                await self._refuse(scope, receive, send, problem(limited))
                return
            endpoint = self._endpoint(method, path, scope)
            if endpoint is not None:
                answer = await self._answer(endpoint, scope, receive)
                if answer is not None:
                    if answer.status == 401:
                        answer = self._unauthorized(scope, answer)
                    self._count(method, path, answer.status)
                    if answer.status == 413:
                        await self._refuse(scope, receive, send, answer)
                    else:
                        await respond(send, answer)
                return
            query = self._queries.get(path) if method == "GET" else None
            if query is not None:
                answer = await self._guarded(query(scope["query_string"]), path)
                self._count(method, path, answer.status)
                await respond(send, answer)
                return
            if self._site is not None and method == "GET" and path in self._site:
                self._count(method, path, await self._site.answer(scope, send))
                return
            methods = self._methods.get(path)
            if methods is not None and method not in methods:
                self._count(method, path, 405)
                await respond(send, method_not_allowed(method, path, methods))
                return
            await self._read(scope, receive, send)
        elif kind == "websocket":
            await self._stream(scope, receive, send)
        else:
            await self._reads(scope, receive, send)

    def _count(self, method: str, route: str, status: int) -> None:
        named = route if route == UNMATCHED else self._place + route
        self._metrics.count_request(method, named, status)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, answer: Answer) -> None:
        """What may still be on its way of a large body is read to its end."""
        if announced_size(scope) > BODY_MAX:
            await respond_and_drain(scope, receive, send, answer)
        else:
            await respond(send, answer)

    def _unauthorized(self, scope: Scope, answer: Answer) -> Answer:
        """The same, or that there were too many of them: that ends the connection."""
        limited = self._limits.of_failure(scope)
        if limited is None:
            return answer
        self._metrics.refused(limited.code)
        return hanging_up(limited)

    def _endpoint(self, method: str, path: str, scope: Scope) -> Endpoint | None:
        place = (method, path)
        keyed = self._keyed.get(place)
        if keyed is not None and (place not in self._shared or has_key(scope)):
            return keyed
        return self._endpoints.get(place)

    async def _answer(self, endpoint: Endpoint, scope: Scope, receive: Receive) -> Answer | None:
        """None where the client left before its request was complete."""
        body = await read_body(scope, receive)
        if body is None or isinstance(body, Answer):
            return body
        return await self._guarded(endpoint(body, scope), scope["path"])

    async def _guarded(self, answering: Awaitable[Answer], path: str) -> Answer:
        try:
            return await answering
        except Refused as refused:
            return problem(refused.rejected)
        except WriterStopped:
            return problem(STOPPING)
        except Exception:
            _log.exception("request failed", route=path)
            return problem(SERVER_ERROR)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        if announced_size(scope) > BODY_MAX:
            self._count(scope["method"], UNMATCHED, 413)
            await respond_and_drain(scope, receive, send, problem(TOO_LARGE))
            return
        status = 500

        async def counted(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                named = [_CONTENT_TYPE if one == _BARE_JSON else one for one in message["headers"]]
                message = {**message, "headers": named}
            await send(message)

        query = scope["query_string"]
        if query:
            scope = {**scope, "query_string": plain_query(query)}
        await self._reads(scope, receive, counted)
        self._count(scope["method"], scope.get("path_template") or UNMATCHED, status)


async def read_body(scope: Scope, receive: Receive) -> bytes | Answer | None:
    """The whole body, or 413 as soon as it is known to be larger than BODY_MAX: announced, or
    counted where it comes in chunks; those are read to their end first, within bounds. The rest of
    such a body is never kept.
    """
    if announced_size(scope) > BODY_MAX:
        return problem(TOO_LARGE)
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False) and len(body) <= BODY_MAX:
        return body
    parts = [body]
    size = len(body)
    while message.get("more_body", False) and size <= DRAIN_MAX:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size <= BODY_MAX:
            parts.append(part)
    return problem(TOO_LARGE) if size > BODY_MAX else b"".join(parts)


def with_single_slashes(scope: Scope) -> Scope:
    path = _SLASHES.sub("/", scope["path"])
    return {**scope, "path": path, "raw_path": path.encode()}


def has_key(scope: Scope) -> bool:
    """Whether an API key signed the request, in the convention's form."""
    return any(name == KEY_HEADER for name, _ in scope["headers"])


def announced_size(scope: Scope) -> int:
    """Content-Length in bytes, 0 where there is none; the server checked its form."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)
    return 0


def headers_only(send: Send) -> Send:
    """Sends no byte of a body; the headers, the length among them, stay those of the GET."""

    async def bare(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return bare


async def respond_and_drain(scope: Scope, receive: Receive, send: Send, answer: Answer) -> None:
    """The answer at once; the connection ends when the client has sent the rest, within bounds:
    closed earlier it is reset under a client that still writes, which never reads what we said.
    """
    if any(name == b"expect" for name, _ in scope["headers"]):  # it waits for our word first
        await respond(send, answer)
        return
    await respond(send, answer, more_body=True)
    drained = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while drained < DRAIN_MAX:
                message = await receive()
                drained += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    break
    await send({"type": "http.response.body", "body": b""})


async def respond(send: Send, answer: Answer, *, more_body: bool = False) -> None:
    headers = [_CONTENT_TYPE, (b"content-length", b"%d" % len(answer.body)), *answer.headers]
    if answer.status == 204:  # has no body, and so nothing to say of it
        headers = answer.headers
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": more_body})
