"""A writer on a journal that can be held back or broken, a clock that is set by hand, and signed
submissions whose digest is as the real one: of the command's content, whoever signs.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

from tests.exchange.venue import ALICE, BOB, NOW_S, SANDBOX
from xyk.domain.commands import (
    AddLiquidity,
    ApproveAgent,
    Command,
    FaucetDeposit,
    RevokeAgent,
    SwapExactIn,
    Transfer,
)
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, FAUCET, GENESIS
from xyk.domain.tokens import token_address
from xyk.engine.entry import Entry, Evidence, encode
from xyk.engine.intake import Answer
from xyk.engine.journal import MemoryJournal
from xyk.engine.writer import Committed, Submission, Writer
from xyk.exchange.state import State

USDC, ETH = token_address("USDC"), token_address("ETH")

STUCK_S = 30  # a writer that waits for itself never stops


class HandAlarm:
    def __init__(self, rings_ms: float, callback: Callable[[], None]) -> None:
        self.rings_ms = rings_ms
        self.callback = callback
        self.is_set = True

    def cancel(self) -> None:
        self.is_set = False


class HandClock:
    """`alarms` are those that were ever set; they ring by the steady time."""

    def __init__(self) -> None:
        self.wall_ms = NOW_S * 1000
        self.steady_ms = 5.0
        self.alarms: list[HandAlarm] = []

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ms(self) -> float:
        return self.steady_ms

    def advance(self, ms: int) -> None:
        self.wall_ms += ms
        self.steady_ms += ms
        for alarm in self.set_alarms():
            if alarm.rings_ms <= self.steady_ms:
                alarm.is_set = False
                alarm.callback()

    def call_later(self, delay_ms: int, callback: Callable[[], None]) -> HandAlarm:
        self.alarms.append(HandAlarm(self.steady_ms + delay_ms, callback))
        return self.alarms[-1]

    def set_alarms(self) -> list[HandAlarm]:
        return [alarm for alarm in self.alarms if alarm.is_set]


class HeldJournal(MemoryJournal):
    """While `is_held`, an append waits for `let_one_pass`. `sizes` are those of its appends."""

    def __init__(self) -> None:
        super().__init__()
        self.is_held = False
        self.sizes: list[int] = []
        self.begun = 0
        self.concurrent_max = 0
        self._under_way = 0
        self._passes = asyncio.Semaphore(0)

    async def append(self, entries: Sequence[Entry]) -> None:
        self.begun += 1
        self._under_way += 1
        self.concurrent_max = max(self.concurrent_max, self._under_way)
        if self.is_held:
            await self._passes.acquire()
        await super().append(entries)
        self._under_way -= 1
        self.sizes.append(len(entries))

    def let_one_pass(self) -> None:
        self._passes.release()

    def let_go(self) -> None:
        self.is_held = False
        self._passes.release()


class ReadTables:
    """Stands for the projection and its `actions` table; sees entries only when told to."""

    def __init__(self) -> None:
        self.seq = 0
        self.asked: list[str] = []
        self.gate: asyncio.Event | None = None
        self._committed: list[Committed] = []
        self._seqs: dict[str, int] = {}

    def listen(self, committed: Sequence[Committed]) -> None:
        self._committed.extend(committed)

    def catch_up(self) -> None:
        for one in self._committed:
            self._seqs[one.evidence.digest] = one.entry.seq
            self.seq = one.entry.seq
        self._committed.clear()

    async def find_action(self, digest: str) -> int | None:
        self.asked.append(digest)
        found = self._seqs.get(digest)
        if self.gate is not None:
            await self.gate.wait()
        return found


class Desk:
    """An exchange with ALICE and BOB funded, ready to be asked."""

    def __init__(self, **options: Any) -> None:
        self.clock = HandClock()
        self.journal = HeldJournal()
        self.tables = ReadTables()
        self.state = State()
        self.failures: list[BaseException] = []
        self.writer = Writer(
            self.state,
            self.journal,
            self.clock,
            self.tables.find_action,
            on_failure=self.failures.append,
            call_later=self.clock.call_later,
            **{"projected": lambda: self.tables.seq, **options},
        )
        self.writer.listeners.append(self.tables.listen)
        self._slot = 0

    def nonce(self) -> int:
        self._slot += 1
        return (self.clock.wall_ms // 1000 - self._slot // 256 << 8) | self._slot % 256

    def transfer(self, amount: int, owner: str = ALICE, signer: str = "", **fields: Any) -> Any:
        """A submission that BOB gets `amount` USDC from `owner`."""
        return self.signed(Transfer, owner, signer, token=USDC, amount=amount, **fields)

    def signed(self, kind: type[Any], owner: str, signer: str = "", **fields: Any) -> Submission:
        fields.setdefault("nonce", self.nonce())
        fields.setdefault("deadline", self.clock.wall_ms // 1000 + 60)
        if kind is Transfer:
            fields.setdefault("recipient", BOB)
        return sign(kind(owner=owner, **fields), signer or owner)

    def swap(self, amount: int, signer: str = ALICE, **fields: Any) -> Submission:
        """ALICE sells `amount` USDC to the pool; what an agent may sign for her."""
        fields |= {"token_in": USDC, "token_out": ETH, "amount_in": amount, "min_amount_out": 1}
        return self.signed(SwapExactIn, ALICE, signer, **fields)

    def approval(self, agent: str) -> Submission:
        valid_until = self.clock.wall_ms // 1000 + 60
        return self.signed(ApproveAgent, ALICE, agent=agent, valid_until=valid_until)

    def revocation(self, agent: str) -> Submission:
        return self.signed(RevokeAgent, ALICE, agent=agent)

    async def seed_pool(self) -> None:
        await self.accept(faucet(BOB, 10**20, ETH))
        fields: dict[str, Any] = {"token_a": ETH, "token_b": USDC}
        fields |= {"amount_a_desired": 10**20, "amount_b_desired": 10**8}
        fields |= {"amount_a_min": 0, "amount_b_min": 0}
        await self.accept(self.signed(AddLiquidity, BOB, **fields))

    async def accept(self, submission: Submission) -> Committed:
        return accepted(await self.writer.submit(submission))

    def has(self, owner: str) -> int:
        return self.state.ledger.available(owner, "USDC")


def sign(command: Command, signer: str) -> Submission:
    digest = "0x" + sha256(type(command).__name__.encode() + encode(command)).hexdigest()
    evidence = Evidence(scheme=EIP712, signer=signer, digest=digest, signature="0x" + "51" * 65)
    return Submission(command, evidence)


def faucet(owner: str, amount: int, token: str = USDC) -> Submission:
    deposit = FaucetDeposit(owner=owner, token=token, amount=amount)
    return Submission(deposit, Evidence(scheme=FAUCET))


def accepted(answer: Answer) -> Committed:
    assert isinstance(answer, Committed), answer
    return answer


def refused(answer: Answer) -> str:
    assert isinstance(answer, Rejected), answer
    return answer.code.name


async def quiet() -> None:
    """Lets everything that can go on do so, as far as it gets without the journal."""
    for _ in range(50):
        await asyncio.sleep(0)


@asynccontextmanager
async def open_desk(**options: Any) -> AsyncIterator[Desk]:
    """A desk whose writer runs; on leaving it is stopped, and must not have failed."""
    desk = Desk(**options)
    running = asyncio.create_task(desk.writer.run())
    await desk.accept(Submission(SANDBOX, Evidence(scheme=GENESIS)))
    await desk.accept(faucet(ALICE, 10**9))
    await desk.accept(faucet(BOB, 10**9))
    desk.tables.catch_up()
    try:
        yield desk
    finally:
        desk.journal.let_go()
        async with asyncio.timeout(STUCK_S):
            await desk.writer.stop()
        await asyncio.gather(running, return_exceptions=bool(desk.failures))
