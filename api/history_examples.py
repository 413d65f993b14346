"""Examples of what an owner did and of a pool's past, by the path of the read."""

from collections.abc import Mapping
from typing import Any

from xyk.domain.tokens import token_address
from xyk.wallet.typed_data import checksum

TIME_MS = 1_763_640_000_000
HOUR_MS = 3_600_000


def reads(order: dict[str, Any]) -> Mapping[str, Any]:
    return {**_READS, "/api/v1/history/orders": _page(order)}


def _page(item: dict[str, Any]) -> dict[str, Any]:
    return {"items": [item], "more": False, "seq": 43, "complete": True}


_READS: Mapping[str, Any] = {
    "/api/v1/history/fills": _page(
        {
            "symbol": "ETH_USDC",
            "venue": "pool",
            "side": "Ask",
            "tradeId": 12,
            "orderId": None,
            "clientId": None,
            "isMaker": False,
            "price": "1974.316068",
            "quantity": "1",
            "quoteQuantity": "1974.316068",
            "fee": "0.003",
            "feeSymbol": "ETH",
            "timestamp": TIME_MS,
            "seq": 42,
        }
    ),
    "/api/v1/history/liquidity": _page(
        {
            "pool": "ETH_USDC",
            "kind": "add",
            "amounts": ["1000000000000000000", "2000000000"],
            "shares": "44721359549",
            "reserves": ["101000000000000000000", "202000000000"],
            "totalSupply": "4516857314548",
            "timestamp": TIME_MS,
            "seq": 43,
        }
    ),
    "/api/v1/history/transfers": _page(
        {
            "kind": "withdrawal",
            "symbol": "USDC",
            "token": checksum(token_address("USDC")),
            "decimals": 6,
            "amount": "25000000",
            "counterparty": "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF",
            "timestamp": TIME_MS,
            "seq": 43,
        }
    ),
    "/api/v1/pools/{symbol}/history": {
        "symbol": "ETH_USDC",
        "interval": "1h",
        "items": [
            {
                "start": TIME_MS,
                "end": TIME_MS + HOUR_MS,
                "reserves": ["100000000000000000000", "200000000000"],
                "totalSupply": "4472135954999",
                "tvl": "400000",
                "baseVolume": "50",
                "quoteVolume": "100000",
                "baseFees": "0.075",
                "quoteFees": "150",
                "trades": 80,
            }
        ],
        "seq": 43,
        "complete": True,
    },
}
