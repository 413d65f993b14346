"""The whole engine on orders, in one process: no HTTP, no signature. One market with book and pool,
1,000 owners, the mixed flow of bench/flow.py as PlaceOrder and CancelOrder.

The commands are made by running the exchange once: a passive order lies behind the better of book
and curve, a taker (IOC) on either side takes what the other one has. They are replayed against the
same start, so every run decides the same. Rates are the best of several runs, in CPU time of the
process, with wall time beside it.
"""

import asyncio
import gc
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from bench.core import GENESIS, GROUP
from bench.flow import MEAN_TICKS, OPERATIONS, ORDER_LOTS, RESTING, SEED, TAKER_LOTS, Live
from bench.table import Row, at_least, note
from tests.exchange.venue import ALICE, NOW_S, Venue
from xyk.domain.commands import CancelOrder, PlaceOrder
from xyk.domain.events import BookFilled, Deposited, OrderClosed, OrderRested
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, Request
from xyk.engine.entry import Entry, Evidence, make_entry
from xyk.exchange.decide import decide
from xyk.exchange.evolve import apply
from xyk.exchange.invariants import check
from xyk.exchange.state import State
from xyk.storage.journal import SqliteJournal
from xyk.storage.migrate import upgrade

RUNS = 5
# What a committed order costs besides HTTP and signature: rows of the table.
PARTS = (
    "order: decide + evolve + invariants",
    "order: entry, hash and journal, groups of 64, fsync",
)
OWNERS = 1_000
OWNER_NAMES = [f"0x{number:040x}" for number in range(1, OWNERS + 1)]
SIGNATURE = "0x" + "ab" * 65
SYMBOL = "ETH_USDC"
FUNDS = 10**30
AWAY_TICKS = 20_000  # how much worse than the touch a taker's limit is: it never binds

Command = PlaceOrder | CancelOrder


class Traffic:
    """Makes commands against a running exchange."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.random = Random(SEED)
        self.live = Live(self.random)
        self.made: list[Command] = []
        self.market = state.markets[SYMBOL]
        self.lot = self.market.lot_size
        self.lot_value = self.market.lot_value(state.assets[self.market.base].decimals)
        self.base = state.assets[self.market.base].token
        self.quote = state.assets[self.market.quote].token

    def passive(self) -> None:
        is_bid = self.random.random() < 0.5
        away = int(self.random.expovariate(1 / MEAN_TICKS))
        bid, ask = self._touch()
        price = max(1, ask - 1 - away) if is_bid else bid + 1 + away
        lots = self.random.randint(1, ORDER_LOTS)
        self._do(self._order(is_bid, price, lots, "GTC"))

    def cancel(self) -> None:
        number = self.live.any()
        owner = self.state.open_orders.by_id[number].owner
        self._do(
            CancelOrder(
                owner=owner,
                order_id=str(number),
                client_id=0,
                nonce=self._nonce(),
                deadline=NOW_S + 60,
            )
        )

    def take(self) -> None:
        is_bid, lots = self.random.random() < 0.5, self.random.randint(1, TAKER_LOTS)
        bid, ask = self._touch()
        price = ask + AWAY_TICKS if is_bid else max(1, bid - AWAY_TICKS)
        self._do(self._order(is_bid, price, lots, "IOC"))

    def _touch(self) -> tuple[int, int]:
        """Ticks: the best bid and ask of book and curve together."""
        book, pool = self.state.books[SYMBOL], self.state.pools[SYMBOL]
        n, d = 10_000 - pool.fee_bps, 10_000
        quote, base = pool.reserve_quote * self.lot, pool.reserve_base * self.lot_value
        bid, ask = quote * n // (base * d), -(-quote * d // (base * n))
        if book.best_bid is not None:
            bid = max(bid, book.best_bid)
        if book.best_ask is not None:
            ask = min(ask, book.best_ask)
        return bid, ask

    def _order(self, is_bid: bool, price: int, lots: int, time_in_force: str) -> PlaceOrder:
        base, quote = lots * self.lot, lots * price * self.lot_value
        return PlaceOrder(
            owner=OWNER_NAMES[int(self.random.random() * OWNERS)],
            sell_token=self.quote if is_bid else self.base,
            buy_token=self.base if is_bid else self.quote,
            sell_amount=quote if is_bid else base,
            buy_amount=base if is_bid else quote,
            time_in_force=time_in_force,
            post_only=False,
            self_trade_prevention="RejectMaker",
            trigger_price=0,
            trigger_above=False,
            client_id=0,
            expires=0,
            nonce=self._nonce(),
            deadline=NOW_S + 60,
        )

    def _nonce(self) -> int:
        """A fresh one for any owner."""
        number = len(self.made)
        return (NOW_S - 100_000 + number // 200 << 8) | number % 200 + 20

    def _do(self, command: Command) -> None:
        events = execute(self.state, self.state.seq + 1, command)
        self.made.append(command)
        for event in events:
            if type(event) is OrderRested:
                self.live.add(event.order_id)
            elif type(event) is BookFilled and not event.maker_remaining:
                self.live.discard(event.maker_order_id)
            elif type(event) is OrderClosed and event.order_id in self.live:
                self.live.discard(event.order_id)


def digest_of(seq: int) -> str:
    return f"0x{seq:064x}"


def execute(state: State, seq: int, command: Command) -> tuple[Any, ...]:
    """decide, evolve, incremental invariants."""
    now_ms = state.now_ms
    request = Request(seq, now_ms, command.owner, digest_of(seq), EIP712, command)
    events = decide(state, request)
    assert not isinstance(events, Rejected), (command, events)
    apply(state, seq, now_ms, events)
    check(state, events)
    return events


def funded_state() -> State:
    """A pool of 100 ETH and 200,000 USDC, and owners who can pay for anything."""
    venue = Venue(GENESIS)
    venue.fund(ALICE, ETH=10**20, USDC=2 * 10**11)
    assert not isinstance(venue.add(ALICE, "ETH", 10**20, "USDC", 2 * 10**11), Rejected)
    state = venue.state
    for owner in OWNER_NAMES:
        for asset in ("ETH", "USDC"):
            deposit = Deposited(owner=owner, asset=asset, amount=FUNDS)
            apply(state, state.seq + 1, state.now_ms, (deposit,))
    return state


def copy(state: State) -> State:
    return State.load(msgspec.json.decode(state.encode()))


def traffic(resting: int = RESTING, operations: int = OPERATIONS) -> tuple[State, list[Command]]:
    """A state with so many orders in the book, and the mixed commands that follow."""
    maker = Traffic(funded_state())
    for _ in range(resting):
        maker.passive()
    start, first = copy(maker.state), len(maker.made)
    for _ in range(operations):
        chance = maker.random.random()
        if chance < 0.6:
            maker.passive()
        elif chance < 0.9:
            maker.cancel()
        else:
            maker.take()
    return start, maker.made[first:]


def run(start: State, commands: list[Command]) -> tuple[float, float]:
    """Seconds of the process and of the wall."""
    state = copy(start)
    digests = [digest_of(state.seq + 1 + number) for number in range(len(commands))]
    now_ms, seq = state.now_ms, state.seq
    gc.collect()
    gc.disable()
    wall, cpu = time.perf_counter(), time.process_time()
    for command, digest in zip(commands, digests, strict=True):
        seq += 1
        events = decide(state, Request(seq, now_ms, command.owner, digest, EIP712, command))
        assert not isinstance(events, Rejected), events
        apply(state, seq, now_ms, events)
        check(state, events)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    gc.enable()
    return cpu, wall


def run_journalled(start: State, commands: list[Command]) -> tuple[float, float]:
    """The same with entries, hash and SQLite appends in groups of 64, each fsynced. As the writer
    does (engine/committer.py), the next group is decided while the one before it is written, and
    is sent only when that one is on disk.
    """
    state = copy(start)
    digests = [digest_of(state.seq + 1 + number) for number in range(len(commands))]

    async def all_of_it(folder: Path) -> tuple[float, float]:
        await upgrade(folder)
        journal = await SqliteJournal.open(folder / "journal.db")
        now_ms, seq, previous = state.now_ms, state.seq, "0" * 64
        gc.collect()
        gc.disable()
        wall, cpu = time.perf_counter(), time.process_time()
        group: list[Entry] = []
        written = asyncio.create_task(asyncio.sleep(0))
        for command, digest in zip(commands, digests, strict=True):
            seq += 1
            owner = command.owner
            events = decide(state, Request(seq, now_ms, owner, digest, EIP712, command))
            assert not isinstance(events, Rejected), events
            evidence = Evidence(scheme=EIP712, signer=owner, digest=digest, signature=SIGNATURE)
            entry = make_entry(seq, now_ms, command, evidence, events, previous)
            apply(state, seq, now_ms, events)
            check(state, events)
            previous = entry.hash
            group.append(entry)
            if len(group) == GROUP:
                await written
                written = asyncio.create_task(journal.append(group))
                await asyncio.sleep(0)  # the append begins while the next group forms
                group = []
        await written
        if group:
            await journal.append(group)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        gc.enable()
        await journal.close()
        return cpu, wall

    with TemporaryDirectory() as folder:
        return asyncio.run(all_of_it(Path(folder)))


def rows() -> list[Row]:
    start, commands = traffic()
    plain = [run(start, commands) for _ in range(RUNS)]
    journalled = [run_journalled(start, commands) for _ in range(RUNS)]
    core, core_wall = (min(times) for times in zip(*plain, strict=True))
    kept, kept_wall = (min(times) for times in zip(*journalled, strict=True))
    count = len(commands)
    return [
        at_least("orders, whole engine in process", count / core, 100_000, "commands/s"),
        note("  by the wall clock", f"{count / core_wall:,.0f} commands/s"),
        at_least(
            "orders, with hash and SQLite journal in groups of 64, fsync",
            count / kept_wall,
            40_000,
            "commands/s",
        ),
        note("  in CPU time", f"{count / kept:,.0f} commands/s"),
        note(PARTS[0], f"{core / count * 1e6:.1f} us"),
        note(
            PARTS[1],
            f"{(kept_wall - core_wall) / count * 1e6:.1f} us",
        ),
    ]
