"""The HTTP protocol of uvicorn, which also lets go of a client that is slow, endless or many.

Left to itself it waits for the rest of a request for ever, keeps as many header bytes as come, and
holds an answer until it is taken. Each of these costs a stranger nothing and us a file, a task or
memory.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn._types import ASGI3Application as ASGIApplication
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.limits import Limited, Limits
from api.problems import JSON, Answer, Headers, malformed, problem
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import BODY_MAX

HEAD_MAX = 64 * 1024  # bytes of request line and headers; one read of the socket may come on top
# What chunks may add to a body: the smallest ones, of one byte, take five others.
FRAMING_PER_BYTE = 8

TOO_MANY_CONNECTIONS = Limited(
    Code.TOO_MANY_REQUESTS,
    "Your address has too many connections open; send requests one after another on a few",
    retry_after_s=1,
)
UNREADABLE = malformed("This is no HTTP/1.1 request; expected method, path, headers and a body")
NO_UPGRADE = malformed(
    "Only a websocket is upgraded to here; send the request without the header Upgrade"
)
HEAD_TOO_LARGE = Rejected(
    Code.TOO_LARGE, f"The request line and headers are larger than {HEAD_MAX} bytes", 431
)


class PatientHttp(HttpToolsProtocol):
    """Patient, and not for ever: `timeout_s` is how long a request may take to arrive, and how long
    an answer to be taken."""

    def __init__(self, *, limits: Limits, timeout_s: int, **given: Any) -> None:
        super().__init__(**given)
        self._limits = limits
        self._timeout_s = timeout_s
        self._counted_as: str | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None
        self._answered = 0
        self._begun = False
        self._in_head = True
        self._overhead = 0  # bytes of the message that comes, its body left out
        self._body = 0
        self._last_answer: Answer | None = None  # after those to what came whole before

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        peer = self.client[0] if self.client else ""
        if not self._limits.connection_opens(peer):
            self._end(problem(TOO_MANY_CONNECTIONS))
            return
        self._counted_as = peer
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._release()
        self._disarm()
        if self._taking is not None:
            self._taking.cancel()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """From here on it is a websocket, and counted as one."""
        self._release()
        self._disarm()
        super().handle_websocket_upgrade()

    def _release(self) -> None:
        if self._counted_as is not None:
            self._limits.connection_closes(self._counted_as)
            self._counted_as = None

    # What comes in

    def data_received(self, data: bytes) -> None:
        if self._is_over():
            return
        self._begun = True
        self._overhead += len(data)
        super().data_received(data)
        if self._is_over() or self.transport.get_protocol() is not self:
            return
        if self._overhead > HEAD_MAX + FRAMING_PER_BYTE * min(self._body, BODY_MAX):
            self._refuse(problem(HEAD_TOO_LARGE))
        elif self.cycle is None or self.cycle.response_complete:
            self._arm()

    def _is_over(self) -> bool:
        """Whether no more requests are taken."""
        return self.transport.is_closing() or self._last_answer is not None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun = self._in_head = True
        self._overhead = self._body = 0
        self._arm()

    def on_header(self, name: bytes, value: bytes) -> None:
        """What trails after a body is no header: it came too late to be believed by anybody."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self.parser.get_http_version() not in ("1.0", "1.1"):
            raise ValueError("another HTTP")  # and so no request that can be read
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._overhead -= len(body)
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._begun = False
        self._overhead = 0
        self._disarm()
        super().on_message_complete()

    def _arm(self) -> None:
        """From the first byte of a message, or from nothing at all, to its last one."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(self._timeout_s, self._too_late)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        if self.pipeline:  # it waits for us
            self._arm()
        elif self._begun:
            self._refuse(problem(_late(self._timeout_s)))
        else:
            self._end()

    def _unsupported_upgrade_warning(self) -> None:
        """The parser takes what follows for another protocol's, and not for the body: so what has a
        body is refused, and nothing after this request is answered."""
        self.cycle.keep_alive = False
        if any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers):
            self._end(problem(NO_UPGRADE))

    # What goes out

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGIApplication) -> None:
        super()._start_asgi_task(cycle, _while_open(cycle, app))

    def on_response_complete(self) -> None:
        is_last = not self.pipeline
        super().on_response_complete()
        self._answered += 1
        if is_last and self._last_answer is not None:
            self._end(self._last_answer)
        if self._taking is None and self.transport.get_write_buffer_size():
            self._watch_taking()

    def timeout_keep_alive_handler(self) -> None:
        self._end()

    def send_400_response(self, msg: str) -> None:
        self._refuse(problem(UNREADABLE))

    def _refuse(self, answer: Answer) -> None:
        """What comes now is not taken, nor anything after it. Requests that came whole before it
        get their answers first: else the client takes this one for theirs."""
        cycle = self.cycle
        if cycle is not None and cycle.more_body and self.pipeline:
            self.pipeline.popleft()  # the newest, which is the one that is refused
        elif cycle is None or cycle.more_body or cycle.response_complete:
            self._end(answer)
            return
        self._last_answer = answer
        self._disarm()
        self.flow.pause_reading()

    def _watch_taking(self) -> None:
        self._taking = self.loop.call_later(self._timeout_s, self._not_taken, self._answered)

    def _not_taken(self, answered: int) -> None:
        self._taking = None
        if self.transport.get_write_buffer_size():
            if answered == self._answered:
                self.transport.abort()
            else:
                self._watch_taking()

    def _end(self, answer: Answer | None = None) -> None:
        """With the answer where nothing else is being said; closing waits for what is unsent, but
        not for ever."""
        if self.transport.is_closing():
            return
        cycle = self.cycle
        is_silent = cycle is None or cycle.response_complete
        if answer is not None and (is_silent or not cycle.response_started):
            self.transport.write(raw(answer, self.server_state.default_headers))
        if not is_silent:  # whatever is still to be answered is not
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()
        self.loop.call_later(self._timeout_s, self.transport.abort)


def _while_open(cycle: RequestResponseCycle, app: ASGIApplication) -> ASGIApplication:
    """Nothing is written to a transport that is closed. uvicorn tells only the newest request of a
    connection that it is lost; those before it would each raise, and be logged with a traceback.
    """

    async def run(scope: Any, receive: Any, _send: Any) -> None:
        await app(scope, receive, send)

    async def send(message: Any) -> None:
        if cycle.flow.write_paused:
            await cycle.flow.drain()
        if cycle.transport.is_closing():
            cycle.disconnected = True
        await cycle.send(message)

    return run


def raw(answer: Answer, more: Headers) -> bytes:
    """The last answer of a connection, as it goes over the wire."""
    headers = [
        *more,
        (b"content-type", JSON.encode()),
        (b"content-length", b"%d" % len(answer.body)),
        (b"connection", b"close"),
        *answer.headers,
    ]
    lines = [b"%b: %b\r\n" % header for header in headers]
    phrase = HTTPStatus(answer.status).phrase.encode()
    head = b"HTTP/1.1 %d %b\r\n%b\r\n" % (answer.status, phrase, b"".join(lines))
    return head + answer.body


def _late(timeout_s: int) -> Rejected:
    return Rejected(
        Code.INVALID_CLIENT_REQUEST,
        f"The request did not arrive whole within {timeout_s} s; send it faster",
        408,
    )
