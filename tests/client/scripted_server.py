"""An HTTP server that answers from a list, for what a real one does only under load."""

import asyncio
from typing import Self


class ScriptedServer:
    """`answers`: (status, headers, body) in order. `bodies` keeps what was posted."""

    def __init__(self, *answers: tuple[int, dict[str, str], bytes]) -> None:
        self.bodies: list[bytes] = []
        self._answers = list(answers)
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = next(
                    (
                        int(line.partition(":")[2])
                        for line in head.splitlines()
                        if "content-length" in line
                    ),
                    0,
                )
                self.bodies.append(await reader.readexactly(length))
                status, headers, body = self._answers.pop(0)
                lines = [
                    f"HTTP/1.1 {status} -",
                    *(f"{name}: {value}" for name, value in headers.items()),
                ]
                lines += [f"content-length: {len(body)}", "", ""]
                writer.write("\r\n".join(lines).encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
