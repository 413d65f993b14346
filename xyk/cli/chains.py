"""The mirrored chains of `xyk serve --chain FILE`.

What contradicts the file when the exchange starts stops the start. A node that is down does not:
its deployment is stale, says why, and is tried again for as long as the exchange runs.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from api.metrics import Metrics
from xyk.chain.deployment import Deployment, load
from xyk.chain.discovery import Discovery, Misconfigured, pair_address
from xyk.chain.market_data import MarketData, open_market_data
from xyk.chain.mirror import Mirror, MirrorListener
from xyk.chain.pair import Block, Pair, Token
from xyk.chain.relay import Relay
from xyk.chain.rpc import BadAnswer, RpcDown, RpcError, WrongChain
from xyk.chain.venue import Venue
from xyk.engine.clock import Clock
from xyk.storage.chain import ChainStore
from xyk.storage.database import DataFolder
from xyk.storage.relayed import Relayed

if TYPE_CHECKING:
    from xyk.chain.node import Node  # with web3, which only who mirrors a chain loads

RESERVED = ("own", "all")  # what venue= of a quote means otherwise
START_S = 20.0  # that a start waits for nodes
RETRY_S = 2.0  # between two tries to find pairs at a node that was down
AGAIN_S = 1.0  # after a fault of ours; doubles with each further one
AGAIN_MAX_S = 60.0
AGAIN = "a fault of ours, tried again"

log = logging.getLogger("xyk")


class Kept(NamedTuple):
    """What is kept of one deployment on disk."""

    store: ChainStore
    market_data: MarketData
    relayed: Relayed


class Chain:
    """One deployment as it runs. `venue` is what the exchange sees of it."""

    def __init__(self, node: "Node", discovery: Discovery, mirror: Mirror, kept: Kept) -> None:
        self._relay = Relay(mirror, node, kept.relayed)
        deployment = mirror.deployment
        self.venue = Venue(
            deployment,
            node,
            mirror,
            kept.market_data,
            relay=self._relay,
            skipped=discovery.skipped,
        )
        self._discovery = discovery
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def name(self) -> str:
        return self.venue.deployment.name

    def follow(self) -> None:
        """From now on; who listens to the mirror does so already."""
        for work, what in (
            (self.venue.mirror.run, "mirror"),
            (self._find, "pairs"),
            (self._relay.follower.run, "relayed transactions"),
        ):
            name = f"{what} of {self.name}"
            self._tasks.append(asyncio.create_task(keep_on(self.venue, work, name), name=name))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _find(self) -> None:
        """Pairs: soon where there was no node at the start, then those that are created later."""
        while True:
            pairs = await find_pairs(self._discovery)
            if pairs is not None:
                break
            await asyncio.sleep(RETRY_S)
        self.venue.mirror.add_pairs(pairs)
        await self._discovery.run(self.venue.mirror.add_pairs)


async def keep_on(venue: Venue, work: Callable[[], Awaitable[None]], name: str) -> None:
    """Until `work` ends. After a fault of ours the deployment is halted, and what follows its chain
    begins again after a pause; not where the mirror is torn or the file is wrong."""
    pause_s = AGAIN_S
    while True:
        began = time.monotonic()
        try:
            await work()
            return
        except Exception as fault:
            log.error("what follows a chain failed, %s: %r", name, fault, exc_info=fault)
            if isinstance(fault, Misconfigured):
                venue.fault = str(fault)
                return
            if venue.mirror.is_torn:
                venue.fault = venue.fault or "a fault of ours"
                return
        venue.fault = venue.fault or AGAIN
        if time.monotonic() - began > AGAIN_MAX_S:
            pause_s = AGAIN_S
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, AGAIN_MAX_S)
        if venue.fault == AGAIN:
            venue.fault = ""


class Reorgs(MirrorListener):
    """Counts them."""

    def __init__(self, metrics: Metrics, deployment: str) -> None:
        self._metrics = metrics
        self._deployment = deployment

    def dropped(self, ancestor: Block) -> None:
        self._metrics.chain_reorg(self._deployment)


def deployments(file: Path) -> Mapping[str, Deployment]:
    """Raises ValueError."""
    found = load(file)
    for name in RESERVED:
        if name in found:
            raise ValueError(f"{file}: no deployment may be named {name!r}; choose another name")
    return found


async def open_chains(
    stack: AsyncExitStack, file: Path, data: Path, database_url: str
) -> list[Chain]:
    """In the order of the file, at what each mirror kept. Raises ValueError where the file or a
    chain is wrong, and what a store raises."""
    opened = []
    for deployment in deployments(file).values():  # alembic does one database at a time
        kept = await _kept(stack, deployment.name, data, database_url)
        if await _is_of_another(deployment, kept.store):
            raise ValueError(
                f"{file}: deployment {deployment.name!r}: factory or init_code_hash: what is kept "
                "by this name is of other pairs; give the deployment another name"
            )
        opened.append((deployment, kept))
    tasks = [asyncio.create_task(_open(stack, *one)) for one in opened]
    try:
        return await asyncio.gather(*tasks)
    except (WrongChain, Misconfigured) as fault:
        raise ValueError(f"{file}: {fault}") from None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _kept(stack: AsyncExitStack, name: str, data: Path, database_url: str) -> Kept:
    store = await ChainStore.open(data, name, database_url)
    stack.push_async_callback(store.close)
    tables = open_market_data(data, name, database_url)
    market_data = await stack.enter_async_context(tables)
    relayed = Relayed.open(DataFolder(data).relayed(name))
    stack.callback(relayed.close)
    return Kept(store, market_data, relayed)


async def _is_of_another(deployment: Deployment, store: ChainStore) -> bool:
    """Whether pairs are kept that its factory cannot have: their history would be shown as that of
    its own."""
    return any(
        one.address != pair_address(deployment, one.token0, one.token1)
        for one in await store.pairs()
    )


async def _open(stack: AsyncExitStack, deployment: Deployment, kept: Kept) -> Chain:
    from xyk.chain.node import Node

    node = Node.of(deployment)
    stack.push_async_callback(node.close)
    known = [Token(one.address, one.symbol, one.decimals) for one in await kept.store.tokens()]
    discovery = Discovery(node, deployment, known)
    pairs = None
    try:
        async with asyncio.timeout(START_S):
            await node.start()
            pairs = await find_pairs(discovery)
    except WrongChain as fault:
        raise WrongChain(f"deployment {deployment.name!r}: chain_id: {fault}") from None
    except TimeoutError:
        log.warning("no node of %s answered in %d s", deployment.name, START_S)
    mirror = Mirror(deployment, node, pairs or (), store=kept.store)
    await mirror.start()
    chain = Chain(node, discovery, mirror, kept)
    stack.push_async_callback(chain.stop)
    return chain


async def find_pairs(discovery: Discovery) -> list[Pair] | None:
    """None where no node answers as it should. Raises Misconfigured."""
    try:
        return await discovery.find()
    except (RpcDown, RpcError, BadAnswer) as fault:
        log.info("pairs are looked for again: %s", fault)
        return None


def watch_chain(metrics: Metrics, venue: Venue, clock: Clock) -> None:
    name, mirror = venue.deployment.name, venue.mirror
    metrics.watch_chain(
        name,
        block=lambda: mirror.block.number,
        age_s=lambda: mirror.state(clock.now_ms()).age_ms / 1000,
    )
    mirror.listeners.append(Reorgs(metrics, name))
