"""One hop over book and curve: the worked numbers, the edges of each rule, and no better split.

`market` makes an edge by hand: a pool, asks or bids as (ticks, lots, owner), with lots of `lot`
base units and ticks of one quote unit a lot.
"""

from collections.abc import Iterable, Sequence
from random import Random

import msgspec
import pytest

from amm.constant_product import get_amount_in, get_amount_out
from pools.pool import Pool, awake_floors
from xyk.book.book import Book
from xyk.book.order import Order
from xyk.domain.market import Market
from xyk.domain.units import FILLS_MAX
from xyk.exchange.edge import Edge
from xyk.exchange.taken import Taken
from xyk.exchange.walk import take_exact_in, take_exact_out, take_order

Line = tuple[int, int, str]


def market(
    *,
    reserves: tuple[int, int] = (0, 0),
    lines: Iterable[Line] = (),
    sells_base: bool = False,
    lot: int = 1_000,
    fee: int = 30,
    taker: int = 5,
    floors: bool = True,
) -> Edge:
    """`reserves` are (base, quote). One tick is one quote unit a lot."""
    terms = Market(
        symbol="A_B",
        base="A",
        quote="B",
        tick_size=1,
        lot_size=lot,
        maker_fee_bps=0,
        taker_fee_bps=taker,
        book=True,
        implicit=False,
        created_ms=0,
    )
    pool = Pool.new("A_B", fee)
    pool.reserve_base, pool.reserve_quote = reserves
    book = Book()
    for number, (price, lots, owner) in enumerate(lines, start=1):
        book.add(Order(id=number, owner=owner, is_bid=sells_base, price=price, quantity=lots))
    base, quote = awake_floors(lot, beside_book=floors)
    return Edge(
        market=terms,
        pool=pool,
        sells_base=sells_base,
        asset_in="A" if sells_base else "B",
        asset_out="B" if sells_base else "A",
        floor_in=base if sells_base else quote,
        floor_out=quote if sells_base else base,
        book=book,
        lot_value=1,
        whole_base=lot,
    )


def fills(taken: Taken | None) -> list[tuple[int, int]]:
    assert taken is not None
    return [(step.order.id, step.lots) for step in taken.steps]


def test_the_worked_bid_of_the_facts() -> None:
    """Pool 100 ETH / 200,000 USDC at 30 bps, asks 2012 x 3 and 2020 x 5, taker 5 bps, bid 15 ETH at
    2025 (facts/routing.md, Worked)."""
    eth, usdc, lot, tick = 10**18, 10**6, 10**14, 10**4
    edge = market(reserves=(100 * eth, 200_000 * usdc))
    terms = Market(
        symbol="ETH_USDC",
        base="ETH",
        quote="USDC",
        tick_size=tick,
        lot_size=lot,
        maker_fee_bps=2,
        taker_fee_bps=5,
        book=True,
        implicit=False,
        created_ms=0,
    )
    book = Book()
    for number, (price, whole) in enumerate(((2012, 3), (2020, 5)), start=1):
        quantity = whole * eth // lot
        book.add(
            Order(id=number, owner="m", is_bid=False, price=price * usdc // tick, quantity=quantity)
        )
    edge = Edge(terms, edge.pool, False, "USDC", "ETH", 10**6, lot, book, tick * lot // eth, eth)
    taken = take_order(edge, 15 * eth // lot, 2025 * usdc // tick, "taker", "RejectTaker")
    assert taken.pool_out == 4_697 * lot
    assert taken.pool_in == 946_673_205
    assert taken.book_in == 16_136 * usdc
    assert taken.lots == 150_000 - 65_303
    rest = 65_303
    assert rest * lot == 6_530_300_000_000_000_000
    assert rest * (2025 * usdc // tick) * edge.lot_value == 13_223_857_500


class TestExactIn:
    def test_without_a_pool_whole_lots_only_and_the_rest_stays(self) -> None:
        edge = market(lines=[(7, 3, "m"), (9, 5, "m")])
        taken = take_exact_in(edge, 7 * 3 + 9 * 2 + 8, "t")
        assert fills(taken) == [(1, 3), (2, 2)]
        assert taken is not None and taken.amount_in == 39
        # Net of 5 bps, rounded down for each order.
        assert taken.amount_out == 3_000 * 9_995 // 10_000 + 2_000 * 9_995 // 10_000

    def test_less_than_one_lot_of_a_book_alone_is_nothing(self) -> None:
        assert take_exact_in(market(lines=[(7, 3, "m")]), 6, "t") is None

    def test_own_orders_are_cancelled_where_a_whole_lot_is_left_and_only_there(self) -> None:
        lines = [(7, 3, "t"), (7, 1, "m"), (9, 5, "t")]
        assert fills(take_exact_in(market(lines=lines), 7, "t")) == [(1, 0), (2, 1)]
        assert fills(take_exact_in(market(lines=lines), 7 + 8, "t")) == [(1, 0), (2, 1)]
        assert fills(take_exact_in(market(lines=lines), 7 + 9, "t")) == [(1, 0), (2, 1), (3, 0)]
        assert take_exact_in(market(lines=lines), 6, "t") is None

    def test_dust_goes_to_the_pool_up_to_where_its_other_side_meets_the_level(self) -> None:
        """x*(P * (d/n)^2): one unit more would let a seller sell to the pool above the ask."""
        lot = 50_000_000
        edge = market(reserves=(10**9, 2 * 10**9), lines=[(101_000_000, 5, "m")], lot=lot)
        first = take_exact_in(edge, 100_000_000, "t")
        assert first is not None and first.steps == []
        assert first.amount_in < 100_000_000, "some stays unspent"
        for spent, crosses in ((first.pool_in, False), (first.pool_in + 1, True)):
            # The pool's marginal price, its fee inside, against P * (d/n)^2.
            marginal = (10_000 * 2 * 10**9 + 9_970 * spent) ** 2 * 9_970**2 * lot
            bound = 9_970 * 10_000 * 2 * 10**9 * 10**9 * 101_000_000 * 10_000**2
            assert (marginal > bound) is crosses

    def test_after_the_last_level_the_pool_takes_all(self) -> None:
        edge = market(reserves=(10**9, 2 * 10**9), lines=[(2_100, 5, "m")])
        taken = take_exact_in(edge, 10**9, "t")
        assert taken is not None and taken.amount_in == 10**9

    def test_a_pool_part_that_gives_nothing_is_no_part(self) -> None:
        edge = market(reserves=(10**6, 10**12), lines=[(10**10, 1, "m")], floors=False)
        taken = take_exact_in(edge, 10**5, "t")
        assert taken is None

    def test_an_overflow_is_said(self) -> None:
        edge = market(reserves=(2**112 - 1, 2**112 - 1), lines=[(900, 1, "m")], taker=0)
        taken = take_exact_in(edge, 2**100, "t")
        assert taken is not None and taken.overflows and fills(taken) == [(1, 1)]


class TestExactOut:
    def test_without_a_pool_the_fewest_lots_whose_net_reaches_it(self) -> None:
        edge = market(lines=[(7, 3, "m"), (9, 5, "m")])
        net = 3_000 * 9_995 // 10_000
        exact = take_exact_out(edge, net, "t")
        assert fills(exact) == [(1, 3)] and exact is not None and exact.amount_out == net
        more = take_exact_out(edge, net + 1, "t")
        assert fills(more) == [(1, 3), (2, 1)] and more is not None
        assert more.amount_in == 3 * 7 + 9
        less = take_exact_out(edge, 1, "t")
        assert fills(less) == [(1, 1)] and less is not None
        assert less.amount_out == 1_000 * 9_995 // 10_000, "the owner keeps the surplus"

    def test_more_than_there_is(self) -> None:
        assert take_exact_out(market(lines=[(7, 3, "m")]), 3_000, "t") is None
        edge = market(reserves=(10**9, 10**9), lines=[(7, 3, "m")])
        assert take_exact_out(edge, 10**9 + 3_000, "t") is None

    def test_what_is_less_than_a_lot_comes_from_the_pool_where_it_reaches(self) -> None:
        edge = market(reserves=(10**9, 2 * 10**9), lines=[(2_007, 5, "m")], taker=0)
        by_pool = take_exact_out(edge, 1_500, "t")
        assert by_pool is not None and by_pool.steps == [] and by_pool.pool_out == 1_500
        dear = market(reserves=(10**9, 2 * 10**9), lines=[(1_990, 5, "m")], taker=0)
        one_more = take_exact_out(dear, 1_500, "t")
        assert fills(one_more) == [(1, 2)] and one_more is not None
        assert one_more.amount_out == 2_000

    def test_own_orders(self) -> None:
        lines = [(7, 3, "t"), (9, 5, "m")]
        assert fills(take_exact_out(market(lines=lines), 10, "t")) == [(1, 0), (2, 1)]
        edge = market(reserves=(10**9, 2 * 10**9), lines=[(2_007, 5, "t")], taker=0)
        kept = take_exact_out(edge, 900, "t")
        assert kept is not None and kept.steps == [] and kept.pool_out == 900
        over = market(reserves=(10**9, 2 * 10**9), lines=[(1_990, 5, "t")], taker=0)
        cancelled = take_exact_out(over, 900, "t")
        assert fills(cancelled) == [(1, 0)]


class TestOrder:
    def test_levels_beyond_the_limit_are_not_taken(self) -> None:
        edge = market(lines=[(7, 3, "m"), (9, 5, "m")])
        taken = take_order(edge, 10, 8, "t", "RejectTaker")
        assert fills(taken) == [(1, 3)] and taken.lots == 3
        edge = market(lines=[(9, 3, "m"), (7, 5, "m")], sells_base=True)
        taken = take_order(edge, 10, 8, "t", "RejectTaker")
        assert fills(taken) == [(1, 3)] and taken.lots == 3
        assert take_order(edge, 10, 10, "t", "RejectTaker").lots == 0

    @pytest.mark.parametrize(
        ("mode", "steps", "met"),
        [
            ("RejectTaker", [(1, 1)], True),
            ("RejectMaker", [(1, 1), (2, 0), (3, 2)], False),
            ("RejectBoth", [(1, 1), (2, 0)], True),
        ],
    )
    def test_own_orders(self, mode: str, steps: list[tuple[int, int]], met: bool) -> None:
        edge = market(lines=[(7, 1, "m"), (7, 4, "t"), (7, 2, "m")])
        taken = take_order(edge, 3, 7, "t", mode)
        assert fills(taken) == steps and taken.met_own is met

    def test_an_own_order_behind_the_last_lot_is_not_met(self) -> None:
        edge = market(lines=[(7, 1, "m"), (7, 4, "t")])
        taken = take_order(edge, 1, 7, "t", "RejectBoth")
        assert fills(taken) == [(1, 1)] and not taken.met_own

    @pytest.mark.parametrize("sells_base", [False, True])
    def test_the_pool_gives_whole_lots_within_the_limit_and_one_more_would_not_be(
        self, sells_base: bool
    ) -> None:
        edge = market(reserves=(10**9, 2 * 10**9), sells_base=sells_base)
        limit = 1_950 if sells_base else 2_050
        taken = take_order(edge, 10**6, limit, "t", "RejectTaker")
        assert taken.lots > 0 and taken.steps == []
        for lots, is_within in ((taken.lots, True), (taken.lots + 1, False)):
            base = 10**9 + (lots if sells_base else -lots) * 1_000
            if sells_base:
                # d*ri + n*x, the marginal after x in
                marginal = (10_000 * 10**9 + 9_970 * lots * 1_000) ** 2
                spot = 9_970 * 10_000 * 10**9 * 2 * 10**9
                assert (marginal * limit <= spot * 1_000) is is_within
            else:
                price = 10_000 * 2 * 10**9 * 10**9  # d*ri*ro
                assert (price * 1_000 <= 9_970 * base**2 * limit) is is_within

    def test_on_the_curve_only_where_the_pool_is_awake(self) -> None:
        asleep = market(reserves=(10**6 - 1, 2 * 10**6))
        assert take_order(asleep, 1, 10**6, "t", "RejectTaker").lots == 0


class TestTooLong:
    """A walk past FILLS_MAX orders is none, own orders counted; one of exactly so many is."""

    @pytest.mark.parametrize("owner", ["m", "t"])
    @pytest.mark.parametrize("prices", [1, FILLS_MAX + 1])
    def test_of_one_level_and_of_many(self, prices: int, owner: str) -> None:
        lines = [(100 + n % prices, 1, "m") for n in range(FILLS_MAX)]
        lots, cost = FILLS_MAX, sum(price for price, _, _ in lines)
        edge = market(lines=lines, taker=0)
        for taken in (
            take_exact_in(edge, cost, "t"),
            take_exact_out(edge, lots * 1_000, "t"),
            take_order(edge, lots, 10**6, "t", "RejectMaker"),
        ):
            assert taken is not None
            assert len(taken.steps) == FILLS_MAX
            assert not taken.is_too_long
        edge = market(lines=[(99, 1, owner), *lines], taker=0)
        assert take_exact_in(edge, cost + 99, "t") is None
        longer = market(lines=[*lines, (100, 2, owner), (100, 1, "m")], taker=0)
        assert take_exact_in(longer, cost + 300, "t") is None
        assert take_exact_out(edge, (lots + (owner == "m")) * 1_000, "t") is None
        assert take_order(edge, lots + 1, 10**6, "t", "RejectMaker").is_too_long


def best_by_search(edge: Edge, amount_in: int, lines: Sequence[Line]) -> int:
    """The most that any split gives: each number of lots of each level (a dearer one only after the
    cheaper ones are empty), the rest to the pool. Nothing is assumed but that the pool's part is
    one swap."""
    best = 0
    reserves, fee, lot = edge.reserves, edge.pool.fee_bps, edge.market.lot_size
    taker = edge.market.taker_fee_bps

    def search(index: int, rest: int, got: int) -> None:
        nonlocal best
        pool = get_amount_out(rest, *reserves, fee) if rest else 0
        best = max(best, got + pool)
        if index == len(lines):
            return
        price, lots, _ = lines[index]
        for count in range(1, lots + 1):
            cost = count * (lot if edge.sells_base else price)
            if cost > rest:
                break
            gross = count * (price if edge.sells_base else lot)
            net = gross * (10_000 - taker) // 10_000
            if count == lots:
                search(index + 1, rest - cost, got + net)
            else:
                sub = get_amount_out(rest - cost, *reserves, fee) if rest > cost else 0
                best = max(best, got + net + sub)

    search(0, amount_in, 0)
    return best


def random_edge(random: Random, lot: int) -> tuple[Edge, list[Line]]:
    base = random.randint(10**6, 10**7)
    spot = random.randint(200, 2_000)  # ticks, quote units a lot
    sells_base = random.random() < 0.5
    sign = -1 if sells_base else 1
    lines: list[Line] = []
    price = spot
    for _ in range(random.randint(1, 4)):
        price = max(1, price + sign * random.randint(1, max(1, spot // 40)))
        lines.append((price, random.randint(1, 6), "m"))
    edge = market(
        reserves=(base, base * spot // lot),
        lines=lines,
        sells_base=sells_base,
        lot=lot,
        taker=random.choice((0, 5, 59)),
        floors=False,
    )
    return edge, lines


def units_of_a_lot(edge: Edge, price: int, amount_in: int) -> int:
    """What `amount_in` is worth at `price` ticks, in units of OUT, rounded up."""
    lot_in, lot_out = edge.lot_amounts(price)
    return -(-amount_in * lot_out // lot_in)


def test_no_split_beats_the_walk_by_more_than_rounding_and_its_dust() -> None:
    """Exact-in, 3,000 small pools and books against every split into whole lots and one swap.

    facts/routing.md gives 4 output units for the floors of the split; each order's fee is rounded
    up, which the plan ignores: one unit an order. Whole lots add the rest of the bound: what stays
    unspent (dust), and the remainder of less than one lot, which the pool took at up to (d/n)^2
    above the level where another lot might have been had instead: 1 - (n/d)^2 of a lot.
    """
    random = Random(7)
    exact = 0
    for _ in range(3_000):
        edge, lines = random_edge(random, lot=1_000)
        amount = random.randint(1_000, 40_000)
        taken = take_exact_in(edge, amount, "t")
        found = best_by_search(edge, amount, lines)
        given = taken.amount_out if taken else 0
        dust = amount - (taken.amount_in if taken else 0)
        n, d = 10_000 - edge.pool.fee_bps, 10_000
        lot_out = max(edge.lot_amounts(price)[1] for price, _, _ in lines)
        of_a_lot = -(-lot_out * (d * d - n * n) // (d * d))
        bound = 4 + len(lines) + of_a_lot + units_of_a_lot(edge, lines[0][0], dust)
        assert given <= found
        assert found - given <= bound, (edge.reserves, lines, amount, found, given, dust)
        exact += found - given <= 4
    assert exact >= 2_000


def test_exact_out_never_costs_more_than_the_pool_or_the_book_alone() -> None:
    """Up to the rounding of facts/routing.md (2 units of input), and where it takes a whole lot for
    what a part would do, the lot: the owner keeps the surplus."""
    random = Random(11)
    for _ in range(3_000):
        edge, lines = random_edge(random, lot=1_000)
        amount_out = random.randint(1_000, 20_000)
        taken = take_exact_out(edge, amount_out, "t")
        alone = market(reserves=(0, 0), lines=lines, sells_base=edge.sells_base, taker=0)
        by_book = take_exact_out(alone, amount_out, "t")
        reserve_in, reserve_out = edge.reserves
        by_pool = None
        if amount_out < reserve_out:
            by_pool = get_amount_in(amount_out, reserve_in, reserve_out, edge.pool.fee_bps)
        if taken is None:
            assert by_pool is None
            continue
        assert taken.amount_out >= amount_out
        surplus = taken.amount_out - amount_out
        lot_in, lot_out = edge.lot_amounts(lines[-1][0])
        kept = -(-surplus * lot_in * 10_000 // (lot_out * (10_000 - edge.taker_fee_bps)))
        if by_pool is not None:
            assert taken.amount_in <= by_pool + kept + 2 + len(lines)
        if by_book is not None and edge.taker_fee_bps == 0:
            assert taken.amount_in <= by_book.amount_in + kept + 2 + len(lines)


def test_without_a_book_the_pool_is_all_there_is() -> None:
    edge = msgspec.structs.replace(market(reserves=(10**9, 10**9)), book=None)
    taken = take_exact_in(edge, 10**6, "taker")
    assert taken is not None and taken.pool_in == taken.amount_in == 10**6
    assert list(edge.levels()) == [] and not edge.reaches(10**6)
