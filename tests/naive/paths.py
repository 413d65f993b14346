"""Every way from one asset to another, by trying every sequence of markets."""

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import NamedTuple

from tests.naive.hop import Plan

HOPS_MAX = 3

Path = tuple[tuple[str, int], ...]  # (market, side that goes in)


class Route(NamedTuple):
    hops: tuple[Plan, ...]

    @property
    def amount_in(self) -> int:
        return self.hops[0].amount_in

    @property
    def amount_out(self) -> int:
        return self.hops[-1].amount_out

    @property
    def overflows(self) -> bool:
        """A reserve would pass uint112."""
        return any(hop.overflows for hop in self.hops)

    @property
    def tie(self) -> tuple[int, tuple[str, ...]]:
        return len(self.hops), tuple(hop.market for hop in self.hops)


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
