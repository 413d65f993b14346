"""What can be read: shapes of the convention, exact decimals, what pools and positions say."""

import asyncio
import secrets
from pathlib import Path

import httpx
import pytest

from tests.api.desk import ETH, NOBODY, USDC, fresh_pair, now_s, refusal
from tests.api.test_stream import PATIENCE_S
from tests.server import running_server
from xyk.client.client import Client
from xyk.domain.tokens import token_address
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import checksum


async def test_assets_in_the_shape_of_the_convention(http: httpx.AsyncClient) -> None:
    assets = (await http.get("/api/v1/assets")).json()
    assert [one["symbol"] for one in assets[:4]] == ["USDC", "BTC", "ETH", "SOL"]
    assert not any(":" in one["symbol"] for one in assets)
    usdc = assets[0]
    assert set(usdc) == {"symbol", "displayName", "coingeckoId", "tokens"}
    [token] = usdc["tokens"]
    assert token == {
        "displayName": "USDC",
        "blockchain": "Ethereum",
        "contractAddress": checksum(USDC),
        "depositEnabled": True,
        "minimumDeposit": "0.000001",
        "withdrawEnabled": True,
        "minimumWithdrawal": "0.000001",
        "maximumWithdrawal": None,
        "withdrawalFee": "0",
        "nativeDecimals": 6,
    }


async def test_markets_in_the_shape_of_the_convention(http: httpx.AsyncClient) -> None:
    markets = (await http.get("/api/v1/markets")).json()
    assert [one["symbol"] for one in markets[:4]] == [
        "ETH_USDC",
        "BTC_USDC",
        "SOL_USDC",
        "ETH_BTC",
    ]
    market = (await http.get("/api/v1/market", params={"symbol": "ETH_USDC"})).json()
    assert market == markets[0]
    assert (market["baseSymbol"], market["quoteSymbol"]) == ("ETH", "USDC")
    assert market["marketType"] == "SPOT"
    price, quantity = market["filters"]["price"], market["filters"]["quantity"]
    assert (price["minPrice"], price["maxPrice"], price["tickSize"]) == ("0.01", None, "0.01")
    assert quantity == {"minQuantity": "0.0001", "maxQuantity": None, "stepSize": "0.0001"}
    assert (market["orderBookState"], market["visible"]) == ("Open", True)
    assert (market["makerFeeBps"], market["takerFeeBps"], market["poolFeeBps"]) == (2, 5, 30)
    assert (market["book"], market["pool"]) == (True, True)
    assert len(market["createdAt"]) == len("2025-01-21T06:34:54.691858")
    assert "Z" not in market["createdAt"]
    assert (await http.get("/api/v1/markets?marketType=PERP")).json() == []
    assert (await http.get("/api/v1/markets?marketType=PERP&marketType=SPOT")).json() == markets
    assert refusal(await http.get("/api/v1/market?symbol=X_Y")) == (404, "INVALID_MARKET")
    assert refusal(await http.get("/api/v1/market")) == (400, "INVALID_CLIENT_REQUEST")


async def test_time_ping_and_status(http: httpx.AsyncClient, operator: Client) -> None:
    ping = await http.get("/api/v1/ping")
    assert (ping.text, ping.headers["content-type"]) == ("pong", "text/plain; charset=utf-8")
    time = await http.get("/api/v1/time")
    assert abs(int(time.text) - now_s() * 1000) < 60_000
    assert time.headers["content-type"] == "text/plain; charset=utf-8"
    status = (await http.get("/api/v1/status")).json()
    assert status["operator"] == checksum(operator.owner)
    assert (status["status"], status["message"]) == ("Ok", None)
    assert status["seq"] >= 1
    assert len(status["hash"]) == 64
    assert "stateDigest" in status
    assert status["version"]


async def test_the_domain_signs_any_action(http: httpx.AsyncClient) -> None:
    document = (await http.get("/api/v1/domain")).json()
    assert set(document["domain"]) == {"name", "version", "salt"}
    assert len(document["types"]) == 22
    assert document["types"]["RevokeAgent"] == [
        {"name": "owner", "type": "address"},
        {"name": "agent", "type": "address"},
        {"name": "nonce", "type": "uint64"},
        {"name": "deadline", "type": "uint64"},
    ]


async def test_an_account(alice: Client) -> None:
    account = await alice.account(checksum(alice.owner))
    assert account["owner"] == checksum(alice.owner)
    assert {one["symbol"]: one for one in account["balances"]} == {
        "ETH": {
            "symbol": "ETH",
            "token": checksum(ETH),
            "decimals": 18,
            "available": str(1000 * 10**18),
            "locked": "0",
        },
        "USDC": {
            "symbol": "USDC",
            "token": checksum(USDC),
            "decimals": 6,
            "available": str(1000 * 10**6),
            "locked": "0",
        },
    }
    assert account["positions"] == account["agents"] == account["apiKeys"] == []


async def test_an_account_that_nobody_heard_of(http: httpx.AsyncClient) -> None:
    account = (await http.get(f"/api/v1/accounts/0x{secrets.token_hex(20)}")).json()
    assert account["balances"] == account["positions"] == []


@pytest.mark.parametrize("owner", ["outside", "locked", "pool:ETH_USDC", "0x12", "0x" + "zz" * 20])
async def test_what_is_no_address_has_no_account(http: httpx.AsyncClient, owner: str) -> None:
    response = await http.get(f"/api/v1/accounts/{owner}")
    assert refusal(response) == (400, "INVALID_CLIENT_REQUEST")


async def test_a_pool_and_its_day(operator: Client, alice: Client) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 4 * 10**9)
    sold = await alice.sell(base, quote, 10**7)
    bought = await alice.sell(quote, base, 2 * 10**7)
    market = f"{base}_{quote}"

    pool = await alice.pool(market, window_s=60)

    reserve_base, reserve_quote = (int(one) for one in pool["reserves"])
    assert reserve_base == 10**9 + 10**7 - int(bought["amountOut"])
    assert reserve_quote == 4 * 10**9 - int(sold["amountOut"]) + 2 * 10**7
    assert pool["k"] == str(reserve_base * reserve_quote)
    assert pool["tokens"] == [checksum(token_address(base)), checksum(token_address(quote))]
    assert pool["totalSupply"] == "2000000000"
    assert pool["liquidityToken"] == checksum(token_address(f"LP:{market}"))
    assert (pool["feeBps"], pool["status"], pool["dormant"]) == (30, "open", False)
    assert float(pool["spotPrice"]) == pytest.approx(reserve_quote / reserve_base)
    assert float(pool["inverseSpotPrice"]) == pytest.approx(reserve_base / reserve_quote)
    assert pool["trades24h"] == 2
    volume_base = 10**7 + int(bought["amountOut"])
    assert float(pool["baseVolume24h"]) == pytest.approx(volume_base / 10**6)
    assert (pool["baseFees24h"], pool["quoteFees24h"]) == ("0.03", "0.06")
    assert float(pool["tvl"]) == pytest.approx(2 * reserve_quote / 10**6)
    fees = 0.03 * reserve_quote / reserve_base + 0.06
    assert float(pool["apr"]) == pytest.approx(fees * 365 / float(pool["tvl"]), rel=1e-4)
    listed = {one["symbol"]: one for one in await alice.pools()}
    assert listed[market]["reserves"] == pool["reserves"]


async def test_what_the_protocol_would_take_first(operator: Client, alice: Client) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 4 * 10**9)
    try:
        await operator.set_protocol_fee(operator.owner)
        await alice.add_liquidity(base, quote, 10**8, 4 * 10**8)  # k is remembered from here on
        assert (await alice.pool(f"{base}_{quote}"))["protocolShares"] == "0"
        await alice.sell(base, quote, 10**8)
        pool = await alice.pool(f"{base}_{quote}")
        removed = await alice.remove_liquidity(base, quote, 10**7)
    finally:
        await operator.set_protocol_fee("0x" + "00" * 20)
    minted = int(pool["protocolShares"])
    assert minted > 0
    supply = int(pool["totalSupply"]) + minted
    reserve_base, reserve_quote = (int(one) for one in pool["reserves"])
    assert removed["amountA"] == str(10**7 * reserve_base // supply)
    assert removed["amountB"] == str(10**7 * reserve_quote // supply)
    after = await alice.pool(f"{base}_{quote}")
    assert (after["totalSupply"], after["protocolShares"]) == (str(supply - 10**7), "0")


async def test_an_empty_pool(http: httpx.AsyncClient, operator: Client) -> None:
    name = f"E{secrets.token_hex(5).upper()}"
    await operator.list_asset(name, 6)
    await operator.list_market(name, "USDC", tick_size=1, lot_size=1)
    pool = (await http.get(f"/api/v1/pools/{name}_USDC")).json()
    assert pool["reserves"] == ["0", "0"]
    assert (pool["totalSupply"], pool["dormant"], pool["apr"]) == ("0", True, "0")
    assert pool["spotPrice"] is pool["twap"] is None


@pytest.mark.parametrize("window", ["0", "86401", "-1", "1.5", "x", "1e3", "٣"])
async def test_windows_that_are_none(http: httpx.AsyncClient, window: str) -> None:
    response = await http.get("/api/v1/pools/ETH_USDC", params={"window": window})
    assert refusal(response) == (400, "INVALID_CLIENT_REQUEST")


async def test_unknown_pools(http: httpx.AsyncClient) -> None:
    for path in ("/api/v1/pools/X_Y", f"/api/v1/pools/X_Y/positions/{NOBODY}"):
        assert refusal(await http.get(path)) == (404, "POOL_NOT_FOUND")


async def test_a_position_earns_fees(operator: Client, alice: Client) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 10**9)
    market = f"{base}_{quote}"
    mine = await alice.position(market)
    assert mine["shares"] == str(10**9 - 1000)  # V2's minimum is locked
    assert mine["shareOfPool"] == "0.999999"
    assert mine["feesEarned"] == ["0", "0"]
    for _ in range(5):
        await alice.sell(base, quote, 10**8)
        await alice.sell(quote, base, 10**8)

    async def earned() -> list[int]:
        return [int(fee) for fee in (await alice.position(market))["feesEarned"]]

    async with asyncio.timeout(PATIENCE_S):
        while not all(await earned()):  # the read tables trail by a moment
            pass
    mine = await alice.position(market)
    assert mine["owner"] == checksum(alice.owner)
    worth = [int(amount) for amount in mine["amounts"]]
    paid = await alice.remove_liquidity(base, quote, int(mine["shares"]))
    assert [int(paid["amountA"]), int(paid["amountB"])] == worth
    assert (await alice.account())["positions"] == []


async def test_nobody_has_a_position(http: httpx.AsyncClient) -> None:
    position = (await http.get(f"/api/v1/pools/ETH_USDC/positions/{NOBODY}")).json()
    assert (position["shares"], position["amounts"]) == ("0", ["0", "0"])
    assert (position["feesEarned"], position["shareOfPool"]) == (["0", "0"], "0")


async def test_the_day_survives_a_restart(tmp_path: Path, database_url: str) -> None:
    with running_server(tmp_path / "data", "--seed-demo", database_url=database_url) as server:
        async with Client(server.url, Wallet.random()) as client:
            await client.faucet("ETH")
            await client.sell("ETH", "USDC", 10**18)
            before = await client.pool("ETH_USDC")
            server.kill()
            server.start()
            after = await client.pool("ETH_USDC")
    for name in ("baseVolume24h", "quoteVolume24h", "baseFees24h", "trades24h", "reserves"):
        assert after[name] == before[name] != "0"


@pytest.mark.parametrize(
    "path", ["/api/v1/assets", "/api/v1/status", "/api/v1/pools/ETH_USDC", "/docs", "/schema"]
)
async def test_head_is_get_without_a_body(http: httpx.AsyncClient, path: str) -> None:
    whole, bare = await http.get(path), await http.head(path)
    assert (whole.status_code, bare.status_code) == (200, 200)
    assert bare.headers["content-type"] == whole.headers["content-type"]
    assert int(bare.headers["content-length"]) > 0
    assert bare.content == b""
    assert (await http.get("/api/v1/ping")).text == "pong", "the connection goes on"


async def test_head_is_refused_where_get_is(http: httpx.AsyncClient) -> None:
    assert (await http.head("/api/v1/nothing")).status_code == 404
    refused = await http.head("/api/v1/sell")
    assert (refused.status_code, refused.content) == (405, b"")
    assert refused.headers["allow"] == "POST"
    for path in ("/api/v1/assets", "/api/v1/status"):
        assert "HEAD" in (await http.put(path)).headers["allow"].split(", ")
