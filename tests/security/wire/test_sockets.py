"""Websockets that flood, break the protocol or never finish opening."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.security.wire.raw import PATIENCE_S, Raw, connected
from tests.server import Server, running_server

TEXT, CLOSE, PING, PONG, CONTINUED = 0x1, 0x8, 0x9, 0xA, 0x0
LAST, MASKED = 0x80, 0x80
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\n"
)
HANDSHAKE = UPGRADE + b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


def frame(kind: int, payload: bytes = b"", *, last: bool = True, masked: bool = True) -> bytes:
    """With a mask of zeros, which changes nothing."""
    first = kind | (LAST if last else 0)
    size = len(payload)
    length = bytes((size | MASKED * masked,)) if size < 126 else b""
    if size >= 126:
        length = bytes((126 | MASKED * masked,)) + size.to_bytes(2)
    return bytes((first,)) + length + bytes(4 if masked else 0) + payload


@asynccontextmanager
async def opened(server: Server, more: bytes = b"", buffers: int = 0) -> AsyncIterator[Raw]:
    async with connected(server.port, buffers=buffers) as raw:
        await raw.send(HANDSHAKE + more + b"\r\n")
        answer = await raw.answer()
        assert answer.status == 101
        assert b"sec-websocket-extensions" not in answer.head
        yield raw


async def closed(raw: Raw) -> tuple[int, bytes]:
    """Code and reason of the server's last frame, after which the connection ends."""
    said = await raw.ended()
    at = said.rindex(bytes((CLOSE | LAST,)))
    return int.from_bytes(said[at + 2 : at + 4]), said[at + 4 :]


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param(frame(PING, b"x" * 125), id="pings"),
        pytest.param(frame(PONG), id="pongs that answer nothing"),
        pytest.param(frame(TEXT, last=False) + frame(CONTINUED, last=False) * 2_000, id="parts"),
    ],
)
async def test_frames_that_no_application_sees_count_too(server: Server, flood: bytes) -> None:
    """The protocol answers or collects them by itself."""
    async with opened(server) as raw:
        await raw.send(flood * (1 if len(flood) > 1_000 else 2_000))
        code, reason = await closed(raw)
        assert code == 1008 and b"too many frames" in reason


async def test_a_message_in_parts_is_as_small_as_one_in_a_piece(server: Server) -> None:
    async with opened(server) as raw:
        await raw.send(frame(TEXT, b" " * 40_000, last=False))
        await raw.send(frame(CONTINUED, b" " * 40_000))
        assert (await closed(raw))[0] == 1009


async def test_nothing_is_compressed(server: Server) -> None:
    """So no small frame becomes a large one: what is offered is not taken (`opened` looks), and a
    frame that says it is compressed is none."""
    async with opened(server, b"sec-websocket-extensions: permessage-deflate\r\n") as raw:
        await raw.send(frame(TEXT | 0x40, b"\xaa\x56\x2a\x2e"))
        assert (await closed(raw))[0] == 1002


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (frame(TEXT, b"{}", masked=False), 1002),
        (frame(0x3, b"{}"), 1002),
        (frame(CONTINUED, b"{}"), 1002),
        (frame(TEXT, b"\xff\xfe"), 1007),
        (frame(PING, b"x" * 126), 1002),
        (frame(PING, last=False), 1002),
        (bytes((TEXT | LAST, 127 | MASKED)) + b"\xff" * 8 + bytes(4), 1002),
        (frame(CLOSE, b"\x00"), 1002),
    ],
)
async def test_what_breaks_the_protocol_is_closed(server: Server, broken: bytes, code: int) -> None:
    async with opened(server) as raw:
        await raw.send(broken)
        said, _ = await closed(raw)
        assert said in (code, 1009)
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(UPGRADE, id="no key"),
        pytest.param(UPGRADE + b"sec-websocket-key: x\r\n", id="no key's form"),
        pytest.param(HANDSHAKE + b"x: y\r\n" * 200, id="many headers"),
        pytest.param(HANDSHAKE + b"x: " + b"y" * 9_000 + b"\r\n", id="a long header"),
        pytest.param(HANDSHAKE + b"content-length: 5\r\n", id="a body that never comes"),
        pytest.param(HANDSHAKE.replace(b"GET", b"POST"), id="another method"),
        pytest.param(HANDSHAKE.replace(b"/ws", b"/nowhere"), id="another path"),
        pytest.param(HANDSHAKE.replace(b"/ws", b"/%ff%0d%0a"), id="an odd path"),
        pytest.param(HANDSHAKE.replace(b": 13", b": 12"), id="another version"),
    ],
)
async def test_a_handshake_that_fails_leaves_nothing_open(hurried: Server, head: bytes) -> None:
    async with connected(hurried.port) as raw:
        await raw.send(head + b"\r\n")
        said = await raw.ended()
        assert b" 101 " not in said
    assert "Traceback" not in hurried.log.read_text()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory in /proc")
async def test_who_takes_no_answers_to_its_pings_fills_no_memory(tmp_path: Path) -> None:
    """Without any limit: the server stops reading of it, and drops it after its own ping."""
    with running_server(tmp_path / "data", "--no-limits", "--socket-ping", "4") as server:
        async with opened(server, buffers=4_096) as raw:
            before = peak_kib(server)
            flood = frame(PING, b"x" * 125) * 1_000
            async with asyncio.timeout(PATIENCE_S):
                while await raw.send(flood):
                    pass
            assert peak_kib(server) - before < 4 * 1_024


def peak_kib(server: Server) -> int:
    """The most memory that the process ever had."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])
