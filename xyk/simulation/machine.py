"""The machine that servers live and die on: its disk, its clock, its data folder, and the faults.

Two kinds of journal. Most seeds write ahead as production does, which without shared memory wants
SQLite's exclusive locking, so one process. Those in which two writers start on one journal use the
rollback journal, whose locks two processes can share.
"""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import apsw

from xyk.engine.journal import Journal
from xyk.simulation.disk import DATABASE, KILL, LOG, POWER, Disk, Faults, Mount, PowerLost, Stream
from xyk.simulation.loop import MachineClock, Process, SimulatedLoop
from xyk.storage.journal import DURABILITY, SqliteJournal, settle_log

Rows = list[tuple[Any, ...]]
TABLE = (
    "CREATE TABLE IF NOT EXISTS entries (seq INTEGER NOT NULL PRIMARY KEY, time BIGINT NOT NULL,"
    " rules INTEGER NOT NULL, kind TEXT NOT NULL, command BLOB NOT NULL, evidence BLOB NOT NULL,"
    " events BLOB NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL)"
)
ROWS = (
    "SELECT seq, time, rules, kind, command, evidence, events, previous, hash FROM entries"
    " WHERE seq > ? ORDER BY seq"
)
NAMES = count()  # SQLite wants one for each mount of our own process
START_MS = 1_750_000_000_000


class Connection:
    """What `SqliteJournal` uses of aiosqlite, on a mount. A commit takes its time before and after
    the disk has it; a process that dies in between never hears."""

    def __init__(self, machine: "Machine", mount: Mount, process: Process) -> None:
        self._machine = machine
        self._mount = mount
        self._process = process
        self._sqlite = apsw.Connection(DATABASE, vfs=mount.name)

    async def execute_fetchall(self, statement: str, values: Sequence[Any] = ()) -> Rows:
        if not statement.startswith("INSERT"):
            return self.at_once(statement, values)
        await asyncio.sleep(self._machine.latency_s())
        rows = self.at_once(statement, values)
        await asyncio.sleep(self._machine.latency_s())
        return rows

    def at_once(self, statement: str, values: Sequence[Any] = ()) -> Rows:
        try:
            return list(self._sqlite.execute(statement, tuple(values)))
        except (PowerLost, apsw.Error):
            if self._process.is_dead:
                raise PowerLost from None
            raise

    async def close(self) -> None:
        self._sqlite.close()

    def force_close(self) -> None:
        """However little the disk lets it do."""
        self._sqlite.close(True)


class Checkpoints:
    """Stands for the thread that moves pages from the log into the database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def nudge(self) -> None:
        self._connection.at_once("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Nothing is under way."""


class Machine:
    """`note` hears of every fault, for the trace."""

    def __init__(
        self,
        loop: SimulatedLoop,
        chance: Random,
        folder: Path,
        note: Callable[[str], None],
        has_two_writers: bool,
    ) -> None:
        self.clock = MachineClock(loop, START_MS)
        self.disk = Disk(chance)
        self.folder = folder
        self.processes: list[tuple[Process, Mount, Faults]] = []
        self.has_two_writers = has_two_writers
        self.slow_s = 0.002  # of an append, at most, before and after the disk has it
        self._chance = chance
        self.note = note
        self._mounts: list[Mount] = []
        self._connections: list[Connection] = []

    def latency_s(self) -> float:
        return self._chance.random() * self.slow_s

    def boot(self, name: str) -> tuple[Process, Mount, Faults]:
        """A process, with the disk as it has it."""
        process = Process(name)
        ends = {POWER: self.lose_power, KILL: lambda: self.kill(process)}
        faults = Faults(self._chance, ends)
        mount = self._mount(self.disk, faults)
        self._mounts.append(mount)
        booted = process, mount, faults
        self.processes.append(booted)
        return booted

    def open_journal(self, mount: Mount, process: Process) -> tuple[Journal, Checkpoints]:
        """The real journal. Raises apsw.Error."""
        log = self.disk.files.get(LOG)
        if log is not None:
            stream: Any = Stream(log)
            settle_log(stream, log.sync)
            self.disk.syncs += 1
        connection = Connection(self, mount, process)
        self._connections.append(connection)
        mode = "NORMAL" if self.has_two_writers else "EXCLUSIVE"
        connection.at_once(f"PRAGMA locking_mode = {mode}")
        for pragma in DURABILITY:
            if self.has_two_writers and pragma.startswith("journal_mode"):
                pragma = "journal_mode = TRUNCATE"
            connection.at_once(f"PRAGMA {pragma}")
        connection.at_once(TABLE)
        checkpoints = Checkpoints(connection)
        journal: Any = SqliteJournal(connection, connection, checkpoints)  # type: ignore[arg-type]
        return journal, checkpoints

    def kill(self, process: Process) -> None:
        """As SIGKILL: what was written stays in the system's memory, synced or not."""
        self.note(f"kill {process.name}")
        for booted in [one for one in self.processes if one[0] is process]:
            booted[0].is_dead = True
            booted[1].kill()
            self.processes.remove(booted)

    def lose_power(self) -> None:
        self.note("power lost")
        for process, mount, _ in self.processes:
            process.is_dead = True
            mount.kill()
        self.processes.clear()
        self.disk.lose_power()
        self.disk.syncs += 1

    def durable_rows(self, after: int) -> Rows:
        """What a loss of power at this moment would leave of the journal."""
        return self._read(self.disk.durable(), after)

    def rows(self) -> Rows:
        """What a process that starts now would find."""
        image = Disk(Random(0))
        image.files = self.disk.durable().files
        for name, file in self.disk.files.items():
            image.files[name].content[:] = file.content
        return self._read(image, 0)

    def damage_snapshots(self) -> None:
        """The newest is cut off, has a flipped bit, or never got its name."""
        files = sorted((self.folder / "snapshots").glob("[0-9]*.json"))
        if not files:
            return
        newest, way = files[-1], self._chance.randrange(3)
        text = bytearray(newest.read_bytes())
        if not text:
            return  # cut off before, to nothing
        self.note(f"snapshot {newest.name} damaged, way {way}")
        if way == 0:
            newest.write_bytes(text[: self._chance.randrange(len(text))])
        elif way == 1:
            text[self._chance.randrange(len(text))] ^= 1 << self._chance.randrange(8)
            newest.write_bytes(text)
        else:
            newest.rename(newest.with_suffix(".unfinished"))

    def end(self) -> None:
        """Nothing of it is left in this process, whatever its own processes left open."""
        for connection in self._connections:
            connection.force_close()
        for mount in self._mounts:
            mount.unregister()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _mount(self, disk: Disk, faults: Faults | None = None) -> Mount:
        return Mount(f"xyk-simulated-{next(NAMES)}", len(self._mounts), disk, faults)

    def _read(self, image: Disk, after: int) -> Rows:
        mount = self._mount(image)
        sqlite = apsw.Connection(DATABASE, vfs=mount.name)
        try:
            sqlite.execute("PRAGMA locking_mode = EXCLUSIVE")
            if not list(sqlite.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'")):
                return []
            return list(sqlite.execute(ROWS, (after,)))
        finally:
            sqlite.close()
            mount.unregister()
