"""Receipts of the newest actions by digest: those that the read tables may not show yet."""

from collections import deque

from xyk.engine.submission import Committed

# Entries that stay although the read tables have them: more than can be decided while a look-up of
# the same moment waits in a full queue, so that its answer still holds when its turn comes.
KEPT_MIN = 6_144


class Tail:
    """Every accepted digest above seq `floor`; what lies at or below it is in the read tables."""

    __slots__ = ("_by_digest", "_in_order", "_kept_min", "floor")

    def __init__(self, floor: int, kept_min: int = KEPT_MIN) -> None:
        self.floor = floor
        self._kept_min = kept_min
        self._by_digest: dict[str, Committed] = {}
        self._in_order: deque[Committed] = deque()

    def __len__(self) -> int:
        return len(self._in_order)

    def add(self, committed: Committed) -> None:
        """Entries come in order of seq. Those without a digest cannot be asked for again."""
        digest = committed.evidence.digest
        if digest:
            assert digest not in self._by_digest, "a digest is accepted once"
            self._by_digest[digest] = committed
            self._in_order.append(committed)

    def find(self, digest: str) -> Committed | None:
        return self._by_digest.get(digest)

    def prune(self, projected: int, last: int) -> None:
        """Forget what the read tables have (up to `projected`), but the newest before `last`."""
        floor = min(projected, last - self._kept_min)
        if floor <= self.floor:
            return
        self.floor = floor
        in_order = self._in_order
        while in_order and in_order[0].entry.seq <= floor:
            del self._by_digest[in_order.popleft().evidence.digest]
