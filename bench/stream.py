"""Fan-out of websocket frames to 100 and to 1,000 sockets on one stream: trades of about 200 bytes,
depth of about 600.
"""

import asyncio
import sys
import time
from base64 import b64encode
from functools import partial
from typing import Any

import uvicorn
import uvloop

from api.hub import Hub
from api.limits import Limits, LimitSettings
from api.stream import Stream
from bench.table import Row, at_least, middle
from xyk.cli.websocket import PatientWebSocket

OFF = LimitSettings(enabled=False, sockets_per_ip=10_000)
DELIVERIES = 200_000  # of a run
TRADE, DEPTH = "trade.ETH_USDC", "depth.ETH_USDC"
FILLING = {TRADE: 140, DEPTH: 540}  # bytes besides the frame's own


class OneFeed:
    """Just the names; the bench pushes frames itself."""

    def has_stream(self, name: str) -> bool:
        return name in FILLING

    def follow(self, name: str) -> None: ...


class NoSessions:
    """Nobody signs in here."""

    def named(self, _reader: object, name: str) -> str:
        return name

    def fault(self, _reader: object, _name: str) -> None: ...
    def leave(self, _reader: object) -> None: ...


class Gauge:
    def inc(self) -> None: ...
    def dec(self) -> None: ...


class Metrics:
    sockets = Gauge()


async def deliveries(name: str, sockets: int) -> float:
    """Messages a second from the hub to all readers, server and readers in one machine."""
    hub = Hub()
    given: Any = hub, OneFeed(), Metrics(), lambda: 0, NoSessions(), Limits(OFF)
    stream: Any = Stream(*given)
    config = uvicorn.Config(
        stream,
        host="127.0.0.1",
        port=0,
        ws=partial(PatientWebSocket, limits=Limits(OFF), timeout_s=30),  # type: ignore[arg-type]
        ws_per_message_deflate=False,
        log_config=None,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    readers = await asyncio.create_subprocess_exec(
        *_reader_command(port, name, sockets), stdout=asyncio.subprocess.PIPE
    )
    while hub.subscriptions < sockets:
        await asyncio.sleep(0.01)
    data, frames = frame_data(name), DELIVERIES // sockets
    started = time.perf_counter()
    for number in range(frames):
        hub.push((name,), data, replaceable=False)
        if number % 20 == 19:
            await asyncio.sleep(0)
            while any(len(reader.queue) > 1_000 for reader in hub._readers[name]):
                await asyncio.sleep(0)
    await readers.wait()
    elapsed = time.perf_counter() - started
    server.should_exit = True
    await serving
    return sockets * frames / elapsed


def _reader_command(port: int, name: str, sockets: int) -> list[str]:
    return [sys.executable, "-m", "bench.stream", str(port), name, str(sockets)]


async def read_all(port: int, name: str, sockets: int) -> None:
    """The other process: all sockets, until every one has every byte. It counts and parses nothing,
    so that the figure is the server's.
    """
    payload = len(f'{{"stream":"{name}","data":{frame_data(name)}}}')
    expected = (
        DELIVERIES // sockets * (payload + 4)
    )  # a frame of 126 to 65,535 bytes has a header of 4

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        writer.write(_handshake())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_masked(b'{"method":"SUBSCRIBE","params":["' + name.encode() + b'"]}'))
        seen = 0
        while seen < expected:
            seen += len(await reader.read(2**20))
        writer.close()

    await asyncio.gather(*(one() for _ in range(sockets)))


def frame_data(name: str) -> str:
    return '{"e":"trade","x":"' + "a" * FILLING[name] + '"}'


def _handshake() -> bytes:
    return (
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + b64encode(bytes(16)) + b"\r\n\r\n"
    )


def _masked(text: bytes) -> bytes:
    """One text frame; a mask of zeros changes nothing."""
    return bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text


def rows() -> list[Row]:
    found = []
    for name in (TRADE, DEPTH):
        for sockets, target in ((100, 150_000), (1_000, 110_000)):
            rates = [uvloop.run(deliveries(name, sockets)) for _ in range(3)]
            found.append(
                at_least(f"{name}, {sockets:,} sockets", middle(rates), target, "deliveries/s")
            )
    return found


if __name__ == "__main__":
    uvloop.run(read_all(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
