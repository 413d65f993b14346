"""What the exchange does by itself: expiries, dead man's switches, triggers whose turn has come.

The state says what is due; this says how much of it may come before the next command, and wakes
the writer when time alone makes something due.
"""

from collections.abc import Callable

from xyk.domain.commands import CLOCK as COMMANDS
from xyk.domain.commands import ActivateTrigger, ClockCommand, Command
from xyk.domain.request import CLOCK
from xyk.domain.units import TRIGGERS_BETWEEN_MAX
from xyk.engine.clock import AHEAD_MAX_MS, Alarm, CallLater
from xyk.engine.entry import Evidence
from xyk.engine.journal import Journal
from xyk.exchange.due import next_due
from xyk.exchange.state import State

BY_CLOCK = Evidence(scheme=CLOCK)
ALARM_MAX_MS = 24 * 60 * 60 * 1000
DOUBT_MS = 1_000  # between two looks at a wall clock that is not believed
LOOK_BACK = 256  # entries read at once to find the last command


class Clockwork:
    """`wake` is called when something may be due."""

    def __init__(self, state: State, call_later: CallLater, wake: Callable[[], None]) -> None:
        self._state = state
        self._call_later = call_later
        self._wake = wake
        self._activations = 0  # entries since the last command that was not the clock's
        self._moment_ms = 0
        self._alarm: Alarm | None = None

    async def remember(self, journal: Journal, seq: int) -> None:
        """How many triggers were activated since the last command before the entry `seq`."""
        until = seq
        while until:
            after = max(0, until - LOOK_BACK)
            batches = [batch async for batch in journal.read(after, until)]
            for entry in reversed([entry for batch in batches for entry in batch]):
                if entry.kind not in COMMANDS:
                    return
                self._activations += entry.kind == ActivateTrigger.__name__
            until = after

    def due(self, now_ms: int) -> ClockCommand | None:
        """What must be the next entry, if one of the clock's must."""
        return next_due(self._state, now_ms, TRIGGERS_BETWEEN_MAX - self._activations)

    def count(self, command: Command) -> None:
        """`command` became an entry."""
        if isinstance(command, ActivateTrigger):
            self._activations += 1
        elif type(command).__name__ not in COMMANDS:
            self._activations = 0

    def wind(self, now_ms: int, ahead_ms: int) -> None:
        """Sets the alarm to the next moment at which something is due; nothing is due now, or the
        wall clock is not believed. `ahead_ms`: by how much it is ahead of the time since the start.
        """
        moment_ms = self._next_moment_ms()
        if ahead_ms > AHEAD_MAX_MS and moment_ms:
            self.rest()
            delay_ms = max(moment_ms - now_ms + ahead_ms, DOUBT_MS)
        elif moment_ms == self._moment_ms:
            return
        else:
            self.rest()
            self._moment_ms = moment_ms
            delay_ms = max(moment_ms - now_ms, 1)
        if moment_ms:
            self._alarm = self._call_later(min(delay_ms, ALARM_MAX_MS), self._ring)

    def rest(self) -> None:
        """No alarm any more."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm, self._moment_ms = None, 0

    def _ring(self) -> None:
        self._alarm, self._moment_ms = None, 0
        self._wake()

    def _next_moment_ms(self) -> int:
        """Unix ms; 0 for never."""
        orders = self._state.open_orders
        expiry, timer = orders.next_expiry(), orders.next_timer()
        moments = []
        if expiry is not None:
            moments.append(expiry[0] * 1000)
        if timer is not None:
            moments.append(timer[0])
        return min(moments, default=0)
