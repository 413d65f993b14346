"""One hop of a taker: the way over one market's orders and its pool's curve, best net price first.

It plans and touches nothing. Prices on the way are IN per OUT of the taker: gross is the order's
own, net has the taker's fee on top. The pool is asked on the curve as it stood before the hop, for
its whole part at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

from tests.naive.pair import BPS, RESERVE_MAX, Pair
from tests.naive.vault import Fields, left


@dataclass
class Plan:
    market: str
    side_in: int  # 0: the taker sells the base
    fills: list[tuple[Fields, int]] = field(default_factory=list)  # 0 lots: an own one, cancelled
    pool_in: int = 0
    pool_out: int = 0
    amount_in: int = 0
    amount_out: int = 0  # net of all fees
    lots: int = 0
    met_own: bool = False  # an own order ended the way
    overflows: bool = False


def most(highest: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `highest` that fits; smaller ones fit too, and 0 does."""
    low = 0
    while low < highest:
        middle = (low + highest + 1) // 2
        if fits(middle):
            low = middle
        else:
            highest = middle - 1
    return low


@dataclass
class Hop:
    """`orders` best first; `pair` only where the pool is awake; `tick_price` in quote per base."""

    market: str
    side_in: int
    owner: str
    lot: int
    tick_price: Fraction
    taker_fee_bps: int
    pair: Pair | None
    orders: list[Fields]

    # -- prices and amounts ------------------------------------------------------------------

    def gross(self, ticks: int) -> Fraction:
        price = ticks * self.tick_price
        return price if self.side_in == 1 else 1 / price

    def net(self, order: Fields) -> Fraction:
        return self.gross(order["price"]) * BPS / (BPS - self.taker_fee_bps)

    def beyond(self, order: Fields) -> Fraction:
        """How far a rest below one lot may push the pool past an order that it cannot fill."""
        assert self.pair is not None
        return self.gross(order["price"]) / self.pair.keeps() ** 2

    def quote(self, order: Fields, lots: int) -> int:
        worth: Fraction = lots * self.lot * order["price"] * self.tick_price
        assert worth.denominator == 1
        return worth.numerator

    def cost(self, order: Fields, lots: int) -> int:
        return self.quote(order, lots) if self.side_in == 1 else lots * self.lot

    def received(self, order: Fields, lots: int) -> int:
        """Net of the taker's fee, which is rounded up."""
        amount = lots * self.lot if self.side_in == 1 else self.quote(order, lots)
        return amount - ceil(Fraction(amount * self.taker_fee_bps, BPS))

    def pool_room_in(self, price: Fraction, taken: int) -> int:
        if self.pair is None:
            return 0
        return max(0, self.pair.in_until(self.side_in, price) - taken)

    def pool_room_out(self, price: Fraction, given: int) -> int:
        if self.pair is None:
            return 0
        return max(0, self.pair.out_until(self.side_in, price) - given)

    # -- the three ways ----------------------------------------------------------------------

    def exact_in(self, amount: int) -> Plan | None:
        """None where that buys nothing."""
        plan, rest, to_pool = self._plan(), amount, 0
        for order in self.orders:
            part = min(rest, self.pool_room_in(self.net(order), to_pool))
            to_pool, rest = to_pool + part, rest - part
            lots = min(left(order), rest // self.cost(order, 1))
            own = order["owner"] == self.owner
            if own and lots > 0:
                plan.fills.append((order, 0))
                continue
            if lots > 0:
                plan.fills.append((order, lots))
                rest -= self.cost(order, lots)
            if lots < left(order):
                if self.pair is not None:
                    part = min(rest, self.pool_room_in(self.beyond(order), to_pool))
                    to_pool, rest = to_pool + part, rest - part
                break
        else:
            if self.pair is not None:
                to_pool += rest
        self._to_pool(plan, to_pool)
        self._sum_up(plan)
        return plan if plan.amount_out > 0 else None

    def exact_out(self, amount: int) -> Plan | None:
        """None where book and pool have not that much."""
        plan, need, from_pool = self._plan(), amount, 0
        for order in self.orders:
            part = min(need, self.pool_room_out(self.net(order), from_pool))
            from_pool, need = from_pool + part, need - part
            if need == 0:
                break
            lots = most(left(order), lambda n: self.received(order, n) <= need)  # noqa: B023
            own = order["owner"] == self.owner
            if own and lots > 0:
                plan.fills.append((order, 0))
                continue
            if lots > 0:
                need -= self.received(order, lots)
            if need > 0 and lots < left(order):
                if self.pair and need <= self.pool_room_out(self.beyond(order), from_pool):
                    from_pool, need = from_pool + need, 0
                elif own:
                    plan.fills.append((order, 0))
                    continue
                else:
                    lots, need = lots + 1, 0
            if lots > 0:
                plan.fills.append((order, lots))
            if need == 0:
                break
        from_pool += need
        if from_pool > 0:
            pool_in = None if self.pair is None else self.pair.in_for(self.side_in, from_pool)
            if pool_in is None:
                return None
            plan.pool_in, plan.pool_out = pool_in, from_pool
        return self._sum_up(plan)

    def in_lots(self, quantity: int, limit: int, self_trade: str) -> Plan:
        """An order's way to its limit in ticks; all in whole lots, the pool's part too."""
        plan, rest, pool_lots = self._plan(), quantity, 0
        worst = self.gross(limit)
        for order in self.orders:
            if self.gross(order["price"]) > worst:
                break
            part = min(rest, self._pool_room_lots(min(self.net(order), worst), pool_lots))
            pool_lots, rest = pool_lots + part, rest - part
            if rest == 0:
                break
            if order["owner"] == self.owner:
                if self_trade != "RejectTaker":
                    plan.fills.append((order, 0))
                if self_trade == "RejectMaker":
                    continue
                plan.met_own = True
                break
            lots = min(left(order), rest)
            plan.fills.append((order, lots))
            rest -= lots
        if not plan.met_own:
            pool_lots += min(rest, self._pool_room_lots(worst, pool_lots))
        amount = pool_lots * self.lot
        if self.side_in == 0:
            self._to_pool(plan, amount)
        elif amount > 0:
            assert self.pair is not None
            needed = self.pair.in_for(1, amount)
            assert needed is not None
            plan.pool_in, plan.pool_out = needed, amount
        return self._sum_up(plan)

    # -- parts -------------------------------------------------------------------------------

    def _plan(self) -> Plan:
        return Plan(self.market, self.side_in)

    def _pool_room_lots(self, price: Fraction, pool_lots: int) -> int:
        if self.side_in == 1:
            room = self.pool_room_out(price, 0)
        else:
            room = self.pool_room_in(price, 0)
        return max(0, floor(Fraction(room, self.lot)) - pool_lots)

    def _to_pool(self, plan: Plan, amount: int) -> None:
        """A part that the pool gives nothing for is none: it stays unspent."""
        if amount > 0 and self.pair is not None:
            out = self.pair.out_for(self.side_in, amount)
            if out > 0:
                plan.pool_in, plan.pool_out = amount, out

    def _sum_up(self, plan: Plan) -> Plan:
        plan.amount_in = plan.pool_in + sum(self.cost(one, lots) for one, lots in plan.fills)
        plan.amount_out = plan.pool_out + sum(self.received(one, n) for one, n in plan.fills)
        pool_base = plan.pool_in if self.side_in == 0 else plan.pool_out
        plan.lots = pool_base // self.lot + sum(lots for _, lots in plan.fills)
        if self.pair is not None:
            plan.overflows = self.pair.reserves[self.side_in] + plan.pool_in > RESERVE_MAX
        return plan
