"""A market of one's own with a book and, if wished, a pool, and orders in whole tokens on it."""

from decimal import Decimal
from typing import Any

from tests.api.desk import Json
from tests.api.test_bbo import deposit, fresh_market
from xyk.client.client import Client
from xyk.domain.commands import (
    CancelAllAfter,
    CancelAllOrders,
    CancelOrder,
    PlaceOrder,
    ReplaceOrder,
)

BASE_UNIT, QUOTE_UNIT = 10**18, 10**6  # of a whole token


class Venue:
    """Tick 0.01, lot 0.0001, maker 2 bps, taker 5 bps, pool 30 bps."""

    def __init__(self, base: str, quote: str, base_token: str, quote_token: str) -> None:
        self.base, self.quote = base, quote
        self.base_token, self.quote_token = base_token, quote_token
        self.market = f"{base}_{quote}"

    @classmethod
    async def open(cls, operator: Client) -> "Venue":
        base, quote = await fresh_market(operator)
        return cls(base, quote, await operator.token(base), await operator.token(quote))

    async def fund(self, owner: Client, base: int = 100, quote: int = 1_000_000) -> None:
        """Whole tokens."""
        await owner.faucet(self.base, base * BASE_UNIT)
        await owner.faucet(self.quote, quote * QUOTE_UNIT)

    async def add_pool(self, owner: Client) -> None:
        """The worked example of the design: 100 base and 200,000 quote."""
        await deposit(owner, self.base, self.quote, 100 * BASE_UNIT, 200_000 * QUOTE_UNIT)

    def order(
        self, owner: Client, side: str, quantity: str, price: str, **changes: Any
    ) -> PlaceOrder:
        base = int(Decimal(quantity) * BASE_UNIT)
        quote = int(Decimal(quantity) * Decimal(price) * QUOTE_UNIT)
        is_bid = side == "Bid"
        values: dict[str, Any] = {
            "owner": owner.owner,
            "sell_token": self.quote_token if is_bid else self.base_token,
            "buy_token": self.base_token if is_bid else self.quote_token,
            "sell_amount": quote if is_bid else base,
            "buy_amount": base if is_bid else quote,
            "time_in_force": "",
            "post_only": False,
            "self_trade_prevention": "",
            "trigger_price": 0,
            "trigger_above": False,
            "client_id": 0,
            "expires": 0,
            **owner.stamp(),
        }
        return PlaceOrder(**{**values, **changes})

    async def place(
        self, owner: Client, side: str, quantity: str, price: str, **changes: Any
    ) -> Json:
        return await owner.act(self.order(owner, side, quantity, price, **changes))

    def replacement(
        self, owner: Client, order: Json, quantity: str, price: str, **changes: Any
    ) -> ReplaceOrder:
        placed = self.order(owner, order["side"], quantity, price)
        values: dict[str, Any] = {
            "owner": owner.owner,
            "order": order["digest"],
            "sell_token": placed.sell_token,
            "buy_token": placed.buy_token,
            "sell_amount": placed.sell_amount,
            "buy_amount": placed.buy_amount,
            **owner.stamp(),
        }
        return ReplaceOrder(**{**values, **changes})

    def cancel(self, owner: Client, order_id: str, client_id: int = 0) -> CancelOrder:
        return CancelOrder(
            owner=owner.owner, order_id=order_id, client_id=client_id, **owner.stamp()
        )

    def cancel_all(self, owner: Client) -> CancelAllOrders:
        return CancelAllOrders(owner=owner.owner, market=self.market, **owner.stamp())

    def cancel_after(self, owner: Client, seconds: int) -> CancelAllAfter:
        return CancelAllAfter(
            owner=owner.owner, market=self.market, timeout_seconds=seconds, **owner.stamp()
        )
