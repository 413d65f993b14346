"""A state that follows a journal: the fold, with every link of the chain checked.

What start-up, snapshots, `xyk replay` and read replicas have in common. It decides nothing; whether
the events are those that `decide` gives, and the signatures good, is for `xyk verify`.
"""

from collections.abc import Callable

from xyk.domain.events import AnyEvent
from xyk.engine.entry import GENESIS_HASH, RULES, Entry, decode_events, is_whole
from xyk.engine.journal import Journal
from xyk.exchange.evolve import apply
from xyk.exchange.invariants import check
from xyk.exchange.state import State

Progress = Callable[[int], None]  # the seq that was reached


class CorruptJournal(Exception):
    """The row `seq` is not what was written, or is missing."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"journal entry {seq}: {why}")
        self.seq = seq
        self.why = why


class Replica:
    """`head_hash` belongs to the entry `state.seq`. After CorruptJournal the state is of no use."""

    def __init__(self, state: State, head_hash: str = GENESIS_HASH) -> None:
        self.state = state
        self.head_hash = head_hash

    def apply(self, entry: Entry) -> tuple[AnyEvent, ...]:
        """Folds the next entry and gives its events. Raises CorruptJournal."""
        state = self.state
        seq = state.seq + 1
        if entry.seq != seq:
            raise CorruptJournal(seq, f"missing, the next row is {entry.seq}")
        check_hash(entry)
        if entry.previous != self.head_hash:
            raise CorruptJournal(seq, f"does not follow the hash of entry {state.seq}")
        if entry.rules > RULES:
            raise CorruptJournal(
                seq, f"was made under rules {entry.rules}; this version knows {RULES}, upgrade it"
            )
        if entry.time < state.now_ms:
            raise CorruptJournal(seq, f"its time {entry.time} is before the last one's")
        try:
            events = decode_events(entry)
            apply(state, seq, entry.time, events)
            check(state, events)
        except Exception as error:
            raise CorruptJournal(seq, f"its events cannot be folded: {error!r}") from error
        self.head_hash = entry.hash
        return events


def check_hash(entry: Entry) -> None:
    """Raises CorruptJournal unless the row's hash is that of its content."""
    if not is_whole(entry):
        raise CorruptJournal(entry.seq, "its content does not have its hash: the row was changed")


async def follow(
    replica: Replica, journal: Journal, until: int | None = None, progress: Progress | None = None
) -> None:
    """Folds what the journal has after the replica's seq. Raises CorruptJournal."""
    async for batch in journal.read(replica.state.seq, until):
        for entry in batch:
            replica.apply(entry)
        if progress is not None:
            progress(replica.state.seq)
