"""The order book's part of the client: place, replace, cancel, look up, watch.

Prices and quantities are decimal strings in whole tokens, converted exactly by the market's own
terms and refused here (Unfit, with the nearest valid value) where they are off its ticks or lots.
The `..._amounts` forms take base units as they are signed.
"""

from xyk.client.book_watch import BookWatch
from xyk.client.market_terms import MarketTerms, OrderAmounts, Unfit
from xyk.client.order_watch import OrderWatch
from xyk.client.session import SessionClient
from xyk.client.signing import Json
from xyk.domain.commands import (
    CancelAllAfter,
    CancelAllOrders,
    CancelOrder,
    PlaceOrder,
    ReplaceOrder,
)
from xyk.domain.decimals import base_units


class OrderClient(SessionClient):
    """Arguments as of SigningClient."""

    _terms: dict[str, MarketTerms] | None = None

    async def market_terms(self, market: str, *, again: bool = False) -> MarketTerms:
        """Asked once, or `again`. ValueError for an unknown market."""
        if self._terms is None or again or market not in self._terms:
            assets, markets = await self.get("/api/v1/assets"), await self.get("/api/v1/markets")
            self._terms = {one["symbol"]: MarketTerms.of(one, assets) for one in markets}
        if market not in self._terms:
            raise ValueError(f"No market {market!r}; there are {', '.join(self._terms)}")
        return self._terms[market]

    async def order_amounts(
        self, market: str, side: str, price: str, quantity: str
    ) -> OrderAmounts:
        """`side`: Bid or Ask. Raises Unfit where the market does not take the numbers."""
        try:
            return (await self.market_terms(market)).amounts(side, price, quantity)
        except Unfit:  # the operator may have changed them since they were asked for
            return (await self.market_terms(market, again=True)).amounts(side, price, quantity)

    async def place_order(
        self,
        market: str,
        side: str,
        *,
        price: str,
        quantity: str,
        time_in_force: str = "GTC",
        post_only: bool = False,
        self_trade_prevention: str = "",
        trigger_price: str = "",
        trigger_above: bool = False,
        client_id: int = 0,
        expires: int = 0,
        nonce: int | None = None,
    ) -> Json:
        """Bid or Ask of `quantity` base at `price` quote per base or better; the receipt with the
        order and its fills. `expires` in unix seconds, with GTD. With a `trigger_price` it waits
        until a trade reaches that from below (`trigger_above`) or from above."""
        amounts = await self.order_amounts(market, side, price, quantity)
        trigger = 0
        if trigger_price:
            terms = await self.market_terms(market)
            trigger = base_units(trigger_price, terms.quote_decimals)
        return await self.place_order_amounts(
            *amounts,
            time_in_force=time_in_force,
            post_only=post_only,
            self_trade_prevention=self_trade_prevention,
            trigger_price=trigger,
            trigger_above=trigger_above,
            client_id=client_id,
            expires=expires,
            nonce=nonce,
        )

    async def place_order_amounts(
        self,
        sell_token: str,
        buy_token: str,
        sell_amount: int,
        buy_amount: int,
        *,
        time_in_force: str = "GTC",
        post_only: bool = False,
        self_trade_prevention: str = "",
        trigger_price: int = 0,
        trigger_above: bool = False,
        client_id: int = 0,
        expires: int = 0,
        nonce: int | None = None,
    ) -> Json:
        """Base units as they are signed; `trigger_price` in quote base units per whole base."""
        return await self.act(
            PlaceOrder(
                owner=self.owner,
                sell_token=await self.token(sell_token),
                buy_token=await self.token(buy_token),
                sell_amount=sell_amount,
                buy_amount=buy_amount,
                time_in_force=time_in_force,
                post_only=post_only,
                self_trade_prevention=self_trade_prevention,
                trigger_price=trigger_price,
                trigger_above=trigger_above,
                client_id=client_id,
                expires=expires,
                **self.stamp(nonce),
            ),
            redraw=nonce is None,
        )

    async def replace_order(
        self,
        order: Json | str,
        *,
        price: str = "",
        quantity: str = "",
        nonce: int | None = None,
    ) -> Json:
        """`order`: a receipt or an order as the exchange gave it, or an order id. `quantity` is
        the new total, what is filled included; an empty one and an empty price stay."""
        present = await self.order(order) if isinstance(order, str) else order.get("order", order)
        amounts = await self.order_amounts(
            present["symbol"],
            present["side"],
            price or present["price"],
            quantity or present["quantity"],
        )
        return await self.replace_order_amounts(present["digest"], *amounts, nonce=nonce)

    async def replace_order_amounts(
        self,
        digest: str,
        sell_token: str,
        buy_token: str,
        sell_amount: int,
        buy_amount: int,
        *,
        nonce: int | None = None,
    ) -> Json:
        """`digest`: of the action that placed the order. Base units as they are signed."""
        return await self.act(
            ReplaceOrder(
                owner=self.owner,
                order=digest,
                sell_token=await self.token(sell_token),
                buy_token=await self.token(buy_token),
                sell_amount=sell_amount,
                buy_amount=buy_amount,
                **self.stamp(nonce),
            ),
            redraw=nonce is None,
        )

    async def cancel_order(
        self, order_id: str = "", *, client_id: int = 0, nonce: int | None = None
    ) -> Json:
        """By id, or by the client id of an open order."""
        if bool(order_id) == bool(client_id):
            raise ValueError("Name the order by its id or by its client id, one of them")
        return await self.act(
            CancelOrder(
                owner=self.owner, order_id=order_id, client_id=client_id, **self.stamp(nonce)
            ),
            redraw=nonce is None,
        )

    async def cancel_all_orders(self, market: str = "", *, nonce: int | None = None) -> Json:
        """Of one market, or of all. It is accepted where nothing is open, and so burns a nonce."""
        return await self.act(
            CancelAllOrders(owner=self.owner, market=market, **self.stamp(nonce)),
            redraw=nonce is None,
        )

    async def cancel_all_after(
        self, timeout_seconds: int, market: str = "", *, nonce: int | None = None
    ) -> Json:
        """Arms the dead man's switch, anew with each call; 0 disarms it."""
        return await self.act(
            CancelAllAfter(
                owner=self.owner,
                market=market,
                timeout_seconds=timeout_seconds,
                **self.stamp(nonce),
            ),
            redraw=nonce is None,
        )

    # Reads

    async def order(self, order_id: str) -> Json:
        """In any state; Refused with RESOURCE_NOT_FOUND where there is none."""
        return dict(await self.get("/api/v1/order", {"orderId": order_id}))

    async def order_by_digest(self, digest: str) -> Json:
        """`digest`: of the action that placed it."""
        return dict(await self.get("/api/v1/order", {"digest": digest}))

    async def order_by_client_id(self, client_id: int, owner: str | None = None) -> Json:
        """The open order with that id, else the newest."""
        params: dict[str, str | int] = {"clientId": client_id, "owner": owner or self.owner}
        return dict(await self.get("/api/v1/order", params))

    async def open_orders(self, market: str = "", owner: str | None = None) -> list[Json]:
        """An owner's, oldest first, waiting triggers too."""
        params = {"owner": owner or self.owner}
        if market:
            params["market"] = market
        return list(await self.get("/api/v1/orders", params))

    async def resting_orders(self, market: str, *, limit: int = 1_000) -> list[Json]:
        """Everybody's in the book: bids and then asks, best first."""
        return list(await self.get("/api/v1/orders", {"market": market, "limit": limit}))

    async def depth(self, market: str, *, limit: int = 1_000, source: str = "") -> Json:
        """Levels [price, quantity], both sides ascending. `source`: book for resting orders alone,
        pool for the curve alone, empty for both together."""
        params: dict[str, str | int] = {"symbol": market, "limit": limit}
        if source:
            params["source"] = source
        return dict(await self.get("/api/v1/depth", params))

    # Watching

    def watch_book(self, market: str, *extra_streams: str) -> BookWatch:
        """`async with client.watch_book("ETH_USDC") as watch: async for change in watch: ...`"""
        return BookWatch(self, market, extra_streams)

    def watch_orders(self, market: str = "", owner: str | None = None) -> OrderWatch:
        """`async with client.watch_orders() as watch: async for update in watch: ...`"""
        return OrderWatch(self, owner or self.owner, market)
