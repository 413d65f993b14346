"""What listing sites read, with numbers worked by hand. The story of the market is told once:

book fill 0.5 at 2000 (bought); 100 and 200,000 whole tokens join; 1 is sold to the pool: 0.997 *
200,000 / 100.997 = 1974.316068 out; 0.1 is bought from an order at 1966; a tenth of the shares
exits.
"""

import asyncio
from math import isqrt
from typing import Any

import httpx
import pytest

from tests.api.desk import ETH, USDC, Json, fresh_pair, refusal
from tests.api.test_stream import PATIENCE_S
from tests.api.venue import BASE_UNIT, QUOTE_UNIT, Venue
from xyk.client.client import Client
from xyk.domain.decimals import whole_tokens
from xyk.wallet.typed_data import checksum

SHARES = isqrt(100 * BASE_UNIT * 200_000 * QUOTE_UNIT)
GECKO, CMC, TERMINAL = ("/listing/coingecko", "/listing/coinmarketcap", "/listing/geckoterminal")


class Story:
    """The market, its actors and the receipts of what happened, in order."""

    def __init__(self, venue: Venue, maker: Client, taker: Client, receipts: list[Json]) -> None:
        self.venue = venue
        self.maker = maker
        self.taker = taker
        self.receipts = receipts
        self.base, self.quote = checksum(venue.base_token), checksum(venue.quote_token)
        self.pair = f"{self.base}_{self.quote}"


@pytest.fixture
async def story(operator: Client, alice: Client, bob: Client) -> Story:
    venue = await Venue.open(operator)
    await venue.fund(alice)
    await venue.fund(bob)
    await venue.place(alice, "Ask", "0.5", "2000")
    receipts = [await venue.place(bob, "Bid", "0.5", "2000")]
    amounts = 100 * BASE_UNIT, 200_000 * QUOTE_UNIT
    await venue.fund(alice)
    receipts.append(await alice.add_liquidity(venue.base, venue.quote, *amounts))
    receipts.append(await bob.sell(venue.base, venue.quote, BASE_UNIT))
    await venue.place(alice, "Ask", "0.1", "1966")
    receipts.append(await venue.place(bob, "Bid", "0.1", "1966"))
    receipts.append(await alice.remove_liquidity(venue.base, venue.quote, SHARES // 10))
    return Story(venue, alice, bob, receipts)


async def asked(http: httpx.AsyncClient, path: str, **params: str | int) -> Any:
    response = await http.get(path, params=params)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    return response.json()


async def test_coingecko(http: httpx.AsyncClient, story: Story) -> None:
    pool_id, pair = story.venue.market, story.pair
    pairs = await asked(http, f"{GECKO}/pairs")
    named = {"ticker_id": pair, "base": story.base, "target": story.quote, "pool_id": pool_id}
    assert named in pairs
    best = await story.maker.bbo(pool_id)
    tickers = await asked(http, f"{GECKO}/tickers")
    [ticker] = [one for one in tickers if one["pool_id"] == pool_id]
    assert ticker == {
        "ticker_id": pair,
        "base_currency": story.base,
        "target_currency": story.quote,
        "pool_id": pool_id,
        "last_price": "1966",
        "base_volume": "1.6",
        "target_volume": "3170.916068",
        "bid": best["bidPrice"],
        "ask": best["askPrice"],
        "high": "2000",
        "low": "1966",
        "liquidity_in_usd": None,
    }
    book = await asked(http, f"{GECKO}/orderbook", ticker_id=pair, depth=4)
    depth = await story.maker.depth(pool_id, limit=2)
    assert book["bids"] == depth["bids"][::-1]
    assert book["asks"] == depth["asks"]
    assert book["ticker_id"] == pair
    assert book["timestamp"] * 1000 == depth["timestamp"]
    whole = await asked(http, f"{GECKO}/orderbook", ticker_id=pair)
    assert (len(whole["bids"]), len(whole["asks"])) == (20, 20)
    assert whole == await asked(http, f"{GECKO}/orderbook", ticker_id=pair.lower(), depth=0)
    assert whole == await asked(http, f"{GECKO}/orderbook", ticker_id=pool_id)


async def test_coingecko_trades(http: httpx.AsyncClient, story: Story) -> None:
    first, _, sold, last, _ = story.receipts

    def trade(number: int, price: str, base: str, quote: str, receipt: Json, kind: str) -> Json:
        return {
            "trade_id": number,
            "price": price,
            "base_volume": base,
            "target_volume": quote,
            "trade_timestamp": receipt["timestamp"],
            "type": kind,
        }

    bought = [
        trade(3, "1966", "0.1", "196.6", last, "buy"),
        trade(1, "2000", "0.5", "1000", first, "buy"),
    ]
    sales = [trade(2, "1974.316068", "1", "1974.316068", sold, "sell")]

    async def trades(**params: str | int) -> Any:
        return await asked(http, f"{GECKO}/historical_trades", ticker_id=story.pair, **params)

    assert await trades() == await trades(limit=0) == {"buy": bought, "sell": sales}
    assert await trades(type="buy") == {"buy": bought, "sell": []}
    assert await trades(type="buy", limit=1) == {"buy": bought[:1], "sell": []}
    assert await trades(type="sell") == {"buy": [], "sell": sales}
    assert first["timestamp"] < sold["timestamp"] < last["timestamp"]
    for _ in range(2):  # while the tail may have them, and when the tables have
        at = sold["timestamp"]
        assert await trades(start_time=at) == {"buy": bought[:1], "sell": sales}
        assert await trades(end_time=at) == {"buy": bought[1:], "sell": sales}
        assert await trades(start_time=at, end_time=at) == {"buy": [], "sell": sales}
        assert await trades(start_time=at + 1, end_time=at) == {"buy": [], "sell": []}
        assert await trades(start_time=last["timestamp"] + 1) == {"buy": [], "sell": []}
        assert await trades(end_time=first["timestamp"] - 1) == {"buy": [], "sell": []}
        await until_shown(http, last["seq"])
        # A later entry, whose commit makes the tail forget what the tables have.
        await story.maker.faucet(story.venue.base)


async def test_dollars(http: httpx.AsyncClient, alice: Client) -> None:
    """Of a pool against USDC twice what it has of it; of one against something else by that
    one's own price in USDC."""
    pools = {one["symbol"]: one for one in await alice.pools()}
    tickers = {one["pool_id"]: one for one in await asked(http, f"{GECKO}/tickers")}
    quote = int(pools["BTC_USDC"]["reserves"][1])
    assert float(tickers["BTC_USDC"]["liquidity_in_usd"]) == pytest.approx(2 * quote / 10**6)
    bitcoin = quote / int(pools["BTC_USDC"]["reserves"][0]) * 10**2
    value = 2 * int(pools["ETH_BTC"]["reserves"][1]) / 10**8 * bitcoin
    assert float(tickers["ETH_BTC"]["liquidity_in_usd"]) == pytest.approx(value)


async def test_coinmarketcap(http: httpx.AsyncClient, operator: Client, story: Story) -> None:
    market = story.venue.market
    best = await story.maker.bbo(market)
    [summary] = [
        one for one in await asked(http, f"{CMC}/summary") if one["trading_pairs"] == market
    ]
    assert summary == {
        "trading_pairs": market,
        "base_currency": story.venue.base,
        "quote_currency": story.venue.quote,
        "last_price": "1966",
        "lowest_ask": best["askPrice"],
        "highest_bid": best["bidPrice"],
        "base_volume": "1.6",
        "quote_volume": "3170.916068",
        "price_change_percent_24h": "-1.7",
        "highest_price_24h": "2000",
        "lowest_price_24h": "1966",
    }
    assert (await asked(http, f"{CMC}/assets"))[story.venue.base] == {
        "name": story.venue.base,
        "unified_cryptoasset_id": None,
        "can_withdraw": "true",
        "can_deposit": "true",
        "min_withdraw": "0.000000000000000001",
        "maker_fee": "0.0002",
        "taker_fee": "0.003",
    }
    ticker = {
        "base_id": None,
        "quote_id": None,
        "last_price": "1966",
        "base_volume": "1.6",
        "quote_volume": "3170.916068",
        "isFrozen": "0",
    }
    assert (await asked(http, f"{CMC}/ticker"))[market] == ticker
    await operator.set_market_status(market, "cancel_only")
    assert (await asked(http, f"{CMC}/ticker"))[market] == {**ticker, "isFrozen": "1"}
    depth = await story.maker.depth(market, limit=3)
    for name in (market, market.replace("_", "-")):
        book = await asked(http, f"{CMC}/orderbook/{name}", depth=6)
        assert (book["bids"], book["asks"]) == (depth["bids"][::-1], depth["asks"])
        trades = await asked(http, f"{CMC}/trades/{name}")
        assert [(one["trade_id"], one["price"], one["type"]) for one in trades] == [
            (3, "1966", "buy"),
            (2, "1974.316068", "sell"),
            (1, "2000", "buy"),
        ]
    assert trades[1] == {
        "trade_id": 2,
        "price": "1974.316068",
        "base_volume": "1",
        "quote_volume": "1974.316068",
        "timestamp": story.receipts[2]["timestamp"],
        "type": "sell",
    }


async def until_shown(http: httpx.AsyncClient, seq: int) -> Json:
    """The latest block, once it is not before this one."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            block: Json = (await asked(http, f"{TERMINAL}/latest-block"))["block"]
            if block["blockNumber"] >= seq:
                return block


async def test_events_of_every_kind(http: httpx.AsyncClient, story: Story) -> None:
    maker, taker = checksum(story.maker.owner), checksum(story.taker.owner)
    first, last = story.receipts[0]["seq"], story.receipts[-1]["seq"]
    await until_shown(http, last)
    found = (await asked(http, f"{TERMINAL}/events", fromBlock=first, toBlock=last))["events"]
    found = [one for one in found if one["pairId"] == story.venue.market]
    left = [101 * BASE_UNIT, 198_025_683_932]
    out = [SHARES // 10 * reserve // SHARES for reserve in left]
    after = [reserve - gone for reserve, gone in zip(left, out, strict=True)]

    def told(place: int, kind: str, owner: str, base: str, quote: str, **more: str) -> Json:
        receipt = story.receipts[place]
        index = [event["type"] for event in receipt["events"]].index(NAMES[kind])
        return {
            "block": {
                "blockNumber": receipt["seq"],
                "blockTimestamp": receipt["timestamp"] // 1000,
            },
            "eventType": kind.split()[0],
            "txnId": str(receipt["seq"]),
            "txnIndex": 0,
            "eventIndex": index,
            "maker": owner,
            "pairId": story.venue.market,
            "reserves": {"asset0": base, "asset1": quote},
            **more,
        }

    bought = {"asset1In": "1000", "asset0Out": "0.5", "priceNative": "2000"}
    sold = {"asset0In": "1", "asset1Out": "1974.316068", "priceNative": "1974.316068"}
    again = {"asset1In": "196.6", "asset0Out": "0.1", "priceNative": "1966"}
    gone = {"amount0": whole_tokens(out[0], 18), "amount1": whole_tokens(out[1], 6)}
    pool = whole_tokens(after[0], 18), whole_tokens(after[1], 6)
    assert found == [
        told(0, "swap book", taker, "0", "0", **bought),
        told(1, "join", maker, "100", "200000", amount0="100", amount1="200000"),
        told(2, "swap pool", taker, "101", "198025.683932", **sold),
        told(3, "swap book", taker, "101", "198025.683932", **again),
        told(4, "exit", maker, *pool, **gone),
    ]
    for seq, place in ((story.receipts[3]["seq"], 3), (first, 0)):  # a range that begins there
        one = await asked(http, f"{TERMINAL}/events", fromBlock=seq, toBlock=seq)
        assert one["events"] == [found[place]]


NAMES = {
    "swap book": "BookFilled",
    "swap pool": "PoolSwapped",
    "join": "LiquidityAdded",
    "exit": "LiquidityRemoved",
}


async def test_events_meet_without_gap_or_double(
    http: httpx.AsyncClient, operator: Client, alice: Client
) -> None:
    """An indexer that follows the latest block while swaps go on has each of them once."""
    base, quote = await fresh_pair(operator, alice, 10**9, 10**9)
    start = (await asked(http, f"{TERMINAL}/latest-block"))["block"]["blockNumber"]
    heard: list[Json] = []
    done = 0

    async def swap() -> None:
        nonlocal done
        for _ in range(40):
            done = (await alice.sell(base, quote, 10**6))["seq"]

    swapping = asyncio.create_task(swap())
    next_block = start - 50  # before the pool was there
    async with asyncio.timeout(PATIENCE_S):
        while not swapping.done() or next_block <= done:
            latest = (await asked(http, f"{TERMINAL}/latest-block"))["block"]["blockNumber"]
            if latest < next_block:
                continue
            page = await asked(
                http, f"{TERMINAL}/events", fromBlock=max(0, next_block), toBlock=latest
            )
            heard += [one for one in page["events"] if one["pairId"] == f"{base}_{quote}"]
            next_block = latest + 1
    await swapping
    places = [(one["block"]["blockNumber"], one["eventIndex"]) for one in heard]
    assert places == sorted(set(places))
    assert [one["eventType"] for one in heard] == ["join"] + ["swap"] * 40
    reserves = 10**9
    for one in heard[1:]:
        reserves += 10**6
        assert one["reserves"]["asset0"] == whole_tokens(reserves, 6)


async def test_tokens_and_pairs(http: httpx.AsyncClient, story: Story) -> None:
    for name in (story.base, story.base.lower(), story.venue.base):
        asset = (await asked(http, f"{TERMINAL}/asset", id=name))["asset"]
        assert asset == {
            "id": story.base,
            "name": story.venue.base,
            "symbol": story.venue.base,
            "decimals": 18,
            "totalSupply": "300",  # three times 100 from the faucet
            "circulatingSupply": "300",
        }
    markets = {one["symbol"]: one for one in await story.maker.markets()}
    created = markets[story.venue.market]["createdAt"]
    pair = (await asked(http, f"{TERMINAL}/pair", id=story.venue.market))["pair"]
    assert pair.pop("createdAtBlockTimestamp") > 1_700_000_000
    assert created
    assert pair == {
        "id": story.venue.market,
        "dexKey": "xyk",
        "asset0Id": story.base,
        "asset1Id": story.quote,
        "feeBps": 30,
    }


async def test_markets_with_nothing(
    http: httpx.AsyncClient, operator: Client, alice: Client
) -> None:
    """Neither orders nor liquidity; then liquidity without a book, and without a trade."""
    empty = (await Venue.open(operator)).market
    pool_only = "_".join(await fresh_pair(operator, alice, 10**9, 2 * 10**9))
    tickers = {one["pool_id"]: one for one in await asked(http, f"{GECKO}/tickers")}
    summaries = {one["trading_pairs"]: one for one in await asked(http, f"{CMC}/summary")}
    for market in (empty, pool_only):
        ticker, summary = tickers[market], summaries[market]
        for name in ("last_price", "high", "low"):
            assert ticker[name] is None
        assert (ticker["base_volume"], ticker["target_volume"]) == ("0", "0")
        assert summary["last_price"] is summary["price_change_percent_24h"] is None
        assert await asked(http, f"{CMC}/trades/{market}") == []
        none = {"buy": [], "sell": []}
        assert await asked(http, f"{GECKO}/historical_trades", ticker_id=market) == none
        assert (await asked(http, f"{CMC}/ticker"))[market]["last_price"] is None
    assert tickers[empty]["bid"] is tickers[empty]["ask"] is None
    assert tickers[empty]["liquidity_in_usd"] == "0"
    book = await asked(http, f"{CMC}/orderbook/{empty}")
    assert (book["bids"], book["asks"]) == ([], [])
    assert float(tickers[pool_only]["bid"]) < 2 < float(tickers[pool_only]["ask"])
    assert len((await asked(http, f"{CMC}/orderbook/{pool_only}"))["bids"]) == 20


async def test_asking_wrongly(http: httpx.AsyncClient) -> None:
    async def refused(path: str, **params: str | int) -> tuple[int, str]:
        return refusal(await http.get(path, params=params))

    malformed = (400, "INVALID_CLIENT_REQUEST")
    pair = {"ticker_id": f"{checksum(ETH)}_{checksum(USDC)}"}
    assert await refused(f"{GECKO}/orderbook") == malformed
    assert await refused(f"{GECKO}/orderbook", ticker_id="X_Y") == (404, "INVALID_MARKET")
    assert await refused(f"{GECKO}/orderbook", ticker_id="0x12_0x34") == (404, "INVALID_MARKET")
    assert await refused(f"{GECKO}/orderbook", **pair, depth="deep") == malformed
    for wrong in ({"type": "hold"}, {"limit": -1}, {"start_time": "x"}, {"end_time": "1.5"}):
        assert await refused(f"{GECKO}/historical_trades", **pair, **wrong) == malformed, wrong
    assert await refused(f"{CMC}/trades/X_Y") == (404, "INVALID_MARKET")
    assert await refused(f"{CMC}/orderbook/ETH-USDC", depth="-1") == malformed
    assert await refused(f"{TERMINAL}/asset", id="NOTHING") == (404, "INVALID_ASSET")
    assert await refused(f"{TERMINAL}/pair", id="NOTHING") == (404, "INVALID_MARKET")
    assert await refused(f"{TERMINAL}/events") == malformed
    assert await refused(f"{TERMINAL}/events", fromBlock=1) == malformed
    assert await refused(f"{TERMINAL}/events", fromBlock=1, toBlock=10**12) == malformed
    assert await asked(http, f"{TERMINAL}/events", fromBlock=2, toBlock=1) == {"events": []}
