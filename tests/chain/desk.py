"""Asks for unsigned transactions in process: the route's own code on a venue of a real node."""

import json
import time

import msgspec

from api.chain_transactions import answer
from api.problems import Refused
from tests.chain.deployed import Deployed, Json
from xyk.chain.mirror import Mirror
from xyk.chain.node import Node
from xyk.chain.pair import Token
from xyk.chain.rpc import Rpc
from xyk.chain.transactions import VERBS
from xyk.chain.venue import Venue


class Desk:
    """`rpc`: how it asks the node, a `Node` of its own by default; `rpc_url`: where that asks."""

    def __init__(self, deployed: Deployed, rpc: Rpc | None = None, rpc_url: str = "") -> None:
        deployment = deployed.configured(rpc=(rpc_url or deployed.node.url,))
        self.node = Node.of(deployment)
        self.deployed = deployed
        self.venue = Venue(deployment, rpc or self.node, Mirror(deployment, self.node))

    async def close(self) -> None:
        await self.node.close()

    def name(self, *tokens: Token) -> None:
        """As the mirror would know them."""
        self.venue.mirror.tokens |= {token.address: token for token in tokens}

    async def ask(self, verb: str, *, now_ms: int = 0, **body: object) -> Json:
        """At the wall clock's time by default."""
        view = await self._answer(verb, body, now_ms)
        built: Json = json.loads(msgspec.json.encode(view))
        return built

    async def refused(self, verb: str, *, now_ms: int = 0, **body: object) -> tuple[str, str]:
        """Code and message of what must be refused."""
        try:
            view = await self._answer(verb, body, now_ms)
        except Refused as fault:
            return fault.rejected.code.name, fault.rejected.message
        raise AssertionError(f"built: {view}")

    async def _answer(self, verb: str, body: object, now_ms: int) -> object:
        now_ms = now_ms or time.time_ns() // 1_000_000
        return await answer(self.venue, VERBS[verb], json.dumps(body).encode(), now_ms)
