"""One taker, one market: book and curve walked together, best price after all fees first.

Before each level the pool gives what it has at better prices, on the curve as it stands: the pool's
part is executed as one swap, which is never worse than several, because the fee stays inside. The
split is that of facts/routing.md: x* and y* of amm.price_target at the level's price net of the
taker's fee. Orders are filled in whole lots. Only plans; nothing is touched. A walk that would meet
more than FILLS_MAX orders is none: a book of crumbs must not hold everybody up.
"""

from amm.constant_product import get_amount_in, get_amount_out
from amm.price_target import is_better_than, max_in_to_price, max_out_to_price
from xyk.book.level import Level
from xyk.domain.units import BPS, FILLS_MAX, RESERVE_MAX
from xyk.exchange.edge import Edge
from xyk.exchange.taken import Step, Taken, net_of_fee

REJECT_TAKER = "RejectTaker"
REJECT_MAKER = "RejectMaker"
REJECT_BOTH = "RejectBoth"


def take_exact_in(edge: Edge, amount_in: int, owner: str) -> Taken | None:
    """As much as `amount_in` buys; None where that is nothing.

    What is too little for one more lot goes to the pool only up to the price at which its other
    side would meet the level, P * (d/n)^2; the rest stays unspent. Own orders that are reached with
    a whole lot left are cancelled.
    """
    reserve_in, reserve_out = edge.reserves
    fee_bps, kept = edge.pool.fee_bps, BPS - edge.taker_fee_bps
    awake = edge.has_awake_pool
    steps: list[Step] = []
    rest, pool_in = amount_in, 0
    for level in edge.levels():
        lot_in, lot_out = edge.lot_amounts(level.price)
        if awake:
            target = max_in_to_price(reserve_in, reserve_out, fee_bps, lot_in * BPS, lot_out * kept)
            if target > pool_in:
                more = min(rest, target - pool_in)
                pool_in += more
                rest -= more
        lots, is_done = _fill_lots(level, rest // lot_in, owner, steps)
        rest -= lots * lot_in
        if len(steps) > FILLS_MAX:
            return None
        if is_done:
            if awake and rest:
                target = _dust_target_in(edge, lot_in, lot_out)
                pool_in += min(rest, max(0, target - pool_in))
            break
    else:
        if awake:
            pool_in += rest
    pool_out = get_amount_out(pool_in, reserve_in, reserve_out, fee_bps) if pool_in else 0
    if not pool_out:
        pool_in = 0
    return _taken(edge, steps, pool_in, pool_out)


def take_exact_out(edge: Edge, amount_out: int, owner: str) -> Taken | None:
    """At least `amount_out` net of all fees for as little as can be; None where there is not so
    much.

    What is less than one more lot comes from the pool up to P * (d/n)^2, else one more lot is
    taken and the owner keeps the surplus.
    """
    reserve_in, reserve_out = edge.reserves
    fee_bps, kept = edge.pool.fee_bps, BPS - edge.taker_fee_bps
    awake = edge.has_awake_pool
    steps: list[Step] = []
    need, pool_out = amount_out, 0
    for level in edge.levels():
        lot_in, lot_out = edge.lot_amounts(level.price)
        if awake:
            target = max_out_to_price(
                reserve_in, reserve_out, fee_bps, lot_in * BPS, lot_out * kept
            )
            if target > pool_out:
                more = min(need, target - pool_out)
                pool_out += more
                need -= more
        for order in level:
            if not need or len(steps) > FILLS_MAX:
                break
            # The most lots whose net, floor(lots * lot_out * kept / 10^4), is within the need.
            enough = ((need + 1) * BPS - 1) // (lot_out * kept)
            left = order.quantity - order.filled
            if enough >= left and order.owner != owner:
                steps.append(Step(order, left))
                need -= net_of_fee(left * lot_out, edge.taker_fee_bps)
                continue
            if order.owner == owner:
                if not enough and awake and _dust_fits(edge, lot_in, lot_out, pool_out + need):
                    pool_out += need
                    need = 0
                else:
                    steps.append(Step(order, 0))
                continue
            need -= net_of_fee(enough * lot_out, edge.taker_fee_bps)
            if need and awake and _dust_fits(edge, lot_in, lot_out, pool_out + need):
                pool_out += need
            elif need:
                enough += 1
            if enough:
                steps.append(Step(order, enough))
            need = 0
        if len(steps) > FILLS_MAX:
            return None
        if not need:
            break
    if need:
        if not awake:
            return None
        pool_out += need
    if pool_out and pool_out >= reserve_out:
        return None
    pool_in = get_amount_in(pool_out, reserve_in, reserve_out, fee_bps) if pool_out else 0
    return _taken(edge, steps, pool_in, pool_out)


def take_order(edge: Edge, lots: int, limit: int, owner: str, prevention: str) -> Taken:
    """Up to `lots` of base at prices no worse than `limit` ticks, gross; perhaps nothing.

    From the pool as well in whole lots, and each unit of it within the limit with the pool's fee
    inside.
    """
    rest, pool_lots = lots, 0
    awake = edge.has_awake_pool
    steps: list[Step] = []
    met_own = False
    if edge.reaches(limit):
        kept = BPS - edge.taker_fee_bps
        for level in edge.levels():
            if (level.price < limit) if edge.sells_base else (level.price > limit):
                break
            if awake and edge.pool_may_beat(level.price):
                # The pool before the level, but not beyond the limit: the better price of both.
                if (
                    (level.price * kept < limit * BPS)
                    if edge.sells_base
                    else (level.price * BPS > limit * kept)
                ):
                    target = _pool_lots(edge, *edge.limit_price(limit))
                else:
                    lot_in, lot_out = edge.lot_amounts(level.price)
                    target = _pool_lots(edge, lot_in * BPS, lot_out * kept)
                if target > pool_lots:
                    more = min(rest, target - pool_lots)
                    pool_lots += more
                    rest -= more
            for order in level:
                if not rest or len(steps) > FILLS_MAX:
                    break
                if order.owner == owner:
                    met_own = prevention != REJECT_MAKER
                    if prevention != REJECT_TAKER:
                        steps.append(Step(order, 0))
                    if met_own:
                        break
                    continue
                filled = min(rest, order.quantity - order.filled)
                steps.append(Step(order, filled))
                rest -= filled
            if met_own or not rest or len(steps) > FILLS_MAX:
                break
    if awake and rest and not met_own:
        limit_lots = _pool_lots(edge, *edge.limit_price(limit))
        pool_lots += min(rest, max(0, limit_lots - pool_lots))
    pool_in, pool_out = _pool_amounts(edge, pool_lots)
    taken = _taken(edge, steps, pool_in, pool_out)
    if taken is None:  # or the fees are all that it gets: then it is filled and spends all the same
        spent = sum([step.lots * edge.lot_amounts(step.order.price)[0] for step in steps])
        taken = Taken(edge, spent, 0, 0, 0, steps)
    taken.met_own = met_own
    taken.is_too_long = len(steps) > FILLS_MAX
    taken.lots = sum([step.lots for step in steps]) + (pool_lots if pool_in else 0)
    return taken


def take_quote(edge: Edge, quote: int, limit: int, owner: str, prevention: str) -> Taken:
    """The most lots that `take_order` would take for at most `quote` base units of quote, gross:
    spent by a buyer, received by a seller. The first lot that is too much ends the walk."""
    rest, pool_lots = quote, 0  # rest: without what the pool's part takes of it
    awake = edge.has_awake_pool
    steps: list[Step] = []
    met_own = is_spent = False
    for level in edge.levels() if edge.reaches(limit) else ():
        if (level.price < limit) if edge.sells_base else (level.price > limit):
            break
        if awake:
            target = max(pool_lots, _pool_lots_before(edge, level.price, limit))
            pool_lots = max(pool_lots, min(target, _pool_lots_for(edge, rest)))
            is_spent = pool_lots < target
        lot_quote = level.price * edge.lot_value
        for order in level:
            left = rest - _pool_quote(edge, pool_lots)
            if is_spent or left < lot_quote or len(steps) > FILLS_MAX:
                is_spent = is_spent or left < lot_quote
                break
            if order.owner == owner:
                met_own = prevention != REJECT_MAKER
                if prevention != REJECT_TAKER:
                    steps.append(Step(order, 0))
                if met_own:
                    break
                continue
            filled = min(left // lot_quote, order.quantity - order.filled)
            steps.append(Step(order, filled))
            rest -= filled * lot_quote
            is_spent = filled < order.quantity - order.filled
        if met_own or is_spent or len(steps) > FILLS_MAX:
            break
    if awake and not met_own and not is_spent and len(steps) <= FILLS_MAX:
        target = max(pool_lots, _pool_lots(edge, *edge.limit_price(limit)))
        pool_lots = max(pool_lots, min(target, _pool_lots_for(edge, rest)))
        is_spent = pool_lots < target
    pool_in, pool_out = _pool_amounts(edge, pool_lots)
    taken = _taken(edge, steps, pool_in, pool_out) or Taken(edge, 0, 0, 0, 0, steps)
    taken.met_own = met_own
    taken.is_spent = is_spent or rest == _pool_quote(edge, pool_lots)
    taken.is_too_long = len(steps) > FILLS_MAX
    taken.lots = sum([step.lots for step in steps]) + (pool_lots if pool_in else 0)
    return taken


def _pool_lots_before(edge: Edge, price: int, limit: int) -> int:
    """Whole lots that the awake pool has before a level, but not beyond the limit."""
    kept = BPS - edge.taker_fee_bps
    if edge.sells_base:
        is_limit_better = price * kept < limit * BPS
    else:
        is_limit_better = price * BPS > limit * kept
    if is_limit_better:
        return _pool_lots(edge, *edge.limit_price(limit))
    lot_in, lot_out = edge.lot_amounts(price)
    return _pool_lots(edge, lot_in * BPS, lot_out * kept)


def _pool_quote(edge: Edge, lots: int) -> int:
    """Quote base units that the pool takes or gives for so many lots."""
    return _pool_amounts(edge, lots)[1 if edge.sells_base else 0]


def _pool_lots_for(edge: Edge, quote: int) -> int:
    """The most whole lots of base that the pool trades for at most `quote`."""
    if quote <= 0:
        return 0
    lot, fee_bps, reserves = edge.market.lot_size, edge.pool.fee_bps, edge.reserves
    if not edge.sells_base:
        return get_amount_out(quote, *reserves, fee_bps) // lot
    if quote + 1 >= reserves[1]:
        return RESERVE_MAX // lot
    lots = get_amount_in(quote + 1, *reserves, fee_bps) // lot  # at most a unit of input too many
    while lots and get_amount_out(lots * lot, *reserves, fee_bps) > quote:
        lots -= 1
    return lots


def _fill_lots(level: Level, lots: int, owner: str, steps: list[Step]) -> tuple[int, bool]:
    """Up to `lots` of the level; how many, and whether something was left that a lot would buy."""
    rest = lots
    for order in level:
        if not rest:
            return lots, True
        if len(steps) > FILLS_MAX:
            break
        if order.owner == owner:
            steps.append(Step(order, 0))
            continue
        left = order.quantity - order.filled
        if left > rest:
            steps.append(Step(order, rest))
            return lots, True
        steps.append(Step(order, left))
        rest -= left
    return lots - rest, False


def _dust_target_in(edge: Edge, lot_in: int, lot_out: int) -> int:
    """x*(P * (d/n)^2): beyond it the pool's other side would cross the level."""
    n = BPS - edge.pool.fee_bps
    return max_in_to_price(*edge.reserves, edge.pool.fee_bps, lot_in * BPS * BPS, lot_out * n * n)


def _dust_fits(edge: Edge, lot_in: int, lot_out: int, pool_out: int) -> bool:
    """Whether the pool gives so much within y*(P * (d/n)^2)."""
    n = BPS - edge.pool.fee_bps
    return pool_out <= max_out_to_price(
        *edge.reserves, edge.pool.fee_bps, lot_in * BPS * BPS, lot_out * n * n
    )


def _pool_lots(edge: Edge, price_num: int, price_den: int) -> int:
    """Whole lots of base that the awake pool trades at marginal prices up to num/den, IN per
    OUT."""
    reserve_in, reserve_out = edge.reserves
    fee_bps = edge.pool.fee_bps
    if not is_better_than(reserve_in, reserve_out, fee_bps, price_num, price_den):
        return 0
    reach = max_in_to_price if edge.sells_base else max_out_to_price
    return reach(reserve_in, reserve_out, fee_bps, price_num, price_den) // edge.market.lot_size


def _pool_amounts(edge: Edge, lots: int) -> tuple[int, int]:
    """(in, out) of the one swap for so many lots of base; nothing where it would give nothing."""
    if not lots:
        return 0, 0
    base = lots * edge.market.lot_size
    if not edge.sells_base:
        return get_amount_in(base, *edge.reserves, edge.pool.fee_bps), base
    amount_out = get_amount_out(base, *edge.reserves, edge.pool.fee_bps)
    return (base, amount_out) if amount_out else (0, 0)


def _taken(edge: Edge, steps: list[Step], pool_in: int, pool_out: int) -> Taken | None:
    """The sums; None where nothing is traded."""
    amount_in, amount_out = pool_in, pool_out
    lot, lot_value, kept = edge.market.lot_size, edge.lot_value, BPS - edge.taker_fee_bps
    for step in steps:
        lots = step.lots
        if lots:
            base, quote = lots * lot, lots * step.order.price * lot_value
            if edge.sells_base:
                amount_in += base
                amount_out += quote * kept // BPS  # as net_of_fee
            else:
                amount_in += quote
                amount_out += base * kept // BPS
    if not amount_out:
        return None
    overflows = edge.reserves[0] + pool_in > RESERVE_MAX
    return Taken(edge, amount_in, amount_out, pool_in, pool_out, steps, overflows=overflows)
