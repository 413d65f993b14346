"""The bounded queue in front of the writer: a place is reserved before anything is accepted."""

from asyncio import Future
from collections import deque
from collections.abc import Sequence
from typing import cast

from xyk.domain.rejections import Rejected
from xyk.engine.entry import encode
from xyk.engine.submission import Committed, Submission

ACTIONS_MAX = 4_096
BYTES_MAX = 8 * 1024 * 1024

Answer = Committed | Rejected


class Item:
    """Submissions that came together. They are decided in order; others may come between."""

    __slots__ = (
        "answers",
        "encoded",
        "future",
        "has_refusals",
        "needs_seq",
        "next",
        "seen_seq",
        "size_bytes",
        "submissions",
    )

    def __init__(
        self,
        submissions: Sequence[Submission],
        encoded: Sequence[tuple[bytes, bytes]],
        size_bytes: int,
        seen_seq: int,
        future: Future[None],
    ) -> None:
        self.submissions = submissions
        self.encoded = encoded  # command and evidence, as they will stand in the journal
        self.size_bytes = size_bytes
        self.seen_seq = seen_seq  # a digest accepted by then is answered before its turn comes
        self.future = future
        self.answers: list[Answer | None] = [None] * len(submissions)
        self.has_refusals = False  # perhaps; where not, nobody need look at the answers
        self.next = 0  # index of the first one that is not decided
        self.needs_seq = 0  # what must be committed before the answers may leave

    def given(self) -> list[Answer]:
        """The answers, now that there is one to each submission."""
        return cast(list[Answer], self.answers)


class Intake:
    """At most `actions_max` actions and `bytes_max` bytes of them, waiting for their turn."""

    __slots__ = ("_actions_max", "_bytes_max", "_items", "actions", "size_bytes")

    def __init__(self, actions_max: int = ACTIONS_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._actions_max = actions_max
        self._bytes_max = bytes_max
        self._items: deque[Item] = deque()
        self.actions = 0
        self.size_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._items)

    @property
    def has_room(self) -> bool:
        """For one action more."""
        return self.actions < self._actions_max and self.size_bytes < self._bytes_max

    def reserve(
        self, submissions: Sequence[Submission], seen_seq: int, future: Future[None]
    ) -> Item | None:
        """Places for all of them, or None. They are given back by `pop` or by `release`."""
        encoded, size_bytes = [], 0
        for one in submissions:
            command, evidence = encode(one.command), encode(one.evidence)
            encoded.append((command, evidence))
            size_bytes += len(command) + len(evidence)
        if (
            self.actions + len(submissions) > self._actions_max
            or self.size_bytes + size_bytes > self._bytes_max
        ):
            return None
        self.actions += len(submissions)
        self.size_bytes += size_bytes
        return Item(submissions, encoded, size_bytes, seen_seq, future)

    def release(self, item: Item) -> None:
        self.actions -= len(item.submissions)
        self.size_bytes -= item.size_bytes

    def push(self, item: Item) -> None:
        self._items.append(item)

    def first(self) -> Item:
        return self._items[0]

    def pop(self) -> None:
        self.release(self._items.popleft())

    def abandon(self, error: type[Exception]) -> None:
        """Nobody who waits is answered any more."""
        for item in self._items:
            if not item.future.done():
                item.future.set_exception(error())
        self._items.clear()
