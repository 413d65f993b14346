"""The order book alone: no money, no events. Makes the orders, finds them by id, walks as a taker.

The flow is made before (bench/flow.py). Rates are the best of several runs; the time is the
process's own, so that neighbours on a shared machine count less, wall time beside it.
"""

import gc
import subprocess
import sys
import time

import msgspec

from bench.core import seeded_state
from bench.flow import ADD, CANCEL, MEAN_TICKS, Flow, make_flow
from bench.memory import MB, resident_mb
from bench.table import Row, at_least, at_most, note
from tests.server import ROOT
from xyk.book.book import Book
from xyk.book.order import Order
from xyk.domain.events import AnyEvent, Deposited, OrderPlaced, OrderRested
from xyk.exchange.evolve import apply

RUNS = 5
GROWN = 1_000_000
OPERATIONS = 100_000
SIZED = 200_000  # resting orders whose memory is measured
OWNERS = 1_000


def run(flow: Flow) -> tuple[float, float]:
    """Seconds of the process and of the wall for the mixed part."""
    book, orders = Book(), dict[int, Order]()
    add, remove, fill = book.add, book.remove, book.fill
    for _, number, is_bid, price, lots in flow.resting:
        orders[number] = order = Order(number, "", is_bid, price, lots)
        add(order)
    gc.collect()
    gc.disable()
    wall, cpu = time.perf_counter(), time.process_time()
    for what, number, is_bid, price, lots in flow.mixed:
        if what == ADD:
            orders[number] = order = Order(number, "", is_bid, price, lots)
            add(order)
        elif what == CANCEL:
            remove(orders.pop(number))
        else:
            side = book.bids if is_bid else book.asks
            while lots and (level := side.best) is not None:
                maker = level.first
                assert maker is not None
                left = maker.quantity - maker.filled
                if left <= lots:
                    lots -= left
                    fill(maker, left)
                    del orders[maker.id]
                else:
                    fill(maker, lots)
                    lots = 0
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    gc.enable()
    assert len(orders) == book.count
    return cpu, wall


def rates(flow: Flow, runs: int = RUNS) -> tuple[float, float]:
    """Operations a second of CPU and of wall time, each the best of the runs."""
    measured = [run(flow) for _ in range(runs)]
    cpu, wall = (len(flow.mixed) / min(times) for times in zip(*measured, strict=True))
    return cpu, wall


def growth(mean_grown: float) -> float:
    """CPU time of an operation with 1,000,000 resting orders over that with 1,000. Runs of both
    alternate."""
    small, large = make_flow(1_000, OPERATIONS), make_flow(GROWN, OPERATIONS, mean_grown)
    pairs = [(run(small)[0], run(large)[0]) for _ in range(RUNS)]
    return min(grown for _, grown in pairs) / min(least for least, _ in pairs)


def bytes_per_order(part: str) -> float:
    """In a fresh process, so that nothing else grows; `part` is book or exchange."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.book", part],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def rows() -> list[Row]:
    flow = make_flow()
    cpu, wall = rates(flow)
    return [
        at_least("book alone", cpu, 1_000_000, "ops/s"),
        note("  by the wall clock", f"{wall:,.0f} ops/s"),
        at_most("growth 1,000 -> 1,000,000", growth(MEAN_TICKS), 2, "x"),
        note("  with 1,000 x the levels too", f"{growth(MEAN_TICKS * 1_000):.2f} x"),
        note("bytes per resting order", f"{bytes_per_order('book'):.0f}"),
        note("  with its indexes and holds", f"{bytes_per_order('exchange'):.0f}"),
    ]


def grow_book(flow: Flow, owners: list[str]) -> object:
    """Every number its own object, as in orders that were decoded one by one."""
    book = Book()
    for _, number, is_bid, price, lots in flow.resting:
        book.add(
            Order(number, owners[number % OWNERS], is_bid, int(str(price)), lots, priority=number)
        )
    return book


def grow_exchange(flow: Flow, owners: list[str]) -> object:
    """Orders through JSON and the fold, each with a digest of its own, as in a replay."""
    state = seeded_state()
    decode = msgspec.json.Decoder(tuple[AnyEvent, ...]).decode
    for owner in owners:
        for asset in ("ETH", "USDC"):
            deposit = Deposited(owner=owner, asset=asset, amount=10**30)
            apply(state, state.seq + 1, state.now_ms, (deposit,))
    market = state.markets["ETH_USDC"]
    for _, number, is_bid, price, lots in flow.resting:
        seq = state.seq + 1
        placed = OrderPlaced(
            owner=owners[number % OWNERS],
            order_id=seq,
            digest=f"0x{number:064x}",
            market=market.symbol,
            is_bid=is_bid,
            price=price,
            quantity=lots,
            client_id=number,
        )
        held = lots * (price * market.lot_value(18) if is_bid else market.lot_size)
        rested = OrderRested(order_id=seq, remaining=lots, held=held)
        apply(state, seq, state.now_ms + 1, decode(msgspec.json.encode((placed, rested))))
    return state


if __name__ == "__main__":
    flow = make_flow(SIZED, 0)
    owners = [f"0x{number:040x}" for number in range(OWNERS)]
    before = resident_mb("self")
    grown = (grow_book if sys.argv[1] == "book" else grow_exchange)(flow, owners)
    print((resident_mb("self") - before) * MB / SIZED)
