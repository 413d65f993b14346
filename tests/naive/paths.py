"""Every way from one asset to another, by going on from each one that was reached."""

from collections.abc import Iterator, Mapping
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
    growing: list[tuple[tuple[str, ...], Path]] = [((asset_in,), ())]
    for _ in range(HOPS_MAX):
        longer = [
            ((*seen, two[1 - side_in]), (*path, (market, side_in)))
            for seen, path in growing
            for market, two in sides.items()
            for side_in in (0, 1)
            if two[side_in] == seen[-1] and two[1 - side_in] not in seen
        ]
        yield from (path for seen, path in longer if seen[-1] == asset_out)
        growing = [(seen, path) for seen, path in longer if seen[-1] != asset_out]
