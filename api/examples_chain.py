"""Examples of what is answered of real chains, for the documents: mainnet's WETH and USDC."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
PAIR = "0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc"
AT: Json = {"block": 23_840_000, "blockHash": "0x" + "b1" * 32, "ageMs": 4_200}
_DEPLOYMENT: Json = {
    "name": "mainnet",
    "chainId": 1,
    "coin": "ETH",
    "wrapped": WETH,
    "factory": "0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f",
    "router": "0x7a250d5630b4cf539739df2c5dacb4c659f2488d",
    "feeBps": 30,
    "confirmations": 12,
    "status": "live",
    "reason": None,
    "pairs": 1,
    "unusable": [],
    **AT,
}
_PAIR: Json = {
    "symbol": "WETH_USDC",
    "address": PAIR,
    "base": "WETH",
    "quote": "USDC",
    "token0": {"address": USDC, "symbol": "USDC", "decimals": 6},
    "token1": {"address": WETH, "symbol": "WETH", "decimals": 18},
    "reserves": ["20000000000000", "10000000000000000000000"],
    "spotPrice": "2000",
    **AT,
}
TX = "0x" + "7a" * 32
WALLET = "0x" + "a1" * 20
_PENDING: Json = {
    "hash": TX,
    "status": "pending",
    "from": WALLET,
    "nonce": 7,
    "to": "0x7a250d5630b4cf539739df2c5dacb4c659f2488d",
    "kind": "sell",
    "recipient": WALLET,
    "foreignRecipient": False,
    "deadline": 1_763_719_200,
    "block": None,
    "blockHash": None,
    "confirmations": 0,
    "isFinal": False,
    "gasUsed": None,
    "effectiveGasPrice": None,
    "amounts": None,
    "reason": None,
    "replacedBy": None,
    "head": 23_840_000,
    "ageMs": 4_200,
}
_MINED: Json = {
    **_PENDING,
    "status": "mined",
    "block": 23_839_998,
    "blockHash": "0x" + "b1" * 32,
    "confirmations": 2,
    "gasUsed": 112_404,
    "effectiveGasPrice": "1200000000",
    "amounts": {
        "type": "swap",
        "amountIn": "1000000000000000000",
        "amountOut": "1993980000",
        "hops": [
            {
                "pair": PAIR,
                "tokenIn": WETH,
                "tokenOut": USDC,
                "amountIn": "1000000000000000000",
                "amountOut": "1993980000",
            }
        ],
    },
}
QUOTE: Json = {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": "1000000000000000000"}
_HOP: Json = {
    "market": "WETH_USDC",
    "venue": "pool",
    "tokenIn": WETH,
    "tokenOut": USDC,
    "amountIn": QUOTE["amountIn"],
    "amountOut": "1993801218",
    "fee": "3000000000000000",
    "pair": PAIR,
}
QUOTED: Json = {
    "amountIn": QUOTE["amountIn"],
    "amountOut": _HOP["amountOut"],
    "minAmountOut": "1983832211",
    "executionPrice": "1993.801218",
    "spotPrice": "2000",
    "priceImpactBps": 1,
    "fee": _HOP["fee"],
    "fees": [{"market": "WETH_USDC", "venue": "pool", "token": WETH, "amount": _HOP["fee"]}],
    "route": [_HOP],
    "gas": 118_000,
    **AT,
}
# What a read answers, by its path.
READS: Mapping[str, Any] = {
    "/api/v1/chain": [_DEPLOYMENT],
    "/api/v1/chain/{deployment}/pairs": [_PAIR],
    "/api/v1/chain/{deployment}/tx/{digest}": _MINED,
    "/api/v1/chain/{deployment}/quote": QUOTED,
}
# Body and answer of each ChainPost (api/chains.py), by its path.
POSTS: dict[str, tuple[Json, Json]] = {
    "/api/v1/chain/{deployment}/quote": (QUOTE, QUOTED),
    "/api/v1/chain/{deployment}/tx/send": ({"raw": "0x02f8b101078459682f00"}, _PENDING),
}
