"""One entry of the journal: a stamped command, the evidence for it, and the events that it made.

The hash chains the entries: SHA-256 over eight lines, previous hash, seq, time, rules, kind,
command, evidence and events, each as it stands in the row (JSON never holds a raw newline). Anyone
can re-compute it with standard tools. Row JSON is deterministic (field order of the Structs);
integers of any size are JSON numbers there, which is why the journal is not msgpack.
"""

from hashlib import sha256
from typing import Any

import msgspec

from xyk.domain.commands import COMMANDS, Command
from xyk.domain.events import AnyEvent
from xyk.domain.units import decode_journal

RULES = (
    1  # the version of decide that made an entry; raised when an old command would decide otherwise
)
GENESIS_HASH = "0" * 64


class Evidence(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,
):
    """Why the command was allowed. `signer` and `digest` are what `signature` proves, kept for
    readers; `domain/request.py` says what they are in each scheme. `text` is what was signed where
    it is no typed data: a key's request, in the form that its signature fits, or a sign-in message.
    `index` is the command's place in a batch that was signed as one text.
    """

    scheme: str
    signer: str = ""
    digest: str = ""
    signature: str = ""
    text: str = ""
    index: int = 0


class Entry(msgspec.Struct, frozen=True, gc=False):
    """`time` is Unix ms on the writer's clock. `kind` names the command's Struct. command, evidence
    and events are JSON; `previous` and `hash` are hex SHA-256."""

    seq: int
    time: int
    rules: int
    kind: str
    command: bytes
    evidence: bytes
    events: bytes
    previous: str
    hash: str


encode = msgspec.json.Encoder().encode  # of a command, an evidence or a tuple of events
_evidence = msgspec.json.Decoder(Evidence)
_events = msgspec.json.Decoder(tuple[AnyEvent, ...])
_commands: dict[str, Any] = {
    kind: msgspec.json.Decoder(struct, dec_hook=decode_journal) for kind, struct in COMMANDS.items()
}


def entry_hash(
    previous: str,
    seq: int,
    time: int,
    rules: int,
    kind: str,
    command: bytes,
    evidence: bytes,
    events: bytes,
) -> str:
    head = f"{previous}\n{seq}\n{time}\n{rules}\n{kind}".encode()
    return sha256(b"\n".join((head, command, evidence, events))).hexdigest()


def make_entry(
    seq: int,
    time: int,
    command: Command,
    evidence: Evidence,
    events: tuple[AnyEvent, ...],
    previous: str,
) -> Entry:
    kind = type(command).__name__
    return seal_entry(seq, time, kind, encode(command), encode(evidence), encode(events), previous)


def seal_entry(
    seq: int,
    time: int,
    kind: str,
    command: bytes,
    evidence: bytes,
    events: bytes,
    previous: str,
) -> Entry:
    """An entry of the present rules from parts that `encode` gave."""
    digest = entry_hash(previous, seq, time, RULES, kind, command, evidence, events)
    return Entry(seq, time, RULES, kind, command, evidence, events, previous, digest)


def recompute_hash(entry: Entry) -> str:
    """What `entry.hash` must be."""
    return entry_hash(
        entry.previous,
        entry.seq,
        entry.time,
        entry.rules,
        entry.kind,
        entry.command,
        entry.evidence,
        entry.events,
    )


def is_whole(entry: Entry) -> bool:
    """Whether the hash is that of the content, each column being of the type that is written:
    SQLite keeps any value in any column, and a forger hashes what he likes."""
    is_typed = (
        type(entry.seq) is type(entry.time) is type(entry.rules) is int
        and type(entry.command) is type(entry.evidence) is type(entry.events) is bytes
        and type(entry.kind) is str
    )
    return is_typed and recompute_hash(entry) == entry.hash


def decode_command(entry: Entry) -> Command:
    command: Command = _commands[entry.kind].decode(entry.command)
    return command


def decode_evidence(entry: Entry) -> Evidence:
    return _evidence.decode(entry.evidence)


def decode_events(entry: Entry) -> tuple[AnyEvent, ...]:
    return events_of(entry.events)


def events_of(text: bytes) -> tuple[AnyEvent, ...]:
    return _events.decode(text)
