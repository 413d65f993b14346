"""Unmodified ccxt and ccxt.pro read a deployment's market data; run by the Python of the ccxt
environment:

    python drive_chain.py URL WEBSOCKET_URL

Imports nothing of ours. Both URLs are a deployment's own (`.../chain/NAME`); somebody trades
WETH/USDC there every moment. An AssertionError or an exception of ccxt ends it.
"""

import asyncio
import sys

import ccxt
import ccxt.pro

MARKET = "WETH/USDC"
PATIENCE_S = 60


def within(awaitable):
    """A watch that never returns is the failure that these tests are about."""
    return asyncio.wait_for(awaitable, PATIENCE_S)


def asked(url: str) -> None:
    ex = ccxt.backpack({"urls": {"api": {"public": url, "private": url}}})
    markets = ex.load_markets()
    market = markets[MARKET]
    assert market["spot"] and market["active"] and market["id"] == "WETH_USDC", market
    assert "ETH/USDC" not in markets  # that is the exchange's own
    assert {"WETH", "USDC"} <= ex.currencies.keys()
    assert ex.fetch_status()["status"] == "ok"
    book = ex.fetch_order_book(MARKET, 20)
    bids, asks = [price for price, _ in book["bids"]], [price for price, _ in book["asks"]]
    assert len(bids) == len(asks) == 20 and bids == sorted(bids, reverse=True) < asks, book
    assert asks == sorted(asks) and bids[0] < asks[0] < 1.01 * bids[0], book
    trades = ex.fetch_trades(MARKET, limit=5)
    assert trades and all(one["price"] > 0 and one["amount"] > 0 for one in trades), trades
    ids = [int(one["id"]) for one in trades]
    assert ids == sorted(ids) and len(set(ids)) == len(ids), trades
    ticker = ex.fetch_ticker(MARKET)
    assert ticker["low"] <= ticker["last"] <= ticker["high"] and ticker["baseVolume"] > 0, ticker
    assert MARKET in ex.fetch_tickers()
    for frame in ("1m", "15m", "1h", "1d", "1w", "1M"):
        candles = ex.fetch_ohlcv(MARKET, frame)
        assert candles, frame
        start, opened, high, low, close, _ = candles[-1]
        assert low <= min(opened, close) and max(opened, close) <= high, candles[-1]
        assert (start // 1000) % 60 == 0
    try:
        ex.private_get_api_v1_orders()
    except ccxt.BaseError:
        print("asked ok", flush=True)
        return
    raise AssertionError("a deployment has no orders")


async def watched(url: str, socket: str) -> None:
    api = {"public": url, "private": url, "ws": {"public": socket, "private": socket}}
    ex = ccxt.pro.backpack({"urls": {"api": api}})
    try:
        await ex.load_markets()
        book = await within(ex.watch_order_book(MARKET))
        assert book["bids"][0][0] < book["asks"][0][0] and book["nonce"] > 0, book
        first = book["nonce"]
        while book["nonce"] == first:
            book = await within(ex.watch_order_book(MARKET))
        [trade, *_] = await within(ex.watch_trades(MARKET))
        assert trade["price"] > 0 and trade["side"] in ("buy", "sell"), trade
        ticker = await within(ex.watch_ticker(MARKET))
        assert ticker["last"] > 0 and ticker["baseVolume"] > 0, ticker
        best = (await within(ex.watch_bids_asks([MARKET])))[MARKET]
        assert 0 < best["bid"] < best["ask"], best
        candle = (await within(ex.watch_ohlcv(MARKET, "1m")))[-1]
        assert candle[3] <= candle[4] <= candle[2] and candle[5] >= 0, candle
        print("watched ok", flush=True)
    finally:
        await ex.close()


if __name__ == "__main__":
    asked(sys.argv[1])
    asyncio.run(watched(*sys.argv[1:]))
