"""What a limit order would do now, decided by the very functions that place it.

Prices are exact ratios in whole tokens, quote per base; nothing is rounded here but `impact_bps`.
"""

import msgspec

from xyk.domain.commands import PlaceOrder
from xyk.domain.events import OrderClosed, OrderPlaced, OrderRested
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, Request
from xyk.exchange.arrival import reach
from xyk.exchange.orders import arriving, read_order
from xyk.exchange.quote import first_expiry, impact_bps
from xyk.exchange.state import State
from xyk.exchange.taken import Taken


class OrderQuote(msgspec.Struct, frozen=True):
    """`taken`: what it takes at once, or would have taken where it is `refused`; None for nothing.
    `end`: what becomes of it then, None where it is refused. `impact_bps`: how far the average
    price without fees is from spot, rounded up, at least 0; None where nothing is taken.
    `expires_s`: the first expiry of an order that it fills, in unix seconds, 0 = none.
    """

    placed: OrderPlaced
    taken: Taken | None
    refused: Rejected | None
    end: OrderClosed | OrderRested | None
    impact_bps: int | None
    expires_s: int

    @property
    def amounts(self) -> tuple[int, int]:
        """(base, quote) that it takes, in base units: gross, as an order's executed quantities."""
        taken = self.taken
        if taken is None:
            return 0, 0
        if taken.edge.sells_base:
            return taken.amount_in, taken.amount_out + taken.book_fee
        return taken.amount_out + taken.book_fee, taken.amount_in


def quote_order(state: State, place: PlaceOrder, now_ms: int, signer: str) -> OrderQuote | Rejected:
    """Refused where `place` is no order of an open market; what else forbids it is in the quote.
    Without an owner nobody's funds and own orders are looked at. `signer`: the owner or, held
    against the band, an agent of his.
    """
    request = Request(state.seq + 1, now_ms, signer, "", EIP712, place)
    read = read_order(state, request, place)
    if isinstance(read, Rejected):
        return read
    placed, edge, _ = read
    prevention = placed.self_trade_prevention
    taken = reach(edge, placed.quantity, placed.price, placed.owner, prevention)
    outcome = arriving(state, *read)
    refused, end = (outcome, None) if isinstance(outcome, Rejected) else (None, outcome[-1])
    assert isinstance(end, OrderClosed | OrderRested | None), "a trigger is not quoted"
    filled = () if taken is None or not taken.lots else (taken,)
    impact = impact_bps(state, filled) if filled else None
    return OrderQuote(placed, taken, refused, end, impact, first_expiry(filled))
