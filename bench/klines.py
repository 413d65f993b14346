"""/klines of 1,000 candles behind 1,000,000 trades of one market, over HTTP on a real server.

The read tables are written directly, one trade in XYK_BENCH_KLINE_PAUSE_MS (100 s by default: three
years of trades, more than 1,000 candles of each day and all shorter intervals), with the candles
that the projection would have; what is asked lies in the middle.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from sqlalchemy import insert

from bench.table import Row, at_most, note
from tests.server import running_server
from xyk.engine.candles import Candle, MarketCandles
from xyk.engine.intervals import BY_NAME, INTERVALS, ONE_MINUTE, ONE_SECOND
from xyk.storage.connection import read_database, writing_engine
from xyk.storage.history import History
from xyk.storage.tables import CANDLES, TRADES

TRADES_COUNT = 1_000_000
PAUSE_MS = int(os.environ.get("XYK_BENCH_KLINE_PAUSE_MS", "100000"))
MARKET = "ETH_USDC"
CHUNK = 20_000
ASKED = 60  # times for each interval
TARGET_MS = 10.0
SHOWN = ("1s", "1m", "1h", "1d")


def price_of(number: int) -> str:
    return f"{2_000 + number % 977}.{number % 89:02d}1"


def table_rows(first_ms: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    """(table, row) of all trades, and of all candles as they close."""
    candles = MarketCandles()
    for number in range(TRADES_COUNT):
        time_ms, price = first_ms + number * PAUSE_MS, price_of(number)
        for interval, candle in candles.add(time_ms, 10**16, 2 * 10**7, price):
            yield CANDLES, candle_row(interval.name, candle)
        yield TRADES, trade_row(number + 1, time_ms, price)
    for interval in (ONE_SECOND, ONE_MINUTE):
        present = candles.at_present(interval)
        assert present is not None
        yield CANDLES, candle_row(interval.name, present)


def candle_row(interval: str, candle: Candle) -> dict[str, Any]:
    row = {name: getattr(candle, name) for name in Candle.__slots__}
    return {"market": MARKET, "interval": interval, **row}


def trade_row(number: int, time_ms: int, price: str) -> dict[str, Any]:
    return {column.name: 0 for column in TRADES.columns} | {
        "market": MARKET,
        "trade_id": number,
        "seq": 0,
        "time_ms": time_ms,
        "price": price,
        "base_amount": 10**16,
        "quote_amount": 2 * 10**7,
        "price_forming": True,
        "taker": "0x" + "a1" * 20,
        "taker_buys": True,
        "fee_asset": "USDC",
        "maker": "",
    }


async def fill(data: Path, first_ms: int) -> float:
    """Seconds that reading the present candles back took afterwards."""
    engine = writing_engine(read_database(data))
    made = table_rows(first_ms)
    while chunk := list(islice(made, CHUNK)):
        async with engine.begin() as connection:
            for table in (TRADES, CANDLES):
                some = [row for kind, row in chunk if kind is table]
                if some:
                    await connection.execute(insert(table), some)
    started = time.perf_counter()
    await History(engine).present_candles()
    elapsed = time.perf_counter() - started
    await engine.dispose()
    return elapsed


def measure(url: str, first_ms: int) -> dict[str, tuple[float, int]]:
    """Median ms of an answer, and its candles, by interval."""
    found: dict[str, tuple[float, int]] = {}
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
        for interval in INTERVALS:
            span_ms = TRADES_COUNT * PAUSE_MS
            middle_ms = first_ms + span_ms // 2
            start_ms = max(interval.earlier(interval.start_of(middle_ms), 500), first_ms)
            asked = {"symbol": MARKET, "interval": interval.name, "startTime": start_ms // 1000}
            times = []
            for _ in range(ASKED):
                started = time.perf_counter()
                response = http.get("/api/v1/klines", params=asked)
                times.append(time.perf_counter() - started)
                assert response.status_code == 200, response.text
            found[interval.name] = (statistics.median(times) * 1000, len(response.json()))
    return found


def rows() -> list[Row]:
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with running_server(data, "--seed-demo"):
            first_ms = int(time.time() * 1000) - TRADES_COUNT * PAUSE_MS - 60_000
        restored_s = asyncio.run(fill(data, first_ms))
        with running_server(data) as server:
            found = measure(server.url, first_ms)
    table = [
        at_most(f"/klines {name}, {found[name][1]:,} candles", found[name][0], TARGET_MS, "ms")
        for name in SHOWN
    ]
    slowest = max(BY_NAME, key=lambda name: found[name][0])
    return [
        *table,
        note(f"  the slowest interval, {slowest}", f"{found[slowest][0]:.2f} ms"),
        note("  present candles read back", f"{restored_s * 1000:.2f} ms"),
    ]
