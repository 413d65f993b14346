"""One connection, kept alive, without a client library: the load must cost less than the server."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import msgspec

from tests.keys import Key

Json = dict[str, Any]
Answer = tuple[int, bytes]

WINDOW_MS = 5_000


class Wire:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "Wire":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Status and body. Raises EOFError where the server closed."""
        lines = [f"{method} {path} HTTP/1.1", "host: x", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self._writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head[9:12])
        length = next(
            (int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:")), 0
        )
        return status, await self._reader.readexactly(length) if length else b""

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


def by_key(key: Key, instruction: str, body: Json, now_ms: int) -> Mapping[str, str]:
    """The headers of a request that the key signs, as bpx-py does."""
    values = "".join(f"&{name}={body[name]}" for name in sorted(body))
    text = f"instruction={instruction}{values}&timestamp={now_ms}&window={WINDOW_MS}"
    return {
        "x-api-key": b64encode(bytes.fromhex(key.public[2:])).decode(),
        "x-signature": key.sign(text),
        "x-timestamp": str(now_ms),
        "x-window": str(WINDOW_MS),
    }


encode = msgspec.json.Encoder().encode
