"""The websocket: subscribes to streams, and does so again after each lost connection."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from xyk.client.connection import BACKOFF_MAX_S, BACKOFF_S, Refused

FRAME_MAX = 1024 * 1024  # bytes; the server's own frames are far smaller
SUBSCRIBED = ""  # a name that no stream of the server has

Frame = dict[str, Any]


class Stream:
    """`async with Stream(url, ["pool.ETH_USDC"]) as stream: async for frame in stream: ...`

    A frame is {"stream", "data"}. `connections` counts how often the connection was made: whoever
    follows changes asks for the whole again when it grows. `subscribed` is set while the server
    has heard every subscription; where it `announces`, a frame of the stream SUBSCRIBED is given
    each time that begins. An error frame raises Refused. `token` gives a session's access token,
    or None, for each subscription.
    """

    def __init__(
        self,
        base_url: str,
        streams: list[str],
        *,
        announces: bool = False,
        token: Callable[[], Awaitable[str | None]] | None = None,
    ) -> None:
        self.url = base_url.rstrip("/").replace("http", "ws", 1) + "/ws"
        self.streams = list(dict.fromkeys(streams))
        self.announces = announces
        self._token = token
        self.connections = 0
        self.subscribed = asyncio.Event()
        self._asked = 0  # the id of the newest request
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def subscribe(self, *streams: str) -> None:
        fresh = [name for name in streams if name not in self.streams]
        self.streams += fresh
        await self._say("SUBSCRIBE", fresh)

    async def unsubscribe(self, *streams: str) -> None:
        self.streams = [name for name in self.streams if name not in streams]
        await self._say("UNSUBSCRIBE", list(streams))

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def __aiter__(self) -> AsyncIterator[Frame]:
        pause_s = BACKOFF_S
        while True:
            try:
                async with connect(
                    self.url, max_size=FRAME_MAX, compression=None, proxy=None
                ) as socket:
                    self._socket = socket
                    self.connections += 1
                    await self._say("SUBSCRIBE", self.streams)
                    async for text in socket:
                        pause_s = BACKOFF_S
                        frame = msgspec.json.decode(text, type=dict[str, Any])
                        if frame.get("error"):
                            raise _refused(frame["error"])
                        if "stream" in frame:
                            yield frame
                        elif frame.get("id") == self._asked:
                            self.subscribed.set()
                            if self.announces:
                                yield {"stream": SUBSCRIBED, "data": {}}
            except (OSError, InvalidHandshake, ConnectionClosed):
                pass  # the server restarts: come back
            finally:
                self._socket = None
                self.subscribed.clear()
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, BACKOFF_MAX_S)

    async def _say(self, method: str, streams: list[str]) -> None:
        if self._socket is not None and streams:
            token = await self._token() if self._token is not None else None
            self._asked += 1
            self.subscribed.clear()
            request: dict[str, Any] = {"method": method, "params": streams, "id": self._asked}
            if token is not None:
                request["token"] = token
            await self._socket.send(msgspec.json.encode(request).decode())


def _refused(error: Any) -> Refused:
    if isinstance(error, dict):
        return Refused(str(error.get("code", "")), str(error.get("message", "")), 0)
    return Refused("", str(error), 0)
