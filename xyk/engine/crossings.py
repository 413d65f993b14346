"""Invariant 6, book and pool do not cross, as an alarm: no balance is wrong by it, so that the
exchange goes on; somebody must look.
"""

import logging
from collections.abc import Sequence

from xyk.domain.events import AnyEvent
from xyk.engine.observer import Observer
from xyk.exchange.crossing import crosses
from xyk.exchange.invariants import crossed
from xyk.exchange.state import State

log = logging.getLogger(__name__)


class Crossings:
    """The markets that cross now, as far as events told."""

    def __init__(self, state: State, observer: Observer) -> None:
        self._state = state
        self._observer = observer
        self._markets: list[str] = []

    def look(self, events: Sequence[AnyEvent]) -> None:
        """After `events` were folded."""
        found = crossed(self._state, events)
        if not found and not self._markets:
            return
        fresh = [market for market in found if market not in self._markets]
        if fresh:
            log.error("book and pool cross at seq %d in %s", self._state.seq, ", ".join(fresh))
        known = [market for market in self._markets if crosses(self._state, market)]
        self._markets = known + fresh
        self._observer.crossed(len(self._markets))
