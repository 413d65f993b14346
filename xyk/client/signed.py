"""Signed requests: the route of each action and the exact bytes that travel."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from xyk.domain.commands import (
    AddLiquidity,
    ApproveAgent,
    ApproveApiKey,
    CancelAllAfter,
    CancelAllOrders,
    CancelOrder,
    ListAsset,
    ListMarket,
    PlaceOrder,
    RemoveLiquidity,
    ReplaceOrder,
    RevokeAgent,
    RevokeApiKey,
    SetMarketStatus,
    SetOperator,
    SetProtocolFee,
    SignedAction,
    SwapExactIn,
    SwapExactOut,
    Transfer,
    UpdateMarket,
    Withdraw,
)
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain, digest, message

ROUTES: Mapping[type, tuple[str, str]] = {
    SwapExactIn: ("POST", "/api/v1/sell"),
    SwapExactOut: ("POST", "/api/v1/buy"),
    AddLiquidity: ("POST", "/api/v1/add-liquidity"),
    RemoveLiquidity: ("POST", "/api/v1/remove-liquidity"),
    PlaceOrder: ("POST", "/api/v1/order"),
    ReplaceOrder: ("POST", "/api/v1/order/replace"),
    CancelOrder: ("DELETE", "/api/v1/order"),
    CancelAllOrders: ("DELETE", "/api/v1/orders"),
    CancelAllAfter: ("POST", "/api/v1/orders/cancel-all-after"),
    Transfer: ("POST", "/api/v1/transfer"),
    Withdraw: ("POST", "/api/v1/withdraw"),
    ApproveAgent: ("POST", "/api/v1/agents"),
    RevokeAgent: ("DELETE", "/api/v1/agents"),
    ApproveApiKey: ("POST", "/api/v1/api-keys"),
    RevokeApiKey: ("DELETE", "/api/v1/api-keys"),
    ListAsset: ("POST", "/api/v1/assets"),
    ListMarket: ("POST", "/api/v1/markets"),
    UpdateMarket: ("POST", "/api/v1/markets/update"),
    SetMarketStatus: ("POST", "/api/v1/markets/status"),
    SetProtocolFee: ("POST", "/api/v1/protocol-fee"),
    SetOperator: ("POST", "/api/v1/operator"),
}


class Signed(msgspec.Struct, frozen=True):
    """A request that may be posted any number of times and executes at most once. `digest` is 0x
    hex.
    """

    kind: str
    digest: str
    method: str
    path: str
    body: bytes


def sign(wallet: Wallet, domain: Domain, action: SignedAction) -> Signed:
    method, path = ROUTES[type(action)]
    return Signed(
        kind=type(action).__name__,
        digest="0x" + digest(domain, action).hex(),
        method=method,
        path=path,
        body=msgspec.json.encode(_signed(wallet, domain, action)),
    )


def sign_batch(wallet: Wallet, domain: Domain, actions: Sequence[SignedAction]) -> bytes:
    """The body of `POST /api/v1/actions`."""
    return msgspec.json.encode(
        [{"type": type(action).__name__, **_signed(wallet, domain, action)} for action in actions]
    )


def _signed(wallet: Wallet, domain: Domain, action: SignedAction) -> dict[str, Any]:
    return {"action": message(action), "signature": wallet.sign(domain, action)}
