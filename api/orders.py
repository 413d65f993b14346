"""Orders, open and over; public, as everything on a chain, unless visibility is private.

Open orders are read from the state, closed ones from the read tables, or from memory while those
trail. Orders that wait for a trigger are shown to whoever asks for their owner, id or digest, and
are left out of what is asked by market alone.
"""

from itertools import chain, islice
from typing import Any, NoReturn

import msgspec
from litestar import Request, get
from litestar.params import FromPath, FromQuery

from api.depth import GivenFeed
from api.markets import market_named
from api.order_log import OrderLog
from api.order_views import OrderView, order_view
from api.pools import parse_owner
from api.problems import Refused, convert, malformed
from api.services import Given, Services
from api.visibility import GivenVisitor
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import Address, Bytes32, Uint32, decode_wire
from xyk.engine.order_record import OrderRecord, record_of
from xyk.exchange.state import State

LIMIT_MAX = 1_000
ORDER_ID_DIGITS_MAX = 18


class OrderQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Unknown parameters are tolerated."""

    order_id: str = ""
    digest: Bytes32 | None = None
    client_id: Uint32 | None = None
    owner: Address | None = None


@get("/api/v1/order/{order_id:str}", summary="One order by id", tags=["orders"])
async def get_order_by_id(
    services: Given, feed: GivenFeed, visitor: GivenVisitor, order_id: FromPath[str]
) -> OrderView:
    """In any state."""
    reader = await visitor.reads()
    return await _view(services, feed.log, OrderQuery(order_id=order_id), reader)


@get("/api/v1/order", summary="One order", tags=["orders"])
async def get_order(
    request: Request[Any, Any, Any], services: Given, feed: GivenFeed, visitor: GivenVisitor
) -> OrderView:
    """By `orderId`, by the `digest` of the action that placed it, or by `clientId` and `owner` (the
    open order of that id, else the newest one). In any state."""
    given = {name: value for name, value in request.query_params.items() if value}
    query = convert(given, OrderQuery, decode_wire)
    if isinstance(query, Rejected):
        raise Refused(query)
    if sum((bool(query.order_id), query.digest is not None, query.client_id is not None)) != 1:
        raise Refused(malformed("Name one of orderId, digest, or clientId with owner - at `$`"))
    if query.client_id is not None and query.owner is None:
        raise Refused(malformed("A clientId is one owner's; name the owner too - at `$.owner`"))
    if query.owner is not None:
        await visitor.may_read(query.owner)
    reader = await visitor.reads() if query.client_id is None else ""
    return await _view(services, feed.log, query, reader)


@get("/api/v1/orders", summary="Open orders", tags=["orders"])
async def get_orders(
    services: Given,
    visitor: GivenVisitor,
    owner: FromQuery[str] = "",
    market: FromQuery[str] = "",
    symbol: FromQuery[str] = "",
    limit: FromQuery[str] = str(LIMIT_MAX),
) -> list[OrderView]:
    """An `owner`'s, oldest first, those that wait for a trigger too; or those in the book of a
    `market` (also called `symbol`), bids and then asks, best first. Both together are the owner's
    in that market. `limit`: 1 to 1,000."""
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 6 and int(limit)):
        raise Refused(malformed("Expected limit from 1 to 1000 - at `limit`"))
    named = market or symbol
    if not owner and not named:
        raise Refused(malformed("Name an owner, a market, or both - at `$.owner`"))
    holder = parse_owner(owner) if owner else ""
    await visitor.may_read(holder)
    if named:
        await market_named(services, named)
    views = _open_views(services.state, holder, named, min(int(limit), LIMIT_MAX))
    return await services.committed(views)


def _open_views(state: State, owner: str, market: str, limit: int) -> list[OrderView]:
    if owner:
        own = state.open_orders.by_owner.get(owner, {}).values()
        found = iter(sorted(own, key=lambda order: order.id))
        if market:
            found = (order for order in found if order.market == market)
    else:
        book = state.books.get(market)
        levels = chain(book.bids, book.asks) if book is not None else ()
        found = chain.from_iterable(levels)
    return [
        order_view(state, record_of(state, order.id), state.seq) for order in islice(found, limit)
    ]


async def _view(
    services: Services, log: OrderLog, query: OrderQuery, reader: str = ""
) -> OrderView:
    """Of the `reader`'s orders, or of anybody's where that is empty. Raises Refused."""
    state = services.state
    seq, order = state.seq, _open(state, query)
    if order is not None and reader not in ("", order.owner):
        await services.committed(None)
        _not_found()
    view = order_view(state, order, seq) if order is not None else None
    view = await services.committed(view)
    if view is not None:
        return view
    # Not open at `seq`, and all until then is known to the log by now, or to the read tables.
    order = _closed(log, query) or await _stored(services, query)
    if order is None or reader not in ("", order.owner):
        _not_found()
    return order_view(state, order, max(seq, order.seq))


def _open(state: State, query: OrderQuery) -> OrderRecord | None:
    orders = state.open_orders
    if query.digest is not None:
        order = orders.by_digest.get(query.digest)
    elif query.client_id is not None:
        assert query.owner is not None
        order = orders.by_client_id.get((query.owner, query.client_id))
    else:
        order = orders.by_id.get(_number(query))
    return record_of(state, order.id) if order is not None else None


def _closed(log: OrderLog, query: OrderQuery) -> OrderRecord | None:
    if query.digest is not None:
        return log.closed_where(lambda order: order.digest == query.digest)
    if query.client_id:
        named = (query.owner, query.client_id)
        return log.closed_where(lambda order: (order.owner, order.client_id) == named)
    return log.closed(_number(query))


async def _stored(services: Services, query: OrderQuery) -> OrderRecord | None:
    history = services.history
    if query.digest is not None:
        seq = await history.find_action(query.digest)
        order = await history.order(seq) if seq is not None else None
        # A replacement's digest is an action's as well, and no order's.
        return order if order is not None and order.digest == query.digest else None
    if query.client_id is not None:
        assert query.owner is not None
        return await history.order_with_client_id(query.owner, query.client_id)
    return await history.order(_number(query))


def _number(query: OrderQuery) -> int:
    """0, which no order has, where it is none; clientId 0 means none as well."""
    text = query.order_id
    if text.isascii() and text.isdigit() and len(text) <= ORDER_ID_DIGITS_MAX and text[0] != "0":
        return int(text)
    return 0


def _not_found() -> NoReturn:
    raise Refused(Rejected(Code.RESOURCE_NOT_FOUND, "Not Found: there is no such order"))
