"""What the exchange tells a maker of one market: its open orders, its funds and the pool. Read once
for each connection of the stream, and followed by the stream from there on.
"""

from collections.abc import Callable
from typing import Any

from xyk.client.client import Client
from xyk.client.market_terms import MarketTerms
from xyk.client.stream import SUBSCRIBED, Stream
from xyk.domain.units import BPS, MINIMUM_ORDER_QUOTE, MINIMUM_RESERVE
from xyk.maker.holdings import Holdings
from xyk.maker.own_orders import OwnOrders
from xyk.maker.quoting import Bounds, Grid, Price, Stock
from xyk.maker.reference import pool_price

OPEN = "Open"


class MarketView:
    """`is_fresh` false: read again before anything is decided by it. `pool`: the price of its
    reserves, None while it is empty or asleep. `changed` is called after each frame."""

    def __init__(self, client: Client, terms: MarketTerms, changed: Callable[[], None]) -> None:
        self.terms = terms
        self.orders = OwnOrders(terms)
        self.holdings = Holdings(terms)
        self.pool: Price | None = None
        self.pool_base = 0  # base units
        self.pool_fee_bps = 0
        self.has_book = True
        self.is_open = True
        self.is_fresh = False
        self._client = client
        self._changed = changed
        self._pool_stream = f"pool.{terms.symbol}"
        self._orders_stream = f"account.orderUpdate.{terms.symbol}@{client.owner.lower()}"
        self._funds_stream = f"account.balanceUpdate@{client.owner.lower()}"
        self.stream = Stream(
            client.connection.base_url,
            [self._orders_stream, self._funds_stream, self._pool_stream],
            announces=True,
            token=client.token_to_read,
        )

    @property
    def is_heard(self) -> bool:
        return self.stream.subscribed.is_set()

    @property
    def is_settled(self) -> bool:
        """Whether the funds are as the newest fill left them: the stream tells of the order
        first."""
        return self.holdings.knows(self.orders.filled_seq)

    async def follow(self) -> None:
        """Until it is cancelled. Raises Refused."""
        async with self.stream:
            async for frame in self.stream:
                data: dict[str, Any] = frame["data"]
                if frame["stream"] == SUBSCRIBED:
                    self.is_fresh = False
                elif frame["stream"] == self._orders_stream:
                    self.orders.told(data)
                elif frame["stream"] == self._funds_stream:
                    self.holdings.told(data)
                else:
                    self._pool_is(data["reserves"])
                self._changed()

    async def read(self) -> None:
        """Orders before funds: what is filled in between is then counted twice, never missed."""
        symbol = self.terms.symbol
        self.is_fresh = True  # unless the connection is lost again meanwhile
        try:
            self.orders.reset(await self._client.open_orders(symbol))
            self.holdings.reset(await self._client.account())
            pool = await self._client.pool(symbol)
            self.pool_fee_bps = pool["feeBps"]
            self._pool_is(pool["reserves"])
            await self.read_terms()
        except BaseException:
            self.is_fresh = False
            raise

    async def read_terms(self) -> None:
        """Whether the market is open; and its tick and lot, which change while no order rests."""
        market = await self._client.get("/api/v1/market", {"symbol": self.terms.symbol})
        self.is_open = market["orderBookState"] == OPEN
        self.has_book = market["book"]
        terms = await self._client.market_terms(self.terms.symbol, again=True)
        if terms != self.terms:
            self.terms = self.orders.terms = terms

    def grid(self) -> Grid:
        terms = self.terms
        whole_base = 10**terms.base_decimals
        return Grid(terms.tick_size, terms.lot_size, whole_base, MINIMUM_ORDER_QUOTE)

    def stock(self) -> Stock:
        """Funds that orders of other markets hold are not free."""
        grid, own = self.grid(), self.orders.open.values()
        base, quote = self.holdings.base, self.holdings.quote
        in_asks = sum(one.lots for one in own if not one.is_bid) * grid.lot_size
        in_bids = sum(grid.value(one.ticks, one.lots) for one in own if one.is_bid)
        return Stock(
            base=base.available + base.locked,
            quote=quote.available + quote.locked,
            free_base=base.available + min(in_asks, base.locked),
            free_quote=quote.available + min(in_bids, quote.locked),
        )

    def bounds(self) -> Bounds:
        """Beyond these a quote would take from the pool: its price after its fee."""
        if self.pool is None:
            return Bounds()
        keeps = BPS - self.pool_fee_bps
        grid = self.grid()
        worth = self.pool.quote * grid.whole_base
        unit = self.pool.base * grid.tick_size
        return Bounds(
            highest_bid=worth * BPS // (unit * keeps), lowest_ask=-(-worth * keeps // (unit * BPS))
        )

    def _pool_is(self, reserves: list[str]) -> None:
        base, quote = (int(amount) for amount in reserves)
        is_awake = base >= max(MINIMUM_RESERVE, self.terms.lot_size) and quote >= MINIMUM_RESERVE
        self.pool = pool_price(reserves) if is_awake else None
        self.pool_base = base
