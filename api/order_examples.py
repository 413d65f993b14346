"""Example of what a limit order would do, by the path of the read."""

from collections.abc import Mapping
from typing import Any

from xyk.domain.tokens import token_address
from xyk.wallet.typed_data import checksum

QUERY: Mapping[str, str] = {
    "sellToken": "USDC",
    "buyToken": "ETH",
    "sellAmount": "402000000",
    "buyAmount": "200000000000000000",
}
_ETH, _USDC = checksum(token_address("ETH")), checksum(token_address("USDC"))
_FEE: dict[str, Any] = {
    "market": "ETH_USDC",
    "venue": "pool",
    "token": _USDC,
    "amount": "596981",
}
_HOP: dict[str, Any] = {
    "market": "ETH_USDC",
    "venue": "pool",
    "tokenIn": _USDC,
    "tokenOut": _ETH,
    "amountIn": "198993592",
    "amountOut": "99100000000000000",
    "fee": "596981",
}
READS: Mapping[str, Any] = {
    "/api/v1/quote/order": {
        "symbol": "ETH_USDC",
        "side": "Bid",
        "status": "PartiallyFilled",
        "expiryReason": None,
        "executedQuantity": "0.0991",
        "executedQuoteQuantity": "198.993592",
        "remainingQuantity": "0.1009",
        "averagePrice": "2008.00799192734612",
        "priceImpactBps": 10,
        "amountIn": "198993592",
        "amountOut": "99100000000000000",
        "fee": "596981",
        "fees": [_FEE],
        "route": [_HOP],
        "refusal": None,
        "seq": 42,
        "expiresAt": 1_763_640_030_000,
    }
}
