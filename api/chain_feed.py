"""The market data of a deployment: a read replica that folds the mirror's blocks instead of
entries.

What is final is in the deployment's read tables. What is not is in memory alone, as with us what
the tables do not show yet, and twice: once with all of it, which is what readers are told, and once
without, which is where a reorg goes back to.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

import msgspec

from api.chain_replica import ChainReplica, committed_block, extended
from api.chain_restore import restore
from api.hub import Hub
from api.kline_stream import push_klines
from api.rewind import rewind
from api.services import Reads
from api.stream import pace_depth, push_tickers
from xyk.chain.mirror import LIVE, MirrorListener, MirrorState
from xyk.chain.pair import Block, BlockEvents
from xyk.chain.venue import Venue
from xyk.domain.events import Event
from xyk.engine.clock import Clock
from xyk.engine.submission import Committed
from xyk.storage.history import History

WATCH_S = 1

log = logging.getLogger("xyk")


class Tables(Protocol):
    """The read tables' writer; `seq` is the last block that they show."""

    @property
    def seq(self) -> int: ...
    async def open(self) -> int: ...
    async def project(self, blocks: Sequence[Any], number: int, digest: str) -> None: ...


class ChainFeed(MirrorListener):
    """A listener of the mirror, once `running`. `clock` is ours: ages are measured with it."""

    def __init__(self, venue: Venue, tables: Tables, history: History, clock: Clock) -> None:
        self.venue = venue
        self.hub = Hub()
        self._tables = tables
        self._history = history
        self._clock = clock
        self._replica = ChainReplica(venue, self.hub, self._shown, clock.now_ms())
        self._final = ChainReplica(venue, Hub(), self._shown, clock.now_ms())
        self._final_seq = 0
        self._tail: deque[Committed] = deque()  # blocks that are not final, those with events
        self._is_settling = False
        self.feed, self.state = self._replica.feed, self._replica.state
        self.feed.is_fresh = False

    def now_ms(self) -> int:
        """The venue's time is its chain's: that of the mirrored block."""
        return max(self.venue.mirror.block.time_s * 1000, self.state.now_ms)

    def freshness(self) -> MirrorState:
        """As of now, by our clock."""
        return self.venue.state(self._clock.now_ms())

    def staleness(self) -> dict[str, Any] | None:
        """What a reader is told while the mirror is not live."""
        state = self.freshness()
        return None if state.status == LIVE else self._status("stale", state)

    @asynccontextmanager
    async def running(self, reads: Reads) -> AsyncIterator[None]:
        """Restored, listening to the mirror, which does not run yet, and pushing by the clock. It
        listens for as long as the mirror runs: what is final must be kept."""
        self._final_seq = await self._tables.open()
        replicas = self._final, self._replica
        await restore(replicas, self._history, self.venue.mirror.by_symbol, self._final_seq)
        self.venue.mirror.listeners.append(self)
        pushing = [
            asyncio.create_task(push_tickers(self.feed, self.now_ms)),
            asyncio.create_task(pace_depth(self.feed, self.now_ms)),
            asyncio.create_task(push_klines(self.feed.klines, reads, lambda: self.feed.is_fresh)),
            asyncio.create_task(self._watch()),
        ]
        try:
            yield
        finally:
            for task in pushing:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    # What the mirror tells.

    def applied(self, events: BlockEvents) -> None:
        if self.freshness().status != LIVE:
            self._freshen()  # before anything of it is told; but what is live is told as of it
        if events.block.number > self._final_seq:
            self._apply(events.block, self._replica.told.of(events, self.venue.mirror.total_supply))
        self._freshen()

    def dropped(self, ancestor: Block) -> None:
        lost = []
        while self._tail and self._tail[-1].entry.seq > ancestor.number:
            lost.append(self._tail.pop())
        markets = _markets_of(lost)
        if not markets:
            return
        survivors = [(one.entry, [*_events_of(one, frozenset(markets))]) for one in self._tail]
        last = self._tail[-1].entry if self._tail else None
        self._replica.go_back(markets, self._final, last, survivors)
        since_ms = min(one.entry.time for one in lost)
        rewind(self.feed, self._final.feed, self._final_seq, survivors, markets, since_ms)
        self.hub.tell_all(_frame(self._status("reorg", self.freshness(), [*markets])))

    async def final(self, block: Block) -> None:
        self._is_settling = True
        try:
            settled = [one for one in self._tail if one.entry.seq <= block.number]
            if settled or block.number > self._final_seq:
                await self._tables.project(settled, block.number, block.hash)
        finally:
            self._is_settling = False
        for one in settled:
            self._final.take(one)
            self._tail.popleft()
        self._final_seq = max(self._final_seq, block.number)

    def _apply(self, block: Block, told: Iterator[Event]) -> None:
        events = tuple(told)
        if not events:
            return
        committed = committed_block(block, self.state.now_ms, events)
        if self._tail and self._tail[-1].entry.seq == block.number:
            self._tail[-1] = extended(self._tail[-1], events)
        else:
            self._tail.append(committed)
        self._replica.take(committed)

    # What comes by the clock.

    async def _watch(self) -> None:
        """Runs until cancelled."""
        while True:
            try:
                self._sight()
            except Exception as fault:
                self._failed(fault)
            self._freshen()
            await asyncio.sleep(WATCH_S)

    def _failed(self, fault: Exception) -> None:
        """What is told is not what is mirrored, until a restart. Said once."""
        if not self.venue.fault:
            self.venue.fault = "a fault of ours"
            name = self.venue.deployment.name
            log.error(
                "what follows a chain failed, %s: %r", f"feed of {name}", fault, exc_info=fault
            )

    def _sight(self) -> None:
        """Pools that the mirror read, of which no event told."""
        mirror = self.venue.mirror
        told = self._tail[-1].entry.seq if self._tail else self._final_seq
        if self._is_settling or mirror.block.number <= self._final_seq:
            return
        if mirror.block.number >= told:
            found = [
                event
                for pair in mirror.pairs.values()
                if pair.address in mirror.reserves
                for event in self._replica.told.sighted(
                    pair,
                    *mirror.reserves[pair.address],
                    mirror.total_supply.get(pair.address, 0),
                )
            ]
            self._apply(mirror.block, iter(found))

    def _freshen(self) -> None:
        state = self.freshness()
        is_fresh = state.status == LIVE
        if is_fresh == self.feed.is_fresh:
            return
        self.feed.is_fresh = is_fresh
        kind = "live" if is_fresh else "stale"
        self.hub.tell_all(_frame(self._status(kind, state)))
        if is_fresh:
            for market in self.feed.markets.values():
                self.feed.tell_again(market)

    def _shown(self) -> int:
        return self._tables.seq

    def _status(
        self, event: str, state: MirrorState, markets: Sequence[str] = ()
    ) -> dict[str, Any]:
        data: dict[str, Any] = {
            "e": event,
            "E": self._clock.now_ms() * 1000,
            "status": state.status,
            "reason": self.venue.without_urls(state.reason) or None,
            "block": state.block,
            "blockHash": state.hash,
            "ageMs": state.age_ms,
        }
        if event == "reorg":
            data["symbols"] = list(markets)
        return {"stream": "status", "data": data}


def _markets_of(blocks: Sequence[Committed]) -> list[str]:
    """Those that something happened to."""
    named = (getattr(event, "market", "") for one in blocks for event in one.events)
    return [*dict.fromkeys(market for market in named if market)]


def _events_of(committed: Committed, markets: Collection[str]) -> Iterator[Event]:
    for event in committed.events:
        if getattr(event, "market", "") in markets:
            yield event


def _frame(status: dict[str, Any]) -> str:
    return msgspec.json.encode(status).decode()
