"""A TCP proxy that loses answers: it forwards a request, and when the answer comes it cuts the
connection.
"""

import asyncio
from typing import Self


class CuttingProxy:
    """`cuts`: how many answers to lose from now on. `forwarded` keeps what went to the server, in
    order.
    """

    def __init__(self, upstream_port: int) -> None:
        self.cuts = 0
        self.lost = 0
        self.forwarded: list[bytes] = []
        self._upstream_port = upstream_port
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
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        upwards = asyncio.create_task(self._upwards(reader, up_writer))
        try:
            while answer := await up_reader.read(65536):
                if self.cuts:
                    self.cuts -= 1
                    self.lost += 1
                    break
                writer.write(answer)
                await writer.drain()
        except ConnectionError:
            pass  # the client went first
        finally:
            upwards.cancel()
            writer.close()
            up_writer.close()

    async def _upwards(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.read(65536):
            self.forwarded.append(request)
            writer.write(request)
            await writer.drain()
