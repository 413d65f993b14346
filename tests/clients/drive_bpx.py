"""Unmodified bpx-py against one of our servers; run by the Python of the bpx environment:

    python drive_bpx.py URL PUBLIC_KEY SECRET

Imports nothing of ours; the market and the owner are those of drive_ccxt.py. bpx-py gives what the
server said, a refusal as well: it never raises.
"""

import asyncio
import inspect
import sys
import time

import bpx.account
import bpx.async_.account
import bpx.async_.public
import bpx.public

SYMBOL = "SOL_USDC"


async def done(value):
    return await value if inspect.isawaitable(value) else value


async def public(api) -> None:
    assert await done(api.get_ping()) == "pong"
    now = int(await done(api.get_time()))
    assert abs(now / 1000 - time.time()) < 60, now
    assert (await done(api.get_status()))["status"] == "Ok"
    assert {one["symbol"] for one in await done(api.get_assets())} == {"USDC", "BTC", "ETH", "SOL"}
    market = next(one for one in await done(api.get_markets()) if one["symbol"] == SYMBOL)
    assert market["filters"]["price"]["tickSize"] == "0.01", market
    assert market["filters"]["quantity"]["stepSize"] == "0.001", market
    depth = await done(api.get_depth(SYMBOL))
    bids = [float(price) for price, _ in depth["bids"]]
    assert bids == sorted(bids) and bids[-1] < float(depth["asks"][0][0]), "best bid last"
    assert isinstance(depth["lastUpdateId"], str) and isinstance(depth["timestamp"], int)
    assert await done(api.get_open_interest(SYMBOL)) == []


async def account(api, key) -> None:
    balances = await done(api.get_balances())
    assert set(balances["USDC"]) == {"available", "locked", "staked"}, balances
    assert float(balances["SOL"]["available"]) > 900
    about = await done(api.get_account())
    assert about["spotTakerFee"] == "5" and about["spotMakerFee"] == "2", about
    limit = await done(api.get_max_order_quantity(symbol=SYMBOL, side="Bid", price="100"))
    assert float(limit["maxOrderQuantity"]) > 0, limit
    assert float((await done(api.get_max_withdrawal_quantity("USDC")))["maxWithdrawalQuantity"]) > 0
    deposits = await done(api.get_deposits())
    assert {one["symbol"] for one in deposits} == {"SOL", "USDC"}, deposits
    assert await done(api.get_open_positions()) == []


async def orders(api, key) -> None:
    client_id = int(time.time() * 1000) % 2**32
    placed = await done(
        api.execute_order(
            symbol=SYMBOL,
            side="Bid",
            order_type="Limit",
            price="100.5",
            quantity="1.25",
            client_id=client_id,
            post_only=True,
            time_in_force="GTC",
        )
    )
    assert placed["status"] == "New" and placed["clientId"] == client_id, placed
    assert placed["price"] == "100.5" and placed["quantity"] == "1.25", placed
    found = await done(api.get_open_order(symbol=SYMBOL, client_id=client_id))
    assert found["id"] == placed["id"], found
    every = await done(api.get_open_orders(symbol=SYMBOL))
    assert [one["id"] for one in every] == [placed["id"]], every
    # As a string in a DELETE's body, which the signature covers.
    gone = await done(api.cancel_order(symbol=SYMBOL, client_id=str(client_id)))
    assert gone["status"] == "Cancelled" and gone["id"] == placed["id"], gone
    again = await done(api.cancel_order(symbol=SYMBOL, order_id=placed["id"]))
    assert again["code"] == "RESOURCE_NOT_FOUND" and "Not Found" in again["message"], again
    bought = await done(
        api.execute_order(symbol=SYMBOL, side="Bid", order_type="Market", quote_quantity="150")
    )
    assert bought["status"] in ("Filled", "Expired"), bought
    assert 149 < float(bought["executedQuoteQuantity"]) <= 150, bought
    sold = await done(
        api.execute_order(symbol=SYMBOL, side="Ask", order_type="Market", quantity="0.5")
    )
    assert sold["executedQuantity"] == "0.5", sold
    stop = await done(
        api.execute_order(
            symbol=SYMBOL,
            side="Ask",
            order_type="Limit",
            price="99",
            trigger_price="100",
            quantity="1",
            triggered_by="LastPrice",
        )
    )
    assert stop.get("status") == "TriggerPending" and stop["triggerPrice"] == "100", stop
    cancelled = await done(api.cancel_all_orders(SYMBOL))
    assert [one["id"] for one in cancelled] == [stop["id"]], cancelled
    refused = await done(
        api.execute_order(
            symbol=SYMBOL, side="Bid", order_type="Limit", price="0.001", quantity="1"
        )
    )
    assert refused["code"] == "INVALID_PRICE", refused


async def history(api, key) -> None:
    past = await done(api.get_order_history(symbol=SYMBOL))
    statuses = {one["status"] for one in past}
    assert "Cancelled" in statuses, statuses
    assert all("T" in one["createdAt"] and "Z" not in one["createdAt"] for one in past)
    fills = await done(api.get_fill_history(symbol=SYMBOL, fill_type="User", limit=10))
    assert fills and all(one["symbol"] == SYMBOL for one in fills), fills
    assert {"tradeId", "orderId", "price", "quantity", "fee", "feeSymbol", "isMaker"} <= set(
        fills[0]
    )


async def klines(api) -> None:
    candles = await done(api.get_klines(SYMBOL, "1m", int(time.time()) - 3_600))
    assert candles and isinstance(candles[-1]["close"], str), candles[-1:]
    ticker = await done(api.get_ticker(SYMBOL))
    assert float(ticker["lastPrice"]) > 0
    assert any(one["symbol"] == SYMBOL for one in await done(api.get_tickers()))
    recent = await done(api.get_recent_trades(SYMBOL))
    ids = [one["id"] for one in recent]
    assert ids == sorted(ids, reverse=True), "newest first"
    assert (await done(api.get_history_trades(SYMBOL, limit=1, offset=1)))[0]["id"] == ids[1]


async def drive(url: str, key: str, secret: str) -> None:
    for package in (bpx, bpx.async_):
        reads = package.public.Public()
        reads.BASE_URL = f"{url}/"
        trades = package.account.Account(key, secret)
        trades.BPX_API_URL = f"{url}/"
        await public(reads)
        for part in (account, orders, history):
            await part(trades, key)
        await klines(reads)
        print(f"{package.__name__} ok", flush=True)


if __name__ == "__main__":
    asyncio.run(drive(*sys.argv[1:]))
