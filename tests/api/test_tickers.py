"""Windows that roll with a clock set by hand: the day, the week, and what listing sites read of
them; the same after a restart."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.tickers import price_change
from tests.api.test_start import URL, Lifespan, fail, swap
from tests.engine.desk import HandClock
from xyk.cli.compose import running
from xyk.cli.settings import Settings

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ONE = "0.01"  # ETH, of every swap


async def told(http: httpx.AsyncClient, path: str, **params: str) -> Any:
    answer = await http.get(f"{URL}{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def window(http: httpx.AsyncClient, interval: str) -> dict[str, str]:
    """Of /ticker, the same as in /tickers."""
    named = {"interval": interval}
    ticker: dict[str, str] = await told(http, "/api/v1/ticker", symbol="ETH_USDC", **named)
    assert await told(http, "/api/v1/tickers", **named) == [ticker], "only where there is a price"
    return ticker


async def test_a_day_and_a_week_forget_what_is_older(tmp_path: Path, database_url: str) -> None:
    clock = HandClock()
    settings = Settings(
        data=tmp_path,
        database_url=database_url,
        sandbox=True,
        seed_demo=True,
        public_url=URL,
        accept_clock=True,
    )
    async with running(settings, "test", on_failure=fail, clock=clock) as exchange:
        app = create_app(exchange.services)
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with Lifespan(app), httpx.AsyncClient(transport=transport) as http:
            await swap(exchange, 1)
            dear = (await window(http, "1d"))["lastPrice"]
            clock.advance(2 * DAY_MS)
            await swap(exchange, 2)
            await rolls(http, clock, dear)
            assert await told(http, "/listing/coinmarketcap/trades/ETH_USDC") == []
    async with running(settings, "test", on_failure=fail, clock=clock) as exchange:
        app = create_app(exchange.services)
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with Lifespan(app), httpx.AsyncClient(transport=transport) as http:
            week = await window(http, "1w")
            assert (week["trades"], week["firstPrice"]) == ("2", dear)
            clock.advance(4 * DAY_MS)  # now the first one is older than seven days
            week = await window(http, "1w")
            assert (week["trades"], week["volume"], week["high"]) == ("1", ONE, week["lastPrice"])
            clock.advance(3 * DAY_MS)
            week = await window(http, "1w")
            assert (week["trades"], week["quoteVolume"]) == ("0", "0")
            assert week["firstPrice"] == week["lastPrice"] == week["high"] == week["low"] != dear


async def rolls(http: httpx.AsyncClient, clock: HandClock, dear: str) -> None:
    """A fill two days ago at `dear`, and one just now for less."""
    day, week = await window(http, "1d"), await window(http, "1w")
    cheap = day["lastPrice"]
    assert float(cheap) < float(dear)
    assert (day["trades"], day["volume"], day["firstPrice"]) == ("1", ONE, cheap)
    assert (week["trades"], week["volume"], week["firstPrice"]) == ("2", "0.02", dear)
    assert (week["high"], week["low"], week["lastPrice"]) == (dear, cheap, cheap)
    assert week["priceChange"].startswith("-") and week["priceChangePercent"].startswith("-")
    [listed] = [
        one
        for one in await told(http, "/listing/coinmarketcap/summary")
        if one["trading_pairs"] == "ETH_USDC"
    ]
    assert (listed["base_volume"], listed["highest_price_24h"]) == (ONE, cheap)
    assert len(await told(http, "/listing/coinmarketcap/trades/ETH_USDC")) == 1
    clock.advance(25 * HOUR_MS)
    day, week = await window(http, "1d"), await window(http, "1w")
    assert (day["trades"], day["volume"], day["quoteVolume"]) == ("0", "0", "0")
    assert {day[name] for name in ("firstPrice", "lastPrice", "high", "low")} == {cheap}
    assert week["trades"] == "2"
    [listed] = [
        one
        for one in await told(http, "/listing/coingecko/tickers")
        if one["pool_id"] == "ETH_USDC"
    ]
    assert (listed["base_volume"], listed["last_price"]) == ("0", cheap)
    assert (
        len(
            (await told(http, "/listing/coingecko/historical_trades", ticker_id="ETH_USDC"))["sell"]
        )
        == 2
    )


@pytest.mark.parametrize(
    ("first", "last", "change", "fraction"),
    [
        ("3", "4", "1", "0.333333"),
        ("8", "7", "-1", "-0.125"),
        ("2000.05", "2000.05", "0", "0"),
        ("1993.8012", "1993.4031", "-0.3981", "-0.0002"),
        ("0.000001", "12.5", "12.499999", "12499999"),
        ("2000000", "2000001", "1", "0"),  # half of a millionth, to the even one
        ("2000000", "2000003", "3", "0.000002"),
    ],
)
def test_the_change_of_a_price(first: str, last: str, change: str, fraction: str) -> None:
    """Six decimals of a fraction of the first one."""
    assert price_change(first, last) == (change, fraction)
