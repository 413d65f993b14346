"""Answers to an API key against their schemas; the table of routes against the convention's."""

import httpx

from tests.api.key_user import KeyUser, limit, placed
from tests.api.test_openapi import Forms
from tests.api.venue import Venue
from xyk.client.client import Client

# Path, and the instruction that the convention signs for it.
GETS = {
    "/api/v1/account": "accountQuery",
    "/api/v1/account/limits/borrow": "maxBorrowQuantity",
    "/api/v1/account/limits/order": "maxOrderQuantity",
    "/api/v1/account/limits/withdrawal": "maxWithdrawalQuantity",
    "/api/v1/borrowLend/positions": "borrowLendPositionQuery",
    "/api/v1/capital": "balanceQuery",
    "/api/v1/capital/collateral": "collateralQuery",
    "/api/v1/order": "orderQuery",
    "/api/v1/orders": "orderQueryAll",
    "/api/v1/position": "positionQuery",
    "/wapi/v1/capital/deposit/address": "depositAddressQuery",
    "/wapi/v1/capital/deposits": "depositQueryAll",
    "/wapi/v1/capital/withdrawals": "withdrawalQueryAll",
    "/wapi/v1/history/borrowLend": "borrowHistoryQueryAll",
    "/wapi/v1/history/borrowLend/positions": "borrowPositionHistoryQueryAll",
    "/wapi/v1/history/dust": "dustHistoryQueryAll",
    "/wapi/v1/history/fills": "fillHistoryQueryAll",
    "/wapi/v1/history/funding": "fundingHistoryQueryAll",
    "/wapi/v1/history/interest": "interestHistoryQueryAll",
    "/wapi/v1/history/orders": "orderHistoryQueryAll",
    "/wapi/v1/history/position": "positionHistoryQueryAll",
    "/wapi/v1/history/quote": "quoteHistoryQueryAll",
    "/wapi/v1/history/rfq": "rfqHistoryQueryAll",
    "/wapi/v1/history/settlement": "settlementHistoryQueryAll",
    "/wapi/v1/history/strategies": "strategyHistoryQueryAll",
}


async def test_every_answer_to_a_key_fits_its_schema(
    operator: Client, alice: Client, http: httpx.AsyncClient
) -> None:
    """Alice has an open order, fills of both kinds of order, a deposit and a withdrawal."""
    document = (await http.get("/schema")).json()
    forms = Forms(document)
    keyed = {
        path
        for path, item in document["paths"].items()
        if {"apiKey": []} in item.get("get", {}).get("security", ())
    }
    assert keyed == set(GETS)
    venue = await Venue.open(operator)
    await venue.fund(alice)
    await venue.fund(operator)
    await venue.place(operator, "Ask", "1", "2000")
    await venue.place(operator, "Bid", "1", "1990")
    key = await KeyUser(http).approved(alice)
    await placed(key, limit(venue.market, "Bid", "0.5", "2000", clientId=2))
    market = {"symbol": venue.market, "side": "Ask", "orderType": "Market", "quoteQuantity": "199"}
    posted = await key.order(market)
    batch = await key.orders(
        [limit(venue.market, "Bid", "1", price) for price in ("1900", "0.001")]
    )
    order = batch.json()[0]
    await alice.withdraw("USDC", 10**6, "0x" + "77" * 20)
    for path, answer in (("/api/v1/order", posted), ("/api/v1/orders", batch)):
        responses = document["paths"][path]["post"]["responses"]
        [content] = responses["200"]["content"].values()
        assert forms.faults(content["schema"], answer.json()) == [], path
    for path, instruction in GETS.items():
        operation = document["paths"][path]["get"]
        names = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
        known = {"symbol": venue.market, "orderId": order["id"], "side": "Bid"}
        if path.endswith(("withdrawal", "borrow")):
            known["symbol"] = "USDC"
        if "history" in path:
            del known["orderId"]
        asked = {name: value for name, value in known.items() if name in names}
        answer = await key.get(path, instruction, **asked)
        if path.endswith("deposit/address"):
            assert answer.status_code == 501
            continue
        assert answer.status_code == 200, (path, answer.text)
        [content] = operation["responses"]["200"]["content"].values()
        assert forms.faults(content["schema"], answer.json()) == [], path
        if path in ("/wapi/v1/history/fills", "/wapi/v1/history/orders"):
            assert len(answer.json()) >= 2
