"""The sum tree of one state in a file, from which the proof of any one account is read in a few
steps: the server never has the tree in memory, and never makes it.

Lines, one a node, level by level from the leaves up; then where each line begins, eight bytes each;
then the root as JSON; then where these two begin. It is derived and may be lost. What it gives is
proved against its root before anybody sees it.
"""

import os
import struct
from array import array
from collections.abc import Sequence
from io import BufferedWriter
from pathlib import Path

import msgspec

from xyk.engine.replica import Replica
from xyk.engine.sum_tree import (
    EMPTY,
    LEFT,
    RIGHT,
    Node,
    Proof,
    Root,
    Step,
    accounts_of,
    checked,
    leaf,
    level_above,
    proves,
    root_of,
)

KEPT = 3
_TRAILER = struct.Struct("<QQ")  # where the index and the root begin
_INDEX = struct.Struct("<Q")

_Line = tuple[str, str, dict[str, int]]  # owner (empty above the leaves), hash, sums
_encode = msgspec.json.Encoder().encode
_line = msgspec.json.Decoder(_Line)


class Damaged(Exception):
    """The file does not hold what was written."""


class Liabilities:
    """A file that is there; `root` was read from it. Raises OSError or Damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as stream:
            end = os.fstat(stream.fileno()).st_size - _TRAILER.size
            stream.seek(max(end, 0))
            trailer = stream.read()
            self._index, at = _TRAILER.unpack(trailer) if end >= 0 else (0, -1)
            if not 0 <= self._index < at < end:
                raise Damaged(f"{path.name} is cut off")
            stream.seek(at)
            try:
                self.root = msgspec.json.decode(stream.read(end - at), type=Root)
            except (msgspec.DecodeError, ValueError) as fault:
                raise Damaged(f"the root in {path.name} cannot be read: {fault}") from None

    def prove(self, owner: str) -> Proof | None:
        """None where the account has nothing. Raises OSError or Damaged."""
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            found = self._find(descriptor, owner)
            if found is None:
                return None
            at, sums = found
            proof = Proof(owner=owner, sums=sums, path=tuple(self._path_from(descriptor, at)))
        except (msgspec.DecodeError, struct.error, ValueError, OverflowError) as fault:
            raise Damaged(f"{self._path.name} cannot be read: {fault}") from None
        finally:
            os.close(descriptor)
        if not proves(proof, self.root):
            raise Damaged(f"{self._path.name} does not prove {owner}")
        return proof

    def _find(self, descriptor: int, owner: str) -> tuple[int, dict[str, int]] | None:
        low, high = 0, self.root.leaves
        while low < high:
            middle = (low + high) // 2
            name, _, sums = self._node(descriptor, middle)
            if name == owner:
                return middle, sums
            if name < owner:
                low = middle + 1
            else:
                high = middle
        return None

    def _path_from(self, descriptor: int, at: int) -> list[Step]:
        steps = []
        first, count = 0, self.root.leaves
        while count > 1:
            beside = at ^ 1
            if beside < count:
                _, digest, sums = self._node(descriptor, first + beside)
                steps.append(Step(LEFT if beside < at else RIGHT, digest, sums))
            first, count, at = first + count, (count + 1) // 2, at // 2
        return steps

    def _node(self, descriptor: int, number: int) -> _Line:
        two = os.pread(descriptor, 2 * _INDEX.size, self._index + number * _INDEX.size)
        start, end = struct.unpack("<QQ", two)
        if not start < end <= self._index:
            raise Damaged(f"the index in {self._path.name} leads out of it")
        line: _Line = _line.decode(os.pread(descriptor, end - start, start))
        return line


class LiabilitiesFolder:
    """Files `<seq>.liabilities`, the newest `kept` of them. One process at a time writes."""

    def __init__(self, path: Path, kept: int = KEPT) -> None:
        self._path = path
        self._kept = kept

    def files(self) -> list[Liabilities]:
        """Newest first; what is damaged or gone is left out."""
        found = []
        for path in self._paths():
            try:
                found.append(Liabilities(path))
            except (OSError, Damaged):
                continue
        return found

    def newest(self) -> Liabilities | None:
        return next(iter(self.files()), None)

    def write(self, replica: Replica) -> None:
        """The tree of its state, on disk when this returns, unless it is there already."""
        self._path.mkdir(parents=True, exist_ok=True)
        path = self._path / f"{replica.state.seq:012}.liabilities"
        if path.exists():
            return
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("wb") as stream:
            _write_tree(stream, replica)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
        for leftover in (*self._paths()[self._kept :], *self._path.glob("*.unfinished")):
            leftover.unlink()

    def _paths(self) -> list[Path]:
        return sorted(self._path.glob("[0-9]*.liabilities"), reverse=True)


def _write_tree(stream: BufferedWriter, replica: Replica) -> None:
    accounts = list(accounts_of(replica.state))
    owners: Sequence[str] = [owner for owner, _ in accounts]
    nodes = [leaf(owner, sums) for owner, sums in accounts]
    starts, end = array("Q", [0]), 0
    while nodes:
        for at, node in enumerate(nodes):
            end += stream.write(_encode((owners[at] if owners else "", *node)) + b"\n")
            starts.append(end)
        if len(nodes) == 1:
            break
        nodes, owners = level_above(nodes), ()
    top = Node(*nodes[0]) if nodes else EMPTY
    root = checked(replica.state, root_of(replica.state.seq, replica.head_hash, len(accounts), top))
    index = b"".join(map(_INDEX.pack, starts))
    stream.write(index + _encode(root) + _TRAILER.pack(end, end + len(index)))
