"""Every way from one asset to another, by trying every sequence of markets."""

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import NamedTuple

from tests.naive.pair import RESERVE_MAX, Pair

HOPS_MAX = 3


class Hop(NamedTuple):
    market: str
    side_in: int
    amount_in: int
    amount_out: int


class Route(NamedTuple):
    hops: tuple[Hop, ...]
    overflows: bool  # a reserve would pass uint112

    @property
    def amount_in(self) -> int:
        return self.hops[0].amount_in

    @property
    def amount_out(self) -> int:
        return self.hops[-1].amount_out

    @property
    def tie(self) -> tuple[int, tuple[str, ...]]:
        return len(self.hops), tuple(hop.market for hop in self.hops)


Path = tuple[tuple[str, int], ...]  # (market, side that goes in)


def all_paths(
    sides: Mapping[str, tuple[str, str]], asset_in: str, asset_out: str
) -> Iterator[Path]:
    """Simple paths of up to three hops; `sides` maps a market to its (base, quote)."""
    for length in range(1, HOPS_MAX + 1):
        for markets in permutations(sides, length):
            seen, path = [asset_in], []
            for market in markets:
                if seen[-1] not in sides[market]:
                    break
                side_in = sides[market].index(seen[-1])
                path.append((market, side_in))
                seen.append(sides[market][1 - side_in])
            if len(path) == length and seen[-1] == asset_out and len(set(seen)) == len(seen):
                yield tuple(path)


def _route(pairs: Mapping[str, Pair], hops: list[Hop]) -> Route:
    overflows = any(
        pairs[hop.market].reserves[hop.side_in] + hop.amount_in > RESERVE_MAX for hop in hops
    )
    return Route(tuple(hops), overflows)


def exact_in(pairs: Mapping[str, Pair], path: Path, amount_in: int) -> Route | None:
    """None where a hop gives nothing."""
    hops: list[Hop] = []
    for market, side_in in path:
        amount_out = pairs[market].out_for(side_in, amount_in)
        if amount_out == 0:
            return None
        hops.append(Hop(market, side_in, amount_in, amount_out))
        amount_in = amount_out
    return _route(pairs, hops)


def exact_out(pairs: Mapping[str, Pair], path: Path, amount_out: int) -> Route | None:
    """Planned backwards; None where a pool has not that much."""
    hops: list[Hop] = []
    for market, side_in in reversed(path):
        amount_in = pairs[market].in_for(side_in, amount_out)
        if amount_in is None:
            return None
        hops.append(Hop(market, side_in, amount_in, amount_out))
        amount_out = amount_in
    return _route(pairs, hops[::-1])
