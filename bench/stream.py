"""Fan-out of websocket frames: 100 sockets on one stream, frames of about 200 bytes."""

import asyncio
import sys
import time
from base64 import b64encode
from typing import Any

import uvicorn
import uvloop

from api.hub import Hub
from api.stream import Stream
from bench.table import Row, at_least, middle

SOCKETS = 100
FRAMES = 2_000
NAME = "trade.ETH_USDC"


class OneFeed:
    """Just the names; the bench pushes frames itself."""

    def has_stream(self, name: str) -> bool:
        return name == NAME

    def follow(self, name: str) -> None: ...


class Gauge:
    def inc(self) -> None: ...
    def dec(self) -> None: ...


class Metrics:
    sockets = Gauge()


async def deliveries() -> float:
    """Messages a second from the hub to all readers, server and readers in one machine."""
    hub = Hub()
    stream: Any = Stream(hub, OneFeed(), Metrics(), lambda: 0)  # type: ignore[arg-type]
    config = uvicorn.Config(
        stream,
        host="127.0.0.1",
        port=0,
        ws="websockets-sansio",
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
        *_reader_command(port), stdout=asyncio.subprocess.PIPE
    )
    while hub.subscriptions < SOCKETS:
        await asyncio.sleep(0.01)
    data = frame_data()
    started = time.perf_counter()
    for number in range(FRAMES):
        hub.push((NAME,), data, replaceable=False)
        if number % 20 == 19:
            await asyncio.sleep(0)
            while any(len(reader.queue) > 1_000 for reader in hub._readers[NAME]):
                await asyncio.sleep(0)
    await readers.wait()
    elapsed = time.perf_counter() - started
    server.should_exit = True
    await serving
    return SOCKETS * FRAMES / elapsed


def _reader_command(port: int) -> list[str]:
    return [sys.executable, "-m", "bench.stream", str(port)]


async def read_all(port: int) -> None:
    """The other process: all sockets, until every one has every byte. It counts and parses nothing,
    so that the figure is the server's.
    """
    payload = len(f'{{"stream":"{NAME}","data":{frame_data()}}}')
    expected = FRAMES * (payload + 4)  # a frame of 126 to 65,535 bytes has a header of 4

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        writer.write(_handshake())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_masked(b'{"method":"SUBSCRIBE","params":["' + NAME.encode() + b'"]}'))
        seen = 0
        while seen < expected:
            seen += len(await reader.read(2**20))
        writer.close()

    await asyncio.gather(*(one() for _ in range(SOCKETS)))


def frame_data() -> str:
    return '{"e":"trade","x":"' + "a" * 140 + '"}'


def _handshake() -> bytes:
    return (
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + b64encode(bytes(16)) + b"\r\n\r\n"
    )


def _masked(text: bytes) -> bytes:
    """One text frame; a mask of zeros changes nothing."""
    return bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text


def rows() -> list[Row]:
    rates = [uvloop.run(deliveries()) for _ in range(3)]
    return [at_least("websocket, 100 subscribers", middle(rates), 150_000, "deliveries/s")]


if __name__ == "__main__":
    uvloop.run(read_all(int(sys.argv[1])))
