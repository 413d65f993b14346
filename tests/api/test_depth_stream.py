"""The frames of one market's depth, tick by tick, without a server around them."""

import random
from collections.abc import Iterator
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from api.depth_stream import DepthStream
from api.hub import Hub, Reader
from tests.api.desk import Json
from tests.api.test_depth import Follower
from xyk.domain.commands import Genesis
from xyk.domain.market import Market
from xyk.domain.request import GENESIS
from xyk.engine.entry import GENESIS_HASH, Evidence, make_entry
from xyk.exchange.depth import Depth

NAME = "depth.ETH_USDC"
MARKET = Market(
    symbol="ETH_USDC",
    base="ETH",
    quote="USDC",
    tick_size=10**4,
    lot_size=10**14,
    maker_fee_bps=2,
    taker_fee_bps=5,
    book=True,
    implicit=False,
    created_ms=0,
)
ENTRY = make_entry(
    1,
    1_000,
    Genesis(
        salt="0x" + "00" * 32, operator="", fee_recipient="", sandbox=True, assets=(), markets=()
    ),
    Evidence(scheme=GENESIS),
    (),
    GENESIS_HASH,
)


class Bench:
    """A depth with a stream and readers of it. `change` is a commit, `tick` a tick."""

    def __init__(self) -> None:
        self.depth = Depth(MARKET, 30, 18)
        self.hub = Hub()
        self.stream = DepthStream(self.depth, 6, 1_000)
        self._ticks = 0

    def change(self, is_bid: bool, price: int, lots: int) -> None:
        self.depth.add(is_bid, price, lots)
        self.stream.changed(self.hub, ENTRY.time)

    def swap(self, base: int, quote: int) -> None:
        self.depth.set_reserves(base, quote)
        self.stream.changed(self.hub, ENTRY.time)

    def subscribe(self, name: str = NAME) -> Reader:
        reader = Reader(lambda: None)
        self.hub.subscribe(reader, name)
        self.stream.follow(name)
        return reader

    def snapshot(self) -> Json:
        sides = [
            [self.stream.level_view(*level) for level in self.depth.side(is_bid, 1_000)]
            for is_bid in (False, True)
        ]
        return {"asks": sides[0], "bids": sides[1], "lastUpdateId": str(self.stream.current_id())}

    def tick(self) -> None:
        self._ticks += 1
        self.stream.tick(self.hub, self._ticks, 2_000)


def read(reader: Reader) -> Iterator[Json]:
    while reader.queue:
        yield msgspec.json.decode(reader.queue.popleft().message["text"])["data"]


def test_the_first_frame_goes_on_from_a_snapshot_after_the_subscription() -> None:
    bench = Bench()
    bench.change(True, 190_000, 5)
    reader = bench.subscribe()
    snapshot = bench.snapshot()
    bench.change(True, 190_000, 2)
    bench.tick()
    [frame] = read(reader)
    assert frame["U"] == int(snapshot["lastUpdateId"]) + 1 == frame["u"]
    assert (frame["a"], frame["b"]) == ([], [["1900", "0.0007"]])


def test_a_level_that_only_a_snapshot_showed_is_taken_back() -> None:
    """It came and went between two frames, and a snapshot was asked for in between."""
    bench = Bench()
    reader = bench.subscribe()
    bench.tick()
    bench.change(True, 190_000, 5)
    follower = Follower(bench.snapshot())
    assert follower.sides["b"] == {"1900": "0.0005"}
    bench.change(True, 190_000, -5)
    bench.tick()
    for frame in read(reader):
        follower.take(frame)
    assert follower == bench.snapshot()
    assert follower.sides["b"] == {}


def test_a_curve_that_only_a_snapshot_showed_is_taken_back() -> None:
    bench = Bench()
    bench.swap(100 * 10**18, 200_000 * 10**6)
    reader = bench.subscribe()
    bench.tick()
    bench.swap(90 * 10**18, 222_223 * 10**6)
    follower = Follower(bench.snapshot())
    bench.swap(100 * 10**18, 200_000 * 10**6)
    bench.tick()
    for frame in read(reader):
        follower.take(frame)
    assert follower == bench.snapshot()


def test_levels_of_another_tick_and_lot_take_the_place_of_the_old_ones() -> None:
    """At the old tick of 0.01 the grid's step is 0.65, at the new one of 0.03 it is 0.96; the last
    order goes in the same commit."""
    bench = Bench()
    bench.swap(100 * 10**18, 200_000 * 10**6)
    bench.change(True, 150_001, 5)
    reader = bench.subscribe()
    follower = Follower(bench.snapshot())
    assert follower.sides["b"]["1500.01"] == "0.0005"
    bench.depth.add(True, 150_001, -5)
    bench.stream.set_terms(replace(MARKET, tick_size=3 * 10**4, lot_size=7 * 10**14), 30)
    bench.stream.changed(bench.hub, ENTRY.time)
    bench.tick()
    for frame in read(reader):
        follower.take(frame)
    assert follower == bench.snapshot()
    assert len(follower.sides["a"]) == len(follower.sides["b"]) == 20
    assert all(Decimal(price) % Decimal("0.96") == 0 for price in follower.sides["a"])


def test_what_nobody_follows_is_not_collected() -> None:
    bench = Bench()
    for price in range(1, 500):
        bench.change(True, price, 1)
    bench.tick()
    assert not bench.depth.bids.touched
    reader = bench.subscribe()
    bench.tick()
    [frame] = read(reader)
    assert (frame["a"], frame["b"]) == ([], [])


def test_a_quiet_stream_takes_one_id_a_frame() -> None:
    bench = Bench()
    readers = [bench.subscribe(name) for name in (NAME, "depth.200ms.ETH_USDC")]
    before = bench.stream.current_id()
    for _ in range(4):
        bench.tick()
    quick, slow = ([(one["U"], one["u"]) for one in read(reader)] for reader in readers)
    assert quick == [(before + n, before + n) for n in range(1, 5)]
    assert slow == [(before + 1, before + 2), (before + 3, before + 4)]
    assert bench.stream.current_id() == before + 4


def test_followers_of_every_pace_through_random_changes() -> None:
    """They join at any time, with a snapshot of any moment; at every id that both have they have
    what the server has."""
    choice = random.Random(7)
    bench = Bench()
    standing: dict[tuple[bool, int], int] = {}
    following: list[tuple[Reader, Follower]] = []
    compared = 0
    for _ in range(20_000):
        what = choice.random()
        if what < 0.5:
            key = choice.choice((True, False)), 0
            key = key[0], 200_000 + (-1 if key[0] else 1) * choice.randint(800, 820)
            if key in standing and choice.random() < 0.6:
                bench.change(*key, -standing.pop(key))
            else:
                standing[key] = standing.get(key, 0) + 1
                bench.change(*key, 1)
        elif what < 0.6:
            base = choice.randint(99_000, 101_000) * 10**15
            bench.swap(base, 2 * 10**31 // base)
        elif what < 0.7:
            names = (NAME, "depth.200ms.ETH_USDC", "depth@600ms.ETH_USDC")
            reader = bench.subscribe(choice.choice(names))
            following.append((reader, Follower(bench.snapshot())))
            if len(following) > 5 or choice.random() < 0.1:
                bench.hub.leave(following.pop(choice.randrange(len(following)))[0])
        elif what < 0.9:
            bench.tick()
            for reader, follower in following:
                for frame in read(reader):
                    follower.take(frame)
        shown = bench.snapshot() if choice.random() < 0.3 else None
        for _, follower in following:
            if shown is not None and follower.id == int(shown["lastUpdateId"]):
                assert follower == shown
                compared += 1
    assert compared > 1_000
