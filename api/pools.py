"""Pools and the positions in them, with what the read tables know of the last 24 hours."""

from typing import Any

from litestar import Response, get

from api.markets import json_response
from api.problems import Refused, malformed
from api.services import Services
from api.views import address, token_of
from xyk.domain.decimals import significant, whole_tokens
from xyk.domain.market import Market, shares_symbol
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import parse_hex
from xyk.exchange.quote import burn_value, spot_price
from xyk.exchange.state import State
from xyk.storage.history import PoolDay

WINDOW_S = 3_600  # of the TWAP where none is named
WINDOW_S_MAX = 86_400
DAYS_A_YEAR = 365
UQ112 = 2**112

View = dict[str, Any]


@get("/api/v1/pools", summary="All pools", tags=["pools"])
async def get_pools(services: Services, window: str = str(WINDOW_S)) -> Response[bytes]:
    """`window`: seconds that the TWAP covers, 1 to 86,400."""
    window_s = _window(window)
    markets = tuple(services.state.markets.values())
    days = [await services.history.pool_24h(one.symbol, services.now_ms()) for one in markets]
    views = [
        pool_view(services.state, market, day, window_s, services.now_ms())
        for market, day in zip(markets, days, strict=True)
    ]
    return json_response(await services.committed(views))


@get("/api/v1/pools/{symbol:str}", summary="One pool", tags=["pools"])
async def get_pool(services: Services, symbol: str, window: str = str(WINDOW_S)) -> Response[bytes]:
    """`window`: seconds that the TWAP covers, 1 to 86,400."""
    window_s = _window(window)
    market = await _market(services, symbol)
    day = await services.history.pool_24h(symbol, services.now_ms())
    view = pool_view(services.state, market, day, window_s, services.now_ms())
    return json_response(await services.committed(view))


@get("/api/v1/pools/{symbol:str}/positions/{owner:str}", summary="A position", tags=["pools"])
async def get_position(services: Services, symbol: str, owner: str) -> Response[bytes]:
    """Shares now; fees earned are as of the read tables, which trail by a moment."""
    holder = parse_owner(owner)
    market = await _market(services, symbol)
    earned = await services.history.position(holder, symbol)
    view = position_view(services.state, market, holder)
    fees = (earned.base_fees_earned, earned.quote_fees_earned) if earned else (0, 0)
    view["feesEarned"] = [str(fee) for fee in fees]
    return json_response(await services.committed(view))


def parse_owner(text: str) -> str:
    """The address in a path; raises Refused."""
    try:
        return parse_hex(text, 20)
    except ValueError as fault:
        raise Refused(malformed(f"{fault} - at `owner`")) from None


def pool_view(state: State, market: Market, day: PoolDay, window_s: int, now_ms: int) -> View:
    """Reserves and supply in base units; prices, volumes, fees and TVL in whole tokens.

    `apr` is the last 24 hours' fees times 365 over the TVL, as a fraction.
    """
    pool = state.pools[market.symbol]
    base_decimals = state.assets[market.base].decimals
    quote_decimals = state.assets[market.quote].decimals
    spot = spot_price(state, market)
    tvl = 2 * pool.reserve_quote
    fees = day.quote_fees
    if pool.reserve_base:
        fees += day.base_fees * pool.reserve_quote // pool.reserve_base
    average = pool.twap(max(now_ms // 1000, pool.last_s), window_s)
    return {
        "symbol": market.symbol,
        "tokens": [token_of(state, market.base), token_of(state, market.quote)],
        "reserves": [str(pool.reserve_base), str(pool.reserve_quote)],
        "totalSupply": str(pool.total_supply),
        "feeBps": pool.fee_bps,
        "status": market.status,
        "dormant": pool.is_dormant(market.lot_size, market.book),
        "spotPrice": significant(*spot) if spot else None,
        "inverseSpotPrice": significant(*spot[::-1]) if spot else None,
        "twap": None
        if average is None
        else significant(average[0] * 10**base_decimals, UQ112 * 10**quote_decimals),
        "twapSeconds": 0 if average is None else average[1],
        "baseVolume24h": whole_tokens(day.base_volume, base_decimals),
        "quoteVolume24h": whole_tokens(day.quote_volume, quote_decimals),
        "baseFees24h": whole_tokens(day.base_fees, base_decimals),
        "quoteFees24h": whole_tokens(day.quote_fees, quote_decimals),
        "trades24h": day.swaps,
        "tvl": whole_tokens(tvl, quote_decimals),
        "apr": significant(fees * DAYS_A_YEAR, tvl, 6) if tvl else "0",
        "liquidityToken": token_of(state, shares_symbol(market.symbol)),
        "seq": state.seq,
    }


def position_view(state: State, market: Market, owner: str) -> View:
    """`amounts`: what RemoveLiquidity of all shares would pay now, [base, quote] in base units."""
    pool = state.pools[market.symbol]
    shares = state.ledger.available(owner, shares_symbol(market.symbol))
    return {
        "owner": address(owner),
        "pool": market.symbol,
        "shares": str(shares),
        "amounts": [str(amount) for amount in burn_value(state, market.symbol, shares)],
        "shareOfPool": significant(shares, pool.total_supply) if pool.total_supply else "0",
    }


async def _market(services: Services, symbol: str) -> Market:
    market = services.state.markets.get(symbol)
    if market is None:
        refused = Rejected(
            Code.POOL_NOT_FOUND, f"No pool {symbol[:40]!r}; GET /api/v1/pools lists them"
        )
        raise Refused(await services.committed(refused))
    return market


def _window(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= WINDOW_S_MAX:
        return int(text[:9])
    raise Refused(malformed(f"Expected a number of seconds from 1 to {WINDOW_S_MAX} - at `window`"))
