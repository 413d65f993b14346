"""One seed: an exchange, its clients and everything that can go wrong, until the clients are done.

Then the trouble ends, a server must come up and agree with the auditor on every account, the power
fails once more, and it must agree again.
"""

import asyncio
import gc
import tempfile
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import api.hub
from xyk.simulation.auditor import Auditor
from xyk.simulation.cast import STREAMS, SYMBOLS, Cast
from xyk.simulation.clients import Client
from xyk.simulation.loop import SimulatedLoop
from xyk.simulation.machine import Machine
from xyk.simulation.network import Message, Network
from xyk.simulation.power import Power
from xyk.simulation.sockets import QUEUE_MAX, Socket
from xyk.simulation.trouble import FAULTS, Trouble
from xyk.simulation.violation import Violation

STEPS = 24  # of each client
PACE_S = 0.5  # at most, between two wishes of a client
END_S = 3_600.0  # of virtual time: by then somebody waits for ever
TELLS_MAX = 10  # looks at whether all that is durable was told
MEMORY = Path("/dev/shm")  # where there is one: the lock and the snapshots are real files


class Outcome(NamedTuple):
    """`digest` is over all that happened, in order; equal seeds give equal ones. `troubles` counts
    the faults by name."""

    seed: int
    digest: str
    entries: int
    troubles: dict[str, int]


class Run:
    def __init__(self, seed: int, steps: int, faults: frozenset[str], folder: Path) -> None:
        self.loop = SimulatedLoop()
        self.violation: BaseException | None = None
        self._steps = steps
        self._hash = sha256()
        self._chance = {
            name: Random(f"{seed} {name}")
            for name in ("cast", "disk", "power", "trouble", "network", "clients", "sockets")
        }
        has_two_writers = "writers" in faults and seed % 4 == 3
        chance = self._chance
        self.machine = Machine(self.loop, chance["disk"], folder, self._trouble, has_two_writers)
        self.cast = Cast(chance["cast"])
        self.auditor = Auditor(self.refresh, SYMBOLS)
        self.power = Power(self.machine, self.cast.genesis, chance["power"], self)
        self.network = Network(
            chance["network"], self.auditor, self.power.open_servers, self.trace, self.report
        )
        self.trouble = Trouble(self.power, chance["trouble"], faults, self.report)
        self.troubles: dict[str, int] = {}
        self._seen_syncs = -1

    def play(self) -> None:
        """Raises Violation."""
        try:
            self.loop.run_until_complete(self._until_over())
        finally:
            self.power.end()
            self.loop.bury()

    def digest(self) -> str:
        return self._hash.hexdigest()

    def trace(self, *what: object) -> None:
        self._hash.update(f"{self.loop.time():.6f} {what!r}\n".encode())

    def report(self, fault: BaseException) -> None:
        """The first one ends the run."""
        if self.violation is None:
            self.violation = fault

    def refresh(self) -> None:
        """The auditor gets what became durable."""
        if self._seen_syncs != self.machine.disk.syncs:
            self._seen_syncs = self.machine.disk.syncs
            self.auditor.absorb(self.machine.durable_rows(self.auditor.seq))

    def _trouble(self, what: str) -> None:
        name = what.split()[0]
        self.troubles[name] = self.troubles.get(name, 0) + 1
        self.trace("trouble", what)

    async def _until_over(self) -> None:
        playing = self.loop.create_task(self._play())
        while not playing.done():
            await asyncio.wait({playing}, timeout=0.25)
            if self.violation is not None:
                raise self.violation
            if self.loop.time() > END_S:
                raise Violation(f"after {END_S:.0f} s somebody still waits")
        playing.result()
        if self.violation is not None:
            raise self.violation

    async def _play(self) -> None:
        self.loop.create_task(self._keep_up())
        people = [*self.cast.people, self.cast.operator]
        clock, chance = self.machine.clock, self._chance["clients"]
        clients = [
            Client(person, self.cast, self.auditor, self.network, clock, chance)
            for person in people
        ]
        await self._found(clients)
        troubling = self.loop.create_task(self.trouble.make())
        reading = self.loop.create_task(self._read_streams())
        await asyncio.gather(
            *(
                client.work(self._steps, PACE_S, lambda: self.violation is None)
                for client in clients
            )
        )
        self.trouble.is_over = self.network.is_calm = True
        await troubling
        reading.cancel()
        if self.power.is_contested:
            self.power.end()
        for lives_again in (True, False):
            await self._agree(people)
            if lives_again:
                self.machine.lose_power()
        self.auditor.finish()

    async def _keep_up(self) -> None:
        """Where it fails there is no server any more, and everybody would wait for one."""
        try:
            await self.power.keep_up()
        except Exception as fault:
            self.report(fault)

    async def _found(self, clients: list[Client]) -> None:
        """What everybody begins with."""
        self.network.is_calm = True
        await self.power.settled()
        for client in clients:
            for symbol in ("USDC", "BTC", "ETH"):
                await client.faucet(symbol)
        for client in clients[1:]:
            await client.approve()
        for symbol, amount in (("USDC", 40), ("BTC", 30)):
            await clients[0].deposit(symbol, amount * 10**18)
        self.network.is_calm = False

    async def _read_streams(self) -> None:
        """Two readers, whoever serves."""
        sockets: list[Any] = [None, None]
        chance = self._chance["sockets"]
        while True:
            servers = self.power.open_servers()
            for index, socket in enumerate(sockets):
                is_gone = socket is None or socket.is_over or socket.server.process.is_dead
                if servers and is_gone:
                    sockets[index] = Socket(
                        chance.choice(servers),
                        [*STREAMS, f"account.orderUpdate@{self.cast.people[index].address}"],
                        self.auditor,
                        chance,
                        self.trace,
                        self.report,
                    )
            await asyncio.sleep(chance.random())

    async def _agree(self, people: list[Any]) -> None:
        """A server is up, nothing is under way, and it knows what the auditor knows."""
        server = await self.power.settled()
        await asyncio.sleep(10)
        self.refresh()
        for _ in range(TELLS_MAX):  # what the clock does may be durable and not yet told
            if server.committed_seq >= self.auditor.seq:
                break
            await asyncio.sleep(0.07)
            self.refresh()
        if server.committed_seq != self.auditor.seq:
            raise Violation(f"{server.committed_seq} is committed, {self.auditor.seq} is durable")
        self.auditor.compare(self.machine.rows())
        for person in people:
            seq = server.committed_seq
            answer = await self.network.ask(Message("GET", f"/api/v1/accounts/{person.address}"))
            open_orders = await self.network.ask(
                Message("GET", "/api/v1/orders", query=f"owner={person.address}")
            )
            if answer is None or open_orders is None or answer[0] != 200 or open_orders[0] != 200:
                raise Violation(f"a calm server answers {answer} and {open_orders}")
            if server.committed_seq == seq:
                self.auditor.orders(person.address, open_orders[1], seq)


def simulate(seed: int, steps: int = STEPS, faults: frozenset[str] = FAULTS) -> Outcome:
    """Plays one seed to its end. Raises Violation, or what the exchange itself raised."""
    parent = MEMORY if MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="xyk-simulation-", dir=parent))
    kept, api.hub.QUEUE_MAX = api.hub.QUEUE_MAX, QUEUE_MAX
    gc.disable()  # whatever ends by being collected would end at a moment that no seed decides
    run = Run(seed, steps, faults, folder)
    try:
        run.play()
        return Outcome(seed, run.digest(), run.auditor.seq, run.troubles)
    finally:
        api.hub.QUEUE_MAX = kept
        run.machine.end()
        gc.enable()
