"""Anybody may make a pool of dust between any two listed assets, for a thousand units of each. A
route is still the best of all paths, and dust neither costs each swap a walk nor fills the memory.
"""

from collections.abc import Iterator
from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amm.constant_product import get_amount_in, get_amount_out
from tests.exchange.venue import BOB
from tests.security.market_thief import Bazaar, done, genesis
from xyk.domain.market import OUTSIDE
from xyk.domain.rejections import Rejected
from xyk.domain.units import PATHS_MAX
from xyk.exchange import route
from xyk.exchange.edge import Edge
from xyk.exchange.route import best_exact_in, best_exact_out, open_paths

FEE = 30
Pools = dict[tuple[str, str], tuple[int, int]]
sizes = st.integers(1_100, 5_000) | st.integers(10**6, 10**9)


def named(count: int) -> list[str]:
    return [f"A{number:02}" for number in range(count)]


def built(count: int, pools: Pools) -> Bazaar:
    venue = Bazaar(genesis([(name, 6) for name in named(count)], []), is_fast=True)
    for name in named(count):
        venue.state.ledger.transfer(OUTSIDE, BOB, name, 10**20)
    for (one, two), (some, others) in pools.items():
        done(venue.add(BOB, one, some, two, others))
    return venue


def star(count: int) -> Bazaar:
    """The first asset has a real pool with each other; the thief made all the rest, of dust."""
    pairs = [(one, two) for two in named(count) for one in named(count) if one < two]
    return built(
        count, {pair: (10**12,) * 2 if pair[0] == "A00" else (1_100,) * 2 for pair in pairs}
    )


def ways(venue: Bazaar, one: str, two: str) -> Iterator[list[tuple[str, int, int]]]:
    """Every simple path, as (market, reserve in, reserve out) a hop; written to be obvious."""
    between = [name for name in venue.state.assets if ":" not in name and name not in (one, two)]
    for length in range(3):
        for middle in permutations(between, length):
            stops = [one, *middle, two]
            pairs = list(pairwise(stops))
            if all(pair in venue.state.pairs for pair in pairs):
                yield [hop(venue, *pair) for pair in pairs]


def hop(venue: Bazaar, one: str, two: str) -> tuple[str, int, int]:
    market = venue.state.pairs[one, two]
    pool = venue.state.pools[market]
    both = pool.reserve_base, pool.reserve_quote
    return (market, *(both if venue.state.markets[market].base == one else both[::-1]))


@st.composite
def scenes(draw: st.DrawFn) -> tuple[int, Pools]:
    count = draw(st.integers(3, 6))
    pairs = [(one, two) for one in named(count) for two in named(count) if one < two]
    kept = draw(st.lists(st.sampled_from(pairs), min_size=2, unique=True))
    return count, {pair: (draw(sizes), draw(sizes)) for pair in kept}


@given(scene=scenes(), amount=st.integers(1, 10**4) | st.integers(1, 10**9))
def test_the_route_is_the_best_of_all_simple_paths(scene: tuple[int, Pools], amount: int) -> None:
    venue = built(*scene)
    outs, ins = [], []
    for way in ways(venue, "A00", "A01"):
        rank = (len(way), [market for market, *_ in way])
        out = amount
        for _, has_in, has_out in way:
            out = get_amount_out(out, has_in, has_out, FEE) if out else 0
        need = amount
        for _, has_in, has_out in reversed(way):
            need = get_amount_in(need, has_in, has_out, FEE) if 0 < need < has_out else 0
        outs += [(-out, rank)] if out else []
        ins += [(need, rank)] if need else []
    for best, found in (
        (min(outs, default=None), best_exact_in(venue.state, "A00", "A01", amount)),
        (min(ins, default=None), best_exact_out(venue.state, "A00", "A01", amount)),
    ):
        if best is None:
            assert isinstance(found, Rejected)
            continue
        assert not isinstance(found, Rejected)
        total, (_, markets) = best
        assert [one.edge.market.symbol for one in found.hops] == markets
        assert total in (-found.amount_out, found.amount_in)


def test_pools_of_dust_between_all_assets_cost_a_swap_no_walk_of_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 145 paths between two of 14 assets the twelve that end in the real pool are walked, and
    not those that end in dust."""
    venue, asked = star(14), 0

    def counting(*arguments: object) -> object:
        nonlocal asked
        asked += 1
        return walk(*arguments)

    for name, best in (("_way_in", best_exact_in), ("_way_out", best_exact_out)):
        walk, asked = getattr(route, name), 0
        monkeypatch.setattr(route, name, counting)
        found = best(venue.state, "A01", "A02", 10**6)
        assert not isinstance(found, Rejected)
        assert [one.edge.market.symbol for one in found.hops] == ["A01_A00", "A02_A00"]
        assert len(venue.state.paths["A01", "A02"]) == 1 + 12 + 12 * 11
        assert asked <= 3 * 14


def test_paths_that_begin_alike_are_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that end in the asset of the real pools may be the best one, and 144 of the 145 begin
    with one of twelve pools of dust."""
    venue, begun, way_in = star(14), 0, route._way_in

    def counting(edge: Edge, *arguments: Any) -> Any:
        nonlocal begun
        begun += edge.asset_in == "A01"
        return way_in(edge, *arguments)

    monkeypatch.setattr(route, "_way_in", counting)
    assert not isinstance(best_exact_in(venue.state, "A01", "A00", 10**6), Rejected)
    assert len(venue.state.paths["A01", "A00"]) == 1 + 12 + 12 * 11
    assert begun <= 1 + 12 + 12, "the direct one, then each of two hops, and once for all of three"


def test_of_ways_that_give_the_same_the_first_by_symbol_is_taken() -> None:
    alike = {("A00", middle): (10**9,) * 2 for middle in ("A02", "A03", "A04")}
    alike |= {("A01", middle): (10**9,) * 2 for middle in ("A02", "A03", "A04")}
    venue = built(5, alike)
    for found in (
        best_exact_in(venue.state, "A00", "A01", 10**6),
        best_exact_out(venue.state, "A00", "A01", 10**6),
    ):
        assert not isinstance(found, Rejected)
        assert [one.edge.market.symbol for one in found.hops] == ["A02_A00", "A02_A01"]


def test_paths_are_found_by_the_square_of_the_assets_and_not_the_cube(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    venue, asked, edge_of = star(14), 0, route.edge_of

    def counting(*arguments: object, **named: object) -> object:
        nonlocal asked
        asked += 1
        return edge_of(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(route, "edge_of", counting)
    assert len(open_paths(venue.state, "A01", "A02")) == 145
    assert asked < 2 * 14**2


def test_the_paths_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quotes for every pair of a hundred assets would keep a hundred million hops otherwise."""
    assert PATHS_MAX <= 100_000
    monkeypatch.setattr(route, "PATHS_MAX", 300)
    venue = star(10)
    for one, two in permutations(named(10), 2):
        assert len(open_paths(venue.state, one, two)) == 65
        assert sum(map(len, venue.state.paths.values())) <= 300
