"""Groups on their way to disk: one in flight, the next one forming, in order of seq."""

import asyncio
from collections.abc import Callable, Sequence

from xyk.engine.clock import WriterClock
from xyk.engine.group import Group
from xyk.engine.journal import Journal
from xyk.engine.observer import Observer
from xyk.engine.submission import Committed

OnCommitted = Callable[[Sequence[Committed]], None]
OnFailure = Callable[[BaseException], None]


class Committer:
    """Whoever depends on an entry that is not committed is released after its commit, or never.

    `check` must find the state good before a group is sent; it may raise.
    `on_failure` is called when an append or something after it fails; what is in flight may then be
    on disk or not, and nothing more is sent or released.
    """

    def __init__(
        self,
        journal: Journal,
        clock: WriterClock,
        observer: Observer,
        head: tuple[int, str],
        check: Callable[[], None],
        on_committed: OnCommitted,
        on_failure: OnFailure,
    ) -> None:
        self.head = head  # seq and hash of the last committed entry
        self.forming = Group()
        self._in_flight: Group | None = None
        self._journal = journal
        self._clock = clock
        self._observer = observer
        self._check = check
        self._on_committed = on_committed
        self._on_failure = on_failure
        self._task: asyncio.Task[None] | None = None  # the loop keeps weak references only
        self._is_abandoned = False

    @property
    def is_idle(self) -> bool:
        return self._in_flight is None and not self.forming.committed

    def settle(self, future: asyncio.Future[None], seq: int) -> None:
        """Sets `future` when entry `seq`, decided already, is committed."""
        if seq > self.head[0]:
            if self._in_flight is not None and seq <= self._in_flight.last_seq:
                self._in_flight.keep(future)
            else:
                self.forming.keep(future)
        elif not future.done():
            future.set_result(None)

    def flush(self) -> bool:
        """Sends the group that forms on its way, unless one is in flight or there is nothing.
        Raises what `check` raises; then nothing of the group reaches the journal.
        """
        if self._in_flight is not None or not self.forming.committed or self._is_abandoned:
            return False
        self._send()
        return True

    def _send(self) -> None:
        self._check()
        self._in_flight, self.forming = self.forming, Group()
        self._task = asyncio.create_task(self._commit(self._in_flight))

    def abandon(self, error: type[Exception]) -> None:
        """Everybody who waits gets the error, and nobody is released from now on."""
        self._is_abandoned = True
        if self._in_flight is not None:
            self._in_flight.abandon(error)
        self.forming.abandon(error)

    async def _commit(self, group: Group) -> None:
        try:
            started_ms = self._clock.monotonic_ms()
            await self._journal.append([one.entry for one in group.committed])
            if self._is_abandoned:
                return
            latency_ms = self._clock.monotonic_ms() - started_ms
            last = group.committed[-1].entry
            self.head = (last.seq, last.hash)
            if self.forming.committed:
                self._send()  # where it raises, this group is still in flight and is abandoned
            else:
                self._in_flight = None
            group.release()
            self._observer.committed(len(group.committed), group.size_bytes, latency_ms)
            self._on_committed(group.committed)
        except BaseException as error:
            self._on_failure(error)
            if not isinstance(error, Exception):
                raise
