"""The websocket of a deployment's market data: the streams of markets, none of accounts, and frames
that say how fresh all of them are.

Such a frame is `{"stream": "status", "data": {"e": "live" | "stale" | "reorg", ...}}`. Whoever
subscribes while the mirror is not live is told so at once, and everybody when that changes.
"""

from typing import Any

from api.chain_feed import ChainFeed
from api.hub import ACCOUNT, Hub, Reader
from api.limits import Limits
from api.metrics import Metrics
from api.stream import Stream, StreamRequest, push_view
from xyk.domain.rejections import Code, Rejected


class NoSessions:
    """There are no accounts here that a session could be of."""

    async def by_token(self, reader: Reader, token: str) -> Rejected | None:
        return Rejected(Code.UNAUTHORIZED, "There are no accounts on this venue: leave out `token`")

    def named(self, reader: Reader, name: str) -> str:
        return name

    def fault(self, reader: Reader, name: str) -> Rejected | None:
        return None

    def leave(self, reader: Reader) -> None:
        return


class ChainStream(Stream):
    def __init__(self, hub: Hub, chain: ChainFeed, metrics: Metrics, limits: Limits) -> None:
        super().__init__(hub, chain.feed, metrics, chain.now_ms, NoSessions(), limits)
        self._chain = chain

    def _has(self, name: str) -> bool:
        return not name.startswith(ACCOUNT) and super()._has(name)

    def _key_of(self, reader: Reader, request: StreamRequest) -> str:
        return ""

    def _stream(self, name: str, key: str) -> str | None:
        return None

    def _subscribe(self, reader: Reader, request: StreamRequest, key: str) -> None:
        super()._subscribe(reader, request, key)
        status: dict[str, Any] | None = self._chain.staleness()
        if status is not None and reader.names:
            push_view(reader, status)
