"""What goes wrong, at seeded moments."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from random import Random
from typing import Any

import apsw

from xyk.simulation.disk import FULL, KILL, POWER, SYNC, PowerLost
from xyk.simulation.power import Power
from xyk.simulation.server import Server
from xyk.simulation.violation import Violation
from xyk.storage.lock import DataInUse

WEIGHTS = {
    "power": 4,
    "kill": 4,
    "full": 2,
    "sync": 2,
    "slow": 2,
    "clock": 3,
    "snapshot": 4,
    "checkpoint": 4,
    "writers": 2,
}
FAULTS = frozenset(WEIGHTS)
PACE_S = 4.0
OPERATIONS_MAX = 24  # of the disk, until an armed fault comes; an append makes five to twenty


class Trouble:
    """`faults` names those that may come."""

    def __init__(
        self,
        power: Power,
        chance: Random,
        faults: frozenset[str],
        report: Callable[[BaseException], None],
    ) -> None:
        self.is_over = False
        self._servers = power
        self._machine = power.machine
        self._chance = chance
        self._report = report
        self._kinds: dict[str, Callable[[Server], Awaitable[None]]] = {
            "power": self._power_fails,
            "kill": self._kill,
            "full": self._full,
            "sync": self._sync,
            "slow": self._slow,
            "clock": self._clock,
            "snapshot": self._snapshot,
            "checkpoint": self._checkpoint,
            "writers": self._writers,
        }
        self._weights = {name: weight for name, weight in WEIGHTS.items() if name in faults}

    async def make(self) -> None:
        names, weights = list(self._weights), list(self._weights.values())
        while not self.is_over and names:
            await asyncio.sleep(self._chance.random() * PACE_S)
            servers = self._servers.open_servers()
            if servers and not self.is_over:
                server = self._chance.choice(servers)
                [name] = self._chance.choices(names, weights)
                self._machine.note(name)
                await self._kinds[name](server)
        for server in self._servers.open_servers():
            server.faults.disarm()
        self._machine.slow_s = 0.002
        self._machine.clock.offset_ms = 0

    async def _power_fails(self, server: Server) -> None:
        """Now, or in the middle of an append."""
        if self._chance.random() < 0.25:
            self._machine.lose_power()
        else:
            server.faults.arm(POWER, self._chance.randrange(OPERATIONS_MAX))

    async def _kill(self, server: Server) -> None:
        if self._chance.random() < 0.25:
            self._machine.kill(server.process)
        else:
            server.faults.arm(KILL, self._chance.randrange(OPERATIONS_MAX))

    async def _full(self, server: Server) -> None:
        server.faults.arm(FULL, self._chance.randrange(OPERATIONS_MAX))

    async def _sync(self, server: Server) -> None:
        server.faults.arm(SYNC, self._chance.randrange(4))

    async def _slow(self, _: Server) -> None:
        """The disk takes its time, so that requests pile up behind an append."""
        self._machine.slow_s = self._chance.choice((0.002, 0.05, 0.5, 2.0))

    async def _clock(self, _: Server) -> None:
        """The wall clock is set: a little either way, or so far that it is not believed."""
        dice = self._chance.random()
        far_ms = 29_000 if dice < 0.7 else 600_000
        self._machine.clock.offset_ms = self._chance.randint(-far_ms, far_ms)
        if dice > 0.85:
            self._machine.clock.offset_ms = 0

    async def _snapshot(self, server: Server) -> None:
        making = server.process.begin(server.snapshot())
        making.add_done_callback(self._look, context=Context())

    async def _checkpoint(self, server: Server) -> None:
        try:
            server.checkpoints.nudge()
        except (apsw.Error, PowerLost):  # as in production: the next append will tell
            return

    async def _writers(self, server: Server) -> None:
        """A second server on the same data: the lock stops it, or, where somebody took the lock
        file away, the journal's primary key stops whichever comes second."""
        if not self._machine.has_two_writers or self._servers.is_contested:
            return
        is_locked = self._chance.random() < 0.5
        if not is_locked:
            (self._machine.folder / "lock").unlink()
            self._servers.is_contested = True
            await self._servers.begin()
            return
        second = self._servers.another()
        starting = second.process.begin(second.start())
        await asyncio.wait({starting}, timeout=1)
        fault = starting.exception() if starting.done() else None
        self._machine.kill(second.process)
        if not isinstance(fault, DataInUse) and not server.process.is_dead:
            self._report(Violation(f"a second writer was let in: {fault!r}"))

    def _look(self, task: "asyncio.Task[Any]") -> None:
        fault = None if task.cancelled() else task.exception()
        if fault is not None and not isinstance(fault, apsw.Error | OSError | PowerLost):
            self._report(fault)
