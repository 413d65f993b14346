"""Tickers and trades of the convention, with numbers worked by hand."""

from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from tests.api.desk import Json, fresh_pair, refusal
from tests.api.venue import Venue
from tests.server import running_server
from xyk.client.client import Client
from xyk.wallet.signer import Wallet

TICKER = ["symbol", "firstPrice", "lastPrice", "high", "low", "priceChange"]
TICKER += ["priceChangePercent", "volume", "quoteVolume", "trades"]


async def asked(http: httpx.AsyncClient, path: str, **params: str) -> list[Json]:
    response = await http.get(f"/api/v1/{path}", params=params)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    answer: list[Json] = response.json()
    return answer


async def ticker(http: httpx.AsyncClient, market: str, **params: str) -> Json:
    answer = await http.get("/api/v1/ticker", params={"symbol": market, **params})
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view


@pytest.fixture
async def venue(operator: Client, alice: Client, bob: Client) -> Venue:
    """A book without a pool, and two who can trade on it."""
    venue = await Venue.open(operator)
    await venue.fund(alice)
    await venue.fund(bob)
    return venue


async def test_book_fills_by_hand(
    http: httpx.AsyncClient, alice: Client, bob: Client, venue: Venue
) -> None:
    """Three fills: 0.5 at 2000, 0.25 at 2010, then a sale of 0.1 at 1990."""
    market = venue.market
    await venue.place(alice, "Ask", "0.5", "2000")
    await venue.place(alice, "Ask", "1", "2010")
    bought = await venue.place(bob, "Bid", "0.75", "2010")
    await venue.place(alice, "Bid", "0.3", "1990")
    sold = await venue.place(bob, "Ask", "0.1", "1990")

    assert await asked(http, "trades", symbol=market) == [
        {
            "id": 3,
            "price": "1990",
            "quantity": "0.1",
            "quoteQuantity": "199",
            "timestamp": sold["timestamp"],
            "isBuyerMaker": True,
        },
        {
            "id": 2,
            "price": "2010",
            "quantity": "0.25",
            "quoteQuantity": "502.5",
            "timestamp": bought["timestamp"],
            "isBuyerMaker": False,
        },
        {
            "id": 1,
            "price": "2000",
            "quantity": "0.5",
            "quoteQuantity": "1000",
            "timestamp": bought["timestamp"],
            "isBuyerMaker": False,
        },
    ]
    day = await ticker(http, market)
    assert list(day) == TICKER
    assert day == {
        "symbol": market,
        "firstPrice": "2000",
        "lastPrice": "1990",
        "high": "2010",
        "low": "1990",
        "priceChange": "-10",
        "priceChangePercent": "-0.005",
        "volume": "0.85",
        "quoteVolume": "1701.5",
        "trades": "3",
    }
    assert await ticker(http, market, interval="1w") == day
    assert day in await asked(http, "tickers")
    assert day in await asked(http, "tickers", interval="1w")


async def test_a_pool_fill_by_hand(http: httpx.AsyncClient, operator: Client, bob: Client) -> None:
    """1,000 and 2,000 whole tokens; 10 in: 9.97 * 2000 / 1009.97 = 19.743160 out, fee inside, and
    a price of 1.974316; then dust, which only counts."""
    base, quote = await fresh_pair(operator, bob, 10**9, 2 * 10**9)
    market = f"{base}_{quote}"
    sold = await bob.sell(base, quote, 10**7)
    assert sold["amountOut"] == "19743160"
    await bob.sell(base, quote, 5_000)
    [trade] = await asked(http, "trades", symbol=market)
    assert trade == {
        "id": 1,
        "price": "1.974316",
        "quantity": "10",
        "quoteQuantity": "19.74316",
        "timestamp": sold["timestamp"],
        "isBuyerMaker": True,
    }
    day = await ticker(http, market)
    assert (day["lastPrice"], day["priceChange"], day["trades"]) == ("1.974316", "0", "2")
    assert day["volume"] == "10.005"
    low, high = (Decimal(day[name]) * Decimal(day["volume"]) for name in ("low", "high"))
    assert low * Decimal("0.999") <= Decimal(day["quoteVolume"]) <= high * Decimal("1.001")


async def test_before_the_first_price_there_is_no_ticker(
    http: httpx.AsyncClient, venue: Venue
) -> None:
    response = await http.get("/api/v1/ticker", params={"symbol": venue.market})
    assert (response.status_code, response.content) == (204, b"")
    assert "content-length" not in response.headers
    assert await asked(http, "trades", symbol=venue.market) == []
    assert await asked(http, "trades/history", symbol=venue.market) == []
    assert venue.market not in [one["symbol"] for one in await asked(http, "tickers")]


async def test_pages_have_no_gap_and_no_double(
    http: httpx.AsyncClient, operator: Client, bob: Client
) -> None:
    """Asked at once after each swap, while the read tables trail, and by pages of every size."""
    base, quote = await fresh_pair(operator, bob, 10**9, 10**9)
    market = f"{base}_{quote}"
    for number in range(1, 31):
        await bob.sell(base, quote, 10**6)
        shown = await asked(http, "trades", symbol=market)
        assert [trade["id"] for trade in shown] == list(range(number, 0, -1))
        assert (await ticker(http, market))["trades"] == str(number)
    for size in (1, 7, 30, 1000, 100_000):
        pages = [
            await asked(http, "trades/history", symbol=market, limit=str(size), offset=str(offset))
            for offset in range(0, 30, size)
        ]
        assert [trade["id"] for page in pages for trade in page] == list(range(30, 0, -1)), size
    assert [one["id"] for one in await asked(http, "trades", symbol=market, limit="2")] == [30, 29]
    assert await asked(http, "trades/history", symbol=market, offset="30") == []


async def test_asking_wrongly(http: httpx.AsyncClient) -> None:
    async def refused(path: str, **params: str) -> tuple[int, str]:
        return refusal(await http.get(f"/api/v1/{path}", params=params))

    for path in ("ticker", "trades", "trades/history"):
        assert await refused(path, symbol="NO_SUCH") == (404, "INVALID_MARKET")
        assert await refused(path) == (400, "INVALID_CLIENT_REQUEST")
        assert refusal(await http.post(f"/api/v1/{path}"))[0] == 405
    malformed = (400, "INVALID_CLIENT_REQUEST")
    assert await refused("ticker", symbol="ETH_USDC", interval="1m") == malformed
    assert await refused("tickers", interval="1m") == malformed
    for wrong in ("0", "-1", "x", "1.5"):
        assert await refused("trades", symbol="ETH_USDC", limit=wrong) == malformed, wrong
    for wrong in ("-1", "x", "1000001"):
        assert await refused("trades/history", symbol="ETH_USDC", offset=wrong) == malformed, wrong


async def test_clients_that_are_less_than_exact(http: httpx.AsyncClient, url: str) -> None:
    """Bare keys, doubled slashes, fields that nobody knows."""
    exact = await http.get("/api/v1/market?symbol=ETH_USDC")
    assert exact.headers["content-type"] == "application/json; charset=utf-8"
    for path in (
        "/api/v1/market?symbol=ETH_USDC&=&&x&limit=",
        "//api//v1///market?&symbol=ETH_USDC",
        "/api/v1/market?symbol=ETH%5FUSDC&unknown=1",
    ):
        assert (await http.get(url + path)).content == exact.content, path
    depth = (await http.get("/api/v1/depth?symbol=ETH_USDC&limit=3")).json()["asks"]
    for path in (
        "//api/v1//depth?symbol=ETH_USDC&limit=3&source=&x",
        "/api/v1/depth?symbol=ETH%5FUSDC&limit=3&unknown=1",
    ):
        assert (await http.get(url + path)).json()["asks"] == depth, path
    assert refusal(await http.post(f"{url}//api//v1/sell", content=b"{}"))[0] == 400


async def test_what_a_spot_exchange_lacks(http: httpx.AsyncClient) -> None:
    lists = ["securities", "wallets", "markPrices", "openInterest", "fundingRates", "collateral"]
    lists += ["borrowLend/markets", "borrowLend/markets/history", "prediction", "prediction/tags"]
    for path in [*lists, "market-sessions"]:
        assert await asked(http, path) == [], path
    for method, path in (
        ("POST", "/api/v1/borrowLend"),
        ("POST", "/api/v1/account/convertDust"),
        ("POST", "/api/v1/rfq/quote"),
        ("DELETE", "/api/v1/strategy"),
    ):
        response = await http.request(method, path, content=b"not even JSON")
        assert refusal(response) == (501, "NOT_IMPLEMENTED")
        assert path in response.json()["message"]


async def test_they_are_read_back_at_the_start(tmp_path: Path, database_url: str) -> None:
    with running_server(tmp_path / "data", "--seed-demo", database_url=database_url) as server:
        async with Client(server.url, Wallet.random()) as trader:
            await trader.faucet("ETH")
            for amount in (10**17, 3 * 10**17, 10**13):
                await trader.sell("ETH", "USDC", amount)
        paths = [
            *("/api/v1/ticker?symbol=ETH_USDC", "/api/v1/ticker?symbol=ETH_USDC&interval=1w"),
            *("/api/v1/tickers", "/api/v1/trades?symbol=ETH_USDC"),
        ]
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
            before = [(await http.get(path)).json() for path in paths]
        assert before[0]["trades"] == "3"
        server.kill()
        server.start()
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http:
            assert [(await http.get(path)).json() for path in paths] == before
