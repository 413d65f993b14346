"""An order that is open: in the book, or waiting off it for its trigger price."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xyk.book.level import Level

DUMPED = (
    "id",
    "digest",
    "owner",
    "market",
    "is_bid",
    "price",
    "quantity",
    "filled",
    "executed_quote",
    "time_in_force",
    "post_only",
    "self_trade_prevention",
    "client_id",
    "expires",
    "trigger_price",
    "trigger_above",
    "by_agent",
    "created_ms",
    "triggered_ms",
    "priority",
)


class Order:
    """`price` in ticks, `quantity` (the total) and `filled` in lots, `executed_quote` in gross
    base units of quote, `expires` in unix seconds.

    `priority` is the seq of the entry that put it into its level, 0 while it waits for its
    trigger. `level`, `before` and `after` belong to the book.
    """

    __slots__ = (*DUMPED, "after", "before", "level")

    id: int
    digest: str
    owner: str
    market: str
    is_bid: bool
    price: int
    quantity: int
    filled: int
    executed_quote: int
    time_in_force: str
    post_only: bool
    self_trade_prevention: str
    client_id: int
    expires: int
    trigger_price: int
    trigger_above: bool
    by_agent: bool
    created_ms: int
    triggered_ms: int
    priority: int
    level: "Level | None"
    before: "Order | None"
    after: "Order | None"

    def __init__(self, *, id: int, owner: str, is_bid: bool, price: int, quantity: int) -> None:
        self.id = id
        self.digest = ""
        self.owner = owner
        self.market = ""
        self.is_bid = is_bid
        self.price = price
        self.quantity = quantity
        self.filled = 0
        self.executed_quote = 0
        self.time_in_force = "GTC"
        self.post_only = False
        self.self_trade_prevention = "RejectTaker"
        self.client_id = 0
        self.expires = 0
        self.trigger_price = 0
        self.trigger_above = False
        self.by_agent = False
        self.created_ms = 0
        self.triggered_ms = 0
        self.priority = 0
        self.level = None
        self.before = None
        self.after = None

    @property
    def remaining(self) -> int:
        """Lots."""
        return self.quantity - self.filled

    def dump(self) -> dict[str, Any]:
        """Plain JSON values under string keys; `load` gives an equal order, in no level."""
        return {name: getattr(self, name) for name in DUMPED}

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "Order":
        order = cls(
            id=dumped["id"],
            owner=dumped["owner"],
            is_bid=dumped["is_bid"],
            price=dumped["price"],
            quantity=dumped["quantity"],
        )
        for name in DUMPED:
            setattr(order, name, dumped[name])
        return order
