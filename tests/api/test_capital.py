"""What an API key is told of its owner's account; numbers by hand."""

import httpx
import pytest

from tests.api.desk import message_of, refusal
from tests.api.key_user import KeyUser, limit, placed, told
from tests.api.venue import Venue
from xyk.client.client import Client

ACCOUNT, LIMITS = "/api/v1/account", "/api/v1/account/limits/"


@pytest.fixture
async def venue(operator: Client, alice: Client) -> Venue:
    """The last price is 2000; alice has 100 base and 1,000,000 quote."""
    venue = await Venue.open(operator)
    await venue.fund(alice)
    await venue.fund(operator)
    return venue


@pytest.fixture
async def key(http: httpx.AsyncClient, alice: Client) -> KeyUser:
    return await KeyUser(http).approved(alice)


async def test_the_summary(key: KeyUser, alice: Client, venue: Venue) -> None:
    await venue.place(alice, "Bid", "1", "1900")
    await venue.place(alice, "Ask", "1", "2100")
    summary = await told(key, ACCOUNT, "accountQuery")
    assert summary == {
        "autoBorrowSettlements": False,
        "autoLend": False,
        "autoRealizePnl": False,
        "autoRepayBorrows": False,
        "liquidating": False,
        "borrowLimit": "0",
        "leverageLimit": "1",
        "positionLimit": "0",
        "futuresMakerFee": "0",
        "futuresTakerFee": "0",
        "spotMakerFee": "2",
        "spotTakerFee": "5",
        "limitOrders": 2,
        "triggerOrders": 0,
    }


async def test_the_account_cannot_be_changed(key: KeyUser) -> None:
    same = {"autoLend": False, "autoRepayBorrows": False, "leverageLimit": "1.0"}
    answer = await key.send("PATCH", ACCOUNT, "accountUpdate", same)
    assert (answer.status_code, answer.content) == (200, b"")
    for name, value in (("autoLend", True), ("leverageLimit", "10"), ("leverageLimit", "1.5")):
        refused = await key.send("PATCH", ACCOUNT, "accountUpdate", {name: value})
        assert refusal(refused) == (501, "NOT_IMPLEMENTED")
        assert name in message_of(refused)
    headers = key.headers("accountUpdate", [{"autoLend": False}])
    forged = await key.http.patch(ACCOUNT, json={"autoLend": True}, headers=headers)
    assert refusal(forged) == (401, "INVALID_SIGNATURE")


async def test_the_most_that_can_be_ordered(
    key: KeyUser, alice: Client, operator: Client, venue: Venue
) -> None:
    """1,000,000 less 1,900 for an open bid at 1999.99 buys 499.0524...; whole lots of 0.0001."""
    await venue.place(alice, "Bid", "1", "1900")
    most = {"symbol": venue.market, "side": "Bid"}
    unpriced = await key.get(LIMITS + "order", "maxOrderQuantity", **most)
    assert refusal(unpriced) == (422, "INVALID_PRICE")
    priced = await told(key, LIMITS + "order", "maxOrderQuantity", **most, price="1999.99")
    assert priced == {**most, "maxOrderQuantity": "499.0524", "price": "1999.99"}
    asked = await told(key, LIMITS + "order", "maxOrderQuantity", symbol=venue.market, side="Ask")
    assert asked == {"symbol": venue.market, "side": "Ask", "maxOrderQuantity": "100"}
    await venue.place(operator, "Ask", "1", "2100")  # the mid is 2000 now
    now = await told(key, LIMITS + "order", "maxOrderQuantity", **most)
    assert now == {**most, "maxOrderQuantity": "499.05"}
    order = await placed(key, limit(venue.market, "Bid", "499.0524", "1999.99"))
    assert order["status"] == "New", "the most is not too much"
    for wrong in ({"side": "Buy"}, {"price": "0"}, {"price": "1.2345678"}, {"price": "-1"}):
        refused = await key.get(LIMITS + "order", "maxOrderQuantity", **{**most, **wrong})
        assert refusal(refused) == (400, "INVALID_CLIENT_REQUEST")
    missing = await key.get(LIMITS + "order", "maxOrderQuantity", side="Bid")
    assert refusal(missing) == (400, "INVALID_CLIENT_REQUEST")


async def test_the_most_that_can_be_withdrawn_or_borrowed(
    key: KeyUser, alice: Client, venue: Venue
) -> None:
    await venue.place(alice, "Bid", "1", "1900")
    free = await told(key, LIMITS + "withdrawal", "maxWithdrawalQuantity", symbol=venue.quote)
    assert free == {"maxWithdrawalQuantity": "998100", "symbol": venue.quote}
    lent = await told(key, LIMITS + "borrow", "maxBorrowQuantity", symbol="USDC")
    assert lent == {"maxBorrowQuantity": "0", "symbol": "USDC"}
    for path, instruction in (
        ("withdrawal", "maxWithdrawalQuantity"),
        ("borrow", "maxBorrowQuantity"),
    ):
        for symbol in ("NONE", "LP:ETH_USDC"):
            unknown = await key.get(LIMITS + path, instruction, symbol=symbol)
            assert refusal(unknown) == (404, "INVALID_ASSET")


async def test_what_it_is_worth(http: httpx.AsyncClient, bob: Client) -> None:
    """In USDC, the first asset listed, at the pool's price, which other tests move: 2 ETH are
    worth twice what one is. 300 of 1,000 USDC are held."""
    key = await KeyUser(http).approved(bob)
    await bob.faucet("USDC", 1_000 * 10**6)
    await bob.faucet("ETH", 2 * 10**18)
    await Venue("ETH", "USDC", await bob.token("ETH"), await bob.token("USDC")).place(
        bob, "Bid", "0.3", "1000"
    )
    worth = await told(key, "/api/v1/capital/collateral", "collateralQuery")
    assert worth["currency"] == "USDC"
    rows = {row["symbol"]: row for row in worth["collateral"]}
    assert rows["USDC"] == {
        "symbol": "USDC",
        "assetMarkPrice": "1",
        "totalQuantity": "1000",
        "balanceNotional": "1000",
        "collateralWeight": "1",
        "collateralValue": "1000",
        "openOrderQuantity": "300",
        "lendQuantity": "0",
        "availableQuantity": "700",
    }
    price = float(rows["ETH"]["assetMarkPrice"])
    assert abs(float(rows["ETH"]["balanceNotional"]) - 2 * price) < 1e-5
    assert abs(float(worth["assetsValue"]) - 1000 - 2 * price) < 1e-5
    assert abs(float(worth["netEquityAvailable"]) - 700 - 2 * price) < 1e-5
    assert (worth["netEquityLocked"], worth["borrowLiability"]) == ("300", "0")
    assert worth["netEquity"] == worth["assetsValue"]
