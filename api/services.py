"""What the HTTP layer is given: the exchange as it runs, put together by whoever starts it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import msgspec
from litestar.di import NamedDependency

from api.limits import Limits, LimitSettings
from api.metrics import Metrics
from xyk.engine.clock import Clock
from xyk.engine.journal import Journal
from xyk.engine.liabilities import Liabilities
from xyk.engine.writer import Writer
from xyk.exchange.state import State
from xyk.storage.history import History
from xyk.wallet.typed_data import Domain

V = TypeVar("V")

PUBLIC, PRIVATE = "public", "private"  # visibility


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`visibility`: who may read accounts: anybody (`public`), or the owner's session or API key
    and the operator's (`private`). `cors_origins`: origins whose pages may call from a browser,
    `*` = any; none by default. `public_url`: where clients find the exchange, named in sign-in
    messages."""

    version: str
    visibility: str = PUBLIC
    public_url: str = "http://127.0.0.1:8000"
    cors_origins: tuple[str, ...] = ()


class StateDigest(msgspec.Struct, frozen=True):
    """The digest of the newest snapshot and the seq that it was taken at."""

    seq: int
    digest: str


class RefreshTokens(Protocol):
    """Hashes of refresh tokens, one a session, on disk when a call returns. Who they belong to is
    kept with them; `expires` in unix seconds."""

    async def put(self, session: str, owner: str, token_hash: str, expires: int) -> None: ...

    async def owner(self, session: str) -> str | None: ...

    async def rotate(self, session: str, old_hash: str, new_hash: str) -> bool:
        """Whether `old_hash` was the one that counts; if so, `new_hash` is now."""
        ...

    async def remove(self, session: str) -> None: ...

    async def sweep(self, now_s: int) -> None:
        """Forgets the sessions that are over."""
        ...


class Health:
    """`is_ending` is set by whoever runs the server when it was told to stop."""

    def __init__(self) -> None:
        self.is_ending = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """`state` and `journal` are the writer's own, read here and never touched. `projected` gives
    the last seq that `history` shows, `state_digest` the newest snapshot's and `liabilities` what
    was owed at its seq, None before the first one. `secret`: 32 bytes that the tokens of sessions
    are made with."""

    state: State
    writer: Writer
    journal: Journal
    clock: Clock
    history: History
    projected: Callable[[], int]
    state_digest: Callable[[], StateDigest | None]
    domain: Domain
    settings: Settings
    metrics: Metrics
    secret: bytes
    refresh_tokens: RefreshTokens
    limits: Limits = field(default_factory=lambda: Limits(LimitSettings()))
    health: Health = field(default_factory=Health)
    liabilities: Callable[[], Liabilities | None] = lambda: None

    def now_ms(self) -> int:
        """The exchange's time: the clock's, but never before the last entry."""
        return max(self.state.now_ms, self.clock.now_ms())

    async def committed(self, view: V) -> V:
        """`view`, once everything that it can have seen is on disk: nothing uncommitted leaves the
        process. The caller has read the state and awaited nothing since."""
        await self.writer.committed(self.state.seq)
        return view


Given = NamedDependency[Services]  # as litestar hands them to a handler
