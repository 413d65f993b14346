"""Follows one market's depth for as long as somebody wants to know, over restarts of the server."""

from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Self

from xyk.client.connection import Unanswered
from xyk.client.local_book import LocalBook
from xyk.client.signing import Json, SigningClient
from xyk.client.stream import Frame, Stream

SNAPSHOT = "depth"
LEVELS_MAX = 1_000  # of GET /depth a side; the book is exact up to so many levels


class BookWatch:
    """Gives each frame after the book has it. `snapshots` counts how often the whole was asked
    for: at first, after each lost connection, and where update ids had a gap.

    A frame of an extra stream is given as it comes. A snapshot is given as a frame {"stream":
    "depth", "data": the answer of GET /depth}.
    """

    def __init__(
        self, client: SigningClient, market: str, extra_streams: Iterable[str] = ()
    ) -> None:
        self.book = LocalBook(market)
        self.snapshots = 0
        self._client = client
        self._name = f"depth.{market}"
        self._connections = 0  # as of the newest snapshot
        self.stream = Stream(client.connection.base_url, [self._name, *extra_streams])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stream.close()

    async def __aiter__(self) -> AsyncIterator[Frame]:
        async for frame in self.stream:
            if frame["stream"] != self._name:
                yield frame
                continue
            connection = self.stream.connections
            if self._connections == connection and self.book.apply(frame["data"]):
                yield frame
                continue
            try:  # asked for after this frame, so that it is never older: later frames join it
                depth = await self._snapshot()
            except Unanswered:  # the server is gone again, and the stream comes back to here
                continue
            self._connections = connection
            yield {"stream": SNAPSHOT, "data": depth}

    async def _snapshot(self) -> Json:
        depth = dict(
            await self._client.get(
                "/api/v1/depth", {"symbol": self.book.market, "limit": LEVELS_MAX}
            )
        )
        self.book.reset(depth)
        self.snapshots += 1
        return depth
