"""What goes into the writer and what comes out of it."""

import msgspec

from xyk.domain.commands import Command
from xyk.domain.events import AnyEvent
from xyk.engine.entry import Entry, Evidence, decode_command, decode_events, decode_evidence


class Submission(msgspec.Struct, frozen=True, gc=False):
    """A command that asks to be decided; `evidence` was verified by whoever submits it."""

    command: Command
    evidence: Evidence


class Committed(msgspec.Struct, frozen=True, gc=False):
    """An accepted command whose entry is on disk, with its entry decoded. `is_new` is false for the
    first receipt of a digest that was accepted before.
    """

    entry: Entry
    command: Command
    evidence: Evidence
    events: tuple[AnyEvent, ...]
    is_new: bool = True

    def again(self) -> "Committed":
        """The same receipt for somebody who asks a second time."""
        return Committed(self.entry, self.command, self.evidence, self.events, is_new=False)


def receipt_of(entry: Entry) -> Committed:
    """The first receipt, rebuilt from the journal's row."""
    return Committed(
        entry, decode_command(entry), decode_evidence(entry), decode_events(entry), is_new=False
    )
