"""The streams `depth.S` and `bookTicker.S` of one market, made of what is committed.

Every frame of `depth.S` and every answer of `/depth` has an update id, and the frames of one stream
cover all ids without a gap: U is one more than the u before it, and the first one's no more than
one above the id of a snapshot that was asked for after the subscription was heard. Frames come at a
fixed pace as long as somebody listens, an empty one where nothing changed: clients of the
convention wait for a number of frames before they ask for the snapshot. Ids begin at the time of
the start in ms, so that they grow over a restart too.
"""

from typing import Any

import msgspec

from api.hub import Hub
from xyk.domain.decimals import whole_tokens
from xyk.domain.market import Market
from xyk.exchange.depth import Depth, Ladder

TICK_MS = 100  # pace of depth.S
PACES = {"": 1, "200ms.": 2, "600ms.": 6, "1000ms.": 10}  # spelling -> ticks a frame

PriceLevel = tuple[str, str]  # price and quantity in whole tokens

_encode = msgspec.json.Encoder().encode


class Paced:
    """One pace: what changed since its last frame, as in `_gather`."""

    __slots__ = ("asks", "bids", "last_id", "names", "ticks")

    def __init__(self, names: tuple[str, ...], ticks: int) -> None:
        self.names = names
        self.ticks = ticks
        self.last_id = 0  # 0: nobody listens
        self.asks: dict[int, int] = {}
        self.bids: dict[int, int] = {}


class DepthStream:
    def __init__(self, depth: Depth, quote_decimals: int, first_id: int) -> None:
        symbol = depth.market.symbol
        self.symbol = symbol
        self.depth = depth
        self.quote_decimals = quote_decimals
        self.paced = [
            Paced((f"depth.{pace}{symbol}", f"depth@{pace}{symbol}"), ticks)
            for pace, ticks in PACES.items()
        ]
        self.top_names = (f"bookTicker.{symbol}", f"bookTicker@{symbol}")
        self.version = 0  # of the depth itself, whether or not somebody asked for it
        self._id = first_id
        self._has_new = False  # changed since the id was given
        self._curves: list[dict[int, int]] | None = None  # asks, bids; None: nobody listened
        self._top: list[PriceLevel | None] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.top_names, *(name for paced in self.paced for name in paced.names))

    def level_view(self, ticks: int, lots: int) -> PriceLevel:
        market = self.depth.market
        return self._shown(ticks * market.tick_size, lots * market.lot_size)

    def set_terms(self, market: Market, fee_bps: int) -> None:
        """Tick and lot may be other ones from now on."""
        if self._curves is not None:
            self._gather()
        self.depth.set_terms(market, fee_bps)

    def current_id(self) -> int:
        """Of the depth as it is now. What changed since the id before is gathered first: somebody
        may have a level from a snapshot in between two frames that neither of them shows."""
        if self._has_new:
            self._id += 1
            self._has_new = False
            if self._curves is not None:
                self._gather()
        return self._id

    def changed(self, hub: Hub, time_ms: int, *, is_told: bool = True) -> None:
        """After a commit that changed the depth; `time_ms` is that of its last entry."""
        self._has_new = True
        self.version += 1
        if not is_told or not any(hub.has_readers(name) for name in self.top_names):
            self._top = None
            return
        bid, ask = (next(iter(self.depth.side(is_bid, 1)), None) for is_bid in (True, False))
        top = [self.level_view(*level) if level else None for level in (bid, ask)]
        if top == self._top:
            return
        self._top = top
        frame: dict[str, Any] = {
            "e": "bookTicker",
            "E": time_ms * 1000,
            "T": time_ms * 1000,
            "s": self.symbol,
        }
        for side, quantity, level in (("b", "B", top[0]), ("a", "A", top[1])):
            if level is not None:
                frame[side], frame[quantity] = level
        frame["u"] = self.current_id()
        hub.push(self.top_names, _encode(frame).decode(), replaceable=True)

    def follow(self, name: str) -> None:
        """Somebody subscribed. Frames of a pace that nobody followed begin with the depth as it is
        now, so that they go on from every snapshot that is asked for from now on."""
        for paced in self.paced:
            if name in paced.names and not paced.last_id:
                current = self.current_id()
                if self._curves is None:
                    self._gather()  # nothing yet: what comes is compared with this
                paced.last_id = current
                paced.asks.clear()
                paced.bids.clear()

    def tick(self, hub: Hub, number: int, now_ms: int) -> None:
        """The `number`-th of the clock: frames for whoever follows at a pace that is due."""
        for paced in self.paced:
            if paced.last_id and not any(hub.has_readers(name) for name in paced.names):
                paced.last_id = 0
        followed = [paced for paced in self.paced if paced.last_id]
        if not followed:
            self._curves = None
            for ladder in (self.depth.asks, self.depth.bids):
                ladder.touched.clear()
            return
        self.current_id()
        for paced in followed:
            if number % paced.ticks == 0:
                self._push(hub, paced, now_ms)

    def _gather(self) -> None:
        """What changed since the last time, for every pace that somebody follows. In base units,
        quote per whole base token and base: they mean the same when tick and lot change."""
        asks, bids = self._deltas()
        for paced in self.paced:
            if paced.last_id:
                paced.asks |= asks
                paced.bids |= bids

    def _push(self, hub: Hub, paced: Paced, now_ms: int) -> None:
        if self._id == paced.last_id:
            self._id += 1  # an empty frame has an id as well
        frame = {
            "e": "depth",
            "E": now_ms * 1000,
            "T": now_ms * 1000,
            "s": self.symbol,
            "a": [self._shown(*level) for level in sorted(paced.asks.items())],
            "b": [self._shown(*level) for level in sorted(paced.bids.items())],
            "U": paced.last_id + 1,
            "u": self._id,
        }
        paced.last_id = self._id
        paced.asks.clear()
        paced.bids.clear()
        hub.push(paced.names, _encode(frame).decode(), replaceable=False)

    def _shown(self, price: int, quantity: int) -> PriceLevel:
        return (
            whole_tokens(price, self.quote_decimals),
            whole_tokens(quantity, self.depth.base_decimals),
        )

    def _deltas(self) -> tuple[dict[int, int], dict[int, int]]:
        """Asks and bids, by price, whose quantity is another one than the last time; 0 is gone.
        Nothing at the first one."""
        depth = self.depth
        if self._curves is not None and not depth.is_changed:
            return {}, {}
        tick, lot = depth.market.tick_size, depth.market.lot_size
        curves = [
            {ticks * tick: lots * lot for ticks, lots in depth.beside_book(is_bid)}
            for is_bid in (False, True)
        ]
        before, self._curves = self._curves, curves
        found: list[dict[int, int]] = []
        for index, ladder in enumerate((depth.asks, depth.bids)):
            old = before[index] if before is not None else curves[index]
            changes = _changes(ladder, old, curves[index], tick, lot) if before is not None else {}
            found.append(changes)
            ladder.touched.clear()
        depth.is_changed = False
        return found[0], found[1]


def _changes(
    ladder: Ladder, old: dict[int, int], new: dict[int, int], tick: int, lot: int
) -> dict[int, int]:
    """Price -> quantity now, where orders and curve together are not what they were. The ladder
    counts in ticks and lots, all else is base units."""
    changes: dict[int, int] = {}
    for price in {ticks * tick for ticks in ladder.touched} | old.keys() | new.keys():
        ticks, between = divmod(price, tick)
        resting = 0 if between else ladder.lots.get(ticks, 0)
        before = resting if between else ladder.touched.get(ticks, resting)
        before, now = before * lot + old.get(price, 0), resting * lot + new.get(price, 0)
        if now != before:
            changes[price] = now
    return changes
