"""How one endpoint of a chain stands: whether it may be asked now, and if not, why and until when.

Times are seconds of a clock that only runs forward; whoever calls says what it shows.
"""

from dataclasses import dataclass
from enum import Enum

PAUSE_S = 0.5  # after a first failure; doubles with each further one
PAUSE_MAX_S = 15.0
BUSY_PAUSE_S = 1.0  # where the endpoint does not say; doubles too
BUSY_PAUSE_MAX_S = 300.0
FOREIGN_PAUSE_S = 60.0


class State(Enum):
    NEW = "not asked yet"
    GOOD = "good"
    BUSY = "rate limited"
    DOWN = "down"
    FOREIGN = "another chain"
    BEHIND = "behind"


@dataclass(frozen=True)
class Head:
    number: int
    time_s: int


class Standing:
    """`why`: what is wrong, in a few words; empty where it is GOOD. `head`: the newest block it
    was seen to have."""

    def __init__(self) -> None:
        self.state = State.NEW
        self.why = "not asked yet"
        self.until = 0.0
        self.head: Head | None = None
        self._is_checked = False  # its chain id, since it was last down
        self._failures = 0
        self._failed_at = 0.0

    def is_usable(self, now: float) -> bool:
        return self._is_checked and now >= self.until

    def is_due(self, now: float) -> bool:
        """Whether it must be checked before it is used, and may be checked now."""
        return not self._is_checked and now >= self.until

    def worked(self, asked: float) -> None:
        """It answered what it was asked at `asked`."""
        if asked >= max(self.until, self._failed_at) and self._is_checked:
            self._failures = 0
            self._be(State.GOOD, "", 0)

    def checked(self, head: Head, asked: float) -> None:
        """Asked at `asked`, it is of the right chain and tells its newest block. What it refused or
        failed since then counts more."""
        self.head = head
        if asked >= self._failed_at:
            self._is_checked = True
            self._be(State.GOOD, "", 0)

    def failed(self, why: str, asked: float, now: float) -> None:
        """It gave no usable answer to what it was asked at `asked`. Calls that failed side by side
        are one failure; one that took long is paid back with as long a pause, so that a dead
        endpoint never costs more than half of the time."""
        if asked >= self._failed_at:
            self._failures += 1
            self._failed_at = now
        self._is_checked = False
        pause = min(PAUSE_S * 2 ** min(self._failures - 1, 10), PAUSE_MAX_S)
        self._be(State.DOWN, why, now + max(pause, now - asked))

    def busy(self, why: str, pause_s: float, asked: float, now: float) -> None:
        """It refused for its rate limit; `pause_s` is what it asks for, 0 where it says nothing."""
        if asked >= self._failed_at:
            self._failures += 1
            self._failed_at = now
        ours = BUSY_PAUSE_S * 2 ** min(self._failures - 1, 10)
        until = now + min(max(pause_s, 0) or ours, BUSY_PAUSE_MAX_S)
        if self.state is State.BUSY:
            until = max(until, self.until)
        self._be(State.BUSY, why, until)

    def foreign(self, why: str, now: float) -> None:
        self._is_checked = False
        self._be(State.FOREIGN, why, now + FOREIGN_PAUSE_S)

    def behind(self, why: str, until: float) -> None:
        self._is_checked = False
        self._be(State.BEHIND, why, until)

    def _be(self, state: State, why: str, until: float) -> None:
        self.state, self.why, self.until = state, why, until
