"""What the API asks of the read tables. Plain ints and Structs come out; text is made by the views.

Every answer is as of the projection's cursor, which trails the journal by a moment. Lists come
newest first and go on with `before`, the key of the last row of the page before.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Select, and_, desc, select, true, tuple_

from xyk.engine.candles import Candle, MarketCandles
from xyk.engine.intervals import DAY_MS, ONE_MINUTE
from xyk.engine.order_record import OrderRecord
from xyk.storage.block_events import BlockEvent, TooManyEvents, block_events
from xyk.storage.candles import Ticker, candle_of, present_candles, priced_candles, roll_up
from xyk.storage.connection import READ
from xyk.storage.owner_pages import FillFilter as FillFilter
from xyk.storage.owner_pages import OrderFilter as OrderFilter
from xyk.storage.owner_pages import OwnFill as OwnFill
from xyk.storage.owner_pages import OwnTransfer as OwnTransfer
from xyk.storage.owner_pages import Page as Page
from xyk.storage.owner_pages import TransferFilter as TransferFilter
from xyk.storage.owner_pages import paged
from xyk.storage.pool_search import PoolChange as PoolChange
from xyk.storage.pool_search import PoolSums as PoolSums
from xyk.storage.pool_search import changes_before, first_change, pool_sums
from xyk.storage.position import Position, Reserves
from xyk.storage.standings import Standing, Standings
from xyk.storage.tables import (
    ACTIONS,
    CANDLES,
    CURSOR,
    LIQUIDITY_EVENTS,
    ORDERS,
    POOL_HISTORY,
    POOL_MINUTES,
    POSITIONS,
    TRADES,
)
from xyk.storage.trade_search import first_trade_at

LIMIT_MAX = 1_000  # rows of one answer

Place = tuple[int, int]  # (seq, event)

__all__ = ["BlockEvent", "History", "Standing", "TooManyEvents"]  # of other files, for the API


class Trade(msgspec.Struct, frozen=True):
    """A fill, as `tables.TradeRow` describes it."""

    market: str
    trade_id: int
    seq: int
    event: int
    time_ms: int
    base_amount: int
    quote_amount: int
    price: str
    price_forming: bool
    taker: str
    taker_order: int
    taker_buys: bool
    fee: int
    fee_asset: str
    maker: str
    maker_order: int
    maker_fee: int
    maker_rebate: int


class LiquidityEvent(msgspec.Struct, frozen=True):
    """`kind` is add or remove; reserves and supply are those after."""

    market: str
    seq: int
    event: int
    time_ms: int
    owner: str
    kind: str
    amount_base: int
    amount_quote: int
    liquidity: int
    locked: int
    protocol_recipient: str
    protocol_liquidity: int
    reserve_base: int
    reserve_quote: int
    total_supply: int


class Minute(msgspec.Struct, frozen=True):
    """One minute of a market; prices are decimal text, None where no fill formed the price."""

    start_ms: int
    open: str | None
    high: str | None
    low: str | None
    close: str | None
    base_volume: int
    quote_volume: int
    base_fees: int
    quote_fees: int
    trades: int


class LiquidityPosition(msgspec.Struct, frozen=True):
    """A position with what it earned so far, in base units; `seq` is the entry that changed it
    last."""

    position: Position
    base_fees_earned: int
    quote_fees_earned: int


class History(Standings):
    """`engine` is from `connection.reading_engine`."""

    async def cursor(self) -> tuple[int, str]:
        """Seq and hash of the last entry that the answers show; 0 where there is none yet."""
        [row] = await self._rows(select(CURSOR.c.seq, CURSOR.c.hash).where(CURSOR.c.name == READ))
        return row.seq, row.hash

    async def find_action(self, digest: str) -> int | None:
        """The seq of the accepted action with this digest."""
        rows = await self._rows(select(ACTIONS.c.seq).where(ACTIONS.c.digest == digest))
        return rows[0].seq if rows else None

    async def trades(
        self,
        market: str,
        *,
        limit: int,
        before: int | None = None,
        offset: int = 0,
        since: int = 0,
        taker_buys: bool | None = None,
    ) -> list[Trade]:
        """Price-forming fills; `before` and `since`, the first one that counts, are trade ids."""
        query = select(TRADES).where(TRADES.c.market == market, TRADES.c.price_forming == true())
        if before is not None:
            query = query.where(TRADES.c.trade_id < before)
        if since:
            query = query.where(TRADES.c.trade_id >= since)
        if taker_buys is not None:
            query = query.where(TRADES.c.taker_buys == taker_buys)
        query = query.order_by(desc(TRADES.c.trade_id)).limit(_bound(limit)).offset(offset)
        return [Trade(*row) for row in await self._rows(query)]

    async def first_trade_at(self, market: str, time_ms: int) -> int:
        """The id of the market's first fill that is not before this time, or of the next one."""
        return await first_trade_at(self._rows, market, time_ms)

    async def block_events(self, first: int, last: int, most: int) -> list[BlockEvent]:
        """Of the entries `first` to `last`, in order. Raises TooManyEvents."""
        return await block_events(self._rows, first, last, most)

    async def fills(
        self,
        owner: str,
        *,
        market: str = "",
        order_id: int = 0,
        limit: int,
        before: Place | None = None,
    ) -> list[Trade]:
        """What `owner` traded, as taker and as maker; all of it, dust too."""
        found: list[Trade] = []
        columns = TRADES.c
        for party, order in (
            (columns.taker, columns.taker_order),
            (columns.maker, columns.maker_order),
        ):
            query = select(TRADES).where(party == owner)
            if market:
                query = query.where(columns.market == market)
            if order_id:
                query = query.where(order == order_id)
            rows = await self._rows(_page(query, columns, limit, before))
            found += [Trade(*row) for row in rows]
        found.sort(key=lambda trade: (trade.seq, trade.event), reverse=True)
        return found[: _bound(limit)]

    async def order(self, order_id: int) -> OrderRecord | None:
        """In any state."""
        rows = await self._rows(select(ORDERS).where(ORDERS.c.order_id == order_id))
        return OrderRecord(*rows[0]) if rows else None

    async def order_with_client_id(self, owner: str, client_id: int) -> OrderRecord | None:
        """The newest of the owner's orders with this id, in any state; `client_id` is not 0."""
        named = (ORDERS.c.owner == owner, ORDERS.c.client_id == client_id, ORDERS.c.client_id != 0)
        newest = select(ORDERS).where(*named).order_by(desc(ORDERS.c.order_id)).limit(1)
        rows = await self._rows(newest)
        return OrderRecord(*rows[0]) if rows else None

    async def candles(
        self, market: str, interval: str, *, start_ms: int, end_ms: int, limit: int
    ) -> list[Candle]:
        """With a price and start_ms <= start < end_ms, ascending, at most `limit`; before them the
        one that comes before `start_ms`. Intervals without fills have none, and of those longer
        than a minute only what is over by the market's last fill."""
        query = priced_candles(market, interval, start_ms=start_ms, end_ms=end_ms, limit=limit)
        return [candle_of(row) for row in await self._rows(query)]

    async def present_candles(self) -> tuple[int, dict[str, MarketCandles]]:
        """Of every market, and the seq of the entry that they are as of."""
        while True:
            seq, _ = await self.cursor()
            async with self._engine.connect() as connection:
                found = await present_candles(connection)
            if (await self.cursor())[0] == seq:  # nothing was projected between the queries
                return seq, found

    async def ticker_24h(self, market: str, now_ms: int) -> Ticker | None:
        """The 1,440 minutes up to the present one as one candle; None before the first price. It
        rolls on by whole minutes: what is older than 24 hours is out of it, and up to a minute
        more."""
        up_to_now = _minutes_of(market).where(CANDLES.c.start_ms <= now_ms)
        query = up_to_now.where(CANDLES.c.start_ms > now_ms - DAY_MS).order_by(CANDLES.c.start_ms)
        rows = await self._rows(query)
        if not rows:
            rows = await self._rows(up_to_now.order_by(desc(CANDLES.c.start_ms)).limit(1))
            return Ticker.flat(rows[0].close) if rows and rows[0].close else None
        return roll_up(rows)

    async def minutes(self, market: str, now_ms: int, span_ms: int = DAY_MS) -> list[Minute]:
        """The minutes with fills of the last 24 hours, or of another span, oldest first."""
        query = (
            _minutes_of(market)
            .add_columns(POOL_MINUTES.c.base_fees, POOL_MINUTES.c.quote_fees)
            .outerjoin(
                POOL_MINUTES,
                and_(
                    POOL_MINUTES.c.market == CANDLES.c.market,
                    POOL_MINUTES.c.start_ms == CANDLES.c.start_ms,
                ),
            )
            .where(CANDLES.c.start_ms > now_ms - span_ms, CANDLES.c.start_ms <= now_ms)
            .order_by(CANDLES.c.start_ms)
        )
        return [_minute(row) for row in await self._rows(query)]

    async def pool_sums(self, market: str, start_ms: int, end_ms: int) -> PoolSums:
        """Of the pool's minutes with start_ms <= start < end_ms."""
        return await pool_sums(self._rows, market, start_ms, end_ms)

    async def first_pool_change(self, market: str) -> PoolChange | None:
        return await first_change(self._rows, market)

    async def pools_before(self, market: str, times_ms: Sequence[int]) -> list[PoolChange | None]:
        """The last change of the pool before each of these times, None where there is none."""
        return await changes_before(self._rows, market, times_ms)

    async def liquidity_page(self, owner: str, market: str, page: Page) -> list[LiquidityEvent]:
        """Of an owner, in one market or, where that is empty, in all of them."""
        events = LIQUIDITY_EVENTS.c
        query = select(LIQUIDITY_EVENTS).where(events.owner == owner)
        if market:
            query = query.where(events.market == market)
        rows = await self._rows(paged(query, page, events.seq, events.event))
        return [LiquidityEvent(*row) for row in rows]

    async def position(self, owner: str, market: str) -> LiquidityPosition | None:
        """None for an owner that never had a share of this pool."""
        newest = POOL_HISTORY.c
        query = (
            select(POSITIONS, newest.reserve_base, newest.reserve_quote, newest.total_supply)
            .join(POOL_HISTORY, newest.market == POSITIONS.c.market)
            .where(POSITIONS.c.owner == owner, POSITIONS.c.market == market)
            .order_by(desc(newest.seq), desc(newest.event))
            .limit(1)
        )
        rows = await self._rows(query)
        if not rows:
            return None
        *columns, reserve_base, reserve_quote, total_supply = rows[0]
        names = (column.name for column in POSITIONS.columns)
        position = Position(**dict(zip(names, columns, strict=True)))
        now = Reserves(reserve_base, reserve_quote, total_supply)
        return LiquidityPosition(position, *position.fees_earned(now))


def _minutes_of(market: str) -> Select[Any]:
    minutes = CANDLES.c.interval == ONE_MINUTE.name
    return select(CANDLES).where(CANDLES.c.market == market, minutes)


def _minute(row: Any) -> Minute:
    """Where no fill formed the price, the row's prices are the close before it and not its own."""
    forms = row.forming > 0
    return Minute(
        start_ms=row.start_ms,
        open=row.open if forms else None,
        high=row.high if forms else None,
        low=row.low if forms else None,
        close=row.close if forms else None,
        base_volume=row.base_volume,
        quote_volume=row.quote_volume,
        base_fees=row.base_fees or 0,
        quote_fees=row.quote_fees or 0,
        trades=row.trades,
    )


def _page(query: Select[Any], columns: Any, limit: int, before: Place | None) -> Select[Any]:
    place = tuple_(columns.seq, columns.event)
    if before is not None:
        query = query.where(place < tuple_(*before))
    return query.order_by(desc(columns.seq), desc(columns.event)).limit(_bound(limit))


def _bound(limit: int) -> int:
    return max(0, min(limit, LIMIT_MAX))
