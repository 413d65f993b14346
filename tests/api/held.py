"""An exchange whose journal can be held or broken, behind a real uvicorn in this process."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn

from api.app import create_app
from api.limits import Limits, LimitSettings
from api.metrics import Metrics
from api.services import PUBLIC, Services, Settings
from xyk.cli.clock import SystemClock
from xyk.domain.commands import Genesis, GenesisAsset, GenesisMarket
from xyk.domain.request import GENESIS, Request
from xyk.engine.clock import Clock
from xyk.engine.entry import GENESIS_HASH, Entry, Evidence, make_entry
from xyk.engine.journal import MemoryJournal
from xyk.engine.writer import Writer
from xyk.exchange.decide import decide
from xyk.exchange.evolve import apply
from xyk.exchange.state import State
from xyk.storage.connection import read_database, reading_engine
from xyk.storage.history import History
from xyk.storage.migrate import upgrade
from xyk.storage.refresh_tokens import RefreshTokens
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain

OPERATOR = Wallet(bytes(31) + b"\x07")


class HeldJournal(MemoryJournal):
    """`hold` makes appends wait until `release`; `broken` makes them fail."""

    def __init__(self) -> None:
        super().__init__()
        self._open = asyncio.Event()
        self._open.set()
        self.broken = False
        self.is_waiting = asyncio.Event()

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    async def append(self, entries: Sequence[Entry]) -> None:
        self.is_waiting.set()
        await self._open.wait()
        self.is_waiting.clear()
        if self.broken:
            raise OSError("no space left on device")
        await super().append(entries)


class Held:
    def __init__(self, journal: HeldJournal, services: Services, url: str) -> None:
        self.journal = journal
        self.services = services
        self.state = services.state
        self.writer = services.writer
        self.url = url


@asynccontextmanager
async def held_services(
    data: Path,
    database_url: str,
    *,
    sandbox: bool = True,
    cors_origins: tuple[str, ...] = (),
    visibility: str = PUBLIC,
    rate_limits: Limits | None = None,
    clock: Clock | None = None,
    **limits: Any,
) -> AsyncIterator[tuple[HeldJournal, Services]]:
    """ETH and USDC with a book and an empty pool; `limits` are the writer's. The journal is in
    memory, the read tables stay empty."""
    journal, state, clock = HeldJournal(), State(), clock or SystemClock()
    genesis = _genesis(state, clock.now_ms(), sandbox)
    await journal.append([genesis])
    await upgrade(data, database_url)
    reading = reading_engine(read_database(data, database_url))
    history, metrics = History(reading), Metrics()
    writer = Writer(
        state,
        journal,
        clock,
        history.find_action,
        head_hash=genesis.hash,
        observer=metrics,
        **limits,
    )
    refresh_tokens = RefreshTokens.open(data / "sessions.db")
    services = Services(
        state=state,
        writer=writer,
        journal=journal,
        clock=clock,
        history=history,
        projected=lambda: 0,
        state_digest=lambda: None,
        domain=Domain(state.salt),
        settings=Settings(version="test", cors_origins=cors_origins, visibility=visibility),
        metrics=metrics,
        secret=bytes(32),
        refresh_tokens=refresh_tokens,
        limits=rate_limits or Limits(LimitSettings()),
    )
    writing = asyncio.create_task(writer.run())
    try:
        yield journal, services
    finally:
        journal.release()
        await writer.stop()
        await asyncio.wait([writing])
        await reading.dispose()
        if writing.exception() is not None:
            assert journal.broken


@asynccontextmanager
async def held_exchange(data: Path, database_url: str, **options: Any) -> AsyncIterator[Held]:
    """The same behind a port; `options` as of held_services."""
    async with (
        held_services(data, database_url, **options) as (journal, services),
        _served(services) as url,
    ):
        try:
            yield Held(journal, services, url)
        finally:
            journal.release()


@asynccontextmanager
async def _served(services: Services) -> AsyncIterator[str]:
    server = _Server(uvicorn.Config(create_app(services), log_config=None, ws="websockets-sansio"))
    # asyncio switches Nagle's delay off only where the protocol is named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve([listener]))
    await server.is_open.wait()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_open = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_open.set()


def _genesis(state: State, now_ms: int, sandbox: bool) -> Entry:
    genesis = Genesis(
        salt="0x" + "5a" * 32,
        operator=OPERATOR.address,
        fee_recipient=OPERATOR.address,
        sandbox=sandbox,
        assets=(GenesisAsset(symbol="USDC", decimals=6), GenesisAsset(symbol="ETH", decimals=18)),
        markets=(
            GenesisMarket(base="ETH", quote="USDC", tick_size=10_000, lot_size=10**14, book=True),
        ),
    )
    events = decide(state, Request(1, now_ms, "", "", GENESIS, genesis))
    assert isinstance(events, tuple)
    apply(state, 1, now_ms, events)
    return make_entry(1, now_ms, genesis, Evidence(scheme=GENESIS), events, GENESIS_HASH)
