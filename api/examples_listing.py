"""Examples of what the listing endpoints answer, by path."""

from collections.abc import Mapping
from typing import Any

from xyk.domain.tokens import token_address
from xyk.wallet.typed_data import checksum

TIME_MS = 1_763_640_000_000
ETH, USDC = (checksum(token_address(symbol)) for symbol in ("ETH", "USDC"))
PAIR = f"{ETH}_{USDC}"
OWNER = checksum("0x" + "5e" * 20)

_BIDS = [["1993.55", "0.0113"], ["1992.9", "0.0163"]]
_ASKS = [["2006.55", "0.0132"], ["2007.2", "0.0162"]]
_BLOCK = {"blockNumber": 42, "blockTimestamp": TIME_MS // 1000}
_EVENT = {
    "block": _BLOCK,
    "eventType": "swap",
    "txnId": "42",
    "txnIndex": 0,
    "eventIndex": 1,
    "maker": OWNER,
    "pairId": "ETH_USDC",
    "reserves": {"asset0": "101", "asset1": "198025.683932"},
    "asset0In": "1",
    "asset1Out": "1974.316068",
    "priceNative": "1974.316068",
}
_TRADE = {
    "trade_id": 80,
    "price": "1975",
    "base_volume": "0.05",
    "target_volume": "98.75",
    "trade_timestamp": TIME_MS,
    "type": "sell",
}

LISTING: Mapping[str, Any] = {
    "/listing/coingecko/pairs": [
        {"ticker_id": PAIR, "base": ETH, "target": USDC, "pool_id": "ETH_USDC"}
    ],
    "/listing/coingecko/tickers": [
        {
            "ticker_id": PAIR,
            "base_currency": ETH,
            "target_currency": USDC,
            "pool_id": "ETH_USDC",
            "last_price": "1975",
            "base_volume": "50",
            "target_volume": "99400",
            "bid": "1993.55",
            "ask": "2006.55",
            "high": "2011.5",
            "low": "1968.25",
            "liquidity_in_usd": "400000",
        }
    ],
    "/listing/coingecko/orderbook": {
        "ticker_id": PAIR,
        "timestamp": TIME_MS,
        "bids": _BIDS,
        "asks": _ASKS,
    },
    "/listing/coingecko/historical_trades": {"buy": [], "sell": [_TRADE]},
    "/listing/coinmarketcap/summary": [
        {
            "trading_pairs": "ETH_USDC",
            "base_currency": "ETH",
            "quote_currency": "USDC",
            "last_price": "1975",
            "lowest_ask": "2006.55",
            "highest_bid": "1993.55",
            "base_volume": "50",
            "quote_volume": "99400",
            "price_change_percent_24h": "-1.25",
            "highest_price_24h": "2011.5",
            "lowest_price_24h": "1968.25",
        }
    ],
    "/listing/coinmarketcap/assets": {
        "ETH": {
            "name": "ETH",
            "unified_cryptoasset_id": None,
            "can_withdraw": "true",
            "can_deposit": "true",
            "min_withdraw": "0.000000000000000001",
            "maker_fee": "0.0002",
            "taker_fee": "0.003",
        }
    },
    "/listing/coinmarketcap/ticker": {
        "ETH_USDC": {
            "base_id": None,
            "quote_id": None,
            "last_price": "1975",
            "base_volume": "50",
            "quote_volume": "99400",
            "isFrozen": "0",
        }
    },
    "/listing/coinmarketcap/orderbook/{pair}": {
        "timestamp": TIME_MS,
        "bids": _BIDS,
        "asks": _ASKS,
    },
    "/listing/coinmarketcap/trades/{pair}": [
        {
            "trade_id": 80,
            "price": "1975",
            "base_volume": "0.05",
            "quote_volume": "98.75",
            "timestamp": TIME_MS,
            "type": "sell",
        }
    ],
    "/listing/geckoterminal/latest-block": {"block": _BLOCK},
    "/listing/geckoterminal/asset": {
        "asset": {
            "id": ETH,
            "name": "ETH",
            "symbol": "ETH",
            "decimals": 18,
            "totalSupply": "1100",
            "circulatingSupply": "1100",
        }
    },
    "/listing/geckoterminal/pair": {
        "pair": {
            "id": "ETH_USDC",
            "dexKey": "xyk",
            "asset0Id": ETH,
            "asset1Id": USDC,
            "createdAtBlockTimestamp": TIME_MS // 1000,
            "feeBps": 30,
        }
    },
    "/listing/geckoterminal/events": {"events": [_EVENT]},
}
