"""What the HTTP layer is given: the exchange as it runs, put together by whoever starts it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import msgspec
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from api.limits import Limits, LimitSettings
from api.metrics import Metrics
from xyk.chain.venue import Venue
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
class Reads:
    """What reads of market data are given, of whatever venue. `projected` gives the last seq that
    `history` shows."""

    state: State
    clock: Clock
    history: History
    projected: Callable[[], int]
    settings: Settings
    metrics: Metrics
    limits: Limits = field(default_factory=lambda: Limits(LimitSettings()))

    def now_ms(self) -> int:
        """The venue's time: the clock's, but never before the last entry."""
        return max(self.state.now_ms, self.clock.now_ms())

    async def committed(self, view: V) -> V:
        """`view`, once everything that it can have seen is to stay; at once where nothing is seen
        before."""
        return view


@dataclass(frozen=True, slots=True, kw_only=True)
class Services(Reads):
    """The exchange. `state` and `journal` are the writer's own, read here and never touched.
    `state_digest` gives the newest snapshot's and `liabilities` what was owed at its seq, None
    before the first one. `secret`: 32 bytes that the tokens of sessions
    are made with. `chains`: the mirrored deployments by name, in the order of their file."""

    writer: Writer
    journal: Journal
    state_digest: Callable[[], StateDigest | None]
    domain: Domain
    secret: bytes
    refresh_tokens: RefreshTokens
    health: Health = field(default_factory=Health)
    liabilities: Callable[[], Liabilities | None] = lambda: None
    chains: Mapping[str, Venue] = field(default_factory=dict)

    async def committed(self, view: V) -> V:
        """`view`, once everything that it can have seen is on disk: nothing uncommitted leaves the
        process. The caller has read the state and awaited nothing since."""
        await self.writer.committed(self.state.seq)
        return view


Given = NamedDependency[Services]  # as litestar hands them to a handler
GivenReads = NamedDependency[SkipValidation[Reads]]  # it would take Reads alone for such
