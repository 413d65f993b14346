"""Examples for the documents: requests signed for this deployment by a key that everybody knows, so
that a client's own signing can be compared with them, and what they would be answered.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from api import audit_examples, candle_examples, history_examples, order_examples
from api.examples_chain import READS as CHAIN
from api.examples_listing import LISTING
from xyk.domain import commands as cm
from xyk.domain.tokens import token_address
from xyk.domain.units import NONCE_SLOTS
from xyk.wallet.session import SignIn, session_id
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain, checksum, domain_document, message

Json = dict[str, Any]

WALLET = Wallet(bytes(31) + b"\x01")
OTHER = Wallet(bytes(31) + b"\x02").address
SECOND = 1_763_640_000  # long past, so that nobody executes an example
ETH, USDC = token_address("ETH"), token_address("USDC")
DIGEST = "0x" + "5d" * 32
HOP: Json = {
    "market": "ETH_USDC",
    "venue": "pool",
    "tokenIn": checksum(ETH),
    "tokenOut": checksum(USDC),
    "amountIn": "1000000000000000000",
    "amountOut": "1974316068",
    "fee": "3000000000000000",
}
FEES = [{"market": "ETH_USDC", "venue": "pool", "token": HOP["tokenIn"], "amount": HOP["fee"]}]

SIGN_IN = SignIn(
    domain="127.0.0.1:8000",
    uri="http://127.0.0.1:8000",
    address=WALLET.address,
    chain_id=1,
    nonce="5d" * 16,
    issued=SECOND,
    expires=SECOND + 7 * 24 * 60 * 60,
    salt="0x" + "5a" * 32,
)
SESSION: Json = {"session": session_id(SIGN_IN.text()), "owner": checksum(WALLET.address)}
AUTH: Mapping[str, Json] = {
    "ChallengeRequest": {"address": checksum(WALLET.address)},
    "ChallengeView": {
        "nonce": SIGN_IN.nonce,
        "message": SIGN_IN.text(),
        "expiresAt": (SECOND + 300) * 1000,
    },
    "SignInRequest": {
        "nonce": SIGN_IN.nonce,
        "signature": WALLET.sign_text(SIGN_IN.text()),
    },
    "TokensView": {
        "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d",
        "tokenType": "Bearer",
        "expiresAt": (SECOND + 900) * 1000,
        "refreshToken": "XV1d" * 32,
        "sessionExpiresAt": SIGN_IN.expires * 1000,
        **SESSION,
    },
    "RefreshRequest": {"refreshToken": "XV1d" * 32},
    "SignOutRequest": {"refreshToken": "XV1d" * 32},
    "SignedOutView": SESSION,
}

# Field by field; the fields of one name mean the same in every action.
_VALUES: Mapping[str, Any] = {
    "owner": WALLET.address,
    "token_in": ETH,
    "token_out": USDC,
    "token_a": ETH,
    "token_b": USDC,
    "amount_in": 10**18,
    "min_amount_out": 1_964_444_487,
    "amount_out": 1_974_316_068,
    "max_amount_in": 1_005 * 10**15,
    "amount_a_desired": 10**18,
    "amount_b_desired": 2_000 * 10**6,
    "amount_a_min": 995 * 10**15,
    "amount_b_min": 1_990 * 10**6,
    "liquidity": 44_721_359_549,
    "sell_token": USDC,
    "buy_token": ETH,
    "sell_amount": 398_020_000,
    "buy_amount": 2 * 10**17,
    "time_in_force": "GTC",
    "post_only": False,
    "self_trade_prevention": "",
    "trigger_price": 0,
    "trigger_above": False,
    "client_id": 7,
    "expires": 0,
    "order": "0x" + "4e" * 32,
    "order_id": "40",
    "timeout_seconds": 60,
    "token": USDC,
    "amount": 25 * 10**6,
    "recipient": OTHER,
    "agent": OTHER,
    "operator": OTHER,
    "public_key": "0x" + "03" * 32,
    "valid_until": SECOND + 30 * 24 * 60 * 60,
    "symbol": "DOGE",
    "decimals": 8,
    "base": "DOGE",
    "quote": "USDC",
    "market": "ETH_USDC",
    "status": "paused",
    "tick_size": 10_000,
    "lot_size": 10**14,
    "maker_fee_bps": 2,
    "taker_fee_bps": 5,
    "pool_fee_bps": 30,
    "book": True,
    "nonce": SECOND * NONCE_SLOTS,
    "deadline": SECOND + 60,
}

QUOTE: Json = {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": HOP["amountIn"], "slippageBps": 50}
QUOTED: Json = {
    "amountIn": HOP["amountIn"],
    "amountOut": HOP["amountOut"],
    "minAmountOut": "1964444487",
    "executionPrice": "1974.316068",
    "spotPrice": "2000",
    "worstPrice": "1954.8",
    "priceImpactBps": 99,
    "fee": HOP["fee"],
    "fees": FEES,
    "route": [HOP],
    "seq": 42,
    "expiresAt": SECOND * 1000 + 30_000,
}
FAUCET: Json = {"owner": WALLET.address, "token": "USDC", "amount": "1000000000"}
PROBLEM: Json = {
    "code": "INSUFFICIENT_FUNDS",
    "message": "Needs 1000000000000000000 base units of ETH, 0 are available",
}
_SHARES: Json = {
    "pool": "ETH_USDC",
    "shares": "44721359549",
    "amounts": ["1000000000000000000", "2000000000"],
    "shareOfPool": "0.01",
}
_TICK: Json = {"minPrice": "0.01", "maxPrice": None, "tickSize": "0.01"}
_LOT: Json = {"minQuantity": "0.0001", "maxQuantity": None, "stepSize": "0.0001"}
_MARKET: Json = {
    "symbol": "ETH_USDC",
    "baseSymbol": "ETH",
    "quoteSymbol": "USDC",
    "marketType": "SPOT",
    "filters": {"price": _TICK, "quantity": _LOT},
    "orderBookState": "Open",
    "createdAt": "2025-11-20T12:00:00.000000",
    "visible": True,
    "makerFeeBps": 2,
    "takerFeeBps": 5,
    "poolFeeBps": 30,
    "book": True,
    "pool": True,
}
_POOL: Json = {
    "symbol": "ETH_USDC",
    "tokens": [checksum(ETH), checksum(USDC)],
    "reserves": ["100000000000000000000", "200000000000"],
    "k": "20000000000000000000000000000000",
    "totalSupply": "4472135954999",
    "protocolShares": "0",
    "liquidityToken": checksum(token_address("LP:ETH_USDC")),
    "feeBps": 30,
    "status": "open",
    "dormant": False,
    "spotPrice": "2000",
    "inverseSpotPrice": "0.0005",
    "twap": "1999.5",
    "twapSeconds": 3600,
    "baseVolume24h": "50",
    "quoteVolume24h": "100000",
    "baseFees24h": "0.075",
    "quoteFees24h": "150",
    "trades24h": 80,
    "tvl": "400000",
    "apr": "0.27375",
    "seq": 42,
}
_ASSET_TOKEN: Json = {
    "displayName": "ETH",
    "blockchain": "Ethereum",
    "contractAddress": checksum(ETH),
    "depositEnabled": True,
    "minimumDeposit": "0.000000000000000001",
    "withdrawEnabled": True,
    "minimumWithdrawal": "0.000000000000000001",
    "maximumWithdrawal": None,
    "withdrawalFee": "0",
    "nativeDecimals": 18,
}
_BALANCE: Json = {
    "symbol": "USDC",
    "token": checksum(USDC),
    "decimals": 6,
    "available": "1000000000",
    "locked": "0",
}
_ORDER_FIELDS: Json = {
    "id": "43",
    "clientId": 7,
    "createdAt": SECOND * 1000,
    "symbol": "ETH_USDC",
    "side": "Bid",
    "orderType": "Limit",
    "timeInForce": "GTC",
    "selfTradePrevention": "RejectTaker",
    "status": "PartiallyFilled",
    "price": "1990.1",
    "quantity": "0.2",
    "executedQuantity": "0.05",
    "executedQuoteQuantity": "99.5",
    "postOnly": False,
    "triggerBy": None,
    "triggerPrice": None,
    "triggerQuantity": None,
    "triggerAbove": None,
    "triggeredAt": None,
    "expiryReason": None,
    "owner": checksum(WALLET.address),
    "expires": None,
    "reduceOnly": None,
    "relatedOrderId": None,
    "strategyId": None,
}
_ORDER: Json = {**_ORDER_FIELDS, "digest": DIGEST, "seq": 43}
_FILL: Json = {
    "symbol": "ETH_USDC",
    "venue": "book",
    "side": "Bid",
    "tradeId": 12,
    "price": "1990",
    "quantity": "0.05",
    "quoteQuantity": "99.5",
    "fee": "0.000025",
    "feeSymbol": "ETH",
    "makerOrderId": "40",
}
_TICKER: Json = {
    "symbol": "ETH_USDC",
    "firstPrice": "2000",
    "lastPrice": "1975",
    "high": "2011.5",
    "low": "1968.25",
    "priceChange": "-25",
    "priceChangePercent": "-0.0125",
    "volume": "50",
    "quoteVolume": "99400",
    "trades": "80",
}
_TRADE: Json = {
    "id": 80,
    "price": "1975",
    "quantity": "0.05",
    "quoteQuantity": "98.75",
    "timestamp": SECOND * 1000,
    "isBuyerMaker": True,
}
# What a read answers, by its path.
READS: Mapping[str, Any] = {
    **audit_examples.READS,
    **candle_examples.READS,
    **order_examples.READS,
    **history_examples.reads(_ORDER),
    "/healthz": {"status": "live"},
    "/readyz": {"status": "ready"},
    "/api/v1/assets": [
        {"symbol": "ETH", "displayName": "ETH", "coingeckoId": None, "tokens": [_ASSET_TOKEN]}
    ],
    "/api/v1/markets": [_MARKET],
    "/api/v1/market": _MARKET,
    "/api/v1/bbo/{symbol}": {
        "symbol": "ETH_USDC",
        "bidPrice": "1993.55",
        "bidQuantity": "0.0113",
        "askPrice": "2006.55",
        "askQuantity": "0.0132",
        "seq": 42,
        "timestamp": SECOND * 1000,
    },
    "/api/v1/depth": {
        "asks": [["2006.55", "0.0132"], ["2007.2", "0.0162"]],
        "bids": [["1992.9", "0.0163"], ["1993.55", "0.0113"]],
        "lastUpdateId": "1763640000123",
        "timestamp": SECOND * 1_000_000,
        "seq": 42,
    },
    "/api/v1/ticker": _TICKER,
    "/api/v1/tickers": [_TICKER],
    **{path: [_TRADE] for path in ("/api/v1/trades", "/api/v1/trades/history")},
    "/api/v1/securities": [],
    "/api/v1/wallets": [{"blockchain": "Ethereum", "address": checksum(OTHER)}],
    **dict.fromkeys(("/api/v1/order", "/api/v1/order/{order_id}"), _ORDER),
    "/api/v1/orders": [_ORDER],
    "/api/v1/pools": [_POOL],
    "/api/v1/pools/{symbol}": _POOL,
    "/api/v1/pools/{symbol}/positions/{owner}": {
        **_SHARES,
        "owner": checksum(WALLET.address),
        "feesEarned": ["1500000000000000", "3000000"],
        "seq": 42,
    },
    "/api/v1/accounts/{owner}": {
        "owner": checksum(WALLET.address),
        "balances": [_BALANCE],
        "positions": [_SHARES],
        "agents": [{"agent": checksum(OTHER), "validUntil": SECOND, "revoked": False}],
        "apiKeys": [{"publicKey": "0x" + "03" * 32, "validUntil": SECOND, "revoked": False}],
        "seq": 42,
    },
    "/api/v1/status": {
        "status": "Ok",
        "message": None,
        "seq": 42,
        "hash": "a1" * 32,
        "stateDigest": {"seq": 40, "digest": "b2" * 32},
        "version": "0.1.0",
        "sandbox": True,
        "operator": checksum(OTHER),
        "liabilities": {"seq": 40, "root": audit_examples.ROOT["root"]},
    },
    "/api/v1/ping": "pong",
    "/api/v1/time": str(SECOND * 1000),
    "/api/v1/domain": domain_document(Domain("0x" + "07" * 32)),
    **LISTING,
    **CHAIN,
}


def action(kind: type) -> Any:
    """An example of a signed action."""
    return kind(**{field.name: _VALUES[field.name] for field in msgspec.structs.fields(kind)})


def signed(domain: Domain, kind: type) -> Json:
    """The body of its route."""
    example = action(kind)
    return {"action": message(example), "signature": WALLET.sign(domain, example)}


def receipt(kind: type) -> Json:
    """What its route answers."""
    base: Json = {"seq": 43, "timestamp": SECOND * 1000, "digest": DIGEST, "events": _events(kind)}
    return {**base, **_SUMMARIES.get(kind, {})}


def _events(kind: type) -> list[Json]:
    nonce = {"type": "NonceUsed", "signer": checksum(WALLET.address), "nonce": _VALUES["nonce"]}
    return [] if kind is cm.FaucetDeposit else [nonce]


_SWAP: Json = {
    "amountIn": HOP["amountIn"],
    "amountOut": HOP["amountOut"],
    "fee": HOP["fee"],
    "fees": FEES,
    "route": [HOP],
    "dust": [],
}
_LIQUIDITY: Json = {
    "amountA": "1000000000000000000",
    "amountB": "2000000000",
    "liquidity": "44721359549",
    "pool": "ETH_USDC",
}
_GONE: Json = {"status": "Cancelled", "expiryReason": "UserCancelled"}
_ORDER_SUMMARY: Json = {**_ORDER_FIELDS, "order": _ORDER, "fills": [_FILL]}
_SUMMARIES: Mapping[type, Json] = {
    cm.PlaceOrder: _ORDER_SUMMARY,
    cm.ReplaceOrder: _ORDER_SUMMARY,
    cm.CancelOrder: {**_ORDER_FIELDS, **_GONE, "order": {**_ORDER, **_GONE}, "fills": []},
    cm.CancelAllOrders: {"orders": [{**_ORDER, "status": "Cancelled"}]},
    cm.CancelAllAfter: {"market": "ETH_USDC", "firesAt": SECOND * 1000 + 60_000},
    cm.SwapExactIn: _SWAP,
    cm.SwapExactOut: _SWAP,
    cm.AddLiquidity: _LIQUIDITY,
    cm.RemoveLiquidity: _LIQUIDITY,
    cm.Withdraw: {
        "token": checksum(USDC),
        "amount": "25000000",
        "recipient": checksum(OTHER),
        "status": "confirmed",
    },
}
