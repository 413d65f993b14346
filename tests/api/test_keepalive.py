"""Pings: a socket that answers stays, one that does not is closed. A second here for a minute."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from tests.api.test_stream import PATIENCE_S
from tests.server import Server, running_server

PING, CLOSE = 0x89, 0x88  # whole frames of the server
MASKED_PONG = 0x8A


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("keepalive") / "data"
    with running_server(data, "--socket-ping", "1") as running:
        yield running


class RawSocket:
    """A websocket without a library, so that nothing is answered unless the test does it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def frame(self) -> tuple[int, bytes] | None:
        """First byte and payload, at most 125 bytes; None where the connection ended."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                first, length = await self._reader.readexactly(2)
            except asyncio.IncompleteReadError:
                return None
            return first, await self._reader.readexactly(length)

    def pong(self, payload: bytes) -> None:
        """With a mask of zeros, which changes nothing."""
        self._writer.write(bytes((MASKED_PONG, 0x80 | len(payload), 0, 0, 0, 0)) + payload)


@asynccontextmanager
async def raw_socket(server: Server) -> AsyncIterator[RawSocket]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    key = b64encode(bytes(16))
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n"
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    try:
        yield RawSocket(reader, writer)
    finally:
        writer.close()


async def test_a_socket_that_answers_pings_stays(server: Server) -> None:
    async with raw_socket(server) as socket:
        for _ in range(3):
            frame = await socket.frame()
            assert frame is not None
            assert frame[0] == PING
            socket.pong(frame[1])


async def test_a_socket_that_answers_no_ping_is_closed(server: Server) -> None:
    async with raw_socket(server) as socket:
        frame = await socket.frame()
        assert frame is not None
        assert frame[0] == PING
        frame = await socket.frame()
        assert frame is not None
        assert frame[0] == CLOSE
        assert int.from_bytes(frame[1][:2]) == 1011
        assert b"ping" in frame[1]
        assert await socket.frame() is None


async def test_an_answer_to_something_else_is_none(server: Server) -> None:
    async with raw_socket(server) as socket:
        assert (await socket.frame() or (0, b""))[0] == PING
        socket.pong(b"else")
        assert (await socket.frame() or (0, b""))[0] == CLOSE
