"""Markets in the form that CoinMarketCap reads from exchanges: by symbols, and without pages."""

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from api.day import DAY_MS
from api.depth_stream import PriceLevel
from api.feed import Feed
from api.listing import BUY, SELL, best_first, named_market, summaries
from api.problems import Refused
from api.query import LIMIT_MAX, whole_number
from api.services import Given
from api.trades import trade_view, trades_between
from xyk.domain.decimals import base_units, half_even, whole_tokens
from xyk.domain.market import OPEN, Asset
from xyk.domain.rejections import Rejected
from xyk.domain.units import BPS
from xyk.exchange.state import State

PERCENT_PLACES = 4
TAG = "listing"
PATH = "/listing/coinmarketcap"

GivenFeed = NamedDependency[Feed]


class CmcSummary(msgspec.Struct, frozen=True):
    """24 hours; the change in percent. Null where there is no price or no offer."""

    trading_pairs: str
    base_currency: str
    quote_currency: str
    last_price: str | None
    lowest_ask: str | None
    highest_bid: str | None
    base_volume: str
    quote_volume: str
    price_change_percent_24h: str | None
    highest_price_24h: str | None
    lowest_price_24h: str | None


class CmcAsset(msgspec.Struct, frozen=True):
    """Fees as fractions, the highest of any market of the asset: "0.003" is 0.3 %."""

    name: str
    unified_cryptoasset_id: int | None
    can_withdraw: str
    can_deposit: str
    min_withdraw: str
    maker_fee: str
    taker_fee: str


class CmcTicker(msgspec.Struct, frozen=True):
    """`isFrozen`: "1" while the market is not open."""

    base_id: int | None
    quote_id: int | None
    last_price: str | None
    base_volume: str
    quote_volume: str
    is_frozen: str = msgspec.field(name="isFrozen")


class CmcBook(msgspec.Struct, frozen=True):
    """[price, quantity], best first; `timestamp` in ms."""

    timestamp: int
    bids: list[PriceLevel]
    asks: list[PriceLevel]


class CmcTrade(msgspec.Struct, frozen=True):
    """`timestamp` in ms; `type` buy or sell, as the taker did."""

    trade_id: int
    price: str
    base_volume: str
    quote_volume: str
    timestamp: int
    type: str


@get(f"{PATH}/summary", summary="CoinMarketCap: all markets", tags=[TAG])
async def get_cmc_summary(services: Given, feed: GivenFeed) -> list[CmcSummary]:
    views = []
    for one in summaries(services, feed):
        ticker = one.ticker
        views.append(
            CmcSummary(
                trading_pairs=one.market.symbol,
                base_currency=one.market.base,
                quote_currency=one.market.quote,
                last_price=ticker.last_price if ticker else None,
                lowest_ask=one.ask,
                highest_bid=one.bid,
                base_volume=ticker.volume if ticker else "0",
                quote_volume=ticker.quote_volume if ticker else "0",
                price_change_percent_24h=(
                    _percent(ticker.first_price, ticker.last_price) if ticker else None
                ),
                highest_price_24h=ticker.high if ticker else None,
                lowest_price_24h=ticker.low if ticker else None,
            )
        )
    return views


@get(f"{PATH}/assets", summary="CoinMarketCap: all assets, by symbol", tags=[TAG])
async def get_cmc_assets(services: Given) -> dict[str, CmcAsset]:
    state = services.state
    return await services.committed(
        {
            asset.symbol: _asset(state, asset)
            for asset in state.assets.values()
            if not asset.is_shares
        }
    )


@get(f"{PATH}/ticker", summary="CoinMarketCap: 24 hours of every market, by name", tags=[TAG])
async def get_cmc_ticker(services: Given, feed: GivenFeed) -> dict[str, CmcTicker]:
    views = {
        one.market.symbol: CmcTicker(
            base_id=None,
            quote_id=None,
            last_price=one.ticker.last_price if one.ticker else None,
            base_volume=one.ticker.volume if one.ticker else "0",
            quote_volume=one.ticker.quote_volume if one.ticker else "0",
            is_frozen="0" if one.market.status == OPEN else "1",
        )
        for one in summaries(services, feed)
    }
    return await services.committed(views)  # the status is read from the state


@get(
    f"{PATH}/orderbook/{{pair:str}}",
    summary="CoinMarketCap: order book and curve of a market",
    tags=[TAG],
)
async def get_cmc_book(
    services: Given, feed: GivenFeed, pair: FromPath[str], depth: FromQuery[str] = "0"
) -> CmcBook:
    """`depth`: levels of both sides together, 100 is 50 of each; 0 is all, at most 1,000 a side."""
    wanted = whole_number(depth, "depth", 0, 2 * LIMIT_MAX)
    if isinstance(wanted, Rejected):
        raise Refused(wanted)
    known = await named_market(services, feed, pair)
    bids, asks = best_first(known, (wanted + 1) // 2 or LIMIT_MAX)
    return CmcBook(feed.time_ms, bids, asks)


@get(
    f"{PATH}/trades/{{pair:str}}",
    summary="CoinMarketCap: the newest trades of the last 24 hours",
    tags=[TAG],
)
async def get_cmc_trades(services: Given, feed: GivenFeed, pair: FromPath[str]) -> list[CmcTrade]:
    """At most 1,000, newest first."""
    known = await named_market(services, feed, pair)
    since_ms = services.now_ms() - DAY_MS
    trades = await trades_between(services, known, LIMIT_MAX, start_ms=since_ms)
    views = [trade_view(known, trade) for trade in trades]
    return [
        CmcTrade(
            view.id,
            view.price,
            view.quantity,
            view.quote_quantity,
            view.timestamp,
            SELL if view.is_buyer_maker else BUY,
        )
        for view in views
    ]


def _asset(state: State, asset: Asset) -> CmcAsset:
    of_asset = [one for one in state.markets.values() if asset.symbol in (one.base, one.quote)]
    maker = max((one.maker_fee_bps for one in of_asset), default=0)
    taker = max(
        (max(one.taker_fee_bps, state.pools[one.symbol].fee_bps) for one in of_asset), default=0
    )
    return CmcAsset(
        name=asset.symbol,
        unified_cryptoasset_id=None,
        can_withdraw="true",
        can_deposit="true" if state.sandbox or state.chain_id else "false",
        min_withdraw=whole_tokens(1, asset.decimals),
        maker_fee=half_even(maker, BPS, 4),
        taker_fee=half_even(taker, BPS, 4),
    )


def _percent(first: str, last: str) -> str:
    places = max(len(price.partition(".")[2]) for price in (first, last))
    before, now = base_units(first, places), base_units(last, places)
    return half_even(100 * (now - before), before, PERCENT_PLACES)
