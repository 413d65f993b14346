"""What one taker takes of one market: the plan of a hop, before anything is touched."""

from collections.abc import Sequence

import msgspec

from amm.constant_product import swap_fee
from xyk.book.order import Order
from xyk.domain.units import BPS
from xyk.exchange.edge import Edge


class Step(msgspec.Struct, gc=False):
    """An order that the walk met; `lots` 0: an own order, which is cancelled there."""

    order: Order
    lots: int


class Taken(msgspec.Struct, gc=False):
    """Amounts in base units of what the taker gives (in) and gets (out).

    The pool's part is ONE swap of `pool_in` for `pool_out`. `amount_in` is what the taker spends in
    all, `amount_out` what it receives, net of all fees. `lots`: whole lots of base that an order
    took from book and pool together. `met_own`: an own order ended the walk. `overflows`: a reserve
    would pass its bound, so this can be priced but not executed. `is_too_long`: it would meet more
    orders than one command may. `is_spent`: the quote amount ended the walk, not the limit.
    """

    edge: Edge
    amount_in: int
    amount_out: int
    pool_in: int
    pool_out: int
    steps: Sequence[Step] = ()
    lots: int = 0
    met_own: bool = False
    overflows: bool = False
    is_too_long: bool = False
    is_spent: bool = False

    @property
    def pool_fee(self) -> int:
        """V2's fee on the pool's part, in the asset that goes in, rounded up."""
        return swap_fee(self.pool_in, self.edge.pool.fee_bps)

    @property
    def book_in(self) -> int:
        return self.amount_in - self.pool_in

    @property
    def book_out(self) -> int:
        """Net of the taker's fees."""
        return self.amount_out - self.pool_out

    @property
    def book_fee(self) -> int:
        """The taker's fees on all fills, in the asset that comes out, each rounded up."""
        total = 0
        for step in self.steps:
            gross = step.lots * self.edge.lot_amounts(step.order.price)[1]
            total += gross - net_of_fee(gross, self.edge.taker_fee_bps)
        return total


def net_of_fee(amount: int, fee_bps: int) -> int:
    """`amount` minus its fee, the fee rounded up."""
    return amount * (BPS - fee_bps) // BPS
