"""Candles over HTTP, of years and of this moment, against those drawn from the table of fills."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.aged import MARKET, fills_of
from tests.api.desk import Json, fresh_pair, message_of, refusal
from tests.naive.candles import INTERVALS, Candle, Fill, drawn, next_start, start_of
from tests.server import Server
from tests.storage.chain import eventually
from xyk.client.client import Client
from xyk.wallet.signer import Wallet

DECIMALS = (18, 6)
DAY_MS = 86_400_000


def written(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def tokens(amount: int, decimals: int) -> str:
    text = f"{Decimal(amount).scaleb(-decimals):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(candle: Candle, interval: str, decimals: tuple[int, int] = DECIMALS) -> Json:
    """A candle of the twin as the convention writes it."""
    return {
        "start": written(candle.start_ms),
        "end": written(next_start(interval, candle.start_ms)),
        "open": candle.open,
        "high": candle.high,
        "low": candle.low,
        "close": candle.close,
        "volume": tokens(candle.base, decimals[0]),
        "quoteVolume": tokens(candle.quote, decimals[1]),
        "trades": str(candle.trades),
    }


async def klines(http: httpx.AsyncClient, **query: Any) -> list[Json]:
    response = await http.get("/api/v1/klines", params={"symbol": MARKET, **query})
    assert response.status_code == 200, response.text
    found: list[Json] = response.json()
    return found


@pytest.fixture
async def aged_http(aged: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=aged.url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def fills(aged: Server) -> list[Fill]:
    return fills_of(aged.data, aged.database_url)


async def equal_everywhere(http: httpx.AsyncClient, fills: list[Fill], name: str) -> None:
    """From times inside of candles, at their edges and before the first, with and without end."""
    random, last = Random(name), fills[-1].time_ms
    for time_ms in (
        0,
        fills[0].time_ms - 40 * DAY_MS,
        last,
        *random.sample([fill.time_ms for fill in fills], 6),
    ):
        start_s = time_ms // 1000
        end_s = start_s + random.choice((0, 59, 3_600, 86_400, 200 * 86_400))
        end_s = min(end_s, last // 1000)
        found = await klines(http, interval=name, startTime=start_s, endTime=end_s)
        first_ms = start_of(name, start_s * 1000)
        expected = drawn(fills, name, first_ms, end_s * 1000, 1_000)
        assert found == [shown(candle, name) for candle in expected]
    whole = await klines(http, interval=name, startTime=0, endTime=last // 1000)
    assert whole == [shown(one, name) for one in drawn(fills, name, 0, last, 1_000)]
    assert len(whole) > 15


@pytest.mark.parametrize("name", INTERVALS)
async def test_every_interval_is_as_drawn_from_the_fills(
    aged_http: httpx.AsyncClient, fills: list[Fill], name: str
) -> None:
    await equal_everywhere(aged_http, fills, name)


async def test_without_an_end_they_go_on_to_the_present(
    aged_http: httpx.AsyncClient, fills: list[Fill]
) -> None:
    found = await klines(aged_http, interval="1month", startTime=0)
    today = int((await aged_http.get("/api/v1/time")).text)
    assert found == [shown(one, "1month") for one in drawn(fills, "1month", 0, today, 1_000)]
    assert found[-1]["end"] > written(today) >= found[-1]["start"]
    later = await klines(aged_http, interval="1month", startTime=0, endTime=today // 1000 + 10**8)
    assert later == found, "nothing of the future"
    assert await klines(aged_http, interval="1d", startTime=today // 1000 + 10**8) == []


async def test_more_than_a_thousand_go_on_from_the_last_ones_end(
    aged_http: httpx.AsyncClient, fills: list[Fill]
) -> None:
    pages: list[Json] = []
    start_s, end_s = 0, fills[0].time_ms // 1000 + 2_500 * 3_600
    while not pages or pages[-1]["end"] <= written(end_s * 1000):
        page = await klines(aged_http, interval="1h", startTime=start_s, endTime=end_s)
        pages += page
        assert len(page) == 1_000 or pages[-1]["end"] > written(end_s * 1000)
        start_s = int(datetime.fromisoformat(page[-1]["end"] + "+00:00").timestamp())
    assert pages == [shown(one, "1h") for one in drawn(fills, "1h", 0, end_s * 1000, 9_999)]
    assert len(pages) == 2_501


@asynccontextmanager
async def locked_read_tables(server: Server) -> AsyncIterator[None]:
    """The projection cannot commit; readers read."""
    if server.database_url:
        connection = await asyncpg.connect(server.database_url)
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SELECT * FROM read.cursor FOR UPDATE")
        try:
            yield
        finally:
            await transaction.rollback()
            await connection.close()
        return
    with locked_file(server):
        yield


@contextmanager
def locked_file(server: Server) -> Iterator[None]:
    connection = sqlite3.connect(server.data / "read.db", isolation_level=None, timeout=30)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


async def test_a_committed_fill_is_there_at_once_even_while_the_read_tables_trail(
    server: Server, http: httpx.AsyncClient, operator: Client, alice: Client
) -> None:
    """Candles that closed in the meantime too: the sales are in different seconds."""
    base, quote = await fresh_pair(operator, alice, 10**10, 2 * 10**10)
    market, fills = f"{base}_{quote}", list[Fill]()

    async def sell() -> None:
        sold = await alice.sell(base, quote, 10**7)
        out = int(sold["amountOut"])
        fills.append(Fill(sold["timestamp"], 10**7, out, tokens(out * 10, 8)))
        for name in INTERVALS:
            last = fills[-1].time_ms
            found = await klines(
                http, symbol=market, interval=name, startTime=last // 1000 - 9, endTime=last // 1000
            )
            first_ms = start_of(name, last // 1000 * 1000 - 9_000)
            expected = drawn(fills, name, first_ms, last, 1_000)
            assert found == [shown(one, name, (6, 6)) for one in expected], name

    await sell()
    async with locked_read_tables(server):
        for _ in range(4):
            second = fills[-1].time_ms // 1000

            async def is_later(second: int = second) -> bool:
                return int((await http.get("/api/v1/time")).text) // 1000 > second

            await eventually(is_later)
            await sell()
            await sell()
        assert not [
            fill for fill in fills_of_now(server, market) if fill.time_ms > fills[0].time_ms
        ]
    await eventually(lambda: len(fills_of_now(server, market)) == len(fills))
    assert fills_of_now(server, market) == fills
    await sell()


def fills_of_now(server: Server, market: str) -> list[Fill]:
    """Read without a lock."""
    if server.database_url:
        return fills_of(server.data, server.database_url, market)
    connection = sqlite3.connect(server.data / "read.db", timeout=30)
    rows = connection.execute(
        "SELECT time_ms, base_amount, quote_amount, price FROM trades WHERE market = ? "
        "ORDER BY trade_id",
        (market,),
    ).fetchall()
    connection.close()
    return [Fill(row[0], int(row[1]), int(row[2]), row[3]) for row in rows]


async def test_candles_outlive_a_kill_and_go_on_after_it(aged: Server, fills: list[Fill]) -> None:
    """The present candles of all intervals are read back at the start."""
    for names in (INTERVALS[:1], INTERVALS[1:]):
        async with Client(aged.url, Wallet.random()) as trader:
            await trader.faucet("ETH")
            for _ in range(3):
                sold = await trader.sell("ETH", "USDC", 3 * 10**16)
        aged.kill()
        aged.start()
        async with httpx.AsyncClient(base_url=aged.url, trust_env=False, timeout=30) as http:
            before, fills = fills, fills_of(aged.data, aged.database_url)
            assert len(fills) == len(before) + 3
            assert fills[-1].time_ms == sold["timestamp"]
            for name in names:
                await equal_everywhere(http, fills, name)


async def test_the_shape(http: httpx.AsyncClient, operator: Client, alice: Client) -> None:
    """V2: 10 in at 1,000 to 2,000 with 0.3% gives 19.743160; the second is dust, without a
    price."""
    base, quote = await fresh_pair(operator, alice, 10**9, 2 * 10**9)
    market = f"{base}_{quote}"
    before = {"symbol": market, "interval": "1month"}
    assert await klines(http, **before, startTime=0) == []
    sold = await alice.sell(base, quote, 10**7)
    dust = await alice.sell(base, quote, 1_000)
    assert (sold["amountOut"], dust["amountOut"]) == ("19743160", "1954")
    [candle] = await klines(http, **before, startTime=dust["timestamp"] // 1000)
    month = datetime.fromtimestamp(dust["timestamp"] // 1000, UTC).replace(
        day=1, hour=0, minute=0, second=0
    )
    after = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    assert candle == {
        "start": month.strftime("%Y-%m-%d 00:00:00"),
        "end": after.strftime("%Y-%m-%d 00:00:00"),
        "open": "1.974316",
        "high": "1.974316",
        "low": "1.974316",
        "close": "1.974316",
        "volume": "10.001",
        "quoteVolume": "19.745114",
        "trades": "2",
    }


async def test_dust_before_the_first_price_is_no_candle(
    http: httpx.AsyncClient, operator: Client, alice: Client
) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 2 * 10**9)
    asked = {"symbol": f"{base}_{quote}", "interval": "1w", "startTime": 0}
    await alice.sell(base, quote, 1_000)
    assert await klines(http, **asked) == []
    await alice.sell(base, quote, 10**7)
    [candle] = await klines(http, **asked)
    assert (candle["volume"], candle["trades"], candle["open"]) == ("10.001", "2", candle["close"])


GOOD = {"symbol": MARKET, "interval": "1m", "startTime": "1763640000"}


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"interval": "7m"}, "INVALID_CLIENT_REQUEST", "1s 1m 3m 5m"),
        ({"interval": "1M"}, "INVALID_CLIENT_REQUEST", "1month"),
        ({"interval": ""}, "INVALID_CLIENT_REQUEST", "interval"),
        ({"interval": None}, "INVALID_CLIENT_REQUEST", "interval"),
        ({"symbol": None}, "INVALID_CLIENT_REQUEST", "symbol"),
        ({"startTime": None}, "INVALID_CLIENT_REQUEST", "startTime"),
        ({"startTime": ""}, "INVALID_CLIENT_REQUEST", "startTime"),
        ({"startTime": "soon"}, "INVALID_CLIENT_REQUEST", "startTime in whole Unix seconds"),
        ({"startTime": "-1"}, "INVALID_CLIENT_REQUEST", "startTime"),
        ({"startTime": "1.5"}, "INVALID_CLIENT_REQUEST", "startTime"),
        ({"startTime": "1763640000000"}, "INVALID_CLIENT_REQUEST", "seconds"),
        ({"endTime": "1763639999"}, "INVALID_CLIENT_REQUEST", "no later than endTime"),
        ({"endTime": "9" * 30}, "INVALID_CLIENT_REQUEST", "endTime in whole Unix seconds"),
        ({"priceType": "Mark"}, "INVALID_CLIENT_REQUEST", "priceType Last"),
    ],
)
async def test_what_is_wrong_is_said(
    http: httpx.AsyncClient, changes: dict[str, str | None], code: str, says: str
) -> None:
    asked = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    response = await http.get("/api/v1/klines", params=asked)
    assert refusal(response) == (400, code)
    assert says in message_of(response)


async def test_an_unknown_market_is_named(http: httpx.AsyncClient) -> None:
    response = await http.get("/api/v1/klines", params={**GOOD, "symbol": "NO_SUCH"})
    assert refusal(response) == (404, "INVALID_MARKET")
    assert "NO_SUCH" in message_of(response)


async def test_optional_parameters_may_be_empty_and_unknown_ones_are_tolerated(
    http: httpx.AsyncClient,
) -> None:
    extra = {"endTime": "", "priceType": "Last", "limit": "5"}
    response = await http.get("/api/v1/klines", params={**GOOD, **extra, "startTime": "9" * 11})
    assert (response.status_code, response.json()) == (200, [])
