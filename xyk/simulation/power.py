"""Whoever keeps a server running: starts the next one when one has ended, whatever ended it."""

import asyncio
from random import Random
from typing import Any

import apsw

from xyk.domain.commands import Genesis
from xyk.engine.clock import ClockRefused
from xyk.simulation.disk import PowerLost
from xyk.simulation.machine import Machine
from xyk.simulation.server import Server
from xyk.simulation.violation import Violation
from xyk.storage.lock import DataInUse

DISK_FAULTS = (apsw.Error, OSError, PowerLost)
STARTS_MAX = 60  # without one that serves


class Power:
    """`run` has trace, report, refresh and auditor."""

    def __init__(self, machine: Machine, genesis: Genesis, chance: Random, run: Any) -> None:
        self.machine = machine
        self._genesis = genesis
        self._chance = chance
        self._run = run
        self._servers: list[Server] = []
        self._lives = 0
        self._starts = 0
        self.is_contested = False  # two writers were let in by taking the lock away

    def open_servers(self) -> list[Server]:
        return [one for one in self._servers if one.is_open and not one.process.is_dead]

    async def settled(self) -> Server:
        while not self.open_servers():
            await asyncio.sleep(0.05)
        return self.open_servers()[0]

    async def keep_up(self) -> None:
        """For ever."""
        while True:
            await self.begin()
            while any(not one.process.is_dead for one in self._servers):
                await asyncio.sleep(0.02)
            await self._after_death()

    async def begin(self) -> Server | None:
        """Starts a server; None where it did not come up."""
        run, server = self._run, self.another()
        self._servers.append(server)
        starting = server.process.begin(server.start())
        while not (starting.done() or server.process.is_dead):
            await asyncio.sleep(0.01)
        fault = starting.exception() if starting.done() and not starting.cancelled() else None
        if fault is not None:
            self._not_started(server, fault)
        if server.process.is_dead:
            self._starts += 1
            if self._starts > STARTS_MAX:
                run.report(Violation(f"{self._starts} starts, and none serves"))
            return None
        self._starts = 0
        return server

    def another(self) -> Server:
        """The next life, not begun."""
        self._lives += 1
        self._run.trace("start", self._lives)
        name = f"life {self._lives}"
        return Server(self.machine, name, self._genesis, self._chance, self._failed)

    def end(self) -> None:
        """Of all that runs."""
        for server in self._servers:
            self.machine.kill(server.process)
            server.release()

    async def _after_death(self) -> None:
        """The files of the dead, and perhaps the power too, go before the next start."""
        for server in self._servers:
            server.release()
        self._servers.clear()
        self.is_contested = False
        chance = self._chance
        if chance.random() < 0.3:
            self.machine.lose_power()
        if chance.random() < 0.4:
            self.machine.damage_snapshots()
        await asyncio.sleep(chance.random() * 1.5)
        self._run.refresh()
        try:
            self._run.auditor.compare(self.machine.rows())
        except Violation as fault:
            self._run.report(fault)

    def _not_started(self, server: Server, fault: BaseException) -> None:
        if not server.process.is_dead:
            self.machine.kill(server.process)
        self._run.trace("not started", type(fault).__name__)
        if isinstance(fault, ClockRefused):
            self.machine.clock.offset_ms = 0  # a person sets it
        elif isinstance(fault, DataInUse) or not isinstance(fault, DISK_FAULTS):
            self._run.report(fault)

    def _failed(self, server: Server, fault: BaseException) -> None:
        """The writer stopped itself: for the disk's sake, or because somebody else wrote."""
        self._run.trace("failed", server.process.name, type(fault).__name__)
        is_outrun = self.is_contested and isinstance(fault, AssertionError)
        if not isinstance(fault, DISK_FAULTS) and not is_outrun:
            self._run.report(fault)
