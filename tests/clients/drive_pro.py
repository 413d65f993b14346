"""Unmodified ccxt.pro against one of our servers; run by the Python of the ccxt environment:

    python drive_pro.py URL WEBSOCKET_URL PUBLIC_KEY SECRET

Imports nothing of ours. The market and the owner are those of drive_ccxt.py; nobody else trades,
so everything that a stream says is what this program did.
"""

import asyncio
import sys

import ccxt.pro

MARKET = "SOL/USDC"
PATIENCE_S = 60


def within(awaitable):
    """A watch that never returns is the failure that these tests are about."""
    return asyncio.wait_for(awaitable, PATIENCE_S)


async def quiet_book(ex) -> None:
    """ccxt waits for eleven depth events before it asks for the book, on a market where nothing
    happens: only the idle heartbeat brings them."""
    book = await within(ex.watch_order_book(MARKET))
    rest = await ex.fetch_order_book(MARKET, 1000)
    assert book["bids"][0] == rest["bids"][0] and book["asks"][0] == rest["asks"][0], (book, rest)
    assert len(book["bids"]) == len(rest["bids"]) and book["nonce"] > 0


async def moving_book(ex) -> None:
    placed = await ex.create_order(MARKET, "limit", "buy", 3, 149.01)  # off the grid of the pool
    while True:
        book = await within(ex.watch_order_book(MARKET))
        level = dict(book["bids"]).get(149.01)
        if level == 3:
            break
    await ex.cancel_order(placed["id"], MARKET)
    while 149.01 in {price for price, _ in book["bids"]}:
        book = await within(ex.watch_order_book(MARKET))


async def public_streams(ex) -> None:
    trades = asyncio.create_task(within(ex.watch_trades(MARKET)))
    ticker = asyncio.create_task(within(ex.watch_ticker(MARKET)))
    best = asyncio.create_task(within(ex.watch_bids_asks([MARKET])))
    candles = asyncio.create_task(within(ex.watch_ohlcv(MARKET, "1m")))
    order = None
    while not all(task.done() for task in (trades, ticker, best, candles)):
        order = await ex.create_order(MARKET, "market", "buy", 0.5)
        assert order["filled"] == 0.5, order
        await asyncio.wait({trades, ticker, best, candles}, timeout=0.5)
    [trade, *_] = await trades
    assert (trade["side"], trade["amount"]) == ("buy", 0.5), trade
    seen = await ticker
    assert seen["last"] > 0 and seen["baseVolume"] >= 0.5, seen
    quote = (await best)[MARKET]
    assert 0 < quote["bid"] < quote["ask"], quote
    candle = (await candles)[-1]
    while candle[5] < 0.5:  # of the minute that ended just before the first of these orders
        candle = (await within(ex.watch_ohlcv(MARKET, "1m")))[-1]
    assert candle[5] >= 0.5 and candle[3] <= candle[4] <= candle[2], candle


async def private_streams(ex) -> None:
    balances = asyncio.create_task(within(ex.watch_balance()))
    updates = asyncio.create_task(within(ex.watch_orders(MARKET)))
    placed = []
    while not (balances.done() and updates.done()):
        placed.append(await ex.create_order(MARKET, "limit", "buy", 1, 101 + len(placed) % 20))
        await asyncio.wait({balances, updates}, timeout=0.5)
    [update, *_] = await updates
    assert update["id"] in {one["id"] for one in placed} and update["status"] == "open", update
    balance = await balances
    assert balance["USDC"]["used"] > 0, balance
    await ex.cancel_all_orders(MARKET)
    cancelled = set()
    while not cancelled >= {one["id"] for one in placed}:
        for one in await within(ex.watch_orders(MARKET)):
            if one["status"] == "canceled":
                cancelled.add(one["id"])
    sold = await ex.create_order(MARKET, "market", "sell", 1)
    while True:
        done = [one for one in await within(ex.watch_orders(MARKET)) if one["id"] == sold["id"]]
        if done and done[-1]["status"] == "closed":
            break
    every = asyncio.create_task(within(ex.watch_orders()))  # with account.rfqUpdate beside it
    while not every.done():
        last = await ex.create_order(MARKET, "limit", "buy", 1, 100)
        await asyncio.wait({every}, timeout=0.5)
        await ex.cancel_order(last["id"], MARKET)
    assert (await every)[-1]["symbol"] == MARKET


async def unwatch(ex) -> None:
    await within(ex.un_watch_trades(MARKET))
    await within(ex.un_watch_ticker(MARKET))


async def drive(url: str, socket: str, key: str, secret: str) -> None:
    api = {"public": url, "private": url, "ws": {"public": socket, "private": socket}}
    ex = ccxt.pro.backpack({"apiKey": key, "secret": secret, "urls": {"api": api}})
    try:
        await ex.load_markets()
        for part in (quiet_book, moving_book, public_streams, private_streams, unwatch):
            await part(ex)
            print(f"{part.__name__} ok", flush=True)
    finally:
        await ex.close()


if __name__ == "__main__":
    asyncio.run(drive(*sys.argv[1:]))
