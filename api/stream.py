"""The websocket at `/` and `/ws`: subscribe and unsubscribe frames in, stream frames out.

As in the Backpack convention nothing is acknowledged, but a request that carries an `id` is
answered with it, so that a client can know when it is heard. An unknown stream is answered with
error 4006; the others of the same request are subscribed all the same.
"""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any, Protocol

import msgspec
import structlog

from api.account_stream import UNAUTHORIZED, is_private
from api.depth_stream import TICK_MS
from api.feed import Feed
from api.gateway import Receive, Scope, Send
from api.hub import Frame, Hub, Reader, Write
from api.limits import Limits
from api.metrics import Metrics
from api.problems import JSON, Answer, no_such_route, problem
from xyk.domain.rejections import Code, Rejected

PATHS = frozenset({"/", "/ws"})
WIRE = "xyk.wire"  # an extension of our server's scope: takes frames as bytes (api.hub.Write)
CLOSE_TIMEOUT_S = 10  # for a reader that must go and does not even read that
TICKER_S = 1
INVALID_REQUEST = 4000
INVALID_STREAM = 4006
TOO_MANY_STREAMS = 4008
NOT_ALLOWED = {Code.UNAUTHORIZED: UNAUTHORIZED, Code.FORBIDDEN: 4003}
TOO_MANY_FRAMES = (1008, "too many frames: the docs say how many a second")

_log = structlog.get_logger("api.stream")
_encode = msgspec.json.Encoder().encode


class StreamRequest(msgspec.Struct, frozen=True):
    """Unknown fields are tolerated: clients add their own. For account streams, `signature`: an API
    key, what it signed, timestamp and window; or `token`: a session's access token."""

    method: str
    params: list[str]
    id: int | str | None = None
    signature: list[str | int] | None = None
    token: str | None = None


_decoder = msgspec.json.Decoder(StreamRequest)


class SocketSessions(Protocol):
    """What sockets showed: see StreamSessions."""

    async def by_token(self, reader: Reader, token: str) -> Rejected | None: ...
    def named(self, reader: Reader, name: str) -> str: ...
    def fault(self, reader: Reader, name: str) -> Rejected | None: ...
    def leave(self, reader: Reader) -> None: ...


TOO_MANY_SOCKETS = Rejected(
    Code.TOO_MANY_REQUESTS, "Your address has too many websockets open; one follows many streams"
)


class Stream:
    """An ASGI application, raw because a frame to a reader is the hottest path of the server."""

    def __init__(
        self,
        hub: Hub,
        feed: Feed,
        metrics: Metrics,
        now_ms: Callable[[], int],
        sessions: SocketSessions,
        limits: Limits,
    ) -> None:
        self._sessions = sessions
        self._limits = limits
        self._hub = hub
        self._feed = feed
        self._now_ms = now_ms
        self._sockets = metrics.sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        if scope["path"] not in PATHS:
            await _refuse(send, problem(no_such_route("websocket", scope["path"])))
            return
        ip = self._limits.client_ip(scope)
        if not self._limits.socket_opens(ip):
            await _refuse(send, problem(TOO_MANY_SOCKETS))
            return
        try:
            await self._serve(receive, send, scope.get("extensions", {}).get(WIRE))
        finally:
            self._limits.socket_closes(ip)

    async def _serve(self, receive: Receive, send: Send, write: Write | None) -> None:
        await send({"type": "websocket.accept"})
        loop = asyncio.get_running_loop()
        later = self._hub.later if write is not None else None
        reader = Reader(lambda: loop.call_later(CLOSE_TIMEOUT_S, sender.cancel), write, later)
        sender = loop.create_task(_send_frames(reader, send))
        receiver = loop.create_task(self._receive_frames(reader, receive))
        self._sockets.inc()
        try:
            await asyncio.wait({sender, receiver}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.leave(reader)
            self._sessions.leave(reader)
            self._sockets.dec()
            sender.cancel()
            receiver.cancel()
            for ended in await asyncio.gather(sender, receiver, return_exceptions=True):
                if isinstance(ended, Exception):
                    _log.error("socket failed", exc_info=ended)

    async def _receive_frames(self, reader: Reader, receive: Receive) -> None:
        frames = self._limits.frames()
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            if frames is not None and frames.take("", 1) and reader.closing is None:
                reader.close(*TOO_MANY_FRAMES)
            if reader.closing is None:
                text = message.get("text")
                await self._take(reader, message.get("bytes") or b"" if text is None else text)

    async def _take(self, reader: Reader, text: str | bytes) -> None:
        try:
            request = _decoder.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            _say(reader, None, INVALID_REQUEST, 'Expected {"method": "SUBSCRIBE", "params": [...]}')
            return
        if request.method not in ("SUBSCRIBE", "UNSUBSCRIBE"):
            _say(reader, request.id, INVALID_REQUEST, "Expected method SUBSCRIBE or UNSUBSCRIBE")
            return
        if request.token is not None:
            fault = await self._sessions.by_token(reader, request.token)
            if fault is not None:
                _say(reader, request.id, NOT_ALLOWED[fault.code], fault.message)
                return
        key = self._key_of(reader, request)
        if request.method == "SUBSCRIBE":
            self._subscribe(reader, request, key)
        else:
            for name in self._named(reader, request):
                stream = self._stream(name, key) if is_private(name) else name
                if stream:
                    self._hub.unsubscribe(reader, stream)
        if request.id is not None:
            push_view(reader, {"id": request.id, "result": None})

    def _key_of(self, reader: Reader, request: StreamRequest) -> str:
        """The key that signed for the account streams of the request; else empty, and the reader is
        told why where there are any."""
        if not any(is_private(name) for name in self._named(reader, request)):
            return ""
        key = self._feed.accounts.listener(request.signature, self._now_ms())
        if isinstance(key, Rejected):
            _say(reader, request.id, UNAUTHORIZED, f"{key.code.name}: {key.message}")
            return ""
        return key

    def _named(self, reader: Reader, request: StreamRequest) -> list[str]:
        """The names as they are subscribed to: a session's own streams name their owner."""
        if request.signature is not None:
            return request.params
        names = [(name, self._sessions.named(reader, name)) for name in request.params]
        return [told for name, told in names if told or not name]

    def _stream(self, name: str, key: str) -> str | None:
        """What the hub calls an account stream; empty where there is nothing to listen to."""
        return self._feed.accounts.stream(name, key, self._feed.markets) if key else ""

    def _has(self, name: str) -> bool:
        """Whether a stream that takes no signature can be subscribed to."""
        return self._feed.has_stream(name)

    def _subscribe(self, reader: Reader, request: StreamRequest, key: str) -> None:
        most = self._limits.settings.subscriptions_per_socket
        for name in self._named(reader, request):
            stream: str | None = name
            if is_private(name):
                stream = self._stream(name, key)
            elif not self._has(name):
                stream = None
            if stream is None:
                _say(reader, request.id, INVALID_STREAM, "Invalid stream")
            elif (fault := self._sessions.fault(reader, name)) is not None:
                _say(reader, request.id, NOT_ALLOWED[fault.code], fault.message)
            elif stream and stream not in reader.names and len(reader.names) >= most:
                _say(
                    reader,
                    request.id,
                    TOO_MANY_STREAMS,
                    f"A socket may follow {most} streams; open another one",
                )
                return
            elif stream:
                self._hub.subscribe(reader, stream)
                if is_private(name):
                    self._feed.accounts.follow(key)
                else:
                    self._feed.follow(stream)


async def push_tickers(feed: Feed, now_ms: Any) -> None:
    """Every second, whether or not anything changed, as the convention has it. Runs until
    cancelled.
    """
    while True:
        await asyncio.sleep(TICKER_S)
        feed.push_tickers(now_ms())


async def pace_depth(feed: Feed, now_ms: Any) -> None:
    """At a fixed pace, whether or not anything changed. Runs until cancelled."""
    for number in count(1):
        await asyncio.sleep(TICK_MS / 1000)
        feed.tick_depth(number, now_ms())


async def _send_frames(reader: Reader, send: Send) -> None:
    """Returns when the client went or was told to."""
    try:
        while reader.closing is None:
            await reader.ready()
            while not reader.write_queue():
                await send(reader.queue.popleft().message)  # waits until there is room
        code, reason = reader.closing
        await send({"type": "websocket.close", "code": code, "reason": reason})
    except OSError:  # gone
        return


async def _refuse(send: Send, answer: Answer) -> None:
    await send(
        {
            "type": "websocket.http.response.start",
            "status": answer.status,
            "headers": [(b"content-type", JSON.encode()), *answer.headers],
        }
    )
    await send({"type": "websocket.http.response.body", "body": answer.body})


def push_view(reader: Reader, view: dict[str, Any]) -> None:
    """Through the reader's own bounded queue: whoever asks and never reads is closed as well."""
    reader.push(Frame("", _encode(view).decode(), replaceable=False))


def _say(reader: Reader, request: int | str | None, code: int, message: str) -> None:
    push_view(reader, {"id": request, "error": {"code": code, "message": message}})
