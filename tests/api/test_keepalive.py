"""Pings: a socket that answers stays, one that does not is closed. A second here for a minute."""

import asyncio
import os
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from tests.api.desk import ETH, USDC
from tests.api.test_stream import PATIENCE_S
from tests.server import Server, running_server
from xyk.client.client import Client
from xyk.domain.commands import SwapExactIn
from xyk.wallet.signer import Wallet

PING, CLOSE = 0x89, 0x88  # whole frames of the server
MASKED_PONG = 0x8A
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + b64encode(bytes(16)) + b"\r\n\r\n"
)


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
    writer.write(HANDSHAKE)
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


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
async def test_a_connection_that_nobody_reads_is_dropped(tmp_path: Path) -> None:
    """It is full of what was sent when its ping stays unanswered, so that it cannot be closed in
    order; the server closes its file all the same."""
    with running_server(tmp_path / "data", "--seed-demo", "--socket-ping", "4") as server:
        async with Client(server.url, Wallet.random()) as trader:
            await trader.faucet("ETH")
            before = open_sockets(server)
            silent = silent_socket(server)
            [its] = open_sockets(server) - before
            try:
                for _ in range(80):  # about 10 MB, twice what the kernel keeps
                    await trader.actions([sale(trader) for _ in range(100)])
                async with asyncio.timeout(PATIENCE_S):
                    while its in open_sockets(server):
                        await trader.status()
            finally:
                silent.close()


def open_sockets(server: Server) -> set[str]:
    """The server's, as /proc names them."""
    links = set()
    for file in Path(f"/proc/{server.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            links.add(os.readlink(file))
    return {link for link in links if link.startswith("socket:")}


def silent_socket(server: Server) -> socket.socket:
    """Follows four streams, and never reads more than that it may."""
    silent = socket.socket()
    silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    silent.connect(("127.0.0.1", server.port))
    names = [spelling + "ETH_USDC" for spelling in ("trade.", "trades@", "pool.", "pool@")]
    request = msgspec.json.encode({"method": "SUBSCRIBE", "params": names})
    length = bytes((0x80 | len(request),))
    silent.sendall(HANDSHAKE)
    assert silent.recv(4_096).endswith(b"\r\n\r\n")
    silent.sendall(b"\x81" + length + bytes(4) + request)
    return silent


def sale(trader: Client) -> SwapExactIn:
    return SwapExactIn(
        owner=trader.owner,
        token_in=ETH,
        token_out=USDC,
        amount_in=10**15,
        min_amount_out=1,
        **trader.stamp(),
    )
