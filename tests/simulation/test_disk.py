"""The simulated disk under the real SQLite, and what the first seeds found with it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

import apsw
import pytest

from xyk.domain.commands import FaucetDeposit
from xyk.domain.request import FAUCET
from xyk.engine.entry import GENESIS_HASH, Entry, Evidence, make_entry
from xyk.engine.journal import Journal
from xyk.simulation.disk import FULL, KILL, POWER, SYNC, File, PowerLost
from xyk.simulation.loop import Process, SimulatedLoop
from xyk.simulation.machine import Machine

ENTRIES = 12
FAULTS_OF_AN_APPEND = (AssertionError, apsw.Error, PowerLost, TimeoutError)


def chain(entries: int) -> list[Entry]:
    found: list[Entry] = []
    for seq in range(1, entries + 1):
        gift = FaucetDeposit(owner="0x" + "11" * 20, token="0x" + "22" * 20, amount=seq)
        previous = found[-1].hash if found else GENESIS_HASH
        found.append(make_entry(seq, seq, gift, Evidence(scheme=FAUCET), (), previous))
    return found


@pytest.fixture
def loop() -> Iterator[SimulatedLoop]:
    loop = SimulatedLoop()
    yield loop
    loop.bury()
    loop.close()


def machine_of(loop: SimulatedLoop, seed: int, path: Path, *, rollback: bool = False) -> Machine:
    return Machine(loop, Random(seed), path, lambda _: None, rollback)


async def append(process: Process, journal: Journal, entries: list[Entry]) -> int:
    """One after the other until a fault; how many were acknowledged."""
    done = 0
    for entry in entries:
        appending = process.begin(journal.append([entry]))
        await asyncio.wait({appending}, timeout=5)
        if not appending.done() or appending.exception() is not None:
            return done
        done += 1
    return done


@pytest.mark.parametrize("rollback", [False, True], ids=["log", "rollback journal"])
@pytest.mark.parametrize("kind", [POWER, KILL, FULL, SYNC])
def test_what_was_acknowledged_outlives_every_fault(
    loop: SimulatedLoop, tmp_path: Path, kind: str, rollback: bool
) -> None:
    entries = chain(ENTRIES)

    async def play(seed: int) -> None:
        machine = machine_of(loop, seed, tmp_path, rollback=rollback)
        process, mount, faults = machine.boot("first")
        journal, _ = machine.open_journal(mount, process)
        faults.arm(kind, seed)
        acknowledged = await append(process, journal, entries)
        machine.kill(process)
        machine.lose_power()
        rows = machine.rows()
        assert len(rows) >= acknowledged
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
        machine.end()

    for seed in range(40):
        loop.run_until_complete(play(seed))


@pytest.mark.parametrize("kind", [KILL, SYNC])
def test_what_a_start_reads_outlives_a_loss_of_power(
    loop: SimulatedLoop, tmp_path: Path, kind: str
) -> None:
    """A predecessor leaves whole entries that no fsync has put on disk; the successor counts them
    and answers by them."""
    entries = chain(ENTRIES)
    unsynced = 0

    async def play(seed: int) -> None:
        nonlocal unsynced
        machine = machine_of(loop, seed, tmp_path)
        process, mount, faults = machine.boot("first")
        journal, _ = machine.open_journal(mount, process)
        acknowledged = await append(process, journal, entries[:3])
        faults.arm(kind, seed // 4 if kind == KILL else 0)
        acknowledged += await append(process, journal, entries[3:])
        machine.kill(process)
        process, mount, _ = machine.boot("second")
        journal, _ = machine.open_journal(mount, process)
        read, _ = await journal.head()
        unsynced += read > acknowledged
        machine.lose_power()
        assert len(machine.rows()) == read
        machine.end()

    for seed in range(60):
        loop.run_until_complete(play(seed))
    assert unsynced, "no predecessor left anything"


def test_a_second_process_finds_the_database_locked(loop: SimulatedLoop, tmp_path: Path) -> None:
    machine = machine_of(loop, 0, tmp_path)
    first, second = machine.boot("first"), machine.boot("second")
    machine.open_journal(first[1], first[0])
    with pytest.raises(apsw.BusyError):
        machine.open_journal(second[1], second[0])
    machine.kill(first[0])
    machine.open_journal(second[1], second[0])
    machine.end()


def test_a_sector_that_was_not_synced_is_there_or_not() -> None:
    file = File(b"old " * 512)
    file.write(0, b"new " * 512)
    seen = {file.torn(Random(seed)) for seed in range(50)}
    assert len(seen) > 4
    for content in seen:
        parts = {content[at : at + 512] for at in range(0, 2048, 512)}
        assert parts <= {b"old " * 128, b"new " * 128}
    file.sync()
    assert {file.torn(Random(seed)) for seed in range(50)} == {b"new " * 512}
