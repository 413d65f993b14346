"""The pairs of a deployment as they are on the chain, followed block by block.

    mirror = Mirror(deployment, node, pairs)
    await mirror.start()
    running = asyncio.create_task(mirror.run())

A block joins as a whole and without a pause, so whoever reads on the event loop sees reserves of
one block, which `block` names. A block whose successors changed leaves again by what it replaced.
What the node says is checked before it counts: chain id, parent links, the block of every log.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec
from msgspec.structs import asdict

from xyk.chain.blocks import NONE, Tail
from xyk.chain.deployment import Deployment
from xyk.chain.logs import Issued
from xyk.chain.pair import Block, BlockEvents, Pair, PairEvent, Token
from xyk.chain.pools import Pools
from xyk.chain.rpc import BadAnswer, Rpc, RpcDown, RpcError
from xyk.chain.source import BlockLogs, Forked, Source
from xyk.chain.wakeup import watch_heads
from xyk.storage.chain import ChainStore, Cursor, KeptPair, KeptToken
from xyk.storage.connection import is_transient

AUDIT_BLOCKS = 100  # so often all pools are compared with the contracts
PAUSE_BLOCKS = 16  # that join before everybody else on the event loop gets a turn

LIVE = "live"
CATCHING_UP = "catching_up"
STALE = "stale"
HALTED = "halted"

log = logging.getLogger("xyk.chain.mirror")


class Halted(Exception):
    """The chain is not the one that is mirrored; the message says how it differs."""


class MirrorState(msgspec.Struct, frozen=True):
    """`status`: live, catching_up, stale or halted; only live is fit to trade on. `reason`: why it
    is none of the first two, or the last fault of a node that has not been away for long.
    `age_ms`: since the block's own time. `seen_ms_ago`: since the node last confirmed the block."""

    status: str
    reason: str
    block: int
    hash: str
    age_ms: int
    seen_ms_ago: int


class MirrorListener:
    """What a mirror tells; a listener says what it does about some of it."""

    def applied(self, events: BlockEvents) -> None:
        """A block that touched a pair joined the mirrored chain; in the order of the chain."""

    def dropped(self, ancestor: Block) -> None:
        """All blocks above `ancestor` are undone; those that survived follow."""

    async def final(self, block: Block) -> None:
        """All blocks up to this one are final. Whoever keeps something keeps it now: the cursor
        moves when this returns, and after a crash in between the same blocks are told again."""


class Mirror:
    """`pairs`: what is mirrored from the start; where none are given, those that were kept.
    `reserves` and `total_supply` (LP shares), by pair, are of `block`; they lack a pair whose pool
    is not known yet. Without a `store` every start is the first. `is_torn`: a fault of ours fell
    between a block and those who are told of it, so only a restart puts them together again."""

    def __init__(
        self,
        deployment: Deployment,
        rpc: Rpc,
        pairs: Iterable[Pair] = (),
        *,
        store: ChainStore | None = None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.deployment = deployment
        self.tokens: dict[str, Token] = {}
        self.pairs: dict[str, Pair] = {}
        self.by_symbol: dict[str, Pair] = {}
        self.block = NONE
        self.listeners: list[MirrorListener] = []
        self._pools = Pools()
        self.reserves = self._pools.reserves
        self.total_supply = self._pools.total_supply
        self._store = store
        self._kept_pairs = -1  # how many of `pairs`, to which some are only ever added
        self._now_ms = now_ms
        self._source = Source(rpc, deployment, self.pairs)
        self._tail: Tail | None = None
        self._audit_at = 0  # number of the block at which all pools are read
        self._head = 0  # the node's newest block
        self._seen_ms = 0
        self._is_checked = False
        self._halted = ""
        self._fault = "the node was not asked yet"
        self._wake = asyncio.Event()
        self._is_stopping = False
        self.is_torn = False
        self.add_pairs(pairs)

    def add_pairs(self, pairs: Iterable[Pair]) -> None:
        """Mirrors more of them from the next block on; those that are mirrored already stay.
        Raises ValueError where another pair has the same symbol."""
        for pair in pairs:
            if pair.address in self.pairs:
                continue
            if self.by_symbol.setdefault(pair.symbol, pair) is not pair:
                raise ValueError(f"two pairs are called {pair.symbol}: {pair.address} is another")
            self.pairs[pair.address] = pair
            self.tokens |= {one.address: one for one in (pair.token0, pair.token1)}
            self._pools.unread.add(pair.address)
        self._wake.set()

    def state(self, now_ms: int) -> MirrorState:
        """Unix milliseconds."""
        ahead_ms = self.block.time_s * 1000 - now_ms
        age_ms = max(0, -ahead_ms)
        seen_ms_ago = max(0, now_ms - self._seen_ms)
        limit_ms = self.deployment.stale_after_s * 1000
        status, reason = LIVE, self._fault
        if self._halted:
            status, reason = HALTED, self._halted
        elif seen_ms_ago > limit_ms:
            status = STALE
            reason = reason or f"the node was not asked for {seen_ms_ago // 1000} s"
        elif self._head - self.block.number > self.deployment.confirmations:
            status = CATCHING_UP
        elif age_ms > limit_ms:
            status = STALE
            reason = reason or f"the node's newest block is {age_ms // 1000} s old"
        elif ahead_ms > limit_ms:  # then nobody knows how old it is
            status = STALE
            reason = reason or f"the node's newest block is {ahead_ms // 1000} s in the future"
        return MirrorState(status, reason, self.block.number, self.block.hash, age_ms, seen_ms_ago)

    async def start(self) -> None:
        """Goes back to what was kept, and asks the node who it is; where that does not answer,
        `run` will ask again. Raises what the store raises."""
        if self._store:
            await self._restore(self._store)
        await self._tried(self._check())

    async def run(self) -> None:
        """Follows the chain until `stop`. A node that fails, lies or is behind makes the state
        stale, and one with another history halted, until it is right again. After a fault of ours
        it may be run again unless `is_torn`."""
        self._audit_at = 0
        url = self.deployment.websocket
        news = asyncio.create_task(watch_heads(url, self._wake.set)) if url else None
        try:
            while not self._is_stopping:
                self._wake.clear()
                await self._tried(self._step())
                if not self._is_stopping:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), self.deployment.poll_ms / 1000)
        finally:
            if news:
                news.cancel()

    async def stop(self) -> None:
        """`run` returns when what it has asked is answered."""
        self._is_stopping = True
        self._wake.set()

    async def _tried(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Halted as fault:
            if not self._halted:
                log.error("%s: halted: %s", self.deployment.name, fault)
            self._halted = str(fault)
        except (RpcDown, RpcError, BadAnswer) as fault:
            self._failed(str(fault))
        except Exception as fault:
            if not is_transient(fault):
                raise
            self._failed(f"nothing can be kept: {fault}")

    def _failed(self, fault: str) -> None:
        if fault != self._fault:
            log.warning("%s: %s", self.deployment.name, fault)
        self._fault = fault
        self._audit_at = 0  # whatever the node did, what it says then is compared

    async def _step(self) -> None:
        if not self._is_checked:
            await self._check()
        head = await self._source.head()
        self._head = head.number
        if self._tail is None:
            self._tail = await self._begun(head)
        await self._follow(self._tail, head)

    async def _check(self) -> None:
        if wrong := await self._source.check():
            raise Halted(wrong)
        self._is_checked = True

    async def _begun(self, head: Block) -> Tail:
        """At the newest final block, or before the block where the history is to begin."""
        final, start = self._final(head), self.deployment.start_block
        number = min(final, start - 1) if start else final
        base = await self._source.block(max(0, number))
        tail = Tail(base)
        if not start:
            try:
                await self._read_pools(tail)
            except RpcError as fault:  # a node without that state; it has that of the head
                log.info("%s: no state at block %d: %s", self.deployment.name, base.number, fault)
        self.block = base
        return tail

    async def _follow(self, tail: Tail, head: Block) -> None:
        """Up to `head`."""
        # What could not be kept last time. The head is not checked yet: with one that is too high
        # every block would be final at once.
        await self._settle(tail, tail.tip.block)
        while not self._is_stopping:
            tip = tail.tip.block
            try:
                if head.number <= tip.number:
                    self._compare(tail, head)
                    break
                if tip.number < self._final(head):
                    found = await self._source.final_range(tip, self._final(head))
                else:
                    found = await self._source.next_blocks(tip, head)
            except Forked:
                await self._roll_back(tail, head)
                self._wake.set()
                return
            await self._join_all(tail, found)
            if self.block.number <= self._final(head):
                self._confirmed()  # far from done, but getting on
            await self._settle(tail, head)
        if self._pools.unread or tail.tip.block.number >= self._audit_at:
            await self._read_pools(tail)
        self._confirmed()

    def _confirmed(self) -> None:
        self._seen_ms = self._now_ms()
        self._fault = self._halted = ""

    def _final(self, head: Block) -> int:
        return head.number - self.deployment.confirmations

    def _compare(self, tail: Tail, head: Block) -> None:
        """A head that is not above the tip. Raises Forked, or BadAnswer where it is only behind."""
        known = tail.at(head.number)
        if known and known.hash != head.hash:
            raise Forked(f"block {head.number} is no longer {known.hash}")
        tip = tail.tip.block.number
        if head.number < tip:
            raise BadAnswer(f"the node is at block {head.number}, behind block {tip}")

    async def _join_all(self, tail: Tail, found: Sequence[BlockLogs]) -> None:
        """A range may have thousands; between them is no bad moment to be cancelled."""
        for position, (block, logged) in enumerate(found, 1):
            self._join(tail, block, logged)
            if position % PAUSE_BLOCKS == 0:
                await asyncio.sleep(0)

    def _join(self, tail: Tail, block: Block, logged: Sequence[PairEvent | Issued]) -> None:
        self.is_torn = True
        joined, events = self._pools.join(block, logged)
        tail.append(joined)
        self.block = block
        if events:
            told = BlockEvents(block, events)
            for listener in self.listeners:
                listener.applied(told)
        self.is_torn = False

    async def _roll_back(self, tail: Tail, head: Block) -> None:
        """To the newest block that the node's chain has too."""
        ancestor = await self._ancestor(tail, head)
        dropped = tail.cut(ancestor)
        if not dropped:
            raise BadAnswer(f"the chain after block {ancestor.number} changed while it was read")
        self.is_torn = True
        for joined in dropped:
            self._pools.undo(joined)
        self.block = ancestor
        told = self.deployment.name, len(dropped), ancestor.number
        log.info("%s: a reorg, %d blocks above %d are undone", *told)
        for listener in self.listeners:
            listener.dropped(ancestor)
        self.is_torn = False

    async def _ancestor(self, tail: Tail, head: Block) -> Block:
        mine = [block for block in tail.blocks() if block.number <= head.number]
        theirs = await self._source.blocks(block.number for block in mine)
        for block, other in zip(mine, theirs, strict=True):
            if block.hash == other.hash:
                return block
        if not mine:
            raise BadAnswer(f"the node is at block {head.number}, before what is final here")
        raise Halted(
            f"block {mine[-1].number} was final here as {mine[-1].hash} and is {theirs[-1].hash} "
            f"at the node: a reorg deeper than {self.deployment.confirmations} blocks"
        )

    async def _read_pools(self, tail: Tail) -> None:
        """At the tip: those that are not known, or all of them to see that they are right."""
        tip = tail.tip
        is_audit = tip.block.number >= self._audit_at
        asked = sorted(self.pairs if is_audit else self._pools.unread)
        for wrong in self._pools.learn(tip, await self._source.pools(asked, tip.block)):
            log.error("%s: at block %d %s", self.deployment.name, tip.block.number, wrong)
        if is_audit:
            self._audit_at = tip.block.number + AUDIT_BLOCKS

    async def _settle(self, tail: Tail, head: Block) -> None:
        """Tells and keeps what became final."""
        final = tail.newest(self._final(head))
        before, after = tail.split(final)
        if final.number > tail.base.block.number:
            for listener in self.listeners:
                await listener.final(final)
        elif not (tail.base.reserves or tail.base.supplies):
            return
        if self._store:
            await self._keep_pairs(self._store)
            cursor = Cursor(final.number, final.hash, final.parent, final.time_s)
            await self._store.save(cursor, self._pools.changed(before, after))
        tail.settle(final)

    async def _restore(self, store: ChainStore) -> None:
        if not self.pairs:
            tokens = {one.address: Token(**asdict(one)) for one in await store.tokens()}
            self.add_pairs(
                Pair(one.address, tokens[one.token0], tokens[one.token1], one.base_is_0)
                for one in await store.pairs()
            )
        cursor = await store.cursor()
        if cursor:
            self.block = Block(cursor.number, cursor.hash, cursor.parent, cursor.time_s)
            self._tail = Tail(self.block)
            self._pools.restore(await store.pools())
        await self._keep_pairs(store)

    async def _keep_pairs(self, store: ChainStore) -> None:
        if self._kept_pairs == len(self.pairs):
            return
        pairs = list(self.pairs.values())
        await store.keep(
            [KeptToken(**asdict(token)) for token in self.tokens.values()],
            [
                KeptPair(pair.address, pair.token0.address, pair.token1.address, pair.base_is_0)
                for pair in pairs
            ],
        )
        self._kept_pairs = len(pairs)
