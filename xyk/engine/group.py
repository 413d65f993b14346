"""Entries that will be committed together, and who waits for that."""

from asyncio import Future

from xyk.engine.submission import Committed

ENTRIES_MAX = 256
BYTES_MAX = 1024 * 1024
ROW_BYTES = 256  # about what a row has besides its three JSON texts


class Group:
    """Formed while the one before it is in flight. Nobody outside may learn of it before it is
    committed.
    """

    __slots__ = ("_waiting", "committed", "size_bytes")

    def __init__(self) -> None:
        self.committed: list[Committed] = []
        self.size_bytes = 0
        self._waiting: list[Future[None]] = []

    @property
    def has_room(self) -> bool:
        """The entry that reaches a bound is the last one."""
        return len(self.committed) < ENTRIES_MAX and self.size_bytes < BYTES_MAX

    @property
    def last_seq(self) -> int:
        return self.committed[-1].entry.seq

    def add(self, committed: Committed) -> None:
        entry = committed.entry
        self.committed.append(committed)
        self.size_bytes += len(entry.command) + len(entry.evidence) + len(entry.events) + ROW_BYTES

    def keep(self, future: Future[None]) -> None:
        """`future` is set when the group is committed."""
        self._waiting.append(future)

    def release(self) -> None:
        for future in self._waiting:
            if not future.done():  # whoever waited may have gone away
                future.set_result(None)

    def abandon(self, error: type[Exception]) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_exception(error())
