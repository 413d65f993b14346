"""The demo's orders: alice rests a bid and an ask, bob takes over book and pool, moves what is left
of his order, and both cancel.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from xyk.client.client import Client
from xyk.client.market_terms import MarketTerms
from xyk.domain.units import BPS

MARKET = "ETH_USDC"
AWAY_BPS = 10  # from the best price: near enough that the demo moves little
ALICE_ETH = Decimal("0.5")  # of each of her orders
REST_ETH = Decimal("0.25")  # what bob wants beyond all that is offered

Receipt = dict[str, Any]
Show = Callable[[str, str, str, Receipt], Awaitable[None]]


class DemoOrders:
    """`show` takes who, what, the result and the receipt, as rows of the demo's table."""

    def __init__(self, alice: Client, bob: Client, show: Show) -> None:
        self._alice = alice
        self._bob = bob
        self._show = show

    async def run(self) -> int:
        """How many fills bob's order had, each of which is a trade of the feed."""
        terms = await self._alice.market_terms(MARKET)
        best = await self._alice.bbo(MARKET)
        limit = away(terms, best["askPrice"], AWAY_BPS)
        low = away(terms, best["bidPrice"], -AWAY_BPS)
        ask = await self._rest("Ask", limit)
        bid = await self._rest("Bid", low)
        taken = await self._take(limit)
        await self._replace(taken, low)
        await self._cancel("bob", self._bob, taken)
        await self._cancel("alice", self._alice, bid)
        if (await self._alice.order(ask["id"]))["status"] != "Filled":
            await self._cancel("alice", self._alice, ask)
        return len(taken["fills"])

    async def _rest(self, side: str, price: str) -> Receipt:
        quantity = f"{ALICE_ETH}"
        order = await self._alice.place_order(
            MARKET, side, price=price, quantity=quantity, post_only=True
        )
        await self._show("alice", f"rest {side.lower()}", f"{quantity} ETH at {price}", order)
        return order

    async def _take(self, limit: str) -> Receipt:
        """More than book and pool offer up to `limit`, so that the rest of it rests."""
        offers = (await self._bob.depth(MARKET))["asks"]
        offered = [Decimal(lots) for price, lots in offers if Decimal(price) <= Decimal(limit)]
        quantity = f"{sum(offered, REST_ETH):f}"
        await self._fund_bob(limit, quantity)
        order = await self._bob.place_order(MARKET, "Bid", price=limit, quantity=quantity)
        for fill in order["fills"]:
            source = "the pool" if fill["venue"] == "pool" else f"order {fill['makerOrderId']}"
            await self._show(
                "bob", "take", f"{fill['quantity']} ETH at {fill['price']} from {source}", {}
            )
        done = f"{order['executedQuantity']} of {quantity} ETH filled, the rest rests at {limit}"
        await self._show("bob", "bid", done, order)
        return order

    async def _fund_bob(self, limit: str, quantity: str) -> None:
        """On a sandbox where others rest a lot he needs more than he has."""
        amounts = await self._bob.order_amounts(MARKET, "Bid", limit, quantity)
        balances = (await self._bob.account())["balances"]
        has = next((int(one["available"]) for one in balances if one["symbol"] == "USDC"), 0)
        lacks = amounts.sell_amount - has
        if lacks > 0:
            receipt = await self._bob.faucet("USDC", lacks)
            await self._show("bob", "faucet", "received what the order needs", receipt)

    async def _replace(self, order: Receipt, price: str) -> None:
        moved = await self._bob.replace_order(order, price=price)
        result = f"order {moved['id']} from {order['price']} to {moved['price']}"
        await self._show("bob", "replace", result, moved)

    async def _cancel(self, who: str, client: Client, order: Receipt) -> None:
        gone = await client.cancel_order(order["id"])
        await self._show(who, "cancel", f"order {gone['id']} is {gone['status']}", gone)


def away(terms: MarketTerms, price: str, bps: int) -> str:
    """`price` moved by so many bps, cut to whole ticks."""
    return terms.price(terms.ticks(price) * (BPS + bps) // BPS)
