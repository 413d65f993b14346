"""Bids or asks: levels by price, and the prices sorted with the best one at the end.

Most levels come and go near the touch, so that little moves. The prices lie in runs of bounded
length: a level anywhere else costs about the same, however many there are.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from operator import itemgetter

from xyk.book.level import Level

RUN = 512  # prices in a run after a split; twice as many split it
_last = itemgetter(-1)


class Side:
    """`best` is the level of the best price, None while there are none. A key is the price of bids,
    minus the price of asks, so that keys ascend to the best; no run is empty."""

    __slots__ = ("_runs", "_sign", "best", "levels")

    def __init__(self, is_bid: bool) -> None:
        self._sign = 1 if is_bid else -1
        self._runs: list[list[int]] = []
        self.levels: dict[int, Level] = {}  # by price, in no order
        self.best: Level | None = None

    def __iter__(self) -> Iterator[Level]:
        """Best first. Nothing may change meanwhile."""
        sign, levels = self._sign, self.levels
        for run in reversed(self._runs):
            for key in reversed(run):
                yield levels[key * sign]

    def open(self, price: int) -> Level:
        """A level that was not there, still without orders."""
        level = self.levels[price] = Level(price)
        key = price * self._sign
        runs = self._runs
        if not runs:
            runs.append([key])
            self.best = level
            return level
        run, at = runs[-1], len(runs) - 1
        if key > run[-1]:
            run.append(key)
            self.best = level
        else:
            if key < run[0] and at:
                at = bisect_left(runs, key, key=_last)
                run = runs[at]
            insort(run, key)
        if len(run) > 2 * RUN:
            runs.insert(at + 1, run[RUN:])
            del run[RUN:]
        return level

    def close(self, level: Level) -> None:
        """Its last order left."""
        price, runs = level.price, self._runs
        del self.levels[price]
        run = runs[-1]
        if level is self.best:
            run.pop()
            if not run:
                runs.pop()
            self.best = self.levels[runs[-1][-1] * self._sign] if runs else None
            return
        key, at = price * self._sign, len(runs) - 1
        if key < run[0]:
            at = bisect_left(runs, key, key=_last)
            run = runs[at]
        del run[bisect_left(run, key)]
        if not run:
            del runs[at]
