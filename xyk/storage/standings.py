"""Where every market stands in the read tables: what a feed that has no journal begins with."""

from typing import Any

import msgspec
from sqlalchemy import ScalarSelect, func, select

from xyk.storage.owner_pages import OwnerPages
from xyk.storage.restore import newest
from xyk.storage.tables import MARKETS, POOL_HISTORY, TRADES


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Terms as `tables.MarketRow` has them, the pool after its last change as
    `tables.PoolHistoryRow`, and the id of the last trade, 0 before the first one. It began with
    the block and event `created_at`, at `created_ms`."""

    market: str
    base: str
    quote: str
    tick_size: int
    lot_size: int
    created_at: tuple[int, int]
    created_ms: int
    seq: int
    time_ms: int
    reserve_base: int
    reserve_quote: int
    total_supply: int
    price_base_cumulative: int
    price_quote_cumulative: int
    trade_id: int


class Standings(OwnerPages):
    async def standings(self) -> list[Standing]:
        """Of the markets whose pool ever had reserves, as they began. Nobody writes meanwhile."""
        last_id = select(func.max(TRADES.c.trade_id)).where(TRADES.c.market == MARKETS.c.market)
        query = select(
            MARKETS,
            last_id.scalar_subquery().label("trade_id"),
            *(_first(name).label(f"first_{name}") for name in ("seq", "event", "time_ms")),
        )
        async with self._engine.connect() as connection:
            pools = await newest(connection, POOL_HISTORY, "seq")
            last = {row.market: row for row in sorted(pools, key=lambda row: row.event)}
            rows = (await connection.execute(query)).all()
        found = []
        for row in rows:
            pool = last.get(row.market)
            if pool is not None:
                found.append(
                    Standing(
                        market=row.market,
                        base=row.base,
                        quote=row.quote,
                        tick_size=row.tick_size,
                        lot_size=row.lot_size,
                        created_at=(row.first_seq, row.first_event),
                        created_ms=row.first_time_ms,
                        seq=pool.seq,
                        time_ms=pool.time_ms,
                        reserve_base=pool.reserve_base,
                        reserve_quote=pool.reserve_quote,
                        total_supply=pool.total_supply,
                        price_base_cumulative=pool.price_base_cumulative,
                        price_quote_cumulative=pool.price_quote_cumulative,
                        trade_id=row.trade_id or 0,
                    )
                )
        return sorted(found, key=lambda one: one.created_at)


def _first(column: str) -> ScalarSelect[Any]:
    """Of the row with which the market began."""
    pool = POOL_HISTORY.c
    rows = select(pool[column]).where(pool.market == MARKETS.c.market)
    return rows.order_by(pool.seq, pool.event).limit(1).scalar_subquery()
