"""Where in a market's trades a moment lies."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Select, desc, select

from xyk.storage.tables import TRADES


async def first_trade_at(
    rows: Callable[[Select[Any]], Awaitable[Sequence[Any]]], market: str, time_ms: int
) -> int:
    """The id of the first fill that is not before this time; one more than the last one's where
    there is none. Halves the ids, which have no gap, for want of an index."""
    columns = TRADES.c
    of_market = select(columns.trade_id, columns.time_ms).where(columns.market == market)
    newest = await rows(of_market.order_by(desc(columns.trade_id)).limit(1))
    low, high = 1, newest[0].trade_id + 1 if newest else 1
    while low < high:
        middle = (low + high) // 2
        [row] = await rows(of_market.where(columns.trade_id == middle))
        if row.time_ms < time_ms:
            low = middle + 1
        else:
            high = middle
    return low
