"""An order book kept here: a snapshot of GET /depth, and what `depth.S` changes on it."""

from decimal import Decimal
from typing import NamedTuple

from xyk.client.signing import Json


class BookLevel(NamedTuple):
    """Quote per base and base, both in whole tokens, exactly as the exchange writes them."""

    price: Decimal
    quantity: Decimal


class LocalBook:
    """`asks` and `bids` by price. `last_update_id` 0: there was no snapshot yet."""

    def __init__(self, market: str) -> None:
        self.market = market
        self.asks: dict[Decimal, Decimal] = {}
        self.bids: dict[Decimal, Decimal] = {}
        self.last_update_id = 0

    def reset(self, depth: Json) -> None:
        """`depth`: an answer of GET /api/v1/depth with every level."""
        self.asks = {Decimal(price): Decimal(quantity) for price, quantity in depth["asks"]}
        self.bids = {Decimal(price): Decimal(quantity) for price, quantity in depth["bids"]}
        self.last_update_id = int(depth["lastUpdateId"])

    def apply(self, change: Json) -> bool:
        """The data of a frame of `depth.S`; False where frames before it are missing, so that only
        a new snapshot helps. One that the snapshot knows already changes nothing."""
        if change["u"] <= self.last_update_id:
            return True
        if change["U"] > self.last_update_id + 1:
            return False
        for levels, changes in ((self.asks, change["a"]), (self.bids, change["b"])):
            for price, quantity in changes:
                if quantity == "0":
                    levels.pop(Decimal(price), None)
                else:
                    levels[Decimal(price)] = Decimal(quantity)
        self.last_update_id = change["u"]
        return True

    def best_asks(self, limit: int | None = None) -> list[BookLevel]:
        """Lowest price first."""
        return [BookLevel(price, self.asks[price]) for price in sorted(self.asks)[:limit]]

    def best_bids(self, limit: int | None = None) -> list[BookLevel]:
        """Highest price first."""
        prices = sorted(self.bids, reverse=True)[:limit]
        return [BookLevel(price, self.bids[price]) for price in prices]
