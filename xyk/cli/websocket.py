"""The websocket protocol of uvicorn, which also lets go of a client that does not read."""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class PatientWebSocket(WebSocketsSansIOProtocol):
    """Closing waits until everything is sent, which is never where nobody reads: megabytes of the
    kernel's buffers and a file would be kept for as long as the client likes. After one more ping
    interval the connection is dropped.
    """

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._drop_later()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self._drop_later()

    def _drop_later(self) -> None:
        assert self.ping_interval is not None
        self.loop.call_later(self.ping_interval, self.transport.abort)
