"""The writer's time: the wall clock, never backwards, and not believed when it jumps.

One jump of the wall clock would expire every deadline and prune every nonce, for ever, because time
in the journal only grows.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

AHEAD_MAX_MS = 30_000  # wall over monotonic time since the start
PAUSE_MAX_MS = 24 * 60 * 60 * 1000  # between the last entry and the start


class Clock(Protocol):
    def now_ms(self) -> int:
        """Unix ms of the wall clock."""
        ...

    def monotonic_ms(self) -> float:
        """ms since any fixed moment, never set; one that goes on while the machine sleeps."""
        ...


class Alarm(Protocol):
    def cancel(self) -> None: ...


CallLater = Callable[[int, Callable[[], None]], Alarm]


def call_in_loop(delay_ms: int, callback: Callable[[], None]) -> Alarm:
    """Called once, after `delay_ms` of the event loop's time, unless cancelled before."""
    return asyncio.get_running_loop().call_later(delay_ms / 1000, callback)


class ClockRefused(Exception):
    """The wall clock is too far from the journal to be believed without a person's word."""


class WriterClock:
    """Stamps for entries."""

    def __init__(self, clock: Clock, last_ms: int, accept_clock: bool = False) -> None:
        """`last_ms` is the last entry's time, 0 for an empty journal. Raises ClockRefused when the
        clock is more than a day after it, unless `accept_clock`.
        """
        now_ms = clock.now_ms()
        if last_ms and now_ms - last_ms > PAUSE_MAX_MS and not accept_clock:
            raise ClockRefused(
                f"the clock says {now_ms} ms, {(now_ms - last_ms) // 3_600_000} hours after the "
                f"last entry ({last_ms} ms); if the clock is right, start with --accept-clock"
            )
        self._clock = clock
        self._started_ms = now_ms
        self._started_monotonic_ms = clock.monotonic_ms()

    def monotonic_ms(self) -> float:
        return self._clock.monotonic_ms()

    def read(self) -> tuple[int, int]:
        """Unix ms, and by how many ms that is ahead of the monotonic clock since the start."""
        now_ms = self._clock.now_ms()
        elapsed_ms = self._clock.monotonic_ms() - self._started_monotonic_ms
        return now_ms, now_ms - self._started_ms - int(elapsed_ms)
