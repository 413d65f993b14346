"""An owner's orders, fills and transfers by offset, the way the convention pages through them, with
how many there are in all. What they cost grows with the offset and with the owner's rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    desc,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from xyk.domain.units import LP_PREFIX
from xyk.engine.order_record import OrderRecord
from xyk.storage.tables import ORDERS, TRADES, TRANSFERS


class OrderFilter(msgspec.Struct, frozen=True, kw_only=True):
    """`up_to`: the last order id that counts. Empty and 0 ask for all."""

    owner: str
    up_to: int
    market: str = ""
    order_id: int = 0


class FillFilter(msgspec.Struct, frozen=True, kw_only=True):
    """`from_ms` and `to_ms` inclusive. `order_id`: for a swap, which has none, the seq of its
    entry. Empty and 0 ask for all."""

    owner: str
    market: str = ""
    order_id: int = 0
    from_ms: int = 0
    to_ms: int = 0


class TransferFilter(msgspec.Struct, frozen=True, kw_only=True):
    """As in FillFilter; `kinds` as in `tables.TransferRow`, `seq` of one entry alone, `asset` one
    asset's. Pool shares are left out unless `with_shares`."""

    owner: str
    kinds: tuple[str, ...]
    asset: str = ""
    with_shares: bool = False
    seq: int = 0
    from_ms: int = 0
    to_ms: int = 0


class OwnFill(msgspec.Struct, frozen=True):
    """One side of a fill. `order_id` as in FillFilter, `client_id` 0 where there is none.
    `is_swap`: this side took without an order; `with_pool`: the pool gave. `fee` is negative where
    it is a rebate; an empty `fee_asset` is what this side received."""

    market: str
    trade_id: int
    seq: int
    time_ms: int
    order_id: int
    client_id: int
    is_bid: bool
    is_maker: bool
    is_swap: bool
    with_pool: bool
    price: str
    base_amount: int
    quote_amount: int
    fee: int
    fee_asset: str


class OwnTransfer(msgspec.Struct, frozen=True):
    """As `tables.TransferRow` describes it."""

    seq: int
    time_ms: int
    kind: str
    asset: str
    amount: int
    counterparty: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    limit: int
    offset: int = 0
    ascending: bool = False


class OwnerPages:
    """`engine` is from `connection.reading_engine`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def count_orders(self, wanted: OrderFilter) -> int:
        return await self._count(ORDERS, *_of_orders(wanted))

    async def orders_page(self, wanted: OrderFilter, page: Page) -> list[OrderRecord]:
        """By id."""
        query = select(ORDERS).where(*_of_orders(wanted))
        rows = await self._rows(paged(query, page, ORDERS.c.order_id))
        return [OrderRecord(*row) for row in rows]

    async def count_fills(self, wanted: FillFilter) -> int:
        """A fill of the owner with itself counts twice."""
        sides = [_of_fills(wanted, is_maker) for is_maker in (False, True)]
        return sum([await self._count(TRADES, *side) for side in sides])

    async def fills_page(self, wanted: FillFilter, page: Page) -> list[OwnFill]:
        """By entry and event, both sides of a fill of the owner with itself."""
        # Neither side has to give more than this many, whatever the other one has: by its index.
        most = page.offset + page.limit
        sides = [_side(wanted, is_maker, page, most).subquery() for is_maker in (False, True)]
        fills = union_all(*[select(side) for side in sides]).subquery()
        places = (fills.c.seq, fills.c.event, fills.c.is_maker)
        shown = paged(select(fills), page, *places).subquery()
        query = select(shown, ORDERS.c.client_id).outerjoin(
            ORDERS, ORDERS.c.order_id == shown.c.order_id
        )
        in_order = (shown.c.seq, shown.c.event, shown.c.is_maker)
        rows = await self._rows(query.order_by(*_directed(page, *in_order)))
        return [_own_fill(row) for row in rows]

    async def count_transfers(self, wanted: TransferFilter) -> int:
        return await self._count(TRANSFERS, *_of_transfers(wanted))

    async def transfers_page(self, wanted: TransferFilter, page: Page) -> list[OwnTransfer]:
        """By entry and event."""
        t = TRANSFERS.c
        query = select(t.seq, t.time_ms, t.kind, t.asset, t.amount, t.counterparty)
        query = query.where(*_of_transfers(wanted))
        return [OwnTransfer(*row) for row in await self._rows(paged(query, page, t.seq, t.event))]

    async def _count(self, table: Any, *wanted: ColumnElement[bool]) -> int:
        [row] = await self._rows(select(func.count()).select_from(table).where(*wanted))
        return int(row[0])

    async def _rows(
        self, query: Select[Any], values: Mapping[str, Any] | None = None
    ) -> Sequence[Any]:
        async with self._engine.connect() as connection:
            rows: Sequence[Any] = (await connection.execute(query, values)).all()
        return rows


def _of_orders(wanted: OrderFilter) -> list[ColumnElement[bool]]:
    orders = ORDERS.c
    conditions = [orders.owner == wanted.owner, orders.order_id <= wanted.up_to]
    if wanted.market:
        conditions.append(orders.market == wanted.market)
    if wanted.order_id:
        conditions.append(orders.order_id == wanted.order_id)
    return conditions


def _of_fills(wanted: FillFilter, is_maker: bool) -> list[ColumnElement[bool]]:
    trades = TRADES.c
    conditions = [(trades.maker if is_maker else trades.taker) == wanted.owner]
    if wanted.market:
        conditions.append(trades.market == wanted.market)
    if wanted.order_id and is_maker:
        conditions.append(trades.maker_order == wanted.order_id)
    elif wanted.order_id:
        swap = and_(trades.taker_order == 0, trades.seq == wanted.order_id)
        conditions.append(or_(trades.taker_order == wanted.order_id, swap))
    return conditions + _between(trades.time_ms, wanted.from_ms, wanted.to_ms)


def _of_transfers(wanted: TransferFilter) -> list[ColumnElement[bool]]:
    transfers = TRANSFERS.c
    conditions = [transfers.owner == wanted.owner, transfers.kind.in_(wanted.kinds)]
    if not wanted.with_shares:
        conditions.append(~transfers.asset.startswith(LP_PREFIX, autoescape=True))
    if wanted.asset:
        conditions.append(transfers.asset == wanted.asset)
    if wanted.seq:
        conditions.append(transfers.seq == wanted.seq)
    return conditions + _between(transfers.time_ms, wanted.from_ms, wanted.to_ms)


def _between(time_ms: Any, from_ms: int, to_ms: int) -> list[ColumnElement[bool]]:
    conditions = [time_ms >= from_ms] if from_ms else []
    return [*conditions, time_ms <= to_ms] if to_ms else conditions


def _side(wanted: FillFilter, is_maker: bool, page: Page, most: int) -> Select[Any]:
    """The first `most` fills in which the owner is maker, or taker."""
    trades = TRADES.c
    swap_or_order = case((trades.taker_order == 0, trades.seq), else_=trades.taker_order)
    fills = select(
        *(trades.market, trades.trade_id, trades.seq, trades.event, trades.time_ms),
        (trades.maker_order if is_maker else swap_or_order).label("order_id"),
        literal(is_maker).label("is_maker"),
        *(trades.taker_buys, trades.price, trades.base_amount, trades.quote_amount),
        *(trades.fee, trades.fee_asset, trades.maker_fee, trades.maker_rebate),
        *(trades.taker_order, trades.maker),
    ).where(*_of_fills(wanted, is_maker))
    return fills.order_by(*_directed(page, trades.seq, trades.event)).limit(most)


def _own_fill(row: Any) -> OwnFill:
    fee, fee_asset = row.fee, row.fee_asset
    if row.is_maker and row.maker_rebate:
        fee = -row.maker_rebate  # in what the taker received, as its fee is
    elif row.is_maker:
        fee, fee_asset = row.maker_fee, ""
    return OwnFill(
        market=row.market,
        trade_id=row.trade_id,
        seq=row.seq,
        time_ms=row.time_ms,
        order_id=row.order_id,
        client_id=row.client_id or 0,
        is_bid=row.taker_buys != row.is_maker,
        is_maker=row.is_maker,
        is_swap=not row.is_maker and not row.taker_order,
        with_pool=not row.maker,
        price=row.price,
        base_amount=row.base_amount,
        quote_amount=row.quote_amount,
        fee=fee,
        fee_asset=fee_asset,
    )


def paged(query: Select[Any], page: Page, *places: Any) -> Select[Any]:
    return query.order_by(*_directed(page, *places)).limit(page.limit).offset(page.offset)


def _directed(page: Page, *places: Any) -> tuple[Any, ...]:
    return places if page.ascending else tuple([desc(place) for place in places])
