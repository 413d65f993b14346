"""A whole exchange in this process, asked as uvicorn would ask it: for targets that fuzz what
stands behind a route. It trades: its wallet has funds, a pool and an API key.
"""

import asyncio
import atexit
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar

import msgspec

from api.app import create_app
from api.limits import Limits, LimitSettings
from api.services import Services
from tests.api.held import held_services
from tests.keys import Key
from xyk.client.signed import sign
from xyk.domain.commands import AddLiquidity, ApproveApiKey, SignedAction
from xyk.domain.tokens import token_address
from xyk.wallet.signer import NonceClock, Wallet

T = TypeVar("T")
Json = dict[str, Any]
Headers = Sequence[tuple[bytes, bytes]]

OWNER = Wallet(bytes(31) + b"\x0a")
KEY = Key(bytes(range(32)))
ETH, USDC = token_address("ETH"), token_address("USDC")


class Reply(NamedTuple):
    status: int
    body: bytes


class Exchange:
    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._open = AsyncExitStack()
        self._nonces = NonceClock()
        self.services: Services
        self.run(self._start())
        atexit.register(self._stop)

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(doing)

    def stamp(self) -> dict[str, int]:
        now_s = int(time.time())
        return {"nonce": self._nonces.next_nonce(now_s), "deadline": now_s + 60}

    async def http(
        self, method: str, path: str, body: bytes = b"", query: bytes = b"", headers: Headers = ()
    ) -> Reply:
        sent: list[Json] = []
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Json:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        await self.app(scope(method, path, query, headers), receive, keep(sent))
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return Reply(sent[0]["status"], content)

    async def socket(self, frames: list[Json]) -> list[Json]:
        """What is sent to a client that sends these messages, and leaves."""
        sent: list[Json] = []
        messages = [{"type": "websocket.connect"}, *frames]

        async def receive() -> Json:
            if messages:
                return messages.pop(0)
            for _ in range(20):  # so that the sender has its turn
                await asyncio.sleep(0)
            return {"type": "websocket.disconnect", "code": 1000}

        asked = {**scope("GET", "/", b"", []), "type": "websocket", "scheme": "ws"}
        await self.app(asked, receive, keep(sent))
        return sent

    async def act(self, action: SignedAction) -> Reply:
        signed = sign(OWNER, self.services.domain, action)
        return await self.http(signed.method, signed.path, signed.body)

    async def _start(self) -> None:
        folder = self._open.enter_context(TemporaryDirectory(prefix="xyk-fuzz-"))
        unlimited = Limits(LimitSettings(enabled=False))
        _, self.services = await self._open.enter_async_context(
            held_services(Path(folder), "", rate_limits=unlimited)
        )
        self.app = create_app(self.services)
        await self._begin_life()
        for token, amount in ((ETH, 10**24), (USDC, 10**18)):
            wish = {"owner": OWNER.address, "token": token, "amount": str(amount)}
            reply = await self.http("POST", "/api/v1/faucet", msgspec.json.encode(wish))
            assert reply.status == 201, reply
        least = {"amount_a_min": 0, "amount_b_min": 0}
        amounts = {"amount_a_desired": 10**20, "amount_b_desired": 2 * 10**11}
        ends = {"owner": OWNER.address, "token_a": ETH, "token_b": USDC}
        for action in (
            AddLiquidity(**ends, **amounts, **least, **self.stamp()),
            ApproveApiKey(
                owner=OWNER.address, public_key=KEY.public, valid_until=2**40, **self.stamp()
            ),
        ):
            assert (await self.act(action)).status == 201

    async def _begin_life(self) -> None:
        begun: asyncio.Future[Json] = self._loop.create_future()
        over = asyncio.Event()
        asked = [{"type": "lifespan.startup"}]

        async def receive() -> Json:
            if asked:
                return asked.pop()
            await over.wait()
            return {"type": "lifespan.shutdown"}

        async def send(message: Json) -> None:
            if not begun.done():
                begun.set_result(message)

        life = self._loop.create_task(
            self.app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
        )
        assert (await begun)["type"] == "lifespan.startup.complete"

        async def end() -> None:
            over.set()
            await life

        self._open.push_async_callback(end)

    def _stop(self) -> None:
        self.run(self._open.aclose())
        self._loop.close()


def keep(sent: list[Json]) -> Callable[[Json], Coroutine[Any, Any, None]]:
    async def send(message: Json) -> None:
        sent.append(message)

    return send


def scope(method: str, path: str, query: bytes, headers: Headers) -> Json:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
    }


@cache
def exchange() -> Exchange:
    """One for the whole process."""
    return Exchange()
