"""A market order by quote amount is the order of the most lots that cost no more: what `take_order`
does for so many lots, and for one more is the judge of it."""

from random import Random

import pytest

from tests.exchange.test_walk import fills, market
from xyk.exchange.edge import Edge
from xyk.exchange.order_terms import SELF_TRADE_PREVENTIONS
from xyk.exchange.taken import Taken
from xyk.exchange.walk import take_order, take_quote

OWNER = "me"


def random_edge(random: Random) -> tuple[Edge, int]:
    """A pool, perhaps dormant or empty, with a few orders around its price; and a limit."""
    sells_base = random.random() < 0.5
    away = -1 if sells_base else 1
    lot = random.choice((1, 10, 1_000, 10**6))
    price = random.choice((random.randint(1, 5), random.randint(3, 3_000)))
    base = random.choice((0, lot * random.randint(10**3, 10**5), 10**6 + random.randint(0, 10**9)))
    lines, level = [], price
    for _ in range(random.randint(0, 5)):
        level += away * random.randint(0, max(1, price // 50))
        if level > 0:
            lines.append((level, random.randint(1, 200), random.choice(("m", "m", "m", OWNER))))
    edge = market(
        reserves=(base, base * price // lot),
        lines=lines,
        sells_base=sells_base,
        lot=lot,
        fee=random.choice((0, 1, 30, 100)),
        taker=random.choice((0, 5, 50)),
        floors=random.random() < 0.7,
    )
    return edge, max(1, price + away * random.randint(-2, price // 10 + 1))


def gross(taken: Taken) -> int:
    """Quote that it spends or receives, before fees on what is received."""
    pool = taken.pool_out if taken.edge.sells_base else taken.pool_in
    return pool + sum(step.lots * step.order.price for step in taken.steps)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_order_of_the_most_lots_that_the_amount_pays_for(seed: int) -> None:
    random = Random(seed)
    took = from_both = 0
    for _ in range(1_500):
        edge, limit = random_edge(random)
        quote = random.choice(
            (random.randint(1, 100), random.randint(100, 10**6), random.randint(10**6, 10**12))
        )
        prevention = random.choice(SELF_TRADE_PREVENTIONS)
        taken = take_quote(edge, quote, limit, OWNER, prevention)
        assert gross(taken) <= quote
        same = take_order(edge, taken.lots, limit, OWNER, prevention)
        if taken.lots:
            assert (taken.pool_in, taken.pool_out) == (same.pool_in, same.pool_out)
            assert [fill for fill in fills(taken) if fill[1]] == [
                fill for fill in fills(same) if fill[1]
            ]
        more = take_order(edge, taken.lots + 1, limit, OWNER, prevention)
        if more.lots > taken.lots and not taken.met_own:
            assert gross(more) > quote, "it could have had one lot more"
            assert taken.is_spent, "the amount ended it, not the limit"
        took += taken.lots > 0
        from_both += bool(taken.pool_in) and any(step.lots for step in taken.steps)
    assert took > 300 and from_both > 30
