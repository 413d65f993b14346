"""The best bid and offer of a market."""

from litestar import get
from litestar.params import FromPath

from api.markets import View, market_named
from api.services import Given
from xyk.domain.decimals import whole_tokens
from xyk.domain.market import ASK, BID, Market
from xyk.exchange.curve import levels
from xyk.exchange.state import State


class BboView(View, frozen=True, kw_only=True):
    """Prices are quote per base, quantities base, both in whole tokens; null where a side is empty.
    `timestamp` is the time of entry `seq` in ms.
    """

    symbol: str
    bid_price: str | None
    bid_quantity: str | None
    ask_price: str | None
    ask_quantity: str | None
    seq: int
    timestamp: int


@get("/api/v1/bbo/{symbol:str}", summary="Best bid and offer", tags=["markets"])
async def get_bbo(services: Given, symbol: FromPath[str]) -> BboView:
    """As the first level of each side of the depth: a step of the grid on the pool's curve, its fee
    inside the price."""
    market = await market_named(services, symbol)
    return await services.committed(bbo_view(services.state, market))


def bbo_view(state: State, market: Market) -> BboView:
    bid_price, bid_quantity = _best(state, market, BID)
    ask_price, ask_quantity = _best(state, market, ASK)
    return BboView(
        symbol=market.symbol,
        bid_price=bid_price,
        bid_quantity=bid_quantity,
        ask_price=ask_price,
        ask_quantity=ask_quantity,
        seq=state.seq,
        timestamp=state.now_ms,
    )


def _best(state: State, market: Market, side: str) -> tuple[str | None, str | None]:
    base_decimals = state.assets[market.base].decimals
    quote_decimals = state.assets[market.quote].decimals
    pool = state.pools[market.symbol]
    for ticks, lots in levels(pool, market, side, 1, base_decimals=base_decimals):
        price = whole_tokens(ticks * market.tick_size, quote_decimals)
        return price, whole_tokens(lots * market.lot_size, base_decimals)
    return None, None
