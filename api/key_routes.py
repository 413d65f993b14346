"""All routes that an API key signs, in the convention's words: one table drives routing and
OpenAPI.

Some paths take the native form too. There the header X-API-Key decides which one it is.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from api import capital as cp
from api import key_history as hs
from api import key_orders as ko
from api import key_transfers as tr
from api.gateway import Endpoint, Scope
from api.key_order_views import AnyKeyOrder, HistoryOrder
from api.key_reads import Handler, authorized, key_read
from api.key_requests import body_parameters
from api.order_log import OrderLog
from api.problems import Answer, Refused, problem
from api.services import Services
from xyk.domain.key_commands import CancelOpenOrder, CancelOpenOrders, ExecuteOrder
from xyk.domain.rejections import Code, Rejected

ORDER, ORDERS = "/api/v1/order", "/api/v1/orders"
ACCOUNT, WITHDRAWALS = "/api/v1/account", "/wapi/v1/capital/withdrawals"
HISTORY = "/wapi/v1/history/"
UNSIGNED = ("timestamp", "window")  # of a command, which the headers carry


class KeyRoute(msgspec.Struct, frozen=True):
    """`query`: the Struct of a read's parameters; `body`: that of a command. `answer`: the type of
    the answer, None where it is empty or a refusal."""

    method: str
    path: str
    instruction: str
    summary: str
    answer: Any = None
    handler: Handler | None = None
    query: Any = None
    body: Any = None


class AccountUpdate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What margin accounts can set. Here each is what it always is."""

    auto_borrow_settlements: bool | None = None
    auto_lend: bool | None = None
    auto_repay_borrows: bool | None = None
    leverage_limit: str | None = None


EMPTY_HISTORIES: Mapping[str, str] = {
    "borrowLend": "borrowHistoryQueryAll",
    "borrowLend/positions": "borrowPositionHistoryQueryAll",
    "interest": "interestHistoryQueryAll",
    "dust": "dustHistoryQueryAll",
    "funding": "fundingHistoryQueryAll",
    "settlement": "settlementHistoryQueryAll",
    "strategies": "strategyHistoryQueryAll",
    "rfq": "rfqHistoryQueryAll",
    "quote": "quoteHistoryQueryAll",
    "position": "positionHistoryQueryAll",
}


def _read(
    path: str, instruction: str, summary: str, answer: Any, handler: Handler, query: Any = None
) -> KeyRoute:
    return KeyRoute("GET", path, instruction, summary, answer, handler, query)


ORDER_LIMIT = "/api/v1/account/limits/"
KEY_ROUTES: tuple[KeyRoute, ...] = (
    KeyRoute("POST", ORDER, ko.ORDER_EXECUTE, "Place an order", AnyKeyOrder, body=ExecuteOrder),
    KeyRoute(
        *("POST", ORDERS, ko.ORDER_EXECUTE, "Up to 100 orders, each with its own outcome"),
        body=ExecuteOrder,
    ),
    KeyRoute(
        "DELETE", ORDER, ko.ORDER_CANCEL, "Cancel an open order", AnyKeyOrder, body=CancelOpenOrder
    ),
    KeyRoute(
        *("DELETE", ORDERS, ko.ORDER_CANCEL_ALL, "Cancel a market's open orders"),
        list[AnyKeyOrder],
        body=CancelOpenOrders,
    ),
    _read(ORDER, "orderQuery", "An open order", AnyKeyOrder, ko.open_order, ko.OrderQuery),
    _read(
        *(ORDERS, "orderQueryAll", "Open orders", list[AnyKeyOrder]),
        *(ko.open_orders, ko.OrdersQuery),
    ),
    _read("/api/v1/capital", "balanceQuery", "Balances", dict[str, cp.Balance], cp.capital),
    _read(
        *("/api/v1/capital/collateral", "collateralQuery", "What the balances are worth"),
        *(cp.MarginSummary, cp.collateral),
    ),
    _read(ACCOUNT, "accountQuery", "Fees and counts", cp.AccountSummary, cp.account),
    KeyRoute(
        "PATCH", ACCOUNT, "accountUpdate", "Change nothing: no margin here", body=AccountUpdate
    ),
    _read(
        *(ORDER_LIMIT + "order", "maxOrderQuantity", "The most that can be ordered"),
        *(cp.OrderLimit, cp.order_limit, cp.OrderLimitQuery),
    ),
    _read(
        *(ORDER_LIMIT + "withdrawal", "maxWithdrawalQuantity", "The most that can be withdrawn"),
        *(cp.WithdrawalLimit, cp.withdrawal_limit, cp.AssetQuery),
    ),
    _read(
        *(ORDER_LIMIT + "borrow", "maxBorrowQuantity", "The most that can be borrowed: nothing"),
        *(cp.BorrowLimit, cp.borrow_limit, cp.AssetQuery),
    ),
    _read("/api/v1/position", "positionQuery", "No positions", list[Any], hs.empty_history),
    _read(
        *("/api/v1/borrowLend/positions", "borrowLendPositionQuery", "No loans"),
        *(list[Any], hs.empty_history),
    ),
    _read(
        *(HISTORY + "orders", "orderHistoryQueryAll", "Orders in any state"),
        *(list[HistoryOrder], hs.order_history, hs.OrderHistoryQuery),
    ),
    _read(
        *(HISTORY + "fills", "fillHistoryQueryAll", "Fills of orders and swaps"),
        *(list[hs.KeyFill], hs.fill_history, hs.FillHistoryQuery),
    ),
    *(
        _read(HISTORY + name, instruction, "Always empty", list[Any], hs.empty_history)
        for name, instruction in EMPTY_HISTORIES.items()
    ),
    _read(
        *("/wapi/v1/capital/deposits", "depositQueryAll", "What came in"),
        *(list[tr.Deposit], tr.deposits, tr.TransfersQuery),
    ),
    _read(
        *(WITHDRAWALS, "withdrawalQueryAll", "What went out"),
        *(list[tr.Withdrawal], tr.withdrawals, tr.TransfersQuery),
    ),
    _read(
        *("/wapi/v1/capital/deposit/address", "depositAddressQuery", "No address to deposit to"),
        *(None, tr.deposit_address),
    ),
    KeyRoute("POST", WITHDRAWALS, "withdraw", "Refused: a withdrawal takes the wallet's signature"),
)


def key_endpoints(services: Services, log: OrderLog) -> dict[tuple[str, str], Endpoint]:
    table: dict[tuple[str, str], Endpoint] = {
        (route.method, route.path): key_read(services, log, route.instruction, route.handler)
        for route in KEY_ROUTES
        if route.handler is not None
    }
    for method, path, instruction in (
        ("POST", ORDER, ko.ORDER_EXECUTE),
        ("DELETE", ORDER, ko.ORDER_CANCEL),
        ("DELETE", ORDERS, ko.ORDER_CANCEL_ALL),
    ):
        table[method, path] = ko.key_command(services, log, instruction)
    table["POST", ORDERS] = ko.key_batch(services, log)
    table["PATCH", ACCOUNT] = _update_endpoint(services)
    table["POST", WITHDRAWALS] = _refusing_endpoint(services)
    assert set(table) == {(route.method, route.path) for route in KEY_ROUTES}
    return table


def _update_endpoint(services: Services) -> Endpoint:
    """200 and nothing where what is asked for is as it is; NOT_IMPLEMENTED for all else."""

    async def endpoint(body: bytes, scope: Scope) -> Answer:
        parameters = await _signed_body(services, scope, "accountUpdate", body)
        for name, value in parameters.items():
            if name.startswith("auto") and value.lower() != "false":
                wrong = f"{name} is for margin accounts; it is false here and stays so"
            elif name == "leverageLimit" and not _is_one(value):
                wrong = "leverageLimit is 1 here and stays so: nothing is lent"
            else:
                continue
            raise Refused(Rejected(Code.NOT_IMPLEMENTED, wrong))
        return Answer(200, b"")

    return endpoint


def _is_one(text: str) -> bool:
    whole, _, fraction = text.partition(".")
    return whole == "1" and not fraction.strip("0")


def _refusing_endpoint(services: Services) -> Endpoint:
    async def endpoint(body: bytes, scope: Scope) -> Answer:
        await _signed_body(services, scope, "withdraw", body)
        return problem(tr.no_withdrawal_by_key())

    return endpoint


async def _signed_body(
    services: Services, scope: Scope, instruction: str, body: bytes
) -> Mapping[str, str]:
    """Raises Refused."""
    parameters = body_parameters(body)
    if isinstance(parameters, Rejected):
        raise Refused(parameters)
    await authorized(services, scope, instruction, parameters)
    return parameters
