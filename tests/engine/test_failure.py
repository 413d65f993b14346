"""A fault in decide is one request's alone; any other ends the writer, and nobody is answered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import ModuleType
from typing import Any

import pytest

from tests.engine.desk import STUCK_S, Desk, open_desk, quiet, refused
from tests.engine.test_writer import FIRST, Gauge, submit
from tests.exchange.venue import BOB, SANDBOX
from xyk.domain.request import GENESIS
from xyk.engine import balance_watch
from xyk.engine import writer as writer_module
from xyk.engine.entry import Entry, Evidence
from xyk.engine.writer import Submission, WriterStopped
from xyk.exchange.decide import decide
from xyk.exchange.state import State


class DiskFull(Exception):
    pass


async def full(_: Sequence[Entry]) -> None:
    raise DiskFull


def break_after_fold(*_: Any) -> None:
    raise AssertionError("k of ETH_USDC fell in a swap")


async def nobody_is_answered(desk: Desk, *waiting: Awaitable[object]) -> None:
    async with asyncio.timeout(STUCK_S):
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(answer) for answer in answers] == [WriterStopped] * len(waiting)
        assert len(desk.failures) == 1
        with pytest.raises(WriterStopped):
            await desk.writer.submit(desk.transfer(1))
        with pytest.raises(WriterStopped):
            await desk.writer.committed(desk.state.seq)


class TestDecide:
    async def test_a_fault_is_one_requests_own(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:

        def faulty(state: State, request: Any) -> Any:
            if request.command.amount == 13:
                raise ZeroDivisionError
            return decide(state, request)

        async with open_desk() as desk:
            monkeypatch.setattr(writer_module, "decide", faulty)
            before = desk.state.digest()
            unlucky = desk.transfer(13)
            assert refused(await desk.writer.submit(unlucky)) == "SERVER_ERROR"
            assert unlucky.evidence.digest in caplog.text
            assert desk.state.digest() == before
            await desk.accept(desk.transfer(14))
            assert desk.has(BOB) == 10**9 + 14


class TestAppend:
    async def test_nobody_is_answered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        gauge = Gauge()
        async with open_desk(observer=gauge) as desk:
            passing = desk.journal.append

            async def then_full(entries: Sequence[Entry]) -> None:
                await passing(entries)
                raise DiskFull  # as when the answer of the database is lost

            monkeypatch.setattr(desk.journal, "append", then_full)
            desk.journal.is_held = True
            published: list[object] = []
            desk.writer.listeners.append(published.append)
            same = desk.transfer(1)
            waiting = submit(desk, same)
            await quiet()
            waiting += submit(desk, same, desk.transfer(10**12), desk.transfer(2))
            await quiet()
            reading = asyncio.create_task(desk.writer.committed(FIRST))
            waiting += submit(desk, desk.transfer(3), desk.transfer(10**12))
            await asyncio.sleep(0)
            desk.journal.let_go()
            await nobody_is_answered(desk, reading, *waiting)
            assert published == []
            assert desk.writer.committed_seq == FIRST - 1
            assert isinstance(desk.failures[0], DiskFull)
            assert gauge.alarms == desk.failures
            await desk.writer.committed(FIRST - 1)

    async def test_run_ends_with_the_cause(self, monkeypatch: pytest.MonkeyPatch) -> None:
        desk = Desk()
        monkeypatch.setattr(desk.journal, "append", full)
        running = asyncio.create_task(desk.writer.run())
        with pytest.raises(WriterStopped):
            await desk.writer.submit(Submission(SANDBOX, Evidence(scheme=GENESIS)))
        with pytest.raises(WriterStopped) as stopped:
            await running
        assert isinstance(stopped.value.__cause__, DiskFull)
        await desk.writer.stop()


@pytest.mark.parametrize(("module", "part"), [(balance_watch, "apply"), (writer_module, "check")])
class TestFold:
    async def test_nobody_is_answered(
        self, module: ModuleType, part: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with open_desk() as desk:
            desk.journal.is_held = True
            waiting = submit(desk, desk.transfer(1))
            await quiet()
            monkeypatch.setattr(module, part, break_after_fold)
            waiting += submit(desk, desk.transfer(2), desk.transfer(3))
            await quiet()
            desk.journal.let_go()
            await nobody_is_answered(desk, *waiting)
            await quiet()
            assert len(desk.journal.entries) == FIRST, "what was in flight may land, unanswered"
            assert desk.writer.committed_seq == FIRST - 1


def corrupt_a_pool(desk: Desk) -> None:
    desk.state.pools["ETH_USDC"].reserve_base += 1


def corrupt_an_account(desk: Desk) -> None:
    desk.state.ledger.dump()["available"]["USDC"][BOB] += 1


@pytest.mark.parametrize("corrupt", [corrupt_a_pool, corrupt_an_account])
class TestTrialBalance:
    async def test_nobody_is_answered_and_nothing_is_written(
        self, corrupt: Callable[[Desk], None]
    ) -> None:
        """ALICE sends BOB some: the account is touched, the pool is not."""
        async with open_desk() as desk:
            await desk.seed_pool()
            await desk.accept(desk.transfer(1))
            written = len(desk.journal.entries)
            corrupt(desk)
            await nobody_is_answered(desk, *submit(desk, desk.transfer(2), desk.transfer(3)))
            assert isinstance(desk.failures[0], AssertionError)
            assert len(desk.journal.entries) == written

    async def test_in_the_group_behind_the_one_in_flight(
        self, corrupt: Callable[[Desk], None]
    ) -> None:
        async with open_desk() as desk:
            await desk.seed_pool()
            desk.journal.is_held = True
            first = submit(desk, desk.transfer(1))
            await quiet()
            written = len(desk.journal.entries)
            corrupt(desk)
            waiting = submit(desk, desk.transfer(2))
            await quiet()
            desk.journal.let_go()
            await nobody_is_answered(desk, *first, *waiting)
            assert len(desk.journal.entries) == written + 1


async def test_the_writer_is_not_to_be_cancelled() -> None:
    desk = Desk()
    running = asyncio.create_task(desk.writer.run())
    await quiet()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert isinstance(desk.failures[0], asyncio.CancelledError)
    with pytest.raises(WriterStopped):
        await desk.writer.submit(desk.transfer(1))


async def test_a_journal_that_is_not_the_states_is_not_written_to() -> None:
    async with open_desk() as old:
        desk = Desk()
        desk.journal.entries.extend(old.journal.entries)
        with pytest.raises(WriterStopped) as stopped:
            await desk.writer.run()
        assert "the journal ends at (3, " in str(stopped.value.__cause__)


async def test_a_known_refusal_is_still_exact_after_all_this() -> None:
    """The desk itself works: no test above passes for want of an exchange."""
    async with open_desk() as desk:
        await desk.accept(desk.transfer(10**9))
        assert refused(await desk.writer.submit(desk.transfer(1))) == "INSUFFICIENT_FUNDS"
