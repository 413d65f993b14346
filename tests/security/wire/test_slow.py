"""Who sends or takes slowly, or never ends, holds nothing of ours for long and stops nobody."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.security.wire.raw import PATIENCE_S, PING, connected
from tests.server import Server, running_server

# Each is a few seconds; together they would take `make test` beyond its five minutes.
pytestmark = pytest.mark.slow

BEGIN = b"POST /api/v1/sell HTTP/1.1\r\nhost: x\r\n"
BODY = BEGIN + b"content-length: 1000\r\n\r\n{"
CHUNKS = BEGIN + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n"


@pytest.mark.parametrize("begun", [BEGIN, BODY, CHUNKS, BEGIN + b"x-a: b", b"GE", b"\r\n"])
async def test_what_never_ends_is_hung_up_on(hurried: Server, begun: bytes) -> None:
    """Slowloris: whether it drips or rests, a request has its time from its first byte on."""
    async with connected(hurried.port) as slow:
        await slow.send(begun)
        answer = await slow.answer()
        assert answer.refusal == (408, "INVALID_CLIENT_REQUEST")
        assert b"connection: close" in answer.head
        assert b"within 1 s" in answer.body
        assert await slow.ended() == b""


@pytest.mark.parametrize("begun", [BEGIN, BODY, CHUNKS])
async def test_dripping_prolongs_nothing(hurried: Server, begun: bytes) -> None:
    drop = {BEGIN: b"x-a: b\r\n", BODY: b" ", CHUNKS: b"1\r\n \r\n"}[begun]
    async with connected(hurried.port) as slow:
        await slow.send(begun)
        async with asyncio.timeout(PATIENCE_S):
            ending = asyncio.create_task(slow.ended())
            while not ending.done():
                await slow.send(drop)
                await asyncio.wait([ending], timeout=0.05)
        assert ending.result() == b"" or b" 408 " in ending.result()


async def test_who_says_nothing_at_all_is_hung_up_on(hurried: Server) -> None:
    async with connected(hurried.port) as silent:
        assert await silent.ended() == b""


async def test_blank_lines_do_not_keep_a_connection(hurried: Server) -> None:
    """After an answer they would put off the end of the connection each time."""
    async with connected(hurried.port) as slow:
        assert await slow.ping() == 200
        ending = asyncio.create_task(slow.ended())
        async with asyncio.timeout(PATIENCE_S):
            while not ending.done():
                await slow.send(b"\r\n")
                await asyncio.wait([ending], timeout=0.05)


async def test_a_second_request_has_the_same_time(hurried: Server) -> None:
    """Also one whose first bytes came with the request before it."""
    async with connected(hurried.port) as slow:
        await slow.send(PING + BODY)
        assert (await slow.answer()).status == 200
        assert (await slow.answer()).refusal == (408, "INVALID_CLIENT_REQUEST")
        assert await slow.ended() == b""


async def test_who_does_not_take_an_answer_is_dropped(hurried: Server) -> None:
    """The document of the API, asked for until nothing more fits between us, and never read."""
    async with connected(hurried.port, buffers=4_096) as deaf:
        ask = b"GET /schema/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n"
        async with asyncio.timeout(PATIENCE_S):
            assert not await deaf.send(ask * 400_000), "20 MB, more than the kernel keeps"
    async with connected(hurried.port) as next_one:
        await next_one.send(PING)
        assert (await next_one.answer()).status == 200
    assert "Traceback" not in hurried.log.read_text(), "the rest of what it asked for was dropped"


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Server]:
    """With more patience, so that on a busy machine too all of a test's connections are open at
    once; and with no other test's, which it may not have heard the end of."""
    flags = ("--client-timeout", "5", "--connections-per-ip", "20")
    with running_server(tmp_path / "data", *flags) as running:
        yield running


async def test_half_open_connections_stop_nobody_else(patient: Server) -> None:
    """An address has its share of connections; those beyond it are told so at once. What is held
    half open by one address is no hindrance to another, nor to it once they are hung up on."""
    async with AsyncExitStack() as stack:
        # Of an address of its own: whoever asked whether the server is up may count still.
        slow = [
            await stack.enter_async_context(connected(patient.port, "127.0.0.3")) for _ in range(20)
        ]
        for one in slow:
            await one.send(BEGIN)
        async with connected(patient.port, "127.0.0.3") as more:
            refused = await more.answer()
            assert refused.refusal == (429, "TOO_MANY_REQUESTS")
            assert b"retry-after: 1" in refused.head
        async with connected(patient.port, "127.0.0.2") as other:
            assert await other.ping() == 200
        for one in slow:
            assert b" 408 " in await one.ended()
        async with connected(patient.port, "127.0.0.3") as again:
            assert await again.ping() == 200
