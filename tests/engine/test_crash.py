"""Die at every append, before or after it reached the disk, and open again: nothing acknowledged is
lost, nothing is there twice.
"""

import asyncio
from collections.abc import Sequence

import pytest

from tests.engine.desk import USDC, HandClock, accepted, faucet, sign
from tests.exchange.venue import ALICE, BOB, NOW_S, SANDBOX
from xyk.domain.commands import Transfer
from xyk.domain.request import GENESIS
from xyk.engine.entry import Entry, Evidence, decode_evidence
from xyk.engine.journal import MemoryJournal
from xyk.engine.replica import Replica, follow
from xyk.engine.writer import Committed, Submission, Writer, WriterStopped
from xyk.exchange.invariants import check_all
from xyk.exchange.state import State

ACTIONS = 40
SET_UP = (
    Submission(SANDBOX, Evidence(scheme=GENESIS)),
    faucet(ALICE, 10**9),
)


class Died(Exception):
    pass


class DyingJournal(MemoryJournal):
    """Dies at the n-th append, with the entries on disk (`lands`) or not."""

    def __init__(self, entries: Sequence[Entry], dies_at: int = 0, lands: bool = False) -> None:
        super().__init__()
        self.entries = list(entries)
        self._left = dies_at
        self._lands = lands

    async def append(self, entries: Sequence[Entry]) -> None:
        self._left -= 1
        if self._left != 0 or self._lands:
            await asyncio.sleep(0)
            await super().append(entries)
        if self._left == 0:
            raise Died

    async def find_action(self, digest: str) -> int | None:
        return next((e.seq for e in self.entries if decode_evidence(e).digest == digest), None)


def actions() -> list[Submission]:
    """Transfers of 1, 2, 3 ... from ALICE to BOB."""
    return [
        sign(
            Transfer(
                owner=ALICE,
                token=USDC,
                amount=1 + number,
                recipient=BOB,
                nonce=NOW_S << 8 | number,
                deadline=NOW_S + 60,
            ),
            ALICE,
        )
        for number in range(ACTIONS)
    ]


async def opened(journal: DyingJournal) -> tuple[State, Writer]:
    replica = Replica(State())
    await follow(replica, journal)
    check_all(replica.state)
    writer = Writer(
        replica.state,
        journal,
        HandClock(),
        journal.find_action,
        head_hash=replica.head_hash,
    )
    return replica.state, writer


async def ask_for_all(writer: Writer) -> dict[str, Committed]:
    """What was acknowledged: single ones at once, one after the other, and as a batch."""
    acknowledged: dict[str, Committed] = {}

    async def ask(*submissions: Submission) -> None:
        for answer in await writer.submit_batch(submissions):
            receipt = accepted(answer)
            acknowledged[receipt.evidence.digest] = receipt

    every = actions()
    await asyncio.gather(
        *(ask(one) for one in every[:10]),
        ask(*every[10:20]),
        *(ask(one) for one in every[5:15]),
        return_exceptions=True,
    )
    try:
        for one in every[20:30]:
            await ask(one)
        await ask(*every[30:])
    except WriterStopped:
        pass
    return acknowledged


async def session(journal: DyingJournal) -> tuple[State, dict[str, Committed]]:
    state, writer = await opened(journal)
    running = asyncio.create_task(writer.run())
    acknowledged = await ask_for_all(writer)
    await writer.stop()
    await asyncio.gather(running, return_exceptions=True)
    return state, acknowledged


async def set_up() -> list[Entry]:
    journal = DyingJournal(())
    _, writer = await opened(journal)
    running = asyncio.create_task(writer.run())
    await writer.submit_batch(SET_UP)
    await writer.stop()
    await running
    return journal.entries


@pytest.mark.parametrize("lands", [False, True], ids=["lost", "on disk, unanswered"])
async def test_die_at_every_append(lands: bool) -> None:
    begin = await set_up()
    dies_at, survived = 0, False
    while not survived:
        dies_at += 1
        journal = DyingJournal(begin, dies_at, lands)
        _, acknowledged = await session(journal)
        survived = len(acknowledged) == ACTIONS

        again = DyingJournal(journal.entries)
        state, receipts = await session(again)
        assert len(receipts) == ACTIONS
        for digest, first in acknowledged.items():
            assert journal.entries[first.entry.seq - 1] == first.entry == receipts[digest].entry
            assert not receipts[digest].is_new
        assert len(again.entries) == len(begin) + ACTIONS, "none twice"
        assert state.ledger.available(BOB, "USDC") == sum(range(ACTIONS + 1))
        assert state.digest() == (await opened(again))[0].digest()
    assert dies_at > 10, "there were that many groups"
