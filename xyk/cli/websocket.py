"""The websocket protocol of uvicorn, which also lets go of who does not read, or floods, and takes
frames that are encoded already.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.protocol import State

from api.limits import Limits
from api.stream import TOO_MANY_FRAMES, WIRE

NO_TEXT = (1007, "the text is not UTF-8")


class PatientWebSocket(WebSocketsSansIOProtocol):
    """Closing waits until everything is sent, which is never where nobody reads: megabytes of the
    kernel's buffers and a file would be kept for as long as the client likes. After one more ping
    interval the connection is dropped.

    Pings are answered here, and fragments put together, before any limit of the application sees
    them: so they are counted here. And while a client does not take what we send, nothing more is
    read of it, or its pings would fill our memory with answers.
    """

    def __init__(self, *, limits: Limits, timeout_s: int, **given: Any) -> None:
        """`timeout_s`: for the handshake; one that fails may leave the connection open."""
        super().__init__(**given)
        self._frames = limits.frames()
        self._timeout_s = timeout_s

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.loop.call_later(self._timeout_s, self._end_handshake)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._pause_while_unread()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._pause_while_unread()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.read_paused:
            self.transport.resume_reading()

    async def receive(self) -> ASGIReceiveEvent:
        message = await super().receive()
        self._pause_while_unread()
        return message

    def handle_cont(self, event: Frame) -> None:
        self._count(super().handle_cont, event)

    def handle_pong(self, event: Frame) -> None:
        self._count(super().handle_pong, event)

    def handle_ping(self) -> None:
        self._count(super().handle_ping)

    def send_receive_event_to_app(self) -> None:
        """A text that is none would be logged with a traceback, as long as a stranger likes."""
        if self.curr_msg_data_type == "text" and not _is_utf8(b"".join(self.frames)):
            self._fail(*NO_TEXT)
        else:
            super().send_receive_event_to_app()

    async def run_asgi(self) -> None:
        if not self.conn.extensions:  # an extension would change every frame
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[WIRE] = self.write_frames
        await super().run_asgi()

    def write_frames(self, frames: bytes) -> bool:
        """As `send` does with texts, without their way through the protocol; False, and nothing is
        written, where `send` would wait or fail: the buffer is full, or the socket on its end."""
        if (
            self.conn.state is not State.OPEN
            or not self.writable.is_set()
            or self.transport.is_closing()
        ):
            return False
        self.transport.write(frames)
        return True

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._drop_later()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self._drop_later()

    def _count(self, handle: Callable[..., None], *event: Frame) -> None:
        if self.close_sent:
            return
        if self._frames is not None and self._frames.take("", 1):
            self._fail(*TOO_MANY_FRAMES)
        else:
            handle(*event)

    def _fail(self, code: int, reason: str) -> None:
        self.conn.fail(code, reason)
        self.handle_parser_exception()
        self._drop_later()

    def _end_handshake(self) -> None:
        if not self.handshake_complete:
            self.transport.abort()

    def _pause_while_unread(self) -> None:
        if not self.writable.is_set() and not self.transport.is_closing():
            self.transport.pause_reading()

    def _drop_later(self) -> None:
        assert self.ping_interval is not None
        self.loop.call_later(self.ping_interval, self.transport.abort)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
