"""Look-ups during which the exchange went on: when their turn comes, the writer looks again."""

import asyncio
from asyncio import Event
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from errno import ENOSPC

import pytest

from tests.engine.desk import Desk, accepted, open_desk, quiet
from tests.engine.test_receipts import AGENT, forget, same
from tests.exchange.venue import ALICE
from xyk.engine.entry import Entry
from xyk.engine.intake import Answer
from xyk.engine.submission import Submission
from xyk.engine.writer import WriterStopped


@asynccontextmanager
async def overtaken() -> AsyncIterator[tuple[Desk, Submission, "asyncio.Task[Answer]", Event]]:
    """A desk, an action that nobody accepted and that is being looked up since before the newest
    entries, of which memory keeps none; and what lets the look-up end.
    """
    async with open_desk(tail_min=0) as desk:
        await desk.seed_pool()
        await desk.accept(desk.approval(AGENT))
        nonce = desk.nonce()
        await desk.accept(desk.swap(1_000_000, AGENT, nonce=nonce))
        await forget(desk)
        slow = desk.swap(1_000_001, ALICE, nonce=nonce)
        gate = desk.tables.gate = asyncio.Event()
        waiting = asyncio.create_task(desk.writer.submit(slow))
        await quiet()
        assert desk.tables.asked == [slow.evidence.digest]
        desk.tables.gate = None
        await desk.accept(desk.transfer(1))
        await forget(desk)
        yield desk, slow, waiting, gate


async def second_look_up(desk: Desk, slow: Submission, gate: Event) -> Event:
    """Ends the first one; the writer makes the second, which waits for what this gives."""
    resume = desk.tables.gate = Event()
    gate.set()
    await quiet()
    assert desk.tables.asked == [slow.evidence.digest] * 2
    return resume


async def test_one_that_was_overtaken_by_what_is_not_even_in_flight() -> None:
    """Both come to their turn together: to wait for the commit would be to wait for itself."""
    async with overtaken() as (desk, slow, waiting, gate):
        fresh = asyncio.create_task(desk.writer.submit(slow))
        gate.set()
        async with asyncio.timeout(30):
            first, again = await asyncio.gather(fresh, waiting)
        assert accepted(first).is_new and not accepted(again).is_new
        assert same(accepted(first), accepted(again))


async def test_time_that_passes_in_one_counts() -> None:
    async with overtaken() as (desk, slow, waiting, gate):
        resume = await second_look_up(desk, slow, gate)
        desk.clock.advance(17)
        resume.set()
        assert accepted(await waiting).entry.time == desk.clock.wall_ms


async def test_nothing_is_decided_after_one_that_outlasts_the_writer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with overtaken() as (desk, slow, waiting, gate):
        desk.journal.is_held = True
        passing = desk.journal.append

        async def then_full(entries: Sequence[Entry]) -> None:
            await passing(entries)
            raise OSError(ENOSPC, "No space left on device")

        monkeypatch.setattr(desk.journal, "append", then_full)
        in_flight = asyncio.create_task(desk.writer.submit(desk.transfer(1)))
        await quiet()
        resume = await second_look_up(desk, slow, gate)
        digest = desk.state.digest()
        desk.journal.let_go()
        answers = await asyncio.gather(in_flight, waiting, return_exceptions=True)
        assert [type(answer) for answer in answers] == [WriterStopped] * 2
        resume.set()
        await desk.writer.stop()
        assert desk.state.digest() == digest


async def test_an_answer_that_is_there_is_not_asked_for_again() -> None:
    async with overtaken() as (desk, slow, waiting, gate):
        known = desk.transfer(3)
        await desk.accept(known)
        await forget(desk)
        desk.tables.gate = asyncio.Event()
        desk.tables.asked.clear()
        batch = asyncio.create_task(desk.writer.submit_batch([known, slow]))
        await quiet()
        held, desk.tables.gate = desk.tables.gate, None
        await desk.accept(desk.transfer(4))
        await forget(desk)
        held.set()
        answers = await batch
        assert [accepted(answer).is_new for answer in answers] == [False, True]
        assert desk.tables.asked == [s.evidence.digest for s in (known, slow, slow)]
        gate.set()
        await waiting
