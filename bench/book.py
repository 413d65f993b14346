"""The order book alone: no money, no events. Makes the orders, finds them by id, walks as a taker.

The flow is made before (bench/flow.py). Rates are the best of several runs; the time is the
process's own, so that neighbours on a shared machine count less, wall time beside it.
"""

import gc
import subprocess
import sys
import time

from bench.flow import ADD, CANCEL, Flow, make_flow
from bench.table import Row, at_least, at_most, note
from tests.server import ROOT
from xyk.book.book import Book
from xyk.book.order import Order

RUNS = 5
GROWN = 1_000_000
OPERATIONS = 100_000
SIZED = 200_000  # resting orders whose memory is measured


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
    return tuple(len(flow.mixed) / min(times) for times in zip(*measured, strict=True))  # type: ignore[return-value]


def growth(mean_grown: float) -> float:
    """CPU time of an operation with 1,000,000 resting orders over that with 1,000. Runs of both
    alternate."""
    small, large = make_flow(1_000, OPERATIONS), make_flow(GROWN, OPERATIONS, mean_grown)
    pairs = [(run(small)[0], run(large)[0]) for _ in range(RUNS)]
    return min(grown for _, grown in pairs) / min(least for least, _ in pairs)


def bytes_per_order() -> float:
    """In a fresh process, so that nothing else grows."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.book"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def rows() -> list[Row]:
    flow = make_flow()
    cpu, wall = rates(flow)
    return [
        at_least("book alone", cpu, 1_000_000, "ops/s"),
        note("  by the wall clock", f"{wall:,.0f} ops/s"),
        at_most("growth 1,000 -> 1,000,000", growth(20), 2, "x"),
        at_most("  the levels growing as well", growth(20_000), 2, "x"),
        at_most("bytes per resting order", bytes_per_order(), 400, "bytes"),
    ]


if __name__ == "__main__":
    from bench.memory import resident_mb

    flow = make_flow(SIZED, 0)
    before = resident_mb("self")
    print(before)
