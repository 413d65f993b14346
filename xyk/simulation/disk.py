"""A disk in memory that forgets what was not synced, for the real SQLite.

Writes go to what every process sees at once; only a sync makes them last. At a loss of power each
sector that was written since the last sync is there or not, by chance. SQLite reaches the disk
through a VFS (apsw), so that its own journalling is what stands between a fault and the entries.
"""

import io
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import apsw

SECTOR = 512
DATABASE, LOG = "/journal.db", "/journal.db-wal"

POWER, KILL, FULL, SYNC = "power", "kill", "full", "sync"
NONE, SHARED, RESERVED, PENDING, EXCLUSIVE = range(5)  # SQLite's locks


class PowerLost(Exception):
    """What the process was doing has no outcome."""


class File:
    """`content` is what processes see, `durable` what survives; `since` are the writes (offset,
    bytes) and cuts (length, None) between the two, oldest first."""

    __slots__ = ("content", "durable", "locks", "since")

    def __init__(self, content: bytes = b"") -> None:
        self.content = bytearray(content)
        self.durable = bytes(content)
        self.since: list[tuple[int, bytes | None]] = []
        self.locks: dict[object, int] = {}  # by handle

    def write(self, offset: int, data: bytes) -> None:
        put(self.content, offset, data)
        self.since.append((offset, data))

    def cut(self, length: int) -> None:
        put(self.content, length, None)
        self.since.append((length, None))

    def sync(self) -> None:
        if self.since:
            self.durable = bytes(self.content)
            self.since.clear()

    def torn(self, chance: Random) -> bytes:
        """What a loss of power leaves: in one mood nothing since the sync, in another all of it, in
        the third any sectors of it."""
        mood = chance.randrange(4)
        kept = bytearray(self.durable)
        for offset, data in self.since:
            if mood == 0:
                continue
            if data is None:
                if mood == 1 or chance.random() < 0.5:
                    put(kept, offset, None)
                continue
            for start in range(0, len(data), SECTOR):
                if mood == 1 or chance.random() < 0.5:
                    put(kept, offset + start, data[start : start + SECTOR])
        return bytes(kept)


class Stream(io.RawIOBase):
    """A file as programs open it, for those that go past SQLite."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._at = 0

    def read(self, size: int = -1, /) -> bytes:
        end = len(self._file.content) if size < 0 else self._at + size
        part = bytes(self._file.content[self._at : end])
        self._at += len(part)
        return part

    def write(self, data: Any, /) -> int:
        self._file.write(self._at, bytes(data))
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        assert whence == 0
        self._at = offset
        return offset


def put(content: bytearray, offset: int, data: bytes | None) -> None:
    """Writes, with zeros up to `offset` where that is beyond the end; None cuts off there."""
    if data is None:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class Disk:
    """`syncs` counts what became durable, so that nobody need look twice."""

    def __init__(self, chance: Random) -> None:
        self.files: dict[str, File] = {}
        self.syncs = 0
        self._chance = chance

    def lose_power(self) -> None:
        """Every process on it is dead before this. New files: handles of the dead see the old."""
        self.files = {name: File(file.torn(self._chance)) for name, file in self.files.items()}

    def durable(self) -> "Disk":
        """What there would be if the power failed now and nothing since the syncs had arrived."""
        image = Disk(Random(0))
        image.files = {name: File(file.durable) for name, file in self.files.items()}
        return image


class Faults:
    """What goes wrong at the n-th write or sync from now; each once. `ends` are what is called at
    the moment at which the power fails (POWER) or the process is killed (KILL): it must be dead
    after that."""

    def __init__(self, chance: Random, ends: Mapping[str, Callable[[], None]]) -> None:
        self._chance = chance
        self._ends = ends
        self._plan: dict[str, int] = {}

    def arm(self, kind: str, calls: int) -> None:
        """`kind`: POWER, KILL, FULL or SYNC; `calls` of writes and syncs go well before (for FULL
        of writes, for SYNC of syncs)."""
        self._plan[kind] = calls

    def disarm(self) -> None:
        self._plan.clear()

    def before_write(self, file: File, offset: int, data: bytes) -> None:
        if self._is_due(FULL):
            raise apsw.FullError("database or disk is full")
        for kind, end in self._ends.items():
            if self._is_due(kind):
                file.write(offset, data[: self._chance.randrange(len(data) + 1)])
                end()
                raise PowerLost

    def before_sync(self, file: File) -> None:
        for kind, end in self._ends.items():
            if self._is_due(kind):
                end()
                raise PowerLost
        if self._is_due(SYNC):
            # As on Linux: the pages count as clean from now on, whether or not they arrived.
            file.durable = file.torn(self._chance)
            file.since.clear()
            raise apsw.IOError("disk I/O error: fsync failed")

    def _is_due(self, kind: str) -> bool:
        left = self._plan.get(kind)
        if left is None:
            return False
        if left:
            self._plan[kind] = left - 1
            return False
        del self._plan[kind]
        return True


class Mount(apsw.VFS):
    """The disk as one process has it. After `kill` nothing that it does reaches the disk: SQLite
    goes on tidying up, as a process that is dead would not."""

    def __init__(self, name: str, seed: int, disk: Disk, faults: Faults | None = None) -> None:
        """`name` is SQLite's for it, one in the whole of our own process."""
        super().__init__(name, base=None)
        self.name = name
        self.disk = disk
        self.faults = faults
        self.is_dead = False
        self._numbers = Random(seed)

    def kill(self) -> None:
        """Its locks go with it, as those of a process do."""
        self.is_dead = True
        for file in self.disk.files.values():
            for handle in [one for one in file.locks if getattr(one, "mount", None) is self]:
                del file.locks[handle]

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
        return Handle(self, self.disk.files.setdefault(path, File()))

    def xAccess(self, pathname: str, flags: int) -> bool:
        return bool(pathname in self.disk.files)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        if not self.is_dead:
            self.disk.files.pop(filename, None)

    def xFullPathname(self, name: str) -> str:
        return name

    def xRandomness(self, numbytes: int) -> bytes:
        return self._numbers.randbytes(numbytes)

    def xSleep(self, microseconds: int) -> int:
        return microseconds

    def xCurrentTime(self) -> float:
        return 2_440_587.5

    def xCurrentTimeInt64(self) -> int:
        return 210_866_760_000_000

    def xGetLastError(self) -> tuple[int, str]:
        return 0, ""


class Handle:
    """An open file. No shared memory: a write-ahead log wants `locking_mode = EXCLUSIVE`."""

    def __init__(self, mount: Mount, file: File) -> None:
        self.mount = mount
        self._file = file

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._file.content[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        if self.mount.is_dead:
            return
        if self.mount.faults is not None:
            self.mount.faults.before_write(self._file, offset, data)
        self._file.write(offset, data)

    def xTruncate(self, newsize: int) -> None:
        if self.mount.is_dead:
            return
        self._file.cut(newsize)
        if not newsize:  # the commit of a rollback journal; as where it is unlinked and synced
            self._file.sync()

    def xSync(self, flags: int) -> None:
        if self.mount.is_dead:
            return
        if self.mount.faults is not None:
            self.mount.faults.before_sync(self._file)
        self._file.sync()
        self.mount.disk.syncs += 1

    def xFileSize(self) -> int:
        return len(self._file.content)

    def xLock(self, level: int) -> None:
        locks = self._file.locks
        others = [held for handle, held in locks.items() if handle is not self]
        mine = locks.get(self, NONE)
        if mine >= level or self.mount.is_dead:
            return
        highest = max(others, default=NONE)
        if level == SHARED and highest >= PENDING:
            raise apsw.BusyError("database is locked")
        if level >= RESERVED and highest >= RESERVED:
            raise apsw.BusyError("database is locked")
        if level == EXCLUSIVE and highest >= SHARED:
            locks[self] = PENDING
            raise apsw.BusyError("database is locked")
        locks[self] = level

    def xUnlock(self, level: int) -> None:
        if level == NONE or self.mount.is_dead:
            self._file.locks.pop(self, None)
        else:
            self._file.locks[self] = level

    def xCheckReservedLock(self) -> bool:
        return any(held >= RESERVED for held in self._file.locks.values())

    def xSectorSize(self) -> int:
        return SECTOR

    def xDeviceCharacteristics(self) -> int:
        return 0

    def xFileControl(self, op: int, pointer: int) -> bool:
        return False

    def xClose(self) -> None:
        self._file.locks.pop(self, None)
