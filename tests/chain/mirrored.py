"""A mirror of a test market, running, and a listener that remembers what it was told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from tests.chain.market import Market, Pool
from xyk.chain.mirror import LIVE, Mirror
from xyk.chain.node import Node
from xyk.chain.pair import Block, BlockEvents, Pair
from xyk.chain.rpc import Rpc
from xyk.storage.chain import ChainStore

WAIT_MAX_S = 60


class Told:
    """`blocks`: those that stand, by number; a block that is told twice, or out of order, fails.
    `durable`: what was there at the last `final`, as a listener with a disk would have it."""

    def __init__(self, durable: dict[int, BlockEvents] | None = None) -> None:
        self.mirror: Mirror | None = None
        self.durable = durable if durable is not None else {}
        self.blocks = dict(self.durable)
        self.finals: list[Block] = []
        self.dropped_to: list[int] = []

    def applied(self, events: BlockEvents) -> None:
        number = events.block.number
        if number in self.durable:  # after a crash before the cursor moved
            assert self.durable[number] == events
        else:
            assert number > max(self.blocks, default=0), f"block {number} was told already"
        assert events.events
        self.blocks[number] = events

    def dropped(self, ancestor: Block) -> None:
        self.dropped_to.append(ancestor.number)
        self.blocks = {n: one for n, one in self.blocks.items() if n <= ancestor.number}

    async def final(self, block: Block) -> None:
        assert not self.finals or block.number > self.finals[-1].number
        self.finals.append(block)
        self.durable |= {n: one for n, one in self.blocks.items() if n <= block.number}


@asynccontextmanager
async def running(mirror: Mirror) -> AsyncIterator[Mirror]:
    """Started and followed until the block ends. A fault of the mirror fails the test."""
    await mirror.start()
    task = asyncio.create_task(mirror.run())
    try:
        yield mirror
        await mirror.stop()
        await task
    finally:
        task.cancel()


@asynccontextmanager
async def mirrored(
    market: Market,
    *,
    pairs: Iterable[Pair] | None = None,
    rpc: Rpc | None = None,
    store: ChainStore | None = None,
    told: Told | None = None,
    now_ms: Callable[[], int] | None = None,
    **settings: object,
) -> AsyncIterator[Mirror]:
    """Of the market's own clock, following it."""
    node = Node([market.node.url])
    mirror = Mirror(
        market.deployment(**settings),
        rpc or node,
        market.pairs() if pairs is None else pairs,
        store=store,
        now_ms=now_ms or market.now_ms,
    )
    if told:
        told.mirror = mirror
        mirror.listeners.append(told)
    try:
        async with running(mirror):
            yield mirror
    finally:
        await node.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_MAX_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0.002)


async def caught_up(mirror: Mirror, market: Market) -> None:
    """Live, at the market's newest block, with every pool known."""
    digest = market.block_hash(market.head())

    def is_there() -> bool:
        state = mirror.state(market.now_ms())
        is_all = mirror.reserves.keys() == mirror.total_supply.keys() == mirror.pairs.keys()
        return mirror.block.hash == digest and state.status == LIVE and not state.reason and is_all

    await until(is_there)


def pools_of(mirror: Mirror) -> dict[str, Pool]:
    return {
        pair: (*reserves, mirror.total_supply[pair]) for pair, reserves in mirror.reserves.items()
    }
