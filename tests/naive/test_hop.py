"""The twin's way over book and curve against DESIGN's worked example and against trying every unit,
so that the second mind does not rest on its own roots."""

from fractions import Fraction
from random import Random

import pytest

from tests.naive.hop import Hop, Plan, most
from tests.naive.pair import Pair
from tests.naive.vault import Fields

E14, E18, ME, OTHER = 10**14, 10**18, "me", "other"


def order(ticks: int, lots: int, owner: str = OTHER) -> Fields:
    return {"price": ticks, "quantity": lots, "filled": 0, "owner": owner}


def way(pair: Pair | None, orders: list[Fields], side_in: int = 1, fee: int = 5) -> Hop:
    """ETH_USDC of the sandbox: tick 0.01 USDC, lot 0.0001 ETH, so 1 unit a lot and tick."""
    return Hop("ETH_USDC", side_in, ME, E14, Fraction(10**4, E18), fee, pair, orders)


def eth_pool() -> Pair:
    return Pair(30, [100 * E18, 200_000 * 10**6])


def lots_of(plan: Plan | None) -> list[int]:
    assert plan is not None
    return [lots for _, lots in plan.fills]


def test_the_worked_bid_takes_pool_and_book_and_leaves_the_rest() -> None:
    """facts/routing.md: bid 15 ETH at 2025 beside asks of 2012 x 3 and 2020 x 5."""
    asks = [order(201_200, 30_000), order(202_000, 50_000)]
    plan = way(eth_pool(), asks).in_lots(150_000, 202_500, "RejectTaker")
    assert (plan.pool_out, plan.pool_in) == (4_697 * E14, 946_673_205)
    assert lots_of(plan) == [30_000, 50_000]
    assert plan.amount_in - plan.pool_in == 16_136 * 10**6
    assert 150_000 - plan.lots == 65_303


@pytest.mark.parametrize("seed", range(8))
def test_the_curve_is_cut_where_trying_every_unit_cuts_it(seed: int) -> None:
    random = Random(seed)
    for _ in range(25):
        pair = Pair(random.choice((0, 5, 30, 100)), [random.randint(5, 300) for _ in "ab"])
        side = random.choice((0, 1))
        price = Fraction(random.randint(1, 400), random.randint(1, 400))
        reserve_in, reserve_out = pair.reserves[side], pair.reserves[1 - side]

        def in_per_out(amount_in: int, pair: Pair = pair, side: int = side) -> Fraction:
            marginal = pair.marginal_price(side, amount_in)
            return marginal if side == 1 else 1 / marginal

        most_in = pair.in_until(side, price)
        assert most_in == 0 or in_per_out(most_in) <= price
        assert in_per_out(most_in + 1) > price
        product = reserve_in * reserve_out / pair.keeps()
        within = [y for y in range(reserve_out) if product / (reserve_out - y) ** 2 <= price]
        assert pair.out_until(side, price) == max(within, default=0)


def test_a_rest_below_a_lot_pushes_the_pool_no_further_than_the_two_fees() -> None:
    ask = order(201_200, 10)
    lot_cost, pair = 201_200, eth_pool()
    to_level = pair.in_until(1, Fraction(2012 * 10**6, E18) * 10_000 / 9_995)
    beyond = pair.in_until(1, Fraction(2012 * 10**6, E18) / Fraction(997, 1000) ** 2) - to_level
    assert beyond > lot_cost
    plan = way(pair, [ask]).exact_in(to_level + 3 * lot_cost + 7)
    assert plan is not None
    assert (lots_of(plan), plan.pool_in) == ([3], to_level + 7)


def test_what_neither_lot_nor_pool_may_take_stays_unspent() -> None:
    """60 USDC beside 0.03 ETH: from the ask to the end of the two fees is less than a lot."""
    pair, price, lot_cost = Pair(30, [3 * 10**16, 60 * 10**6]), Fraction(2012 * 10**6, E18), 201_200
    to_level = pair.in_until(1, price * 10_000 / 9_995)
    highest = pair.in_until(1, price / Fraction(997, 1000) ** 2)
    assert 0 < to_level < highest < to_level + lot_cost - 1
    amount = to_level + 3 * lot_cost + lot_cost - 1
    plan = way(pair, [order(201_200, 10)]).exact_in(amount)
    assert plan is not None
    assert (lots_of(plan), plan.pool_in) == ([3], highest)
    assert plan.amount_in == highest + 3 * lot_cost < amount


def test_exact_out_takes_one_more_lot_where_the_pool_may_not_give_the_rest() -> None:
    plan = way(None, [order(200_000, 10), order(201_000, 10)], fee=0).exact_out(11 * E14 + 1)
    assert plan is not None
    assert (lots_of(plan), plan.amount_out) == ([10, 2], 12 * E14)
    assert way(None, [order(200_000, 10)], fee=0).exact_out(10 * E14 + 1) is None


def test_an_own_order_is_reached_only_with_a_whole_lot_left() -> None:
    orders = [order(200_000, 10), order(200_000, 10, ME), order(200_000, 10)]
    book = way(None, orders)
    assert lots_of(book.exact_in(11 * 200_000)) == [10, 0, 1]
    assert lots_of(book.exact_in(11 * 200_000 - 1)) == [10]
    assert lots_of(book.in_lots(11, 200_000, "RejectMaker")) == [10, 0, 1]
    assert lots_of(book.in_lots(11, 200_000, "RejectTaker")) == [10]
    assert book.in_lots(11, 200_000, "RejectTaker").met_own
    assert lots_of(book.in_lots(11, 200_000, "RejectBoth")) == [10, 0]
    assert not book.in_lots(10, 200_000, "RejectBoth").met_own


def test_the_highest_number_that_fits() -> None:
    assert [most(10, bound.__ge__) for bound in (0, 7, 30)] == [0, 7, 10]
