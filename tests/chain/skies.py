"""A `Node` before one or several skies, and waiting for what it makes of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.chain.weather import Sky
from xyk.chain.node import Node
from xyk.chain.rpc import RpcDown

CHAIN = 31_337  # anvil's own


@asynccontextmanager
async def asking(*skies: Sky, timeout_s: float = 10, chain_id: int = CHAIN) -> AsyncIterator[Node]:
    asked = Node([over.url for over in skies], timeout_s, chain_id=chain_id)
    try:
        await asked.start()
        yield asked
    finally:
        await asked.close()


async def answer(asked: Node) -> object:
    """The chain id, as soon as an endpoint's pause is over."""
    while True:
        try:
            return await asked.call("eth_chainId")
        except RpcDown:
            await asyncio.sleep(0)


async def until(condition: Callable[[], bool], asked: Node) -> None:
    """Keep the node busy until the condition holds; checks run beside calls."""
    while not condition():
        await asked.call("eth_blockNumber")
        await asyncio.sleep(0)


async def seen(condition: Callable[[], bool]) -> None:
    while True:
        await asyncio.sleep(0)
        if condition():
            return


def states(asked: Node) -> list[str]:
    return [one.state for one in asked.endpoints()]
