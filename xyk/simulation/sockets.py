"""Readers of the websocket, some of which stop reading for a while."""

import asyncio
import json
from collections.abc import Callable
from random import Random
from typing import Any

from xyk.simulation.auditor import Auditor
from xyk.simulation.server import Server
from xyk.simulation.violation import Violation

QUEUE_MAX = 24  # frames that wait for one reader in a simulation; thousands in production
SLACK = 2  # frames that are on their way


class Socket:
    """One connection to one life of a server. While it stalls it takes no frame; what it gets after
    that must be bounded, and of the trades none may be missing."""

    def __init__(
        self,
        server: Server,
        streams: list[str],
        auditor: Auditor,
        chance: Random,
        trace: Callable[..., None],
        report: Callable[[BaseException], None],
    ) -> None:
        self.server = server
        self.is_over = False
        self._auditor = auditor
        self._chance = chance
        self._trace = trace
        self._report = report
        self._trades: dict[str, int] = {}
        self._burst = 0  # frames since it last stalled, at that same moment
        self._stalled_at = -1.0
        wish = {"method": "SUBSCRIBE", "params": streams, "id": 1}
        self._says = [
            {"type": "websocket.receive", "text": json.dumps(wish)},
            {"type": "websocket.connect"},
        ]
        server.process.begin(server.connect(self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if self._says:
            return self._says.pop()
        await asyncio.get_running_loop().create_future()
        raise AssertionError("it never leaves by itself")

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close":
            self.is_over = True
            self._trace("closed", message.get("code"))
        text = message.get("text")
        if text is None:
            return
        self._trace("frame", text)
        try:
            self._judge(json.loads(text))
        except Violation as fault:
            self._report(fault)
        loop = asyncio.get_running_loop()
        if loop.time() == self._stalled_at:
            self._burst += 1
        else:
            self._burst, self._stalled_at = 0, -1.0
        if self._chance.random() < 0.02:
            await asyncio.sleep(self._chance.random() * 8)
            self._burst, self._stalled_at = 0, loop.time()

    def _judge(self, frame: Any) -> None:
        data = frame.get("data")
        if self._burst > QUEUE_MAX + SLACK:
            raise Violation(f"{self._burst} frames waited for a reader that stalled")
        if data is None:
            return
        if "seq" in data:
            self._auditor.told(data["seq"], f"a frame of {frame['stream']}")
        if data["e"] == "trade":
            market, number = data["s"], data["t"]
            last = self._trades.get(market, number - 1)
            silent = self._auditor.books.silent
            missed = [n for n in range(last + 1, number) if (market, n) not in silent]
            if missed or number <= last:
                raise Violation(f"{market}: trade {number} follows {last}")
            self._trades[market] = number
