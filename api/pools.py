"""Pools and the positions in them, with the last 24 hours as the streams know them."""

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from api.day import Day
from api.feed import Feed
from api.markets import View
from api.problems import Refused, malformed
from api.services import Given, GivenReads, Reads
from api.views import address, token_of
from api.visibility import GivenVisitor
from xyk.domain.decimals import significant, whole_tokens
from xyk.domain.market import Market, shares_symbol
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import parse_hex
from xyk.exchange.liquidity import protocol_shares
from xyk.exchange.quote import burn_value, spot_price
from xyk.exchange.state import State

WINDOW_S = 3_600  # of the TWAP where none is named
WINDOW_S_MAX = 86_400
DAYS_A_YEAR = 365
RATE_DIGITS = 6  # significant ones of an APR, which is an estimate anyway
UQ112 = 2**112

GivenFeed = NamedDependency[Feed]


class PoolView(View, frozen=True, kw_only=True):
    """Pairs are [base, quote]. Reserves, k and supply in base units; prices, volumes, fees and TVL
    in whole tokens.

    `spotPrice` is quote per base by the reserves, without the fee; `twap` its average over
    `twapSeconds`, less than the window while the pool is young. `tvl` values both reserves in
    quote. `apr`: the fees of 24 hours, valued in quote, times 365 over the TVL; "0.1" is 10 % a
    year. `dormant`: nothing is traded with it, it is empty or too small beside a book. Only a pool
    on a chain may have a `totalSupply` that is not known yet, null. `protocolShares`: what V2's
    protocol fee would mint before liquidity moved now, so that deposits and withdrawals can be
    computed to the unit; "0" while it is off, and of a pool on a chain.
    """

    symbol: str
    tokens: tuple[str, str]
    reserves: tuple[str, str]
    k: str
    total_supply: str | None
    protocol_shares: str
    liquidity_token: str
    fee_bps: int
    status: str
    dormant: bool
    spot_price: str | None
    inverse_spot_price: str | None
    twap: str | None
    twap_seconds: int
    base_volume_24h: str = msgspec.field(name="baseVolume24h")
    quote_volume_24h: str = msgspec.field(name="quoteVolume24h")
    base_fees_24h: str = msgspec.field(name="baseFees24h")
    quote_fees_24h: str = msgspec.field(name="quoteFees24h")
    trades_24h: int = msgspec.field(name="trades24h")
    tvl: str
    apr: str
    seq: int


class SharesView(View, frozen=True, kw_only=True):
    """`shares` of the pool in base units; `amounts`: what removing them all would pay now, [base,
    quote] in base units; `shareOfPool` "0.25" is a quarter.
    """

    pool: str
    shares: str
    amounts: tuple[str, str]
    share_of_pool: str


class PositionView(SharesView, frozen=True, kw_only=True):
    """`feesEarned`, [base, quote] in base units: what fees made of the owner's shares, those taken
    out already included. It is as of the read tables, which trail by a moment.
    """

    owner: str
    fees_earned: tuple[str, str]
    seq: int


@get("/api/v1/pools", summary="All pools", tags=["pools"])
async def get_pools(
    services: GivenReads,
    feed: GivenFeed,
    window: FromQuery[str] = str(WINDOW_S),
) -> list[PoolView]:
    """`window`: seconds that the TWAP covers, 1 to 86,400."""
    window_s = _window(window)
    return await services.committed(
        [pool_view(services, feed, market, window_s) for market in services.state.markets.values()]
    )


@get("/api/v1/pools/{symbol:str}", summary="One pool", tags=["pools"])
async def get_pool(
    services: GivenReads,
    feed: GivenFeed,
    symbol: FromPath[str],
    window: FromQuery[str] = str(WINDOW_S),
) -> PoolView:
    """`window`: seconds that the TWAP covers, 1 to 86,400."""
    window_s = _window(window)
    market = await pool_named(services, symbol)
    return await services.committed(pool_view(services, feed, market, window_s))


@get("/api/v1/pools/{symbol:str}/positions/{owner:str}", summary="A position", tags=["pools"])
async def get_position(
    services: Given, visitor: GivenVisitor, symbol: FromPath[str], owner: FromPath[str]
) -> PositionView:
    """Zeros where the owner has no shares."""
    holder = parse_owner(owner)
    await visitor.may_read(holder)
    market = await pool_named(services, symbol)
    earned = await services.history.position(holder, symbol)
    fees = (earned.base_fees_earned, earned.quote_fees_earned) if earned else (0, 0)
    state = services.state
    shares = shares_view(state, market, holder)
    return await services.committed(
        PositionView(
            pool=shares.pool,
            shares=shares.shares,
            amounts=shares.amounts,
            share_of_pool=shares.share_of_pool,
            owner=address(holder),
            fees_earned=(str(fees[0]), str(fees[1])),
            seq=state.seq,
        )
    )


def parse_owner(text: str) -> str:
    """The address in a path, in lower case; raises Refused."""
    try:
        return parse_hex(text, 20)
    except ValueError as fault:
        raise Refused(malformed(f"{fault} - at `owner`")) from None


def pool_view(services: Reads, feed: Feed, market: Market, window_s: int) -> PoolView:
    state, now_ms = services.state, services.now_ms()
    pool = state.pools[market.symbol]
    base_decimals = state.assets[market.base].decimals
    quote_decimals = state.assets[market.quote].decimals
    known = feed.markets.get(market.symbol)
    day = known.day if known else Day()  # listed by an entry that is not committed yet
    day.expire(now_ms)
    spot = spot_price(state, market)
    average = pool.twap(now_ms // 1000, window_s)
    return PoolView(
        symbol=market.symbol,
        tokens=(token_of(state, market.base), token_of(state, market.quote)),
        reserves=(str(pool.reserve_base), str(pool.reserve_quote)),
        k=str(pool.reserve_base * pool.reserve_quote),
        total_supply=_supply(pool.total_supply, pool.reserve_base),
        protocol_shares=str(protocol_shares(state, pool)),
        liquidity_token=token_of(state, shares_symbol(market.symbol)),
        fee_bps=pool.fee_bps,
        status=market.status,
        dormant=pool.is_dormant(market.lot_size, market.book),
        spot_price=significant(*spot) if spot else None,
        inverse_spot_price=significant(*spot[::-1]) if spot else None,
        twap=significant(average[0] * 10**base_decimals, UQ112 * 10**quote_decimals)
        if average
        else None,
        twap_seconds=average[1] if average else 0,
        base_volume_24h=whole_tokens(day.base_volume, base_decimals),
        quote_volume_24h=whole_tokens(day.quote_volume, quote_decimals),
        base_fees_24h=whole_tokens(day.base_fees, base_decimals),
        quote_fees_24h=whole_tokens(day.quote_fees, quote_decimals),
        trades_24h=day.trades,
        tvl=whole_tokens(2 * pool.reserve_quote, quote_decimals),
        apr=_apr(day, pool.reserve_base, pool.reserve_quote),
        seq=state.seq,
    )


def shares_view(state: State, market: Market, owner: str) -> SharesView:
    symbol = shares_symbol(market.symbol)
    shares = state.ledger.available(owner, symbol) + state.ledger.held(owner, symbol)
    base, quote = burn_value(state, market.symbol, shares)
    supply = state.pools[market.symbol].total_supply
    return SharesView(
        pool=market.symbol,
        shares=str(shares),
        amounts=(str(base), str(quote)),
        share_of_pool=significant(shares, supply) if supply else "0",
    )


async def pool_named(services: Reads, symbol: str) -> Market:
    market = services.state.markets.get(symbol)
    if market is None:
        refused = Rejected(
            Code.POOL_NOT_FOUND, f"No pool {symbol[:40]!r}; GET /api/v1/pools lists them"
        )
        raise Refused(await services.committed(refused))
    return market


def _apr(day: Day, base: int, quote: int) -> str:
    """(quote fees + base fees * quote / base) * 365 / (2 * quote), over one denominator."""
    if not (base and quote):
        return "0"
    fees = day.quote_fees * base + day.base_fees * quote
    return significant(fees * DAYS_A_YEAR, 2 * quote * base, RATE_DIGITS)


def _supply(total_supply: int, reserve_base: int) -> str | None:
    return None if reserve_base and not total_supply else str(total_supply)


def _window(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= WINDOW_S_MAX:
        return int(text)
    raise Refused(malformed(f"Expected a number of seconds from 1 to {WINDOW_S_MAX} - at `window`"))
