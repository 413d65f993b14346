"""All open orders in one plain list of dicts, which is scanned and sorted whenever it is asked."""

from fractions import Fraction

from tests.naive.vault import Event, Fields, Vault, left


class OpenOrders(Vault):
    """An order `waits` for its trigger or else rests in its level since the entry `priority`."""

    def __init__(self, genesis: Fields, now_ms: int) -> None:
        super().__init__(genesis, now_ms)
        self.orders: list[Fields] = []
        self.due: list[int] = []  # ids whose trigger was reached and that have not had their turn
        self.timers: dict[tuple[str, str], int] = {}  # (owner, market or empty): when it fires
        self.last: dict[str, Fraction] = {}  # quote base units per base unit

    # -- prices ------------------------------------------------------------------------------

    def price(self, market: str, ticks: int) -> Fraction:
        """Quote base units per base unit."""
        terms = self.markets[market]
        return Fraction(ticks * terms["tickSize"], 10 ** self.decimals_of(terms["base"]))

    def resting(self, market: str, is_bid: bool) -> list[Fields]:
        """Best price first, then first come."""
        side = [
            order
            for order in self.orders
            if order["market"] == market and order["isBid"] == is_bid and not order["waits"]
        ]
        return sorted(
            side, key=lambda order: (order["price"] * (-1) ** order["isBid"], order["priority"])
        )

    def spot(self, market: str) -> Fraction | None:
        """The awake pool's ratio, else the book's mid, else the last price."""
        if self.is_awake(market):
            base, quote = self.pairs[market].reserves
            return Fraction(quote, base)
        bids, asks = self.resting(market, True), self.resting(market, False)
        if bids and asks:
            return self.price(market, bids[0]["price"] + asks[0]["price"]) / 2
        return self.last.get(market)

    # -- what an order holds -----------------------------------------------------------------

    def needs(self, order: Fields, lots: int, ticks: int) -> tuple[str, int]:
        """The asset and the amount that `lots` of it need at that price."""
        terms = self.markets[order["market"]]
        base = lots * int(terms["lotSize"])
        if not order["isBid"]:
            return terms["base"], base
        quote = base * self.price(order["market"], ticks)
        assert quote.denominator == 1
        return terms["quote"], quote.numerator

    def set_hold(self, order: Fields, lots: int) -> int:
        """Holds what `lots` of it need, no less and no more, and gives what that released."""
        asset, amount = self.needs(order, lots, order["price"])
        released = order["held"] - amount
        self._hold(order["owner"], asset, -released)
        order["held"] = amount
        return int(released)

    # -- finding and closing -----------------------------------------------------------------

    def of_owner(self, owner: str, market: str = "") -> list[Fields]:
        """In the order of their ids; an empty market means all."""
        mine = [order for order in self.orders if order["owner"] == owner]
        mine = [order for order in mine if market in ("", order["market"])]
        return sorted(mine, key=lambda order: int(order["id"]))

    def by_id(self, number: int) -> Fields:
        return next(order for order in self.orders if order["id"] == number)

    def forget(self, order: Fields) -> None:
        self.orders.remove(order)
        if order["id"] in self.due:
            self.due.remove(order["id"])

    def close(self, order: Fields, status: str, reason: str = "") -> Event:
        """The order is over, and what it holds is its owner's again."""
        released = self.set_hold(order, 0)
        if order in self.orders:
            self.forget(order)
        return {
            "type": "OrderClosed",
            "owner": order["owner"],
            "orderId": order["id"],
            "market": order["market"],
            "status": status,
            "reason": reason,
            "remaining": left(order),
            "released": released,
        }
