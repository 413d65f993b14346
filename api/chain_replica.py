"""State and feed of a deployment's markets after some block."""

from collections.abc import Callable, Collection, Sequence

import msgspec

from api.account_stream import AccountStream
from api.candle_log import CandleLog
from api.feed import Feed
from api.hub import Hub
from api.order_log import OrderLog
from xyk.chain.market_events import MarketEvents
from xyk.chain.pair import Block
from xyk.chain.venue import Venue
from xyk.domain.events import Event
from xyk.engine.balance_watch import BalanceWatch
from xyk.engine.entry import RULES, Entry, Evidence
from xyk.engine.submission import Committed
from xyk.exchange.mirrored import apply_block, go_back, take
from xyk.exchange.state import State

KIND = "Block"

Survivors = Sequence[tuple[Entry, Sequence[Event]]]


class ChainReplica:
    """`projected`: up to which block the read tables show everything; `first_id`: of depth
    updates."""

    def __init__(self, venue: Venue, hub: Hub, projected: Callable[[], int], first_id: int) -> None:
        self.state = State()
        self.told = MarketEvents(venue.deployment.fee_bps, venue.mirror.pairs)
        self.feed = Feed(
            self.state,
            hub,
            OrderLog(self.state, projected),
            CandleLog(projected),
            first_id,
            projected,
            AccountStream(self.state, hub, BalanceWatch(self.state)),
        )

    def begin(self) -> None:
        """With nothing that was kept."""
        self.feed.days.restore(0, {}, 0)
        self.feed.candles.restore(0, {})

    def take(self, committed: Committed) -> None:
        """The next block."""
        entry = committed.entry
        self.told.take(committed.events)
        apply_block(self.state, entry.seq, entry.time, committed.events)
        self.feed.publish((committed,))

    def go_back(
        self,
        markets: Collection[str],
        earlier: "ChainReplica",
        last: Entry | None,
        survivors: Survivors,
    ) -> None:
        """All but the feed: to what those markets were at `earlier`, and on by the survivors;
        `last` is the newest block that is left, None where it is that of `earlier`."""
        for market in markets:
            self.told.go_back(market, earlier.told)
            go_back(self.state, market, earlier.state)
        for entry, events in survivors:
            self.told.take(events)
            take(self.state, entry.time, events)
        self.state.seq = last.seq if last is not None else earlier.state.seq
        self.state.now_ms = last.time if last is not None else earlier.state.now_ms
        self.feed.seq, self.feed.time_ms = self.state.seq, self.state.now_ms


def committed_block(block: Block, least_ms: int, events: tuple[Event, ...]) -> Committed:
    """A block as the entry of its number. Its time never goes back, whatever the node says."""
    entry = Entry(
        seq=block.number,
        time=max(block.time_s * 1000, least_ms),
        rules=RULES,
        kind=KIND,
        command=b"",
        evidence=b"",
        events=b"",
        previous=block.parent,
        hash=block.hash,
    )
    nothing: object = None  # no command made it
    return Committed(entry, nothing, Evidence(scheme="chain"), events)  # type: ignore[arg-type]


def extended(committed: Committed, events: tuple[Event, ...]) -> Committed:
    """The same block with more that it did."""
    return msgspec.structs.replace(committed, events=(*committed.events, *events))
