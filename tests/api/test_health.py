"""`/healthz` and `/readyz`: live as long as somebody answers, ready only when a command would be
taken; what is not ready says why, and no limit stops the question."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from api.limits import Limits, LimitSettings, Rate
from api.services import Health
from tests.api.desk import encoded, message_of, refusal
from tests.api.held import Held, held_exchange
from tests.server import Server
from xyk.cli.clock import SystemClock
from xyk.cli.serve import Server as UvicornServer
from xyk.domain.commands import FaucetDeposit
from xyk.domain.request import FAUCET
from xyk.domain.tokens import token_address
from xyk.engine.clock import AHEAD_MAX_MS
from xyk.engine.entry import Evidence
from xyk.engine.group import ENTRIES_MAX
from xyk.engine.submission import Submission

UNREADY = (503, "OVERLOADED")
OWNER = "0x" + "11" * 20
BODY = encoded({"owner": OWNER, "token": "ETH", "amount": "1"})
WISH = Submission(
    FaucetDeposit(owner=OWNER, token=token_address("ETH"), amount=1), Evidence(scheme=FAUCET)
)


class JumpingClock(SystemClock):
    """The wall clock, `jump_ms` ahead."""

    jump_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.jump_ms


@asynccontextmanager
async def asked(held: Held) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=held.url, trust_env=False, timeout=30) as http:
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
        yield http
        live = await http.get("/healthz")
        assert (live.status_code, live.json()) == (200, {"status": "live"})


async def unready(http: httpx.AsyncClient, why: str) -> None:
    """503 with the reason, the one that a command would get too."""
    answer = await http.get("/readyz")
    assert refusal(answer) == UNREADY
    assert why in message_of(answer)
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_closed_queue_is_not_ready(tmp_path: Path, database_url: str) -> None:
    async with held_exchange(tmp_path, database_url) as held, asked(held) as http:
        await held.writer.stop()
        await unready(http, "The server is shutting down")
        taken = await http.post("/api/v1/faucet", content=BODY)
        assert refusal(taken) == UNREADY


async def test_a_full_queue_is_not_ready(tmp_path: Path, database_url: str) -> None:
    async with (
        held_exchange(tmp_path, database_url, actions_max=2) as held,
        asked(held) as http,
        asyncio.TaskGroup() as wishes,
    ):
        held.journal.hold()
        for _ in range(2 * ENTRIES_MAX):  # two groups and the queue are full before that
            if (await http.get("/readyz")).status_code != 200:
                break
            wishes.create_task(held.writer.submit(WISH))
        await unready(http, "The queue is full")
        held.journal.release()
        async with asyncio.timeout(30):
            while (await http.get("/readyz")).status_code != 200:
                pass


async def test_read_tables_that_trail_are_not_ready(tmp_path: Path, database_url: str) -> None:
    """They stay where they are here; the writer's bound is two entries."""
    options = {"lag_max": 2, "projected": lambda: 1}
    async with held_exchange(tmp_path, database_url, **options) as held, asked(held) as http:
        for _ in range(3):
            taken = await http.post("/api/v1/faucet", content=BODY)
            assert taken.status_code == 201, taken.text
        await unready(http, "The read tables are 3 entries behind")
        assert refusal(await http.post("/api/v1/faucet", content=BODY)) == UNREADY


async def test_a_clock_that_jumped_is_not_ready_until_it_is_set(
    tmp_path: Path, database_url: str
) -> None:
    clock = JumpingClock()
    async with held_exchange(tmp_path, database_url, clock=clock) as held, asked(held) as http:
        clock.jump_ms = AHEAD_MAX_MS + 1_000
        await unready(http, "clock jumped")
        assert refusal(await http.post("/api/v1/faucet", content=BODY)) == UNREADY
        clock.jump_ms = 0
        assert (await http.get("/readyz")).status_code == 200


async def test_a_writer_that_failed_is_not_ready(tmp_path: Path, database_url: str) -> None:
    async with held_exchange(tmp_path, database_url) as held, asked(held) as http:
        held.journal.broken = True
        taken = await http.post("/api/v1/faucet", content=BODY)
        assert refusal(taken) == UNREADY
        await unready(http, "The server is stopping")


async def test_a_server_that_was_told_to_stop_is_not_ready(
    tmp_path: Path, database_url: str
) -> None:
    async with held_exchange(tmp_path, database_url) as held, asked(held) as http:
        held.services.health.is_ending = True
        await unready(http, "The server is stopping")


async def test_no_limit_stops_the_question(tmp_path: Path, database_url: str) -> None:
    narrow = Limits(LimitSettings(ip=Rate(1, 20)))
    async with (
        held_exchange(tmp_path, database_url, rate_limits=narrow) as held,
        asked(held) as http,
    ):
        while (await http.get("/api/v1/ping")).status_code == 200:
            pass
        for path in ("/healthz", "/readyz"):
            assert {(await http.get(path)).status_code for _ in range(30)} == {200}
            assert (await http.head(path)).status_code == 200


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """One of its own: it is told to stop."""
    return Server(tmp_path / "data")


def test_the_signal_is_what_makes_it_unready() -> None:
    with socket.socket() as listener:
        health = Health()
        server = UvicornServer(uvicorn.Config("none:app"), listener, health)
        server._end()
    assert health.is_ending and server.should_exit


async def test_a_real_server_is_unready_from_the_signal_on(server: Server) -> None:
    """A request on its way keeps it alive. What is asked meanwhile is refused or not heard."""
    await asyncio.to_thread(server.start)
    try:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
            assert (await http.get("/readyz")).status_code == 200
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"POST /api/v1/faucet HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{")
            await writer.drain()
            assert (await http.get("/healthz")).status_code == 200
            assert server.process is not None
            server.process.send_signal(signal.SIGTERM)
            seen = []
            while server.process.poll() is None and (not seen or seen[-1] == 200):
                try:
                    seen.append((await http.get("/readyz")).status_code)
                except httpx.TransportError:
                    seen.append(0)
            assert seen[-1] in (0, 503)
            writer.close()
    finally:
        assert await asyncio.to_thread(server.stop) == 0
