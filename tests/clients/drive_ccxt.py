"""Unmodified ccxt against one of our servers; run by the Python of the ccxt environment:

    python drive_ccxt.py sync|async URL PUBLIC_KEY SECRET

Imports nothing of ours. The market is SOL/USDC of the sandbox with a pool of 1,000 SOL and 150,000
USDC and no orders; the key's owner has 1,000 SOL and 100,000 USDC and nobody else trades. Expected
numbers are worked by hand from that. An AssertionError or an exception of ccxt ends it.
"""

import asyncio
import inspect
import sys
import time

import ccxt
import ccxt.async_support

MARKET = "SOL/USDC"
LAST_OF = 60  # seconds in which the order that was just placed must be among the orders


async def done(value):
    """What a sync or an async ccxt gave."""
    return await value if inspect.isawaitable(value) else value


async def refused(kind, call, *words):
    """The call must raise this very class, and its message must have these words."""
    try:
        await done(call())
    except kind as fault:
        assert type(fault) is kind, fault
        for word in words:
            assert word in str(fault), (word, str(fault))
        return
    raise AssertionError(f"expected {kind.__name__}")


async def market_data(ex) -> None:
    markets = await done(ex.load_markets())
    sol = markets[MARKET]
    assert sol["spot"] and sol["active"] and sol["id"] == "SOL_USDC"
    assert (sol["precision"]["price"], sol["precision"]["amount"]) == (0.01, 0.001), sol[
        "precision"
    ]
    assert set(ex.currencies) >= {"USDC", "BTC", "ETH", "SOL"}
    book = await done(ex.fetch_order_book(MARKET, 20))
    assert book["nonce"] and book["timestamp"]
    prices = [price for price, _ in book["bids"]]
    assert prices == sorted(prices, reverse=True) and len(prices) == 20
    asks = [price for price, _ in book["asks"]]
    assert asks == sorted(asks) and prices[0] < 150 < asks[0]
    status = await done(ex.fetch_status())
    assert status["status"] == "ok", status


async def orders(ex) -> None:
    low = await done(ex.create_order(MARKET, "limit", "buy", 2, 100, {"clientOrderId": "77"}))
    assert low["id"] and low["status"] == "open" and low["clientOrderId"] == "77", low
    assert (low["price"], low["amount"], low["filled"], low["remaining"]) == (100, 2, 0, 2), low
    balance = await done(ex.fetch_balance())
    assert balance["USDC"] == {"free": 99_800, "used": 200, "total": 100_000}, balance["USDC"]
    assert balance["SOL"]["free"] == 1_000
    for found in (
        await done(ex.fetch_open_order(low["id"], MARKET)),
        await done(ex.fetch_order(low["id"], MARKET)),
        (await done(ex.fetch_open_orders(MARKET)))[0],
        (await done(ex.fetch_open_orders()))[0],
        (await done(ex.fetch_orders(MARKET)))[0],
    ):
        assert (found["id"], found["status"], found["side"]) == (low["id"], "open", "buy"), found
        assert abs(found["timestamp"] / 1000 - time.time()) < LAST_OF, found
    await refused(
        ccxt.InvalidOrder,
        lambda: ex.create_order(MARKET, "limit", "buy", 1, 100, {"clientOrderId": "77"}),
        "clientId",
    )
    gone = await done(ex.cancel_order(low["id"], MARKET))
    assert gone["status"] == "canceled" and gone["id"] == low["id"], gone
    assert await done(ex.fetch_open_orders(MARKET)) == []
    assert (await done(ex.fetch_order(low["id"], MARKET)))["status"] == "canceled"
    await refused(
        ccxt.ExchangeNotAvailable, lambda: ex.cancel_order(low["id"], MARKET), "Not Found"
    )


async def times_in_force(ex) -> None:
    await refused(
        ccxt.InvalidOrder,
        lambda: ex.create_order(MARKET, "limit", "buy", 1, 160, {"postOnly": True}),
        "Order would immediately match and take",
    )
    passive = await done(ex.create_order(MARKET, "limit", "sell", 1, 200, {"postOnly": True}))
    assert passive["postOnly"] and passive["status"] == "open", passive
    also = await done(ex.create_order(MARKET, "limit", "sell", 1, 210, {"timeInForce": "PO"}))
    assert also["postOnly"], also
    killed = await done(ex.create_order(MARKET, "limit", "buy", 600, 151, {"timeInForce": "FOK"}))
    assert (killed["status"], killed["filled"]) == ("canceled", 0) or (
        killed["status"] == "expired" and killed["filled"] == 0
    ), killed
    # From 1,000 SOL and 150,000 USDC at 30 bps: 1 SOL costs
    # 150,000 * 1 * 10,000 / (999 * 9,970) = 150.6023.., so 1 fits below 151 on the average.
    bought = await done(ex.create_order(MARKET, "limit", "buy", 1, 152, {"timeInForce": "IOC"}))
    assert (bought["status"], bought["filled"]) == ("closed", 1), bought
    assert 150.60 < bought["cost"] < 150.61, bought
    cancelled = await done(ex.cancel_all_orders(MARKET))
    assert {one["id"] for one in cancelled} == {passive["id"], also["id"]}, cancelled
    maker = await done(
        ex.create_order(MARKET, "limit", "sell", 1, 150.5, {"selfTradePrevention": "EXPIRE_MAKER"})
    )
    assert maker["status"] == "open", maker
    taker = await done(
        ex.create_order(MARKET, "limit", "buy", 1, 150.5, {"selfTradePrevention": "EXPIRE_BOTH"})
    )
    assert taker["filled"] == 0, taker
    assert await done(ex.fetch_open_orders(MARKET)) == []


async def market_orders(ex) -> None:
    before = await done(ex.fetch_balance())
    bought = await done(ex.create_order(MARKET, "market", "buy", 1.5))
    assert (bought["status"], bought["filled"], bought["type"]) == ("closed", 1.5, "market"), bought
    spent = await done(ex.create_order(MARKET, "market", "buy", 0, None, {"cost": 300}))
    assert spent["status"] == "closed" or spent["filled"] > 0, spent
    assert 299.8 < spent["cost"] <= 300, spent
    sold = await done(ex.create_order(MARKET, "market", "sell", 2))
    assert (sold["filled"], sold["side"]) == (2, "sell"), sold
    after = await done(ex.fetch_balance())
    got = bought["filled"] + spent["filled"] - sold["filled"]
    assert abs(after["SOL"]["total"] - before["SOL"]["total"] - got) < 1e-6, (before, after)
    paid = bought["cost"] + spent["cost"] - sold["cost"]
    # The book's fee of 5 bps is of book fills only, and here the pool is the only maker.
    assert abs(before["USDC"]["total"] - after["USDC"]["total"] - paid) < 1e-5, (before, after)
    mine = await done(ex.fetch_my_trades(MARKET))
    traded = {trade["order"] for trade in mine}
    assert {bought["id"], spent["id"], sold["id"]} <= traded, mine
    one = next(trade for trade in mine if trade["order"] == sold["id"])
    assert (one["side"], one["amount"], one["takerOrMaker"]) == ("sell", 2, "taker"), one
    assert one["fee"]["currency"] == "SOL" and abs(one["fee"]["cost"] - 0.006) < 1e-9, one
    public = await done(ex.fetch_trades(MARKET))
    assert {trade["side"] for trade in public} == {"buy", "sell"}, public
    ticker = await done(ex.fetch_ticker(MARKET))
    assert ticker["last"] == public[-1]["price"] == one["price"], (ticker, public[-1])
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    assert MARKET in await done(ex.fetch_tickers())
    for frame in ("1m", "15m", "1h", "1d", "1w", "1M"):
        candles = await done(ex.fetch_ohlcv(MARKET, frame))
        assert candles, frame
        start, opened, high, low, close, _ = candles[-1]
        assert low <= min(opened, close) and max(opened, close) <= high, candles[-1]
        assert (start // 1000) % 60 == 0
    assert sum(candle[5] for candle in await done(ex.fetch_ohlcv(MARKET, "1d"))) >= got


async def triggers_and_batches(ex) -> None:
    stop = await done(
        ex.create_order(MARKET, "limit", "sell", 1, 119, {"triggerPrice": 120, "clientOrderId": 9})
    )
    assert stop["triggerPrice"] == 120 and stop["amount"] == 1, stop
    assert [one["id"] for one in await done(ex.fetch_open_orders(MARKET))] == [stop["id"]]
    market_stop = await done(
        ex.create_order(MARKET, "market", "sell", 1, None, {"triggerPrice": 121})
    )
    assert market_stop["triggerPrice"] == 121, market_stop
    cancelled = await done(ex.cancel_all_orders(MARKET))
    assert {one["id"] for one in cancelled} == {stop["id"], market_stop["id"]}, cancelled
    made = await done(
        ex.create_orders(
            [
                {"symbol": MARKET, "type": "limit", "side": "buy", "amount": 1, "price": 90 + n}
                for n in range(3)
            ]
        )
    )
    assert [one["price"] for one in made] == [90, 91, 92], made
    assert len(await done(ex.fetch_open_orders(MARKET))) == 3
    await done(ex.cancel_all_orders(MARKET))


async def account(ex) -> None:
    deposits = await done(ex.fetch_deposits())
    assert {one["currency"] for one in deposits} == {"SOL", "USDC"}, deposits
    assert all(one["status"] == "ok" and one["amount"] > 0 for one in deposits), deposits
    assert await done(ex.fetch_withdrawals()) == []
    await refused(
        ccxt.OperationRejected,
        lambda: ex.withdraw("USDC", 1, "0x" + "ab" * 20, {"network": "ETH"}),
        "Withdraw",
    )


async def refusals(ex) -> None:
    post = ex.private_post_api_v1_order
    limit = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "quantity": "1"}
    await refused(ccxt.InvalidOrder, lambda: post({**limit, "price": "100.001"}), "100")
    await refused(ccxt.BadRequest, lambda: post({**limit, "price": "100", "quantity": "0.0001"}))
    await refused(
        ccxt.InsufficientFunds, lambda: post({**limit, "price": "100", "quantity": "5000"})
    )
    await refused(ccxt.BadSymbol, lambda: post({**limit, "symbol": "NO_SUCH", "price": "1"}))
    await refused(ccxt.BadRequest, lambda: post({**limit, "price": "a lot"}))
    # Unknown fields are signed as well, with characters that ccxt encodes.
    odd = await done(post({**limit, "price": "80", "note": "a b/c+d"}))
    assert odd["status"] == "New", odd
    await done(ex.cancel_all_orders(MARKET))


async def strangers(make, secret: str) -> None:
    wrong = make(secret=ccxt.Exchange.binary_to_base64(bytes(range(32))))
    await refused(ccxt.AuthenticationError, wrong.fetch_balance)
    if inspect.iscoroutinefunction(wrong.fetch_balance):
        await wrong.close()


async def drive(mode: str, url: str, key: str, secret: str) -> None:
    library = ccxt if mode == "sync" else ccxt.async_support

    def make(**changes):
        settings = {
            "apiKey": key,
            "secret": secret,
            "urls": {"api": {"public": url, "private": url}},
        }
        return library.backpack({**settings, **changes})

    ex = make()
    try:
        for part in (
            *(market_data, orders, times_in_force, market_orders, triggers_and_batches),
            *(account, refusals),
        ):
            await part(ex)
            print(f"{part.__name__} ok", flush=True)
        await strangers(make, secret)
        print("strangers ok", flush=True)
    finally:
        if mode != "sync":
            await ex.close()


if __name__ == "__main__":
    asyncio.run(drive(*sys.argv[1:]))
