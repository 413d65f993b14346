"""`/wapi/v1/history/...`: an owner's orders and fills, page by page.

An order is found as soon as it is committed, wherever the read tables are: what they do not show
yet is known to the order log. Fills are read from the tables alone, which are given a moment to
come up to what was committed when the request came.
"""

import asyncio
from typing import Any

import msgspec
from msgspec.structs import replace

from api.key_order_views import history_order, naive_ms
from api.key_reads import Asked, Paged, PageQuery, countable
from api.markets import SPOT, market_named
from api.order_pages import latest_order, merged_orders, newer_orders
from api.problems import Refused, malformed
from api.services import Services
from xyk.domain.decimals import whole_tokens
from xyk.domain.market import ASK, BID
from xyk.domain.units import Uint64
from xyk.exchange.state import State
from xyk.storage.history import FillFilter, OrderFilter, OwnFill, Page

PATIENCE_S, PAUSE_S = (
    1.0,
    0.005,
)  # how long a read waits for the read tables, and how often it looks
USER_FILLS = "User"
FILL_TYPES = (
    *(USER_FILLS, "BookLiquidation", "Adl", "Backstop", "Liquidation", "AllLiquidation"),
    *("CollateralConversion", "CollateralConversionAndSpotLiquidation"),
)


class OrderHistoryQuery(PageQuery, frozen=True, kw_only=True):
    """`orderId`, `symbol` and `marketType` narrow it down."""

    order_id: Uint64 = 0
    symbol: str = ""
    market_type: str = SPOT


class FillHistoryQuery(OrderHistoryQuery, frozen=True, kw_only=True):
    """`from` and `to` in ms, inclusive."""

    from_ms: Uint64 = msgspec.field(default=0, name="from")
    to_ms: Uint64 = msgspec.field(default=0, name="to")
    fill_type: str = USER_FILLS


class KeyFill(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`orderId` of a swap is the seq of its entry. `clientId` is text here. `fee` in whole tokens
    of `feeSymbol`, below zero where it is a rebate. `timestamp` is UTC without a zone."""

    trade_id: int
    order_id: str
    client_id: str | None
    symbol: str
    side: str
    price: str
    quantity: str
    fee: str
    fee_symbol: str
    is_maker: bool
    timestamp: str
    system_order_type: None = None


async def order_history(asked: Asked) -> Paged:
    """Open orders too."""
    query = asked.query(OrderHistoryQuery)
    limit, offset, ascending = query.checked()
    services = asked.services
    market = await _market(services, query.symbol)
    if query.market_type != SPOT:
        return Paged([], 0, limit, offset)
    await services.committed(None)
    # From here to the first await: what the tables show for certain, and what is newer than that.
    wanted = OrderFilter(
        owner=asked.owner,
        up_to=services.projected(),
        market=market,
        order_id=countable(query.order_id),
    )
    newer = newer_orders(asked.log, wanted)
    ended = {number: replace(one) for number, one in asked.log.closed_of(asked.owner).items()}
    stored = await services.history.count_orders(wanted)
    page = Page(limit=limit, offset=offset, ascending=ascending)
    orders = await merged_orders(services, wanted, page, newer, stored)
    views = [
        history_order(services.state, latest_order(asked.log, ended, order)) for order in orders
    ]
    return Paged(views, stored + len(newer), limit, offset)


async def fill_history(asked: Asked) -> Paged:
    """Swaps too."""
    query = asked.query(FillHistoryQuery)
    limit, offset, ascending = query.checked()
    services = asked.services
    if query.fill_type not in FILL_TYPES:
        raise Refused(malformed(f"Expected one of {', '.join(FILL_TYPES)} - at `$.fillType`"))
    market = await _market(services, query.symbol)
    if query.market_type != SPOT or query.fill_type != USER_FILLS:
        return Paged([], 0, limit, offset)
    await caught_up(services)
    wanted = FillFilter(
        owner=asked.owner,
        market=market,
        order_id=countable(query.order_id),
        from_ms=countable(query.from_ms),
        to_ms=countable(query.to_ms),
    )
    total = await services.history.count_fills(wanted)
    fills = await services.history.fills_page(
        wanted, Page(limit=limit, offset=offset, ascending=ascending)
    )
    return Paged([_fill(services.state, fill) for fill in fills], total, limit, offset)


async def empty_history(asked: Asked) -> list[Any]:
    """What a spot exchange has none of."""
    return []


async def caught_up(services: Services) -> None:
    """Returns when the read tables show what is committed now, or after a moment."""
    seq = services.writer.committed_seq
    for _ in range(round(PATIENCE_S / PAUSE_S)):
        if services.projected() >= seq:
            return
        await asyncio.sleep(PAUSE_S)


async def _market(services: Services, symbol: str) -> str:
    """Raises Refused."""
    return (await market_named(services, symbol)).symbol if symbol else ""


def _fill(state: State, fill: OwnFill) -> KeyFill:
    market = state.markets[fill.market]
    asset = fill.fee_asset or (market.base if fill.is_bid else market.quote)
    return KeyFill(
        trade_id=fill.trade_id,
        order_id=str(fill.order_id),
        client_id=str(fill.client_id) if fill.client_id else None,
        symbol=fill.market,
        side=BID if fill.is_bid else ASK,
        price=fill.price,
        quantity=whole_tokens(fill.base_amount, state.assets[market.base].decimals),
        fee=whole_tokens(fill.fee, state.assets[asset].decimals),
        fee_symbol=asset,
        is_maker=fill.is_maker,
        timestamp=naive_ms(fill.time_ms),
    )
