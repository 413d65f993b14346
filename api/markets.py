"""Assets and markets in the shape that the field's clients read (Backpack), with ours beside it."""

from typing import Any

import msgspec
from litestar import Request, get
from litestar.params import FromQuery

from api.problems import Refused
from api.services import GivenReads, Reads
from api.views import address, naive_time
from xyk.domain.decimals import whole_tokens
from xyk.domain.market import CANCEL_ONLY, OPEN, PAUSED, Asset, Market
from xyk.domain.rejections import Code, Rejected
from xyk.exchange.state import State

BLOCKCHAIN = "Ethereum"  # addresses have Ethereum's form; the convention's enum has no ledger
SPOT = "SPOT"
BOOK_STATES = {OPEN: "Open", CANCEL_ONLY: "CancelOnly", PAUSED: "Closed"}


class View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of what reads answer."""


class TokenView(View, frozen=True, kw_only=True):
    """Quantities in whole tokens."""

    display_name: str
    blockchain: str
    contract_address: str
    deposit_enabled: bool
    minimum_deposit: str
    withdraw_enabled: bool
    minimum_withdrawal: str
    maximum_withdrawal: str | None
    withdrawal_fee: str
    native_decimals: int


class AssetView(View, frozen=True, kw_only=True):
    symbol: str
    display_name: str
    coingecko_id: str | None
    tokens: list[TokenView]


class PriceFilter(View, frozen=True, kw_only=True):
    """Quote per base in whole tokens."""

    min_price: str
    max_price: str | None
    tick_size: str
    min_multiplier: str | None = None
    max_multiplier: str | None = None
    min_impact_multiplier: str | None = None
    max_impact_multiplier: str | None = None
    mean_mark_price_band: None = None
    mean_premium_band: None = None


class QuantityFilter(View, frozen=True, kw_only=True):
    """Base in whole tokens."""

    min_quantity: str
    max_quantity: str | None
    step_size: str


class Filters(View, frozen=True, kw_only=True):
    price: PriceFilter
    quantity: QuantityFilter


class MarketView(View, frozen=True, kw_only=True):
    """A market of the convention; the fees in bps, `book` and `pool` are ours."""

    symbol: str
    base_symbol: str
    quote_symbol: str
    market_type: str
    filters: Filters
    order_book_state: str
    created_at: str
    maker_fee_bps: int
    taker_fee_bps: int
    pool_fee_bps: int
    book: bool
    pool: bool
    visible: bool = True
    imf_function: None = None
    mmf_function: None = None
    funding_interval: int | None = None
    funding_rate_upper_bound: str | None = None
    funding_rate_lower_bound: str | None = None
    open_interest_limit: str | None = None
    position_limit_weight: str | None = None
    rwa_market_type: str | None = None


@get("/api/v1/assets", summary="Assets, in order of listing", tags=["markets"])
async def get_assets(services: GivenReads) -> list[AssetView]:
    """Without pool shares; those are in accounts and positions."""
    state = services.state
    return await services.committed(
        [asset_view(state, asset) for asset in state.assets.values() if not asset.is_shares]
    )


@get("/api/v1/markets", summary="Markets, in order of listing", tags=["markets"])
async def get_markets(request: Request[Any, Any, Any], services: GivenReads) -> list[MarketView]:
    """`marketType` may be given, also several times; there are SPOT markets only."""
    state = services.state
    kinds = request.query_params.getall("marketType", [])
    shown = state.markets.values() if not kinds or SPOT in kinds else ()
    return await services.committed([market_view(state, market) for market in shown])


@get("/api/v1/market", summary="One market", tags=["markets"])
async def get_market(services: GivenReads, symbol: FromQuery[str]) -> MarketView:
    market = await market_named(services, symbol)
    return await services.committed(market_view(services.state, market))


async def market_named(services: Reads, symbol: str) -> Market:
    """Raises Refused; nothing is awaited where there is such a market."""
    market = services.state.markets.get(symbol)
    if market is None:
        refused = Rejected(
            Code.INVALID_MARKET, f"No market {symbol[:40]!r}; GET /api/v1/markets lists them"
        )
        raise Refused(await services.committed(refused))
    return market


def asset_view(state: State, asset: Asset) -> AssetView:
    smallest = whole_tokens(1, asset.decimals)
    token = TokenView(
        display_name=asset.symbol,
        blockchain=BLOCKCHAIN,
        contract_address=address(asset.token),
        deposit_enabled=state.sandbox or bool(state.chain_id),
        minimum_deposit=smallest,
        withdraw_enabled=True,
        minimum_withdrawal=smallest,
        maximum_withdrawal=None,
        withdrawal_fee="0",
        native_decimals=asset.decimals,
    )
    return AssetView(
        symbol=asset.symbol, display_name=asset.symbol, coingecko_id=None, tokens=[token]
    )


def market_view(state: State, market: Market) -> MarketView:
    tick = whole_tokens(market.tick_size, state.assets[market.quote].decimals)
    lot = whole_tokens(market.lot_size, state.assets[market.base].decimals)
    return MarketView(
        symbol=market.symbol,
        base_symbol=market.base,
        quote_symbol=market.quote,
        market_type=SPOT,
        filters=Filters(
            price=PriceFilter(min_price=tick, max_price=None, tick_size=tick),
            quantity=QuantityFilter(min_quantity=lot, max_quantity=None, step_size=lot),
        ),
        order_book_state=BOOK_STATES[market.status],
        created_at=naive_time(market.created_ms),
        maker_fee_bps=market.maker_fee_bps,
        taker_fee_bps=market.taker_fee_bps,
        pool_fee_bps=state.pools[market.symbol].fee_bps,
        book=market.book,
        pool=market.symbol in state.pools,
    )
