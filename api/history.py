"""`/api/v1/history/...`: what an owner did, newest first and page by page: orders in any state,
fills, liquidity added and removed, what came and went. Public, as everything on a chain, unless
visibility is private.

Orders are never behind: what the read tables do not show yet is known to the order log. The others
are read from the tables alone, which are given a moment to come up to what was committed when the
request came; if they do not, the answer says so.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from litestar import get
from litestar.params import FromQuery

from api.depth import GivenFeed
from api.key_history import caught_up
from api.markets import View, market_named
from api.order_pages import newest_orders
from api.order_views import BOOK, POOL, OrderView, order_view
from api.pools import parse_owner
from api.problems import Refused, malformed
from api.query import whole_number
from api.services import Given, Services
from api.views import address, token_of
from api.visibility import GivenVisitor
from xyk.domain.decimals import whole_tokens
from xyk.domain.market import ASK, BID
from xyk.domain.rejections import Code, Rejected
from xyk.exchange.state import State
from xyk.storage.history import (
    FillFilter,
    LiquidityEvent,
    OwnFill,
    OwnTransfer,
    Page,
    TransferFilter,
)

LIMIT, LIMIT_MAX = 100, 500
OFFSET_MAX = 100_000  # rows that the database passes over for one answer
TRANSFER_KINDS = ("deposit", "withdrawal", "in", "out")

Row = TypeVar("Row")  # of a read table


class PageView(View, frozen=True, kw_only=True):
    """`more`: there are older ones. `seq`: the journal entry up to which this tells; `complete` is
    false where what was committed after it is not in here yet: ask again."""

    more: bool
    seq: int
    complete: bool


class OwnFillView(View, frozen=True, kw_only=True):
    """One side of a fill. `orderId` and `clientId` are of the owner's own order, null for a swap.
    Price is quote per base, quantities in whole tokens; `fee` in whole tokens of `feeSymbol`,
    below zero where it is a rebate; the pool's fee is part of what went in. `timestamp` in ms."""

    symbol: str
    venue: str
    side: str
    trade_id: int
    order_id: str | None
    client_id: int | None
    is_maker: bool
    price: str
    quantity: str
    quote_quantity: str
    fee: str
    fee_symbol: str
    timestamp: int
    seq: int


class FillsView(PageView, frozen=True, kw_only=True):
    items: list[OwnFillView]


class OrdersView(PageView, frozen=True, kw_only=True):
    items: list[OrderView]


class LiquidityView(View, frozen=True, kw_only=True):
    """`kind` is add or remove. `amounts` that went in or came out and the pool's `reserves` after
    it, both [base, quote], `shares` that the owner got or gave and the pool's `totalSupply` after
    it, all in base units. `timestamp` in ms."""

    pool: str
    kind: str
    amounts: tuple[str, str]
    shares: str
    reserves: tuple[str, str]
    total_supply: str
    timestamp: int
    seq: int


class LiquidityPageView(PageView, frozen=True, kw_only=True):
    items: list[LiquidityView]


class TransferView(View, frozen=True, kw_only=True):
    """`kind` is deposit, withdrawal, in (from another owner) or out (to one). `amount` in base
    units of `symbol`. `counterparty`: the other owner, or where a withdrawal went; null for a
    deposit. `timestamp` in ms."""

    kind: str
    symbol: str
    token: str
    decimals: int
    amount: str
    counterparty: str | None
    timestamp: int
    seq: int


class TransfersView(PageView, frozen=True, kw_only=True):
    items: list[TransferView]


@get("/api/v1/history/fills", summary="An owner's fills, newest first", tags=["history"])
async def get_fills(
    services: Given,
    visitor: GivenVisitor,
    owner: FromQuery[str],
    symbol: FromQuery[str] = "",
    limit: FromQuery[str] = str(LIMIT),
    offset: FromQuery[str] = "0",
) -> FillsView:
    """As taker and as maker, swaps too, of all markets or of one `symbol`. `limit` 1 to 500,
    `offset` 0 to 100,000."""
    holder, market, page = await _asked(services, visitor, owner, symbol, limit, offset)
    read = partial(services.history.fills_page, FillFilter(owner=holder, market=market))
    return FillsView(**await _told(services, page, read, _fill))


@get("/api/v1/history/orders", summary="An owner's orders, newest first", tags=["history"])
async def get_order_history(
    services: Given,
    feed: GivenFeed,
    visitor: GivenVisitor,
    owner: FromQuery[str],
    symbol: FromQuery[str] = "",
    limit: FromQuery[str] = str(LIMIT),
    offset: FromQuery[str] = "0",
) -> OrdersView:
    """In any state, of all markets or of one `symbol`. `limit` 1 to 500, `offset` 0 to 100,000."""
    holder, market, page = await _asked(services, visitor, owner, symbol, limit, offset)
    seq, found = await newest_orders(services, feed.log, holder, market, _one_more(page))
    state = services.state
    return OrdersView(
        items=[order_view(state, one, max(seq, one.seq)) for one in found[: page.limit]],
        more=len(found) > page.limit,
        seq=seq,
        complete=True,
    )


@get(
    "/api/v1/history/liquidity", summary="Liquidity that an owner added, removed", tags=["history"]
)
async def get_liquidity(
    services: Given,
    visitor: GivenVisitor,
    owner: FromQuery[str],
    symbol: FromQuery[str] = "",
    limit: FromQuery[str] = str(LIMIT),
    offset: FromQuery[str] = "0",
) -> LiquidityPageView:
    """Newest first, of all pools or of one `symbol`. Shares that were sent are among the transfers.
    `limit` 1 to 500, `offset` 0 to 100,000."""
    holder, market, page = await _asked(services, visitor, owner, symbol, limit, offset)
    read = partial(services.history.liquidity_page, holder, market)
    return LiquidityPageView(**await _told(services, page, read, _liquidity))


@get("/api/v1/history/transfers", summary="What came to and left an owner", tags=["history"])
async def get_transfers(
    services: Given,
    visitor: GivenVisitor,
    owner: FromQuery[str],
    asset: FromQuery[str] = "",
    limit: FromQuery[str] = str(LIMIT),
    offset: FromQuery[str] = "0",
) -> TransfersView:
    """Deposits, withdrawals and what owners sent each other, newest first; of every asset, pool
    shares too, or of one `asset`. `limit` 1 to 500, `offset` 0 to 100,000."""
    holder, _, page = await _asked(services, visitor, owner, "", limit, offset)
    if asset and asset not in services.state.assets:
        fault = f"No asset {asset[:40]!r}; GET /api/v1/assets lists symbols"
        raise Refused(await services.committed(Rejected(Code.INVALID_ASSET, fault)))
    wanted = TransferFilter(owner=holder, kinds=TRANSFER_KINDS, asset=asset, with_shares=True)
    read = partial(services.history.transfers_page, wanted)
    return TransfersView(**await _told(services, page, read, _transfer))


async def _told(
    services: Services,
    page: Page,
    read: Callable[[Page], Awaitable[Sequence[Row]]],
    view: Callable[[State, Row], View],
) -> dict[str, Any]:
    """The arguments of a PageView, as the read tables have it."""
    seq, complete = await shown_by_tables(services)
    found = await read(_one_more(page))
    items = [view(services.state, one) for one in found[: page.limit]]
    return {"items": items, "more": len(found) > page.limit, "seq": seq, "complete": complete}


async def _asked(
    services: Services, visitor: GivenVisitor, owner: str, symbol: str, limit: str, offset: str
) -> tuple[str, str, Page]:
    """The owner (lower case), the market's symbol or nothing, the page. Raises Refused."""
    holder = parse_owner(owner)
    await visitor.may_read(holder)
    page = _page(limit, offset)
    market = (await market_named(services, symbol)).symbol if symbol else ""
    return holder, market, page


def _page(limit: str, offset: str) -> Page:
    """Raises Refused."""
    count = whole_number(limit, "limit", 1, LIMIT_MAX)
    if isinstance(count, Rejected):
        raise Refused(count)
    skipped = whole_number(offset, "offset", 0)
    if isinstance(skipped, Rejected) or skipped > OFFSET_MAX:
        raise Refused(malformed(f"Expected a whole number from 0 to {OFFSET_MAX} - at `offset`"))
    return Page(limit=count, offset=skipped)


def _one_more(page: Page) -> Page:
    """Whether there is one tells whether another page follows."""
    return Page(limit=page.limit + 1, offset=page.offset)


async def shown_by_tables(services: Services) -> tuple[int, bool]:
    """Up to which seq the read tables show everything, and whether that is all that was committed
    when it was asked."""
    await services.committed(None)
    committed = services.writer.committed_seq
    await caught_up(services)
    seq = services.projected()
    return seq, seq >= committed


def _fill(state: State, fill: OwnFill) -> OwnFillView:
    market = state.markets[fill.market]
    base, quote = state.assets[market.base], state.assets[market.quote]
    received = base if fill.is_bid else quote
    charged = state.assets[fill.fee_asset] if fill.fee_asset else received
    return OwnFillView(
        symbol=fill.market,
        venue=POOL if fill.with_pool else BOOK,
        side=BID if fill.is_bid else ASK,
        trade_id=fill.trade_id,
        order_id=None if fill.is_swap else str(fill.order_id),
        client_id=fill.client_id or None,
        is_maker=fill.is_maker,
        price=fill.price,
        quantity=whole_tokens(fill.base_amount, base.decimals),
        quote_quantity=whole_tokens(fill.quote_amount, quote.decimals),
        fee=whole_tokens(fill.fee, charged.decimals),
        fee_symbol=charged.symbol,
        timestamp=fill.time_ms,
        seq=fill.seq,
    )


def _liquidity(_: State, event: LiquidityEvent) -> LiquidityView:
    return LiquidityView(
        pool=event.market,
        kind=event.kind,
        amounts=(str(event.amount_base), str(event.amount_quote)),
        shares=str(event.liquidity),
        reserves=(str(event.reserve_base), str(event.reserve_quote)),
        total_supply=str(event.total_supply),
        timestamp=event.time_ms,
        seq=event.seq,
    )


def _transfer(state: State, moved: OwnTransfer) -> TransferView:
    return TransferView(
        kind=moved.kind,
        symbol=moved.asset,
        token=token_of(state, moved.asset),
        decimals=state.assets[moved.asset].decimals,
        amount=str(moved.amount),
        counterparty=address(moved.counterparty) or None,
        timestamp=moved.time_ms,
        seq=moved.seq,
    )
