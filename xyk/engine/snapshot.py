"""The state at one seq in a file, so that a start need not fold the journal from genesis.

Two lines: a header with the state's digest, and the canonical text of the state. A snapshot
is derived and may be lost: one that does not verify is passed over for an older one, or for the
journal alone. Encoding it stops a process for as long as the state is large, so the server leaves
it to a child: `make_snapshot` needs nothing but the journal and the folder.
"""

import os
from hashlib import sha256
from pathlib import Path

import msgspec

from xyk.engine.entry import GENESIS_HASH
from xyk.engine.journal import Journal
from xyk.engine.replica import CorruptJournal, Progress, Replica, check_hash, follow
from xyk.exchange.invariants import check_all
from xyk.exchange.state import State

VERSION = 3  # of the file; one that is not readable is passed over
READABLE = (2, VERSION)  # 2 had the checksum of the text alone
KEPT = 3


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The header. `hash` is that of the entry `seq`, `digest` the state's, `checksum` hex SHA-256
    of that hash, a newline and the text that follows: a file that rots in its hash must not pass
    for proof that the journal was replaced.
    """

    version: int
    seq: int
    hash: str
    digest: str
    checksum: str


class Skipped(msgspec.Struct, frozen=True):
    """A snapshot that could not be used."""

    name: str
    why: str


class Start(msgspec.Struct, frozen=True):
    """Where a fold begins; `snapshot` is None at genesis. `skipped` is for the operator's log."""

    replica: Replica
    snapshot: Snapshot | None
    skipped: tuple[Skipped, ...]


class SnapshotFolder:
    """Files `<seq>.json`, the newest `kept` of them. One process at a time writes."""

    def __init__(self, path: Path, kept: int = KEPT) -> None:
        self._path = path
        self._kept = kept

    def newest(self) -> Snapshot | None:
        """The header of the newest file that has one; its state is not verified."""
        for file in self._files():
            try:
                with file.open("rb") as stream:
                    return _header(stream.readline())
            except (OSError, ValueError):
                continue
        return None

    def load(self) -> Start:
        """A replica at the newest snapshot that verifies, or else at genesis."""
        skipped = []
        for file in self._files():
            try:
                snapshot, replica = _load(file)
            except (OSError, ValueError) as error:
                skipped.append(Skipped(file.name, str(error)))
            else:
                return Start(replica, snapshot, tuple(skipped))
        return Start(Replica(State(), GENESIS_HASH), None, tuple(skipped))

    def write(self, replica: Replica) -> Snapshot:
        """On disk when this returns, or not there at all; then drops the oldest files."""
        text = replica.state.encode()
        snapshot = Snapshot(
            version=VERSION,
            seq=replica.state.seq,
            hash=replica.head_hash,
            digest=replica.state.digest(),
            checksum=checksum_of(replica.head_hash, text),
        )
        self._path.mkdir(parents=True, exist_ok=True)
        file = self._path / f"{snapshot.seq:012}.json"
        unfinished = file.with_suffix(".unfinished")
        with unfinished.open("wb") as stream:
            stream.write(b"%b\n%b\n" % (msgspec.json.encode(snapshot), text))
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
        for leftover in (*self._files()[self._kept :], *self._path.glob("*.unfinished")):
            leftover.unlink()
        _sync_folder(self._path)
        return snapshot

    def _files(self) -> list[Path]:
        """Newest first."""
        return sorted(self._path.glob("[0-9]*.json"), reverse=True)


def checksum_of(entry_hash: str, text: bytes, version: int = VERSION) -> str:
    """Of a file: what its header must say. `text` without the newline at its end."""
    hashed = sha256(f"{entry_hash}\n".encode() if version > 2 else b"")
    hashed.update(text)
    return hashed.hexdigest()


async def restore(
    journal: Journal, folder: SnapshotFolder, progress: Progress | None = None
) -> Start:
    """The state at the journal's end, checked: from the newest usable snapshot and the entries
    after it. Raises CorruptJournal.
    """
    start = folder.load()
    if start.snapshot is not None:
        await _check_anchor(start.snapshot, journal)
    await follow(start.replica, journal, progress=progress)
    state = start.replica.state
    try:
        check_all(state)
    except AssertionError as error:
        raise CorruptJournal(state.seq, f"an invariant fails after it: {error}") from error
    return start


async def make_snapshot(
    journal: Journal, folder: SnapshotFolder, progress: Progress | None = None
) -> Snapshot:
    """Folds what was committed since the newest snapshot and writes the next one. Gives the one
    that is there when nothing was. Raises CorruptJournal.
    """
    start = await restore(journal, folder, progress)
    if start.snapshot is not None and start.snapshot.seq == start.replica.state.seq:
        return start.snapshot
    return folder.write(start.replica)


async def _check_anchor(snapshot: Snapshot, journal: Journal) -> None:
    """The journal must reach the snapshot and have its entry, or it was cut off or replaced."""
    entry = await journal.entry(snapshot.seq)
    if entry is None:
        seq, _ = await journal.head()
        raise CorruptJournal(seq + 1, f"missing, although there is a snapshot of {snapshot.seq}")
    check_hash(entry)
    if entry.hash != snapshot.hash:
        raise CorruptJournal(entry.seq, "is another one than in the snapshot of this seq")


def _header(line: bytes) -> Snapshot:
    """Raises ValueError."""
    snapshot = msgspec.json.decode(line, type=Snapshot)
    if snapshot.version not in READABLE:
        raise ValueError(f"version {snapshot.version} is not known")
    return snapshot


def _load(file: Path) -> tuple[Snapshot, Replica]:
    """Raises OSError or ValueError."""
    header, _, rest = file.read_bytes().partition(b"\n")
    snapshot, text = _header(header), rest.removesuffix(b"\n")
    if checksum_of(snapshot.hash, text, snapshot.version) != snapshot.checksum:
        raise ValueError("its text does not have its checksum")
    try:
        state = State.load(msgspec.json.decode(text))
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"its state cannot be loaded: {error!r}") from error
    if state.seq != snapshot.seq:
        raise ValueError(f"its state is of seq {state.seq}, its header says {snapshot.seq}")
    if state.digest() != snapshot.digest:
        raise ValueError("its state does not have its digest")
    return snapshot, Replica(state, snapshot.hash)


def _sync_folder(path: Path) -> None:
    """Makes a rename durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
