"""Bytes over a real connection, for what no client library would ever send."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

PATIENCE_S = 60
PING = b"GET /api/v1/ping HTTP/1.1\r\nhost: x\r\n\r\n"


class Told:
    """One answer: `head` in lower case."""

    def __init__(self, head: bytes, body: bytes) -> None:
        self.status = int(head.split(b" ", 2)[1])
        self.head = head.lower()
        self.body = body

    @property
    def refusal(self) -> tuple[int, str]:
        fault = msgspec.json.decode(self.body)
        assert set(fault) == {"code", "message"} and fault["message"], fault
        assert b"content-type: application/json" in self.head
        return self.status, fault["code"]


class Raw:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> bool:
        """Whether the server took it, or at least had not hung up."""
        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError:
            return False
        return True

    async def answer(self) -> Told:
        """The next one; AssertionError where the connection ends instead."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                head = await self._reader.readuntil(b"\r\n\r\n")
                length = 0
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        length = int(line.partition(b":")[2])
                return Told(head, await self._reader.readexactly(length))
            except (asyncio.IncompleteReadError, ConnectionError) as fault:
                raise AssertionError("the connection ended without an answer") from fault

    async def ended(self) -> bytes:
        """Waits for the server to hang up; what it said before that."""
        said = b""
        async with asyncio.timeout(PATIENCE_S):
            try:
                while more := await self._reader.read(65_536):
                    said += more
            except ConnectionError:
                pass
        return said

    async def ping(self) -> int:
        await self.send(PING)
        return (await self.answer()).status


@asynccontextmanager
async def connected(port: int, source: str = "127.0.0.1", buffers: int = 0) -> AsyncIterator[Raw]:
    """From an address of the loopback network, which all of 127.x are; with `buffers` nothing is
    read before it is asked for, and the kernel keeps that many bytes each way."""
    plain = socket.socket()
    for kind in (socket.SO_RCVBUF, socket.SO_SNDBUF) if buffers else ():
        plain.setsockopt(socket.SOL_SOCKET, kind, buffers)
    plain.bind((source, 0))
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=plain, limit=1_024 if buffers else 65_536)
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()


async def asked(port: int, data: bytes) -> Told:
    """The first answer on a connection of its own."""
    async with connected(port) as raw:
        await raw.send(data)
        return await raw.answer()
