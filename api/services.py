"""What the HTTP layer is given: the exchange as it runs, put together by whoever starts it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from litestar.di import NamedDependency

from api.metrics import Metrics
from xyk.engine.clock import Clock
from xyk.engine.writer import Writer
from xyk.exchange.state import State
from xyk.storage.history import History
from xyk.wallet.typed_data import Domain

V = TypeVar("V")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`visibility`: who may read accounts; `public` until there are sessions to read with.
    `cors_origins`: origins whose pages may call from a browser, `*` = any; none by default."""

    version: str
    visibility: str = "public"
    cors_origins: tuple[str, ...] = ()


class StateDigest(msgspec.Struct, frozen=True):
    """The digest of the newest snapshot and the seq that it was taken at."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """`state` is the writer's own, read here and never touched. `projected` gives the last seq that
    `history` shows, `state_digest` the newest snapshot's, None before the first one."""

    state: State
    writer: Writer
    clock: Clock
    history: History
    projected: Callable[[], int]
    state_digest: Callable[[], StateDigest | None]
    domain: Domain
    settings: Settings
    metrics: Metrics

    def now_ms(self) -> int:
        """The exchange's time: the clock's, but never before the last entry."""
        return max(self.state.now_ms, self.clock.now_ms())

    async def committed(self, view: V) -> V:
        """`view`, once everything that it can have seen is on disk: nothing uncommitted leaves the
        process. The caller has read the state and awaited nothing since."""
        await self.writer.committed(self.state.seq)
        return view


Given = NamedDependency[Services]  # as litestar hands them to a handler
