"""The websocket protocol of uvicorn, which also lets go of a client that does not read, and takes
frames that are encoded already.
"""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from api.stream import WIRE


class PatientWebSocket(WebSocketsSansIOProtocol):
    """Closing waits until everything is sent, which is never where nobody reads: megabytes of the
    kernel's buffers and a file would be kept for as long as the client likes. After one more ping
    interval the connection is dropped.
    """

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

    def _drop_later(self) -> None:
        assert self.ping_interval is not None
        self.loop.call_later(self.ping_interval, self.transport.abort)
