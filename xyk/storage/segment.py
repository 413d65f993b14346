"""A run of entries that was moved out of the journal's table: one compressed file that never
changes.

The first line is a JSON header. After it come blocks of BLOCK entries, each a gzip member of its
own, so that one entry is read without the others; `tail -n +2 FILE | zcat` shows them all. An entry
is nine lines: the eight that its hash is made of (engine/entry.py), then the hash.
"""

import gzip
import zlib
from collections.abc import Sequence
from hashlib import file_digest, sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from xyk.engine.durable import write_durably
from xyk.engine.entry import Entry
from xyk.engine.replica import CorruptJournal, check_hash

VERSION = 1  # of the file
BLOCK = 256  # entries; about 300 kB before compression
LEVEL = 6  # of gzip
SUFFIX = ".segment"
LINES = 9  # of an entry


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """`first`, `last`: seqs. `previous`: the hash before `first`; `hash`: that of `last`.
    `checksum`: SHA-256 of all that follows the line. `blocks`: their compressed sizes in bytes.
    """

    version: int
    first: int
    last: int
    previous: str
    hash: str
    checksum: str
    blocks: tuple[int, ...]


class Segment:
    """An open one holds its header alone. Whatever is wrong with the file is CorruptJournal with
    the seq from which entries are missing.
    """

    def __init__(self, path: Path, header: Header, start: int) -> None:
        self.path = path
        self.header = header
        self._start = start  # of the first block in the file

    @classmethod
    def open(cls, path: Path, name: str = "") -> "Segment":
        """Checks what costs nothing: name, header and size. `name`: that it will bear, where it
        is not finished. Raises CorruptJournal."""
        try:
            with path.open("rb") as stream:
                line = stream.readline()
            header = msgspec.json.decode(line, type=Header)
            size = path.stat().st_size
        except (OSError, ValueError) as error:
            raise damaged(path, f"its header cannot be read: {error}") from None
        if header.version != VERSION:
            raise damaged(path, f"version {header.version} is not known; upgrade xyk")
        if (name or path.name) != segment_name(header.first, header.last):
            raise damaged(path, f"it holds {header.first} to {header.last}, not what its name says")
        if len(header.blocks) != -(-(header.last - header.first + 1) // BLOCK):
            raise damaged(path, "its header does not list its blocks")
        if size != len(line) + sum(header.blocks):
            raise damaged(path, f"it has {size} bytes, not {len(line) + sum(header.blocks)}")
        return cls(path, header, len(line))

    def check(self) -> None:
        """The checksum of every byte. Raises CorruptJournal."""
        try:
            with self.path.open("rb") as stream:
                stream.seek(self._start)
                found = file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise damaged(self.path, f"it cannot be read: {error}") from None
        if found != self.header.checksum:
            raise damaged(self.path, "its content does not have its checksum")

    def prove(self) -> None:
        """The checksum, every entry's hash and the whole chain. Raises CorruptJournal."""
        self.check()
        link = Link(self.header.first - 1, self.header.previous)
        for block in range(len(self.header.blocks)):
            for entry in self.block(block):
                link = link.to(entry)
        if link != (self.header.last, self.header.hash):
            raise damaged(self.path, "its entries do not end where its header says")

    def entry(self, seq: int) -> Entry:
        """Of first <= seq <= last. Raises CorruptJournal."""
        block, place = divmod(seq - self.header.first, BLOCK)
        return self.block(block)[place]

    def blocks_after(self, seq: int) -> range:
        """Those that hold what comes after `seq`."""
        return range(max(0, seq + 1 - self.header.first) // BLOCK, len(self.header.blocks))

    def block(self, index: int) -> list[Entry]:
        """Its entries in order; their hashes are for the reader to check. Raises CorruptJournal."""
        header = self.header
        first = header.first + index * BLOCK
        count = min(BLOCK, header.last + 1 - first)
        try:
            with self.path.open("rb") as stream:
                stream.seek(self._start + sum(header.blocks[:index]))
                lines = gzip.decompress(stream.read(header.blocks[index])).split(b"\n")
            found = [_entry(lines[at : at + LINES]) for at in range(0, len(lines) - 1, LINES)]
        except (OSError, EOFError, ValueError, zlib.error) as error:
            why = f"its block of entry {first} cannot be read: {error}"
            raise damaged(self.path, why, first) from None
        if [entry.seq for entry in found] != list(range(first, first + count)):
            raise damaged(self.path, f"its block of entry {first} holds other entries", first)
        return found


class Link(NamedTuple):
    """The end of a chain so far."""

    seq: int
    hash: str

    def to(self, entry: Entry) -> "Link":
        """Raises CorruptJournal unless the entry is whole and follows."""
        if entry.seq != self.seq + 1:
            raise CorruptJournal(self.seq + 1, f"missing, the next row is {entry.seq}")
        check_hash(entry)
        if entry.previous != self.hash:
            raise CorruptJournal(entry.seq, f"does not follow the hash of entry {self.seq}")
        return Link(entry.seq, entry.hash)


class Packing:
    """Entries on their way into a segment, compressed as they come."""

    def __init__(self, start: Link) -> None:
        """`start`: what the first entry follows."""
        self._start = self._end = start
        self._blocks: list[bytes] = []
        self._open: list[bytes] = []

    @property
    def count(self) -> int:
        return self._end.seq - self._start.seq

    def add(self, entries: Sequence[Entry]) -> None:
        """Raises CorruptJournal for one that is not whole or does not follow."""
        for entry in entries:
            self._end = self._end.to(entry)
            self._open.append(_lines(entry))
            if len(self._open) == BLOCK:
                self._close_block()

    def write(self, folder: Path) -> Segment:
        """Read back and proven before it gets its name, and on disk when this returns. Raises
        OSError or CorruptJournal.
        """
        self._close_block()
        header = Header(
            version=VERSION,
            first=self._start.seq + 1,
            last=self._end.seq,
            previous=self._start.hash,
            hash=self._end.hash,
            checksum=sha256(b"".join(self._blocks)).hexdigest(),
            blocks=tuple(len(block) for block in self._blocks),
        )
        path = folder / segment_name(header.first, header.last)
        line = msgspec.json.encode(header) + b"\n"

        def prove(unfinished: Path) -> None:
            Segment.open(unfinished, path.name).prove()

        write_durably(path, (line, *self._blocks), prove)
        return Segment.open(path)

    def _close_block(self) -> None:
        if self._open:
            self._blocks.append(gzip.compress(b"".join(self._open), LEVEL, mtime=0))
            self._open = []


def segment_name(first: int, last: int) -> str:
    return f"{first:012}-{last:012}{SUFFIX}"


def damaged(path: Path, why: str, seq: int = 0) -> CorruptJournal:
    """`seq` 0: the first that the file's name says."""
    if not seq:
        first = path.name.partition("-")[0]
        seq = int(first) if first.isdecimal() else 1
    return CorruptJournal(seq, f"segment {path.name}: {why}")


def _lines(entry: Entry) -> bytes:
    """Raises CorruptJournal where a part is more than a line."""
    head = f"{entry.previous}\n{entry.seq}\n{entry.time}\n{entry.rules}\n{entry.kind}".encode()
    tail = entry.hash.encode()
    lines = b"\n".join((head, entry.command, entry.evidence, entry.events, tail, b""))
    if lines.count(b"\n") != LINES:
        raise CorruptJournal(entry.seq, "has a line break where JSON has none")
    return lines


def _entry(lines: Sequence[bytes]) -> Entry:
    """Raises ValueError."""
    previous, seq, time, rules, kind, command, evidence, events, digest = lines
    return Entry(
        int(seq),
        int(time),
        int(rules),
        kind.decode(),
        command,
        evidence,
        events,
        previous.decode(),
        digest.decode(),
    )
