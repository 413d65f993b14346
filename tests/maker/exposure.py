"""What a maker held and had open after each entry of the journal, from the events alone."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from tests.maker.desk import LOT, TICK, WHOLE_BASE, WHOLE_QUOTE, Desk, Json

TOKENS_A_LOT = Decimal(LOT) / WHOLE_BASE
QUOTE_A_TICK = Decimal(TICK) / WHOLE_QUOTE


class Rest(NamedTuple):
    """An order: its price in ticks, what is left of it in lots."""

    is_bid: bool
    ticks: int
    lots: int


class Moment(NamedTuple):
    """After entry `seq`. `base` and `quote` in whole tokens, without fees."""

    seq: int
    base: Decimal
    quote: Decimal
    orders: tuple[Rest, ...]

    @property
    def most_base(self) -> Decimal:
        """Held once every bid is filled."""
        return self.base + sum(one.lots * TOKENS_A_LOT for one in self.orders if one.is_bid)

    @property
    def most_quote(self) -> Decimal:
        """Held once every ask is filled."""
        return self.quote + sum(
            one.lots * TOKENS_A_LOT * one.ticks * QUOTE_A_TICK
            for one in self.orders
            if not one.is_bid
        )

    @property
    def is_crossed(self) -> bool:
        bids = [one.ticks for one in self.orders if one.is_bid]
        asks = [one.ticks for one in self.orders if not one.is_bid]
        return bool(bids and asks) and max(bids) >= min(asks)


def moments(desk: Desk, owner: str, market: str, base: Decimal, quote: Decimal) -> Iterator[Moment]:
    """From where it held `base` and `quote` and had nothing open."""
    terms: dict[int, Rest] = {}  # of orders that were placed; `lots`: wanted in all
    resting: dict[int, Rest] = {}
    for seq, events in desk.events():
        for event in events:
            kind, order_id = event["type"], event.get("orderId", 0)
            if kind == "OrderPlaced" and event["owner"] == owner and event["market"] == market:
                terms[order_id] = Rest(event["isBid"], event["price"], event["quantity"])
            elif kind == "OrderReplaced" and order_id in terms:
                resting.pop(order_id, None)
                terms[order_id] = terms[order_id]._replace(ticks=event["price"])
            elif kind in ("OrderRested", "OrderReduced") and order_id in terms:
                resting[order_id] = terms[order_id]._replace(lots=event["remaining"])
            elif kind == "OrderClosed":
                resting.pop(order_id, None)
            elif kind == "BookFilled" and event["maker"] == owner and event["market"] == market:
                base, quote = _filled(event, base, quote)
                left = resting.pop(event["makerOrderId"])._replace(lots=event["makerRemaining"])
                if left.lots:
                    resting[event["makerOrderId"]] = left
        yield Moment(seq, base, quote, tuple(resting.values()))


def _filled(event: Json, base: Decimal, quote: Decimal) -> tuple[Decimal, Decimal]:
    sign = -1 if event["takerBuys"] else 1
    return (
        base + sign * Decimal(event["baseAmount"]) / WHOLE_BASE,
        quote - sign * Decimal(event["quoteAmount"]) / WHOLE_QUOTE,
    )
