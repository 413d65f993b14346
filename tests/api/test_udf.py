"""TradingView's UDF: what the charting library asks, in the order in which it asks."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from random import Random
from typing import Any

import httpx
import pytest

from tests.api.aged import MARKET, fills_of
from tests.api.desk import Json, fresh_pair
from tests.naive.candles import Candle, Fill, drawn, next_start, start_of
from tests.server import Server
from xyk.client.client import Client

RESOLUTIONS = {
    "1S": "1s",
    "1": "1m",
    "3": "3m",
    "5": "5m",
    "15": "15m",
    "30": "30m",
    "60": "1h",
    "120": "2h",
    "240": "4h",
    "360": "6h",
    "480": "8h",
    "720": "12h",
    "1D": "1d",
    "3D": "3d",
    "1W": "1w",
    "1M": "1month",
    "D": "1d",
    "W": "1w",
    "M": "1month",
}


@pytest.fixture
async def aged_http(aged: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=aged.url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def fills(aged: Server) -> list[Fill]:
    return fills_of(aged.data, aged.database_url)


async def ask(http: httpx.AsyncClient, path: str, **query: Any) -> Any:
    """Numbers are read digit by digit."""
    response = await http.get(f"/udf/{path}", params=query)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/json")
    return json.loads(response.content, parse_float=Decimal)


async def history(http: httpx.AsyncClient, resolution: str, **query: Any) -> Json:
    asked = {"symbol": MARKET, "resolution": resolution, **query}
    asked = {name.rstrip("_"): value for name, value in asked.items()}
    found: Json = await ask(http, "history", **asked)
    return found


def bars(candles: list[Candle]) -> Json:
    columns: Json = {"s": "ok", "t": [one.start_ms // 1000 for one in candles]}
    for letter, field in zip("ohlc", ("open", "high", "low", "close"), strict=True):
        columns[letter] = [Decimal(getattr(one, field)) for one in candles]
    columns["v"] = [Decimal(one.base).scaleb(-18) for one in candles]
    return columns


async def test_the_configuration_names_what_is_there(http: httpx.AsyncClient) -> None:
    config = await ask(http, "config")
    assert config["supports_search"] and config["supports_time"]
    assert not config["supports_group_request"] and not config["supports_marks"]
    assert set(config["supported_resolutions"]) == set(RESOLUTIONS) - {"D", "W", "M"}
    [exchange] = config["exchanges"]
    assert exchange["value"] == "xyk"


@pytest.mark.parametrize("name", [MARKET, f"xyk:{MARKET}"])
async def test_a_symbol_says_its_tick_and_lot(http: httpx.AsyncClient, name: str) -> None:
    symbol = await ask(http, "symbols", symbol=name)
    assert (symbol["name"], symbol["ticker"]) == (MARKET, MARKET)
    assert (symbol["minmov"], symbol["pricescale"]) == (1, 100)  # 0.01
    assert symbol["volume_precision"] == 4  # 0.0001
    assert (symbol["session"], symbol["timezone"], symbol["type"]) == ("24x7", "Etc/UTC", "crypto")
    assert symbol["has_intraday"] and symbol["has_daily"] and symbol["has_seconds"]


async def test_a_tick_that_is_no_power_of_ten(http: httpx.AsyncClient, operator: Client) -> None:
    base, quote = "TBASE", "TQUOTE"
    await operator.list_asset(quote, 6)
    await operator.list_asset(base, 18)
    terms = {"maker_fee_bps": 2, "taker_fee_bps": 5, "book": True}
    await operator.list_market(base, quote, tick_size=25_000, lot_size=10**18, **terms)
    symbol = await ask(http, "symbols", symbol=f"{base}_{quote}")
    assert (symbol["minmov"], symbol["pricescale"]) == (25, 1_000)  # 0.025
    assert symbol["volume_precision"] == 0


@pytest.mark.parametrize("name", ["NO_SUCH", ""])
async def test_an_unknown_symbol_is_an_error_of_the_convention(
    http: httpx.AsyncClient, name: str
) -> None:
    for path in ("symbols", "history"):
        answer = await ask(http, path, symbol=name, resolution="1", to=5)
        assert set(answer) == {"s", "errmsg"}
        assert answer["s"] == "error" and "unknown_symbol" in answer["errmsg"]


async def test_search_finds_parts_of_names(http: httpx.AsyncClient) -> None:
    async def names(**query: Any) -> list[str]:
        return [one["symbol"] for one in await ask(http, "search", **query)]

    assert {"ETH_USDC", "BTC_USDC", "SOL_USDC"} <= set(await names(query="usdc", limit=1000))
    assert await names(query="eth/usdc", type="crypto", exchange="xyk") == [MARKET]
    assert await names(query="ETH_", limit=1) == [MARKET]
    assert await names(query=MARKET, type="stock") == []
    assert await names(query=MARKET, exchange="NYSE") == []
    [found] = await ask(http, "search", query=MARKET)
    assert (found["full_name"], found["ticker"], found["type"]) == (
        f"xyk:{MARKET}",
        MARKET,
        "crypto",
    )


async def test_time_is_in_seconds(http: httpx.AsyncClient) -> None:
    before = int((await http.get("/api/v1/time")).text) // 1000
    response = await http.get("/udf/time")
    assert response.headers["content-type"].startswith("text/plain")
    assert before <= int(response.text) <= before + 60


@pytest.mark.parametrize("resolution", RESOLUTIONS)
async def test_bars_are_as_drawn_from_the_fills(
    aged_http: httpx.AsyncClient, fills: list[Fill], resolution: str
) -> None:
    """From `from` on and before `to`; `countback` counts from `to`, whatever `from` says."""
    name, random, last = RESOLUTIONS[resolution], Random(resolution), fills[-1].time_ms
    for fill in random.sample(fills[20:], 5):
        to_s = random.choice((fill.time_ms // 1000 + 1, start_of(name, fill.time_ms) // 1000))
        from_s = to_s - 40 * (next_start(name, 0) // 1000)
        expected = drawn(fills, name, from_s * 1000, to_s * 1000 - 1, 99)
        assert await history(aged_http, resolution, from_=from_s, to=to_s) == bars(expected)
        some = random.randrange(1, len(expected))
        for asked in ({"from_": from_s}, {"from_": to_s}, {}):
            found = await history(aged_http, resolution, to=to_s, countback=some, **asked)
            assert found == bars(expected[-some:])
    whole = drawn(fills, name, 0, last, 10**9 if name not in ("1s", "1m", "3m") else 0)
    if whole:
        found = await history(aged_http, resolution, from_=-5, to=last // 1000 + 1)
        assert found == bars(whole[-1_000:])
        found = await history(aged_http, resolution, to=last // 1000 + 1, countback=5_000)
        assert found == bars(whole[-1_000:])


async def test_where_there_is_nothing_it_says_where_there_is(
    aged_http: httpx.AsyncClient, fills: list[Fill]
) -> None:
    first_s, now_s = fills[0].time_ms // 1000, int((await aged_http.get("/udf/time")).text)
    before = await history(aged_http, "60", from_=first_s - 90_000, to=first_s - 9_000)
    assert before == {"s": "no_data"}
    after = await history(aged_http, "1M", from_=now_s + 10**7, to=now_s + 2 * 10**7)
    assert after == {"s": "no_data", "nextTime": start_of("1month", now_s * 1000) // 1000}
    noon = start_of("1d", fills[30].time_ms) // 1000 + 12 * 3_600
    within = await history(aged_http, "1D", from_=noon, to=noon + 60)
    assert within == {"s": "no_data", "nextTime": noon - 12 * 3_600}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"resolution": "7"}, "1S 1 3 5"),
        ({"resolution": ""}, "resolution"),
        ({"from": "soon"}, "from, to and countback"),
        ({"from": ""}, "from, to and countback"),
        ({"to": "1e9"}, "from, to and countback"),
        ({"to": "9" * 20}, "from, to and countback"),
        ({"countback": "x"}, "from, to and countback"),
        ({"from": "9", "to": "8"}, "no later than to"),
    ],
)
async def test_what_is_wrong_is_said(
    http: httpx.AsyncClient, changes: dict[str, str], says: str
) -> None:
    good = {"symbol": MARKET, "resolution": "1", "from": "1", "to": "2"}
    answer = await ask(http, "history", **{**good, **changes})
    assert set(answer) == {"s", "errmsg"}
    assert answer["s"] == "error" and says in answer["errmsg"]


async def test_numbers_have_every_digit(
    http: httpx.AsyncClient, operator: Client, alice: Client
) -> None:
    """More digits than a float has: 10 in gives 4.961... base units a unit, and 10^18 of volume."""
    base, quote = await fresh_pair(operator, alice, 10**30 + 7, 10**30 + 7, decimals=18)
    await alice.sell(base, quote, 123_456_789_012_345_678_901_234_567)
    # Of a month, so that it is not likely to end before it is asked for.
    query = {"symbol": f"{base}_{quote}", "resolution": "1M", "to": "9" * 10, "countback": 1}
    text = (await http.get("/udf/history", params=query)).text
    assert '"v":[123456789.012345678901234567]' in text
    found = await ask(http, "history", **query)
    trades = (
        await http.get(
            "/api/v1/klines",
            params={
                "symbol": f"{base}_{quote}",
                "interval": "1month",
                "startTime": found["t"][0],
            },
        )
    ).json()
    assert f'"c":[{trades[0]["close"]}]' in text
