"""The longest pause of the writer while a snapshot is made of 100,000 resting orders.

The exchange runs as `xyk serve` composes it, on uvloop and with its collector settings, and takes
orders and cancels all the while. The writer shares its event loop with everything else, so that
the longest gap between two turns of the loop is the longest that it can be kept waiting. Wall time
has the neighbours of a shared machine in it; the thread's own time has not, and is the figure.
"""

import asyncio
import gc
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import uvloop

from bench.core import GENESIS
from bench.table import Row, at_most, note
from tests.server import ROOT
from xyk.cli.compose import Exchange, running
from xyk.cli.serve import keep_collector_away
from xyk.cli.settings import Settings
from xyk.domain.commands import CancelOrder, Command, FaucetDeposit, PlaceOrder
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, FAUCET, Request
from xyk.domain.request import GENESIS as BY_GENESIS
from xyk.domain.tokens import token_address
from xyk.engine.entry import GENESIS_HASH, Entry, Evidence, make_entry
from xyk.engine.submission import Committed, Submission
from xyk.exchange.decide import decide
from xyk.exchange.evolve import apply
from xyk.exchange.state import State
from xyk.storage.journal import SqliteJournal
from xyk.storage.migrate import upgrade
from xyk.wallet.signer import NonceClock

ORDERS = 100_000
OWNERS = 200
GROUP = 256
AFTER = 5_000  # commands without a snapshot, for comparison
TARGET_MS = 5.0
LOT = 10**14  # base units of ETH_USDC; at a tick it is worth one quote unit
ETH, USDC = token_address("ETH"), token_address("USDC")


class Turns:
    """The longest gaps between two turns of the event loop since the last `take`, in ms."""

    def __init__(self) -> None:
        self._wall_ms = self._own_ms = 0.0

    async def watch(self) -> None:
        wall, own = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(0)
            now_wall, now_own = time.perf_counter(), time.thread_time()
            self._wall_ms = max(self._wall_ms, (now_wall - wall) * 1000)
            self._own_ms = max(self._own_ms, (now_own - own) * 1000)
            wall, own = now_wall, now_own

    def take(self) -> tuple[float, float]:
        """Wall and the thread's own time; starts anew."""
        found = self._wall_ms, self._own_ms
        self._wall_ms = self._own_ms = 0.0
        return found


class Collections:
    """The longest pass of the cyclic collector, in ms of the thread's own time."""

    def __init__(self) -> None:
        self.longest_ms = self._started = 0.0
        gc.callbacks.append(self._pass)

    def _pass(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._started = time.thread_time()
        else:
            self.longest_ms = max(self.longest_ms, (time.thread_time() - self._started) * 1000)


def owner_of(number: int) -> str:
    return f"0x{number % OWNERS + 1:040x}"


def order(number: int, stamp: dict[str, int]) -> PlaceOrder:
    """Asks above 3,000 and bids below 1,000 dollars, on 500 levels a side."""
    is_ask, lots = number // OWNERS % 2 == 1, number % 7 + 1
    ticks = 300_000 + number % 500 if is_ask else 100_000 - number % 500
    base, quote = (ETH, lots * LOT), (USDC, lots * ticks)
    sold, bought = (base, quote) if is_ask else (quote, base)
    return PlaceOrder(
        owner=owner_of(number),
        sell_token=sold[0],
        buy_token=bought[0],
        sell_amount=sold[1],
        buy_amount=bought[1],
        time_in_force="GTC",
        post_only=False,
        self_trade_prevention="",
        trigger_price=0,
        trigger_above=False,
        client_id=0,
        expires=0,
        **stamp,
    )


def signed(command: Any, number: int) -> Evidence:
    """As long as a real one; nobody checks it here."""
    digest, signature = f"0x{number:064x}", "0x" + "ab" * 65
    return Evidence(scheme=EIP712, signer=command.owner, digest=digest, signature=signature)


def record(now_ms: int) -> list[Entry]:
    """Genesis, funds, and the resting orders."""
    state, entries = State(), list[Entry]()

    def keep(command: Command, evidence: Evidence) -> None:
        seq = state.seq + 1
        given = (evidence.signer, evidence.digest, evidence.scheme)
        events = decide(state, Request(seq, now_ms, *given, command))
        assert not isinstance(events, Rejected), events
        apply(state, seq, now_ms, events)
        previous = entries[-1].hash if entries else GENESIS_HASH
        entries.append(make_entry(seq, now_ms, command, evidence, events, previous))

    keep(GENESIS, Evidence(scheme=BY_GENESIS))
    for number in range(OWNERS):
        for token in (ETH, USDC):
            deposit = FaucetDeposit(owner=owner_of(number), token=token, amount=10**24)
            keep(deposit, Evidence(scheme=FAUCET))
    for number in range(ORDERS):
        slot, now_s = number // OWNERS, now_ms // 1000
        nonce = (now_s - slot // 256 << 8) + slot % 256
        command = order(number, {"nonce": nonce, "deadline": now_s + 60})
        keep(command, signed(command, number))
    assert len(state.open_orders.by_id) == ORDERS
    return entries


async def write(data: Path, entries: list[Entry]) -> None:
    await upgrade(data)
    journal = await SqliteJournal.open(data / "journal.db")
    for start in range(0, len(entries), GROUP):
        await journal.append(entries[start : start + GROUP])
    await journal.close()


class Load:
    """One client that places an order and cancels it, over and over."""

    def __init__(self, exchange: Exchange) -> None:
        self._services = exchange.services
        self._nonces = [NonceClock() for _ in range(OWNERS)]
        self._number = ORDERS
        self.accepted = 0

    async def act(self) -> None:
        number, self._number = self._number, self._number + 1
        placed = await self._submit(order(number, self._stamp(number)), 2 * number)
        cancel = CancelOrder(
            owner=owner_of(number),
            order_id=str(placed.entry.seq),
            client_id=0,
            **self._stamp(number),
        )
        await self._submit(cancel, 2 * number + 1)

    def _stamp(self, number: int) -> dict[str, int]:
        now_s = self._services.now_ms() // 1000
        return {"nonce": self._nonces[number % OWNERS].next_nonce(now_s), "deadline": now_s + 60}

    async def _submit(self, command: Any, number: int) -> Committed:
        answer = await self._services.writer.submit(Submission(command, signed(command, number)))
        assert isinstance(answer, Committed), answer
        self.accepted += 1
        return answer


def never(error: BaseException) -> NoReturn:
    raise AssertionError(error)


async def measure(data: Path) -> None:
    """Prints how many commands came during the snapshot, and the gaps during it and after it."""
    settings = Settings(data=data, snapshot_every=ORDERS)
    async with running(settings, "1", on_failure=never) as exchange:
        keep_collector_away()
        load, turns, collections = Load(exchange), Turns(), Collections()
        watching = asyncio.create_task(turns.watch())
        while exchange.services.state_digest() is None:
            await load.act()
        during, busy = turns.take(), load.accepted
        while load.accepted < busy + AFTER:
            await load.act()
        print(busy, *during, *turns.take(), collections.longest_ms)
        watching.cancel()


def rows() -> list[Row]:
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        asyncio.run(write(data, record(time.time_ns() // 1_000_000 - 60_000)))
        command = [sys.executable, "-m", "bench.pause", str(data)]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    busy, wall, own, wall_after, own_after, collecting = map(float, done.stdout.split())
    what = f"longest pause, snapshot of {ORDERS:,} orders"
    return [
        at_most(f"{what}, own time", own, TARGET_MS, "ms"),
        note(f"{what}, wall ({busy:,.0f} commands)", f"{wall:,.2f} ms"),
        note("the same without a snapshot", f"{own_after:,.2f} ms own, {wall_after:,.2f} ms wall"),
        note("of it the longest pass of the collector", f"{collecting:,.2f} ms own"),
    ]


if __name__ == "__main__":
    uvloop.run(measure(Path(sys.argv[1])))
