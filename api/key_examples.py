"""Examples of what an API key sends and gets, for the API's description."""

from collections.abc import Mapping
from typing import Any

Example = dict[str, Any]

ORDER: Example = {
    "symbol": "ETH_USDC",
    "side": "Bid",
    "orderType": "Limit",
    "price": "1990.01",
    "quantity": "0.5",
    "clientId": 7,
    "postOnly": True,
}
_CREATED, _NAIVE = 1_767_225_600_123, "2026-01-01T00:00:00.123"
_EMPTY = {
    "reduceOnly": None,
    "relatedOrderId": None,
    "strategyId": None,
    "triggerBy": None,
    "triggerPrice": None,
    "triggerQuantity": None,
    "triggeredAt": None,
    "expiryReason": None,
}
_STOPS = {
    f"{kind}{what}": None
    for kind in ("stopLoss", "takeProfit")
    for what in ("TriggerPrice", "LimitPrice", "TriggerBy")
}
_OWN: Example = {
    "id": "4711",
    **ORDER,
    "timeInForce": "GTC",
    "selfTradePrevention": "RejectTaker",
    "status": "New",
    "executedQuantity": "0",
    "executedQuoteQuantity": "0",
    **_EMPTY,
}
PLACED: Example = {**_OWN, "createdAt": _CREATED, **_STOPS}
CANCELLED: Example = {**PLACED, "status": "Cancelled"}
CANCEL: Example = {"symbol": "ETH_USDC", "orderId": "4711"}
REFUSED: Example = {
    "operation": "Err",
    "code": "INVALID_PRICE",
    "message": "1990.001 is off the tick; the nearest valid price is 1990",
}
_DEPOSIT: Example = {
    "id": 4700,
    "source": "administrator",
    "status": "confirmed",
    "symbol": "USDC",
    "quantity": "1000",
    "createdAt": _NAIVE,
    "fromAddress": None,
    "toAddress": "0x" + "11" * 20,
    "transactionHash": None,
    "subaccountId": None,
    "confirmationBlockNumber": None,
    "platformMemo": None,
}
_WITHDRAWAL: Example = {
    "id": 4712,
    "blockchain": "Ethereum",
    "quantity": "250",
    "fee": "0",
    "symbol": "USDC",
    "status": "confirmed",
    "toAddress": "0x" + "22" * 20,
    "createdAt": _NAIVE,
    "isInternal": False,
    "clientId": None,
    "identifier": None,
    "transactionHash": None,
    "subaccountId": None,
    "triggerAt": None,
}
_FILL: Example = {
    "tradeId": 12,
    "orderId": "4711",
    "clientId": "7",
    "symbol": "ETH_USDC",
    "side": "Bid",
    "price": "1990.01",
    "quantity": "0.5",
    "fee": "0.00025",
    "feeSymbol": "ETH",
    "isMaker": False,
    "timestamp": _NAIVE,
    "systemOrderType": None,
}
_COLLATERAL: Example = {
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
_MARGIN: Example = {
    "assetsValue": "1000",
    "netEquity": "1000",
    "netEquityAvailable": "700",
    "netEquityLocked": "300",
    "collateral": [_COLLATERAL],
    "currency": "USDC",
    "borrowLiability": "0",
    "imf": "0",
    "unsettledEquity": "0",
    "liabilitiesValue": "0",
    "marginFraction": None,
    "mmf": "0",
    "netExposureFutures": "0",
    "pnlUnrealized": "0",
}
_SUMMARY: Example = {
    "spotMakerFee": "2",
    "spotTakerFee": "5",
    "limitOrders": 1,
    "triggerOrders": 0,
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
}
# By method and path; lists that are always empty have none here.
BODIES: Mapping[tuple[str, str], Any] = {
    ("POST", "/api/v1/order"): ORDER,
    ("POST", "/api/v1/orders"): [ORDER],
    ("DELETE", "/api/v1/order"): CANCEL,
    ("DELETE", "/api/v1/orders"): {"symbol": "ETH_USDC"},
    ("PATCH", "/api/v1/account"): {"autoLend": False},
    ("POST", "/wapi/v1/capital/withdrawals"): {
        "address": "0x" + "22" * 20,
        "blockchain": "Ethereum",
        "quantity": "250",
        "symbol": "USDC",
    },
}
ANSWERS: Mapping[tuple[str, str], Any] = {
    ("POST", "/api/v1/order"): PLACED,
    ("POST", "/api/v1/orders"): [{"operation": "Ok", **PLACED}, REFUSED],
    ("DELETE", "/api/v1/order"): CANCELLED,
    ("DELETE", "/api/v1/orders"): [CANCELLED],
    ("GET", "/api/v1/order"): PLACED,
    ("GET", "/api/v1/orders"): [PLACED],
    ("GET", "/api/v1/capital"): {"USDC": {"available": "700", "locked": "300", "staked": "0"}},
    ("GET", "/api/v1/capital/collateral"): _MARGIN,
    ("GET", "/api/v1/account"): _SUMMARY,
    ("GET", "/api/v1/account/limits/order"): {
        "maxOrderQuantity": "0.35",
        "symbol": "ETH_USDC",
        "side": "Bid",
    },
    ("GET", "/api/v1/account/limits/withdrawal"): {
        "maxWithdrawalQuantity": "700",
        "symbol": "USDC",
    },
    ("GET", "/api/v1/account/limits/borrow"): {"maxBorrowQuantity": "0", "symbol": "USDC"},
    ("GET", "/wapi/v1/history/orders"): [
        {**_OWN, "createdAt": _NAIVE, "quoteQuantity": None, "systemOrderType": None}
    ],
    ("GET", "/wapi/v1/history/fills"): [_FILL],
    ("GET", "/wapi/v1/capital/deposits"): [_DEPOSIT],
    ("GET", "/wapi/v1/capital/withdrawals"): [_WITHDRAWAL],
}
