"""Assets and markets in the shape that the field's clients read (Backpack), with ours beside it."""

from typing import Any

import msgspec
from litestar import Response, get

from api.problems import JSON, Refused
from api.services import Services
from api.views import address, naive_time
from xyk.domain.decimals import whole_tokens
from xyk.domain.market import CANCEL_ONLY, OPEN, PAUSED, Asset, Market
from xyk.domain.rejections import Code, Rejected
from xyk.exchange.state import State

BLOCKCHAIN = "Ethereum"  # addresses have Ethereum's form; the convention's enum has no ledger
BOOK_STATES = {OPEN: "Open", CANCEL_ONLY: "CancelOnly", PAUSED: "Closed"}

_encode = msgspec.json.Encoder().encode


def json_response(view: Any) -> Response[bytes]:
    return Response(_encode(view), media_type=JSON)


@get("/api/v1/assets", summary="Assets, in order of listing", tags=["markets"])
async def get_assets(services: Services) -> Response[bytes]:
    assets = [asset for asset in services.state.assets.values() if not asset.is_shares]
    return json_response(await services.committed([asset_view(asset) for asset in assets]))


@get("/api/v1/markets", summary="Markets, in order of listing", tags=["markets"])
async def get_markets(services: Services) -> Response[bytes]:
    state = services.state
    views = [market_view(state, market) for market in state.markets.values()]
    return json_response(await services.committed(views))


@get("/api/v1/market", summary="One market", tags=["markets"])
async def get_market(services: Services, symbol: str) -> Response[bytes]:
    market = services.state.markets.get(symbol)
    if market is None:
        refused = Rejected(
            Code.INVALID_MARKET, f"No market {symbol[:40]!r}; GET /api/v1/markets lists them"
        )
        raise Refused(await services.committed(refused))
    return json_response(await services.committed(market_view(services.state, market)))


def asset_view(asset: Asset) -> dict[str, Any]:
    smallest = whole_tokens(1, asset.decimals)
    token = {
        "displayName": asset.symbol,
        "blockchain": BLOCKCHAIN,
        "contractAddress": address(asset.token),
        "depositEnabled": True,
        "minimumDeposit": smallest,
        "withdrawEnabled": True,
        "minimumWithdrawal": smallest,
        "maximumWithdrawal": None,
        "withdrawalFee": "0",
        "nativeDecimals": asset.decimals,
    }
    return {
        "symbol": asset.symbol,
        "displayName": asset.symbol,
        "coingeckoId": None,
        "tokens": [token],
    }


def market_view(state: State, market: Market) -> dict[str, Any]:
    """Prices and quantities in whole tokens; the fees are basis points."""
    tick = whole_tokens(market.tick_size, state.assets[market.quote].decimals)
    lot = whole_tokens(market.lot_size, state.assets[market.base].decimals)
    price: dict[str, Any] = {
        "minPrice": tick,
        "maxPrice": None,
        "tickSize": tick,
        "minMultiplier": None,
        "maxMultiplier": None,
        "minImpactMultiplier": None,
        "maxImpactMultiplier": None,
        "meanMarkPriceBand": None,
        "meanPremiumBand": None,
    }
    return {
        "symbol": market.symbol,
        "baseSymbol": market.base,
        "quoteSymbol": market.quote,
        "marketType": "SPOT",
        "filters": {
            "price": price,
            "quantity": {"minQuantity": lot, "maxQuantity": None, "stepSize": lot},
        },
        "imfFunction": None,
        "mmfFunction": None,
        "fundingInterval": None,
        "fundingRateUpperBound": None,
        "fundingRateLowerBound": None,
        "openInterestLimit": None,
        "orderBookState": BOOK_STATES[market.status],
        "createdAt": naive_time(market.created_ms),
        "visible": True,
        "positionLimitWeight": None,
        "rwaMarketType": None,
        "makerFeeBps": market.maker_fee_bps,
        "takerFeeBps": market.taker_fee_bps,
        "poolFeeBps": state.pools[market.symbol].fee_bps,
        "book": market.book,
        "pool": True,
    }
