"""The network between clients and servers: what is sent may be lost, late, doubled or overtaken,
and so may the answer. The auditor hears an answer when it leaves the server, whoever gets it.
"""

import asyncio
import json
from collections.abc import Callable
from contextvars import Context
from random import Random
from typing import Any

from xyk.simulation.auditor import Auditor
from xyk.simulation.loop import Process
from xyk.simulation.server import Server, place
from xyk.simulation.violation import Violation

PATIENCE_S = 4.0  # of a client before it takes its request for lost

Answer = tuple[int, Any]


class Message:
    """An HTTP request. `digests` are those of the actions in it, in order; `batch`: the answer is a
    list with an element for each."""

    def __init__(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        query: str = "",
        digests: tuple[str, ...] = (),
        batch: bool = False,
    ) -> None:
        self.scope = place(method, path, headers, query)
        self.body = body
        self.digests = digests
        self.batch = batch


class Network:
    """`servers` gives those that are open. `is_calm`: nothing is lost any more."""

    def __init__(
        self,
        chance: Random,
        auditor: Auditor,
        servers: Callable[[], list[Server]],
        trace: Callable[..., None],
        report: Callable[[BaseException], None],
    ) -> None:
        self.is_calm = False
        self._chance = chance
        self._auditor = auditor
        self._servers = servers
        self._trace = trace
        self._report = report

    async def ask(self, message: Message) -> Answer | None:
        """The first answer that arrives; None when none did for long enough."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer | None] = loop.create_future()
        copies = 1
        if not self.is_calm:
            dice = self._chance.random()
            copies = 0 if dice < 0.04 else 2 if dice < 0.12 else 1
        for _ in range(copies):
            loop.call_later(self._delay_s(), self._deliver, message, answer, context=Context())
        loop.call_later(PATIENCE_S, _settle, answer, None, context=Context())
        return await answer

    def _deliver(self, message: Message, answer: "asyncio.Future[Answer | None]") -> None:
        servers = self._servers()
        if not servers:
            return
        server = self._chance.choice(servers)
        known_seq = server.committed_seq
        for digest in message.digests:
            self._auditor.delivered(digest)
        status = 0

        async def send(part: dict[str, Any]) -> None:
            nonlocal status
            if part["type"] == "http.response.start":
                status = part["status"]
                return
            assert not part.get("more_body"), "no answer here comes in parts"
            self._leave(message, known_seq, (status, part.get("body", b"")), answer)

        self._trace("request", message.scope["path"], message.body)
        _watched(server.process, server.ask(message.scope, message.body, send), self._report)

    def _leave(
        self,
        message: Message,
        known_seq: int,
        sent: tuple[int, bytes],
        answer: "asyncio.Future[Answer | None]",
    ) -> None:
        status, body = sent
        self._trace("answer", status, body)
        view = json.loads(body) if body else None
        try:
            self._judge(message, known_seq, status, view)
        except Violation as fault:
            self._report(fault)
        if self.is_calm or self._chance.random() > 0.05:
            asyncio.get_running_loop().call_later(
                self._delay_s(), _settle, answer, (status, view), context=Context()
            )

    def _judge(self, message: Message, known_seq: int, status: int, view: Any) -> None:
        auditor, digests = self._auditor, message.digests
        if status == 500:
            raise Violation(f"{message.scope['path']} is answered with {view}")
        if message.batch and status == 200:
            for digest, element in zip(digests, view, strict=True):
                auditor.answered(digest, known_seq, element.get("status", 200), element)
        elif digests:
            for digest in digests:
                auditor.answered(digest, known_seq, status, view)
        elif message.scope["path"] == "/api/v1/faucet" and status == 201:
            auditor.told(view["seq"], "a faucet's receipt")
        elif message.scope["path"].startswith("/api/v1/accounts/") and status == 200:
            auditor.account(view)

    def _delay_s(self) -> float:
        dice = self._chance.random()
        return dice * 3.0 if not self.is_calm and dice < 0.06 else 0.001 + dice * 0.03


def _settle(answer: "asyncio.Future[Answer | None]", given: Answer | None) -> None:
    if not answer.done():
        answer.set_result(given)


def _watched(process: Process, work: Any, report: Callable[[BaseException], None]) -> None:
    """A fault of the application itself is one of ours."""

    def look(task: "asyncio.Task[Any]") -> None:
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            report(fault)

    process.begin(work).add_done_callback(look)
