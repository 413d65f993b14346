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


class Prices:
    """Keys that ascend to the best: the price of bids, minus the price of asks. No run is empty."""

    __slots__ = ("_runs",)

    def __init__(self) -> None:
        self._runs: list[list[int]] = []

    def __iter__(self) -> Iterator[int]:
        """Best first. Nothing may change meanwhile."""
        for run in reversed(self._runs):
            yield from reversed(run)

    @property
    def best(self) -> int | None:
        return self._runs[-1][-1] if self._runs else None

    def add(self, key: int) -> None:
        """One that is not there."""
        runs = self._runs
        if not runs:
            runs.append([key])
            return
        run, at = runs[-1], len(runs) - 1
        if key > run[-1]:
            run.append(key)
        else:
            if key < run[0] and at:
                at = bisect_left(runs, key, key=_last)
                run = runs[at]
            insort(run, key)
        if len(run) > 2 * RUN:
            runs.insert(at + 1, run[RUN:])
            del run[RUN:]

    def remove(self, key: int) -> None:
        """One that is there."""
        runs = self._runs
        run, at = runs[-1], len(runs) - 1
        if key == run[-1]:
            run.pop()
        else:
            if key < run[0]:
                at = bisect_left(runs, key, key=_last)
                run = runs[at]
            place = bisect_left(run, key)
            assert run[place] == key, "only a price that is there can leave"
            del run[place]
        if not run:
            del runs[at]


class Side:
    """`best` is the level of the best price, None while there are none."""

    __slots__ = ("_keys", "_sign", "best", "levels")

    def __init__(self, is_bid: bool) -> None:
        self._sign = 1 if is_bid else -1
        self._keys = Prices()
        self.levels: dict[int, Level] = {}  # by price, in no order
        self.best: Level | None = None

    def __iter__(self) -> Iterator[Level]:
        """Best first. Nothing may change meanwhile."""
        sign, levels = self._sign, self.levels
        for key in self._keys:
            yield levels[key * sign]

    def open(self, price: int) -> Level:
        """A level that was not there, still without orders."""
        level = self.levels[price] = Level(price)
        sign, best = self._sign, self.best
        self._keys.add(price * sign)
        if best is None or price * sign > best.price * sign:
            self.best = level
        return level

    def close(self, level: Level) -> None:
        """Its last order left."""
        del self.levels[level.price]
        self._keys.remove(level.price * self._sign)
        if level is self.best:
            key = self._keys.best
            self.best = None if key is None else self.levels[key * self._sign]
