"""The state at one seq in a file, so that a start need not fold the journal from genesis.

Two lines: a header with the state's digest, and the canonical text of the state. A snapshot
is derived and may be lost: one that does not verify is passed over for an older one, or for the
journal alone. Encoding it stops a process for as long as the state is large, so the server leaves
it to a child: `make_snapshot` needs nothing but the journal and the folder.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec

from xyk.domain.commands import Genesis
from xyk.engine.durable import UNFINISHED, write_durably
from xyk.engine.entry import GENESIS_HASH, decode_command
from xyk.engine.journal import Journal
from xyk.engine.liabilities import LiabilitiesFolder
from xyk.engine.replica import CorruptJournal, Progress, Replica, check_hash, follow
from xyk.exchange.invariants import check_all
from xyk.exchange.state import State

VERSION = 3  # of the file; one that is not readable is passed over
READABLE = (2, VERSION)  # 2 had the checksum of the text alone
KEPT = 3
ANOTHER = "is another one than in the snapshot of this seq"
# What loading a state may raise besides ValueError where the text is none that we wrote.
UNLOADABLE = (
    *(LookupError, TypeError, AttributeError, ArithmeticError),
    *(AssertionError, RecursionError),
)


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
    """Where a fold begins; `snapshot` is None at genesis. `skipped` is for the operator's log.
    `unproven`, newest first: those that were skipped for their hash, which nothing protects in a
    file of version 2. What rotted there says nothing of the journal, so their digests must.
    """

    replica: Replica
    snapshot: Snapshot | None
    skipped: tuple[Skipped, ...]
    unproven: tuple[Snapshot, ...] = ()


class SnapshotFolder:
    """Files `<seq>.json`, the newest `kept` of them. One process at a time writes."""

    def __init__(self, path: Path, kept: int = KEPT) -> None:
        self._path = path
        self._kept = kept

    def names(self) -> list[str]:
        """Of all files, newest first, good ones or not."""
        return [file.name for file in self._files()]

    def newest(self, until: int) -> Snapshot | None:
        """The header of the newest file up to seq `until` that has one; its state is not
        verified."""
        for file in self._files():
            if _seq(file) > until:
                continue
            try:
                with file.open("rb") as stream:
                    return _header(stream.readline())
            except (OSError, ValueError):
                continue
        return None

    def load(self, salt: str = "", below: int | None = None) -> Start:
        """A replica at the newest snapshot, of a seq `below` that, that verifies and is of the
        deployment `salt` (empty: of any), or else at genesis."""
        skipped = []
        for file in self._files():
            if below is not None and _seq(file) >= below:
                continue
            try:
                snapshot, replica = _load(file)
                if salt and replica.state.salt != salt:
                    raise ValueError(f"it is of another exchange, {replica.state.salt}")
            except (OSError, ValueError) as error:
                skipped.append(Skipped(file.name, str(error)))
            else:
                return Start(replica, snapshot, tuple(skipped))
        return Start(Replica(State(), GENESIS_HASH), None, tuple(skipped))

    def write(self, replica: Replica, skipped: tuple[Skipped, ...] = ()) -> Snapshot:
        """On disk when this returns, or not there at all. Then drops what this start `skipped`,
        and the oldest files; those of a later seq are not ours to judge and stay.
        """
        text = replica.state.encode()
        snapshot = Snapshot(
            version=VERSION,
            seq=replica.state.seq,
            hash=replica.head_hash,
            digest=replica.state.digest(),
            checksum=checksum_of(replica.head_hash, text),
        )
        self._path.mkdir(parents=True, exist_ok=True)
        file = self._path / _name(snapshot.seq)
        write_durably(file, (msgspec.json.encode(snapshot), b"\n", text, b"\n"))
        bad = {one.name for one in skipped}
        past = [one for one in self._files() if _seq(one) <= snapshot.seq]
        kept = [one for one in past if one == file or one.name not in bad][: self._kept]
        for leftover in (*past, *self._path.glob(f"*{UNFINISHED}")):
            if leftover not in kept and not leftover.is_dir():
                leftover.unlink()
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
    start = await newest_start(journal, folder)
    state = start.replica.state
    for one in reversed(start.unproven):
        await follow(start.replica, journal, one.seq, progress)
        if state.digest() != one.digest:
            raise CorruptJournal(one.seq, ANOTHER)
    await follow(start.replica, journal, progress=progress)
    try:
        check_all(state)
    except AssertionError as error:
        raise CorruptJournal(state.seq, f"an invariant fails after it: {error}") from error
    return start


async def newest_start(journal: Journal, folder: SnapshotFolder) -> Start:
    """The newest usable snapshot, or genesis. Raises CorruptJournal where the journal has not got
    the snapshot's entry.
    """
    salt = await _salt(journal)
    start = folder.load(salt)
    while start.snapshot is not None and not await _is_anchored(start.snapshot, journal):
        bad = start.snapshot
        skipped = (*start.skipped, Skipped(_name(bad.seq), "its hash is not its entry's"))
        older = folder.load(salt, below=bad.seq)
        start = Start(
            older.replica,
            older.snapshot,
            (*skipped, *older.skipped),
            (*start.unproven, bad),
        )
    return start


async def make_snapshot(
    journal: Journal,
    folder: SnapshotFolder,
    progress: Progress | None = None,
    liabilities: LiabilitiesFolder | None = None,
    before_writing: Callable[[], None] | None = None,
) -> Snapshot:
    """Folds what was committed since the newest snapshot and writes the next one, after the
    liabilities at its seq. Gives the one that is there when nothing was. Raises CorruptJournal.
    `before_writing` sees to it that what was read is on disk: nothing is written if it raises.
    """
    start = await restore(journal, folder, progress)
    if before_writing is not None:
        before_writing()
    if liabilities is not None:
        liabilities.write(start.replica)
    if start.snapshot is not None and start.snapshot.seq == start.replica.state.seq:
        return start.snapshot
    return folder.write(start.replica, start.skipped)


async def _salt(journal: Journal) -> str:
    """Of the deployment whose journal it is; empty where it begins with no genesis. Raises
    CorruptJournal.
    """
    first = await journal.entry(1)
    if first is None or first.kind != Genesis.__name__:
        return ""
    check_hash(first)
    command = decode_command(first)
    assert isinstance(command, Genesis)
    return command.salt


async def _is_anchored(snapshot: Snapshot, journal: Journal) -> bool:
    """The journal must reach the snapshot and have its entry, or it was cut off or replaced: raises
    CorruptJournal. False where it may as well be the snapshot that rotted.
    """
    entry = await journal.entry(snapshot.seq)
    if entry is None:
        seq, _ = await journal.head()
        raise CorruptJournal(seq + 1, f"missing, although there is a snapshot of {snapshot.seq}")
    check_hash(entry)
    if entry.hash != snapshot.hash and snapshot.version > 2:
        raise CorruptJournal(entry.seq, ANOTHER)
    return entry.hash == snapshot.hash


def _name(seq: int) -> str:
    return f"{seq:012}.json"


def _seq(file: Path) -> int:
    """That its name says."""
    return int(file.stem) if file.stem.isdecimal() else 0


def _header(line: bytes) -> Snapshot:
    """Raises ValueError."""
    try:
        snapshot = msgspec.json.decode(line, type=Snapshot)
    except RecursionError as error:
        raise ValueError(str(error)) from error
    if snapshot.version not in READABLE:
        raise ValueError(f"version {snapshot.version} is not known")
    return snapshot


def _load(file: Path) -> tuple[Snapshot, Replica]:
    """Raises OSError or ValueError."""
    header, _, rest = file.read_bytes().partition(b"\n")
    snapshot, text = _header(header), rest.removesuffix(b"\n")
    if _seq(file) != snapshot.seq:
        raise ValueError(f"it is named {file.name} and of seq {snapshot.seq}")
    if checksum_of(snapshot.hash, text, snapshot.version) != snapshot.checksum:
        raise ValueError("its text does not have its checksum")
    try:
        state = State.load(msgspec.json.decode(text))
    except UNLOADABLE as error:
        raise ValueError(f"its state cannot be loaded: {error!r}") from error
    if state.seq != snapshot.seq:
        raise ValueError(f"its state is of seq {state.seq}, its header says {snapshot.seq}")
    if state.digest() != snapshot.digest:
        raise ValueError("its state does not have its digest")
    return snapshot, Replica(state, snapshot.hash)
