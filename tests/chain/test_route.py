"""The best route against all routes: every simple path of every small graph, by the formulas of
v2-periphery's UniswapV2Library in its own words."""

import random
from collections.abc import Iterator
from itertools import combinations, pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xyk.chain.pair import Pair, Token
from xyk.chain.route import Graph, Route
from xyk.domain.rejections import Code, Rejected

UINT112_MAX = 2**112 - 1
UINT256_MAX = 2**256 - 1
TOKENS = [Token(f"0x{number:040x}", f"T{number}", 18) for number in range(1, 8)]
A, B, C, D, E = (token.address for token in TOKENS[:5])

Reserves = dict[str, tuple[int, int]]


class Reverted(Exception):
    pass


def checked(value: int, most: int = UINT256_MAX) -> int:
    if not 0 <= value <= most:
        raise Reverted
    return value


def amount_out(amount_in: int, reserve_in: int, reserve_out: int, fee_bps: int) -> int:
    """SafeMath as the contract has it, and what the pair checks when the swap is made."""
    if amount_in == 0 or reserve_in == 0 or reserve_out == 0:
        raise Reverted
    kept, whole = (997, 1000) if fee_bps == 30 else (10_000 - fee_bps, 10_000)
    with_fee = checked(amount_in * kept)
    numerator = checked(with_fee * reserve_out)
    found = numerator // checked(checked(reserve_in * whole) + with_fee)
    checked(reserve_in + amount_in, UINT112_MAX)
    if found == 0:
        raise Reverted
    return found


def amount_in(amount_out: int, reserve_in: int, reserve_out: int, fee_bps: int) -> int:
    if amount_out == 0 or reserve_in == 0 or reserve_out == 0 or amount_out >= reserve_out:
        raise Reverted
    kept, whole = (997, 1000) if fee_bps == 30 else (10_000 - fee_bps, 10_000)
    numerator = checked(checked(reserve_in * amount_out) * whole)
    found = numerator // checked((reserve_out - amount_out) * kept) + 1
    checked(reserve_in + found, UINT112_MAX)
    return found


class World:
    """Pairs with reserves, and every simple path through them."""

    def __init__(self, reserves: dict[tuple[str, str], tuple[int, int]], fee_bps: int = 30) -> None:
        tokens = {token.address: token for token in TOKENS}
        self.fee_bps = fee_bps
        self.pairs: list[Pair] = []
        self.reserves: Reserves = {}
        self._sides: dict[tuple[str, str], tuple[int, int]] = {}
        for number, ((first, second), sides) in enumerate(reserves.items()):
            assert first < second
            pair = Pair(f"0x{1000 + number:040x}", tokens[first], tokens[second], bool(number % 2))
            self.pairs.append(pair)
            self.reserves[pair.address] = sides
            self._sides[first, second], self._sides[second, first] = sides, sides[::-1]
        self.graph = Graph(self.pairs, fee_bps)

    def paths(self, token_in: str, token_out: str) -> Iterator[tuple[str, ...]]:
        others = [t.address for t in TOKENS if t.address not in (token_in, token_out)]
        for size in range(3):
            for between in permutations(others, size):
                path = (token_in, *between, token_out)
                if all(hop in self._sides for hop in pairwise(path)):
                    yield path

    def amounts_out(self, path: tuple[str, ...], given: int) -> list[int]:
        amounts = [given]
        for hop in pairwise(path):
            amounts.append(amount_out(amounts[-1], *self._sides[hop], self.fee_bps))
        return amounts

    def amounts_in(self, path: tuple[str, ...], wanted: int) -> list[int]:
        amounts = [wanted]
        for hop in reversed(list(pairwise(path))):
            amounts.insert(0, amount_in(amounts[0], *self._sides[hop], self.fee_bps))
        return amounts

    def best_out(self, token_in: str, token_out: str, given: int) -> tuple[int, int] | None:
        """(most that comes out, fewest hops that give it)."""
        found = []
        for path in self.paths(token_in, token_out):
            try:
                found.append((self.amounts_out(path, given)[-1], 1 - len(path)))
            except Reverted:
                continue
        return (max(found)[0], -max(found)[1]) if found else None

    def best_in(self, token_in: str, token_out: str, wanted: int) -> tuple[int, int] | None:
        found = []
        for path in self.paths(token_in, token_out):
            try:
                found.append((self.amounts_in(path, wanted)[0], len(path) - 1))
            except Reverted:
                continue
        return min(found, default=None)

    def check(self, token_in: str, token_out: str, amount: int) -> None:
        sold = self.graph.best_exact_in(self.reserves, token_in, token_out, amount)
        bought = self.graph.best_exact_out(self.reserves, token_in, token_out, amount)
        most = self.best_out(token_in, token_out, amount)
        least = self.best_in(token_in, token_out, amount)
        nowhere = not list(self.paths(token_in, token_out))
        for route, best in ((sold, most), (bought, least)):
            if isinstance(route, Rejected):
                assert best is None
                assert (route.code is Code.POOL_NOT_FOUND) == nowhere
                assert nowhere or route.code is Code.INSUFFICIENT_LIQUIDITY
        if isinstance(sold, Route):
            assert (sold.amount_out, len(sold.hops)) == most
            assert self.shown(sold) == self.amounts_out(sold.path, amount)
        if isinstance(bought, Route):
            assert (bought.amount_in, len(bought.hops)) == least
            assert self.shown(bought) == self.amounts_in(bought.path, amount)

    def shown(self, route: Route) -> list[int]:
        """The amounts of its hops, which are consistent with each other."""
        assert len(set(route.path)) == len(route.path), "no token twice"
        for hop in route.hops:
            assert {hop.token_in, hop.token_out} == {
                hop.pair.token0.address,
                hop.pair.token1.address,
            }
            assert (hop.reserve_in, hop.reserve_out) == self._sides[hop.token_in, hop.token_out]
            assert hop.fee == -(-hop.amount_in * self.fee_bps // 10_000)
        for hop, after in zip(route.hops, route.hops[1:], strict=False):
            assert (hop.token_out, hop.amount_out) == (after.token_in, after.amount_in)
        return [route.amount_in, *(hop.amount_out for hop in route.hops)]


RESERVE = st.one_of(
    st.integers(0, 50),
    st.integers(1, 10**9),
    st.integers(10**17, 10**24),
    st.integers(UINT112_MAX - 1000, UINT112_MAX),
    st.integers(2**110, UINT112_MAX),
)
AMOUNT = st.one_of(
    st.integers(1, 100),
    st.integers(1, 10**20),
    st.integers(2**100, 2**113),
    st.integers(1, UINT256_MAX),
)
COUPLES = list(combinations([token.address for token in TOKENS[:6]], 2))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    couples = draw(st.lists(st.sampled_from(COUPLES), unique=True, min_size=1))
    sides = {couple: draw(st.tuples(RESERVE, RESERVE)) for couple in couples}
    return World(sides, draw(st.sampled_from((30, 30, 25, 1, 100, 9_999))))


@given(worlds(), st.permutations([token.address for token in TOKENS[:6]]), AMOUNT)
def test_no_path_is_better_than_the_one_that_is_found(
    world: World, tokens: list[str], amount: int
) -> None:
    world.check(tokens[0], tokens[1], amount)


@pytest.mark.parametrize("seed", range(30))
def test_no_path_is_better_in_dense_graphs_of_like_prices(seed: int) -> None:
    """All paths cost about the same, so that a wrong choice anywhere shows."""
    draw = random.Random(seed)
    depth = draw.choice((10**3, 10**9, 10**21))
    world = World(
        {
            couple: (depth + draw.randrange(depth // 5), depth + draw.randrange(depth // 5))
            for couple in combinations([token.address for token in TOKENS], 2)
            if draw.random() < 0.8
        }
    )
    for _ in range(40):
        token_in, token_out = (token.address for token in draw.sample(TOKENS, 2))
        world.check(token_in, token_out, draw.randrange(1, depth // draw.choice((2, 50, 500))))


def test_more_of_the_way_is_not_taken_where_it_would_overflow_the_last_pair() -> None:
    """Two ways to C: the deeper one gives more of it than the last pair may still hold."""
    world = World(
        {
            (A, C): (1000, 2**111),
            (A, B): (1000, 10**6),
            (B, C): (10**6, 2**108),
            (C, D): (UINT112_MAX - 2**109, 10**9),
        }
    )
    route = world.graph.best_exact_in(world.reserves, A, D, 5000)
    assert isinstance(route, Route)
    assert route.path == (A, B, C, D)
    world.check(A, D, 5000)


def test_of_two_ways_to_the_last_pair_the_lesser_counts_where_the_other_overflows_it() -> None:
    world = World(
        {
            (A, B): (1000, 10**6),
            (A, C): (1000, 10**6),
            (B, D): (10**6, 2**111),
            (C, D): (10**6, 2**108),
            (D, E): (UINT112_MAX - 2**109, 10**9),
        }
    )
    route = world.graph.best_exact_in(world.reserves, A, E, 5000)
    assert isinstance(route, Route)
    assert route.path == (A, C, D, E)
    world.check(A, E, 5000)


def test_a_last_pair_with_little_more_than_is_had_already_is_looked_at() -> None:
    """1,000 by the pair of both; 1,800 by way of one that has but 1,900."""
    world = World(
        {
            (A, D): (10**6, 2000),
            (A, B): (10**6, 10**9),
            (B, C): (10**6, 10**9),
            (C, D): (10**6, 1900),
        }
    )
    route = world.graph.best_exact_in(world.reserves, A, D, 10**6)
    assert isinstance(route, Route)
    assert route.path == (A, B, C, D)
    world.check(A, D, 10**6)


def test_equal_outcomes_go_to_fewest_hops() -> None:
    """A huge and even detour loses nothing but units: of 4 in, 3 come out either way."""
    world = World({(A, B): (10**6, 10**6), (A, C): (10**6, 10**9), (B, C): (10**6, 10**9)})
    route = world.graph.best_exact_in(world.reserves, A, B, 4)
    assert isinstance(route, Route)
    assert (route.path, route.amount_out) == ((A, B), 3)
    world.check(A, B, 4)


def test_the_second_of_two_pairs_of_the_same_tokens_is_no_way() -> None:
    world = World({(A, B): (10**6, 10**6)})
    rich = Pair("0x" + "ff" * 20, world.pairs[0].token0, world.pairs[0].token1, True)
    graph = Graph([rich, *world.pairs], 30)
    route = graph.best_exact_in({**world.reserves, rich.address: (10**6, 10**12)}, A, B, 1000)
    assert isinstance(route, Route)
    assert route.hops[0].pair == world.pairs[0]


@pytest.mark.parametrize("name", ["best_exact_in", "best_exact_out"])
@pytest.mark.parametrize(
    ("ends", "amount", "code"),
    [
        ((A, A), 1, Code.SAME_TOKEN),
        ((A, D), 1, Code.POOL_NOT_FOUND),
        ((A, "0x" + "99" * 20), 1, Code.POOL_NOT_FOUND),
        (("0x" + "99" * 20, A), 0, Code.POOL_NOT_FOUND),
        ((A, C), 0, Code.INVALID_QUANTITY),
        ((A, C), 2**256 - 1, Code.INSUFFICIENT_LIQUIDITY),
        ((A, C), UINT112_MAX - 10**6 + 1, Code.INSUFFICIENT_LIQUIDITY),
        ((B, C), 10**9, Code.INSUFFICIENT_LIQUIDITY),
    ],
)
def test_what_cannot_be_is_refused(
    name: str, ends: tuple[str, str], amount: int, code: Code
) -> None:
    world = World({(A, B): (10**6, 10**6), (B, C): (0, 0), (A, C): (10**6, 10**6)})
    if ends == (B, C):
        world = World({(B, C): (0, 0)})
    found = getattr(world.graph, name)(world.reserves, *ends, amount)
    assert isinstance(found, Rejected)
    assert found.code is code


def test_a_pair_whose_reserves_are_not_known_yet_is_no_way() -> None:
    world = World({(A, B): (10**6, 10**6)})
    found = world.graph.best_exact_in({}, A, B, 1000)
    assert isinstance(found, Rejected)
    assert found.code is Code.INSUFFICIENT_LIQUIDITY


def test_impact_and_spot_leave_the_fee_out_and_round_against_the_trader() -> None:
    """9,970 of 1,000,000 effectively in: 9871 come out, 0.9871 % of the reserve: 99 bps up."""
    world = World({(A, B): (10**6, 2 * 10**6), (B, C): (10**6, 10**6)})
    route = world.graph.best_exact_in(world.reserves, A, B, 10_000)
    assert isinstance(route, Route)
    assert route.amount_out == 19_743
    assert route.impact_bps == 99
    assert route.spot == (2 * 10**6, 10**6)
    longer = world.graph.best_exact_in(world.reserves, A, C, 10_000)
    assert isinstance(longer, Route)
    assert longer.spot == (2 * 10**12, 10**12)
    # 1 - (1 - 19743/2000000) * (1 - 19303/1000000)
    assert longer.hops[1].amount_out == 19_303
    assert longer.impact_bps == 290
