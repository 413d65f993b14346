"""An order that is open: in the book, or waiting off it for its trigger price.

It is a msgspec Struct that the cyclic collector does not know: made in half the time of a class
with slots, smaller, and no part of a collection's pause. That is sound because the book unlinks
what leaves it: an order in no level points at nothing that could point back. Only a whole book that
is dropped with orders in it is never freed; an exchange keeps its books as long as it lives.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from xyk.book.terms import PLAIN, Terms

if TYPE_CHECKING:
    from xyk.book.level import Level

OWN = (
    "id",
    "digest",
    "owner",
    "market",
    "is_bid",
    "price",
    "quantity",
    "filled",
    "executed_quote",
    "client_id",
    "created_ms",
    "triggered_ms",
    "priority",
)
TERMS = tuple(name for name in Terms.__struct_fields__ if name != "is_market")
DUMPED = (*OWN, *TERMS)


class Order(msgspec.Struct, gc=False, eq=False):
    """`price` in ticks, `quantity` (the total) and `filled` in lots, `executed_quote` in gross
    base units of quote, `expires` in unix seconds.

    `priority` is the seq of the entry that put it into its level, 0 while it waits for its
    trigger. `level`, `before` and `after` belong to the book. `terms` hold what hardly ever
    changes; each of them also reads as an attribute of the order.
    """

    id: int
    owner: str
    is_bid: bool
    price: int
    quantity: int
    digest: str = ""
    market: str = ""
    client_id: int = 0
    created_ms: int = 0
    terms: Terms = PLAIN
    filled: int = 0
    executed_quote: int = 0
    triggered_ms: int = 0
    priority: int = 0
    level: "Level | None" = None
    before: "Order | None" = None
    after: "Order | None" = None

    @property
    def remaining(self) -> int:
        """Lots."""
        return self.quantity - self.filled

    @property
    def time_in_force(self) -> str:
        return self.terms.time_in_force

    @property
    def post_only(self) -> bool:
        return self.terms.post_only

    @property
    def self_trade_prevention(self) -> str:
        return self.terms.self_trade_prevention

    @property
    def expires(self) -> int:
        return self.terms.expires

    @property
    def trigger_price(self) -> int:
        return self.terms.trigger_price

    @property
    def trigger_above(self) -> bool:
        return self.terms.trigger_above

    @property
    def by_agent(self) -> bool:
        return self.terms.by_agent

    def __repr__(self) -> str:
        """Without the links, which lead through the whole level."""
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in OWN)
        return f"Order({fields}, terms={self.terms!r})"

    def dump(self) -> dict[str, Any]:
        """Plain JSON values under string keys; `load` gives an equal order, in no level.

        What came after the first version is there only where it says something.
        """
        dumped = {name: getattr(self, name) for name in DUMPED}
        if self.terms.is_market:
            dumped["is_market"] = True
        return dumped

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "Order":
        is_market = dumped.get("is_market", False)
        terms = Terms(**{name: dumped[name] for name in TERMS}, is_market=is_market)
        return cls(terms=terms, **{name: dumped[name] for name in OWN})
