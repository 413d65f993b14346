"""One life of a server: what `xyk serve` wires, on a simulated machine.

The lock file, journal, snapshots, restore, writer, gateway, litestar and streams are the real ones;
stand-ins are the disk under the journal, the clock, the network and the read tables.
"""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

from api.accounts import get_account
from api.app import create_app
from api.gateway import Application, Scope
from api.limits import Limits, LimitSettings
from api.metrics import Metrics
from api.orders import get_orders
from api.services import Services, Settings
from xyk.domain.commands import Genesis
from xyk.domain.request import GENESIS, Request
from xyk.engine.entry import GENESIS_HASH, Evidence, make_entry
from xyk.engine.journal import Journal
from xyk.engine.snapshot import SnapshotFolder, make_snapshot, restore
from xyk.engine.writer import Writer
from xyk.exchange.decide import decide
from xyk.exchange.state import State
from xyk.simulation.disk import PowerLost
from xyk.simulation.machine import Machine
from xyk.simulation.tables import MemoryTables
from xyk.storage.lock import FolderLock
from xyk.wallet.typed_data import Domain

TAIL_MIN = 8  # receipts in memory; small, so that most come back from the journal
LAG_S = 0.4  # of the read tables, at most
READS = get_account, get_orders  # of litestar's: they make a start slow, and most need tables
HOST = ("10.0.0.1", 8000)


class NoRefreshTokens:
    """Nobody signs in here."""


class Server:
    """`on_failure` gets what stopped the writer; the process is dead by then."""

    def __init__(
        self,
        machine: Machine,
        name: str,
        genesis: Genesis,
        chance: Random,
        on_failure: Callable[["Server", BaseException], None],
    ) -> None:
        self.machine = machine
        self.process, self._mount, self.faults = machine.boot(name)
        self._genesis = genesis
        self._chance = chance
        self._on_failure = on_failure
        self._lock: FolderLock | None = None
        self._app: Application | None = None
        self._journal: Journal | None = None
        self.checkpoints: Any = None
        self.writer: Writer | None = None
        self.is_open = False

    @property
    def committed_seq(self) -> int:
        return self.writer.committed_seq if self.writer is not None else 0

    async def start(self) -> None:
        """To be run in the process. Raises what stops a start."""
        machine, clock = self.machine, self.machine.clock
        self._lock = FolderLock.take(machine.folder / "lock")
        self._journal, self.checkpoints = machine.open_journal(self._mount, self.process)
        journal = self._journal
        if (await journal.head())[0] == 0:
            request = Request(1, clock.now_ms(), "", "", GENESIS, self._genesis)
            events = decide(State(), request)
            assert isinstance(events, tuple), events
            proof = Evidence(scheme=GENESIS)
            await journal.append(
                [make_entry(1, request.now_ms, self._genesis, proof, events, GENESIS_HASH)]
            )
        start = await restore(journal, self._snapshots())
        state = start.replica.state
        tables = MemoryTables()
        await tables.catch_up(journal)
        self.writer = Writer(
            state,
            journal,
            clock,
            tables.find_action,
            head_hash=start.replica.head_hash,
            projected=lambda: tables.seq,
            on_failure=self._fail,
            tail_min=TAIL_MIN,
        )
        services: Any = Services(
            state=state,
            writer=self.writer,
            journal=journal,
            clock=clock,
            history=tables,  # type: ignore[arg-type]
            projected=lambda: tables.seq,
            state_digest=lambda: None,
            domain=Domain(state.salt),
            settings=Settings(version="simulated"),
            metrics=Metrics(),
            secret=bytes(32),
            refresh_tokens=NoRefreshTokens(),  # type: ignore[arg-type]
            limits=Limits(LimitSettings(enabled=False)),
        )
        self._app = create_app(services, READS)
        await self._begin_lifespan()
        self.writer.listeners.append(tables.listen)
        asyncio.get_running_loop().create_task(self._project(tables))
        asyncio.get_running_loop().create_task(self.writer.run())
        self.is_open = True

    def release(self) -> None:
        """What the system does with the lock of a process that ended."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    async def snapshot(self) -> None:
        """As the child process that makes them. Raises CorruptJournal."""
        assert self._journal is not None
        await make_snapshot(self._journal, self._snapshots())

    async def ask(self, scope: Scope, body: bytes, send: Callable[[dict[str, Any]], Any]) -> None:
        """One HTTP request, whole. `send` gets what leaves, at the moment at which it does."""
        assert self._app is not None
        parts = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if parts:
                return parts.pop()
            await asyncio.get_running_loop().create_future()
            raise AssertionError("the client does not leave")

        await self._app({"type": "http", **scope}, receive, send)

    async def connect(self, receive: Any, send: Any) -> None:
        """A websocket, until either side ends it."""
        assert self._app is not None
        await self._app({"type": "websocket", **place("GET", "/ws")}, receive, send)

    def _snapshots(self) -> SnapshotFolder:
        return SnapshotFolder(self.machine.folder / "snapshots")

    def _fail(self, error: BaseException) -> None:
        """As `xyk serve`: the process ends before anybody can be answered."""
        if not self.process.is_dead:
            self.machine.kill(self.process)
        if not isinstance(error, PowerLost):
            self._on_failure(self, error)

    async def _begin_lifespan(self) -> None:
        assert self._app is not None
        started = asyncio.get_running_loop().create_future()
        messages = [{"type": "lifespan.startup"}]

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop()
            await asyncio.get_running_loop().create_future()
            raise AssertionError("it is never shut down, only killed")

        async def send(message: dict[str, Any]) -> None:
            started.set_result(message["type"])

        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        lifespan: Any = self._app(scope, receive, send)
        asyncio.get_running_loop().create_task(lifespan)
        outcome = await started
        assert outcome == "lifespan.startup.complete", outcome

    async def _project(self, tables: MemoryTables) -> None:
        while True:
            await asyncio.sleep(self._chance.random() * LAG_S)
            tables.project()


def place(method: str, path: str, headers: dict[str, str] | None = None, query: str = "") -> Scope:
    """An ASGI scope."""
    named = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    return {
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"xyk"), *named],
        "client": ("10.0.0.2", 4242),
        "server": HOST,
        "state": {},
        "subprotocols": [],
    }
