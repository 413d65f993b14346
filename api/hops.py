"""The hops of a swap: per market what its book gave and what its pool gave, from the events."""

from collections.abc import Sequence

import msgspec

from api.order_views import BOOK, POOL
from api.views import token_of
from xyk.domain.events import AnyEvent, BookFilled, PoolSwapped
from xyk.exchange.state import State


class FeeView(msgspec.Struct, frozen=True):
    market: str
    venue: str
    token: str
    amount: str


class HopView(msgspec.Struct, frozen=True, rename="camel"):
    """One venue's part of a route. A pool's fee is in `tokenIn` and inside `amountIn`, the book's
    is in `tokenOut` and taken off before `amountOut`."""

    market: str
    venue: str
    token_in: str
    token_out: str
    amount_in: str
    amount_out: str
    fee: str


class Hop(msgspec.Struct):
    """One market of the route; amounts out are net of the taker's fees."""

    market: str
    asset_in: str
    asset_out: str
    book_in: int = 0
    book_out: int = 0
    book_fee: int = 0
    pool_in: int = 0
    pool_out: int = 0
    pool_fee: int = 0

    @property
    def amount_in(self) -> int:
        return self.book_in + self.pool_in

    @property
    def amount_out(self) -> int:
        return self.book_out + self.pool_out

    def views(self, state: State) -> list[HopView]:
        """Those of its venues that gave something, the book first."""
        tokens = token_of(state, self.asset_in), token_of(state, self.asset_out)
        parts = (
            (BOOK, self.book_in, self.book_out, self.book_fee),
            (POOL, self.pool_in, self.pool_out, self.pool_fee),
        )
        return [
            HopView(self.market, venue, *tokens, str(given), str(got), str(fee))
            for venue, given, got, fee in parts
            if given
        ]


def hops_of(state: State, events: Sequence[AnyEvent]) -> list[Hop]:
    """In the order of the way; no route passes a market twice."""
    hops: dict[str, Hop] = {}
    for event in events:
        if not isinstance(event, BookFilled | PoolSwapped):
            continue
        market = state.markets[event.market]
        if isinstance(event, PoolSwapped):
            assets = event.asset_in, event.asset_out
        else:
            buys = event.taker_buys
            assets = (market.quote, market.base) if buys else (market.base, market.quote)
        hop = hops.get(event.market)
        if hop is None:
            hop = hops[event.market] = Hop(event.market, *assets)
        if isinstance(event, PoolSwapped):
            hop.pool_in += event.amount_in
            hop.pool_out += event.amount_out
            hop.pool_fee += event.fee
        else:
            amounts = event.base_amount, event.quote_amount
            given, got = amounts[::-1] if event.taker_buys else amounts
            hop.book_in += given
            hop.book_out += got - event.taker_fee
            hop.book_fee += event.taker_fee
    return list(hops.values())


def fees_of(hops: Sequence[HopView]) -> list[FeeView]:
    return [
        FeeView(
            hop.market, hop.venue, hop.token_in if hop.venue == POOL else hop.token_out, hop.fee
        )
        for hop in hops
    ]


def single_fee(fees: Sequence[FeeView]) -> str | None:
    """All fees as one amount; None where they were paid in several tokens."""
    if len({fee.token for fee in fees}) != 1:
        return None
    return str(sum(int(fee.amount) for fee in fees))
