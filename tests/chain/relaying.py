"""A relay beside a real node: its mirror, its table of what it relayed, and a node that can be told
to answer otherwise."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.chain.wallets import Chain
from xyk.chain.follower import Follower
from xyk.chain.mirror import Mirror
from xyk.chain.node import Node
from xyk.chain.outcome import Outcome
from xyk.chain.raw import SignedTransaction, decode_raw
from xyk.chain.relay import Relay
from xyk.chain.rpc import Rpc
from xyk.domain.rejections import Rejected
from xyk.storage.relayed import Relayed

POLL_S = 0.01

Answer = Callable[[Sequence[object]], Any]


class Told:
    """An `Rpc` that asks the real node, but for what a test answers itself: by method, a function
    of the parameters that gives a result or raises. `asked`: all calls so far."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []

    async def call(self, method: str, *params: object) -> Any:
        self.asked.append(method)
        if method in self.answers:
            return self.answers[method](params)
        return await self._rpc.call(method, *params)

    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        return [await self.call(method, *params) for method, params in calls]


class Relaying:
    def __init__(self, chain: Chain, rpc: Told, mirror: Mirror, path: Path) -> None:
        self.chain = chain
        self.rpc = rpc
        self.mirror = mirror
        self.path = path
        self.relayed = Relayed.open(path)
        self.relay = Relay(mirror, rpc, self.relayed, self.now_ms)

    @property
    def follower(self) -> Follower:
        return self.relay.follower

    def now_ms(self) -> int:
        return self.chain.now_s * 1000

    def restart(self) -> None:
        """As after a crash: only the file is left."""
        self.relayed.close()
        self.relayed = Relayed.open(self.path)
        self.relay = Relay(self.mirror, self.rpc, self.relayed, self.now_ms)

    async def send(self, raw: bytes) -> tuple[Outcome, bool] | Rejected:
        transaction = decode_raw(raw)
        if isinstance(transaction, Rejected):
            return transaction
        return await self.relay.send(transaction)

    async def sent(self, raw: bytes) -> str:
        """The hash of what must be taken as new."""
        answer = await self.send(raw)
        assert not isinstance(answer, Rejected), answer
        assert answer[1]
        return answer[0].hash

    async def refused(self, raw: bytes) -> Rejected:
        """Why; and that no node and no table knows it."""
        self.rpc.asked.clear()
        answer = await self.send(raw)
        assert isinstance(answer, Rejected), answer
        transaction = decode_raw(raw)
        if isinstance(transaction, SignedTransaction):
            assert await self.relayed.get(transaction.hash) is None
        return answer

    async def settled(self) -> None:
        """Everything that was relayed has its end."""
        while await self.relayed.open_ones():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(POLL_S)

    async def outcome(self, digest: str) -> Outcome:
        return await self.follower.outcome(digest)


async def until(is_true: Callable[[], bool]) -> None:
    while not is_true():  # noqa: ASYNC110 - another process makes it true
        await asyncio.sleep(POLL_S)


@asynccontextmanager
async def relaying(chain: Chain, path: Path, **changed: Any) -> AsyncIterator[Relaying]:
    node = Node([chain.node.url])
    deployment = chain.deployment(**changed)
    rpc = Told(node)
    one = Relaying(chain, rpc, Mirror(deployment, rpc, chain.mirrored()), path)
    try:
        yield one
    finally:
        one.relayed.close()
        await node.close()
