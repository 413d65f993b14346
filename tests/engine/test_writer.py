"""The single writer: order, groups, bounds, and what happens to those who go away."""

import asyncio

import pytest

from tests.engine.desk import Desk, accepted, faucet, open_desk, quiet, refused
from tests.exchange.venue import ALICE, BOB
from xyk.domain.rejections import Code, Rejected
from xyk.engine.entry import encode
from xyk.engine.group import BYTES_MAX, ENTRIES_MAX
from xyk.engine.replica import Replica
from xyk.engine.writer import Committed, Submission
from xyk.exchange.state import State

FIRST = 4  # seq of the first entry after the desk's own


def hold(desk: Desk) -> None:
    desk.journal.is_held = True


def submit(desk: Desk, *submissions: Submission) -> list["asyncio.Task[Committed | Rejected]"]:
    return [asyncio.create_task(desk.writer.submit(one)) for one in submissions]


class TestNothingUncommittedLeaves:
    async def test_results_refusals_repeats_and_reads_wait_for_the_commit(self) -> None:
        async with open_desk() as desk:
            hold(desk)
            published: list[int] = []
            desk.writer.listeners.append(lambda group: published.extend(c.entry.seq for c in group))
            first, second = desk.transfer(7), desk.transfer(8)
            alone = submit(desk, first)
            await quiet()
            assert desk.journal.begun == FIRST, "the first group is in flight"
            late = submit(desk, first, second, desk.transfer(10**12), second)
            await quiet()
            reads = [asyncio.create_task(desk.writer.committed(seq)) for seq in (FIRST, FIRST + 1)]
            await quiet()
            assert desk.state.seq == FIRST + 1
            assert not any(task.done() for task in alone + late + reads)
            assert published == []
            assert desk.writer.committed_seq == FIRST - 1

            desk.journal.let_one_pass()
            await quiet()
            assert alone[0].done()
            assert [task.done() for task in late] == [True, False, False, False]
            assert [task.done() for task in reads] == [True, False]
            assert published == [FIRST]
            assert desk.writer.head == (FIRST, desk.journal.entries[-1].hash)

            desk.journal.let_one_pass()
            repeat, result, refusal, second_repeat = await asyncio.gather(*late)
            await asyncio.gather(*reads)
            assert not accepted(repeat).is_new
            assert accepted(repeat).entry == accepted(alone[0].result()).entry
            assert accepted(result).is_new
            assert refused(refusal) == "INSUFFICIENT_FUNDS"
            assert accepted(second_repeat).entry == accepted(result).entry
            assert published == [FIRST, FIRST + 1]

    async def test_a_refusal_waits_for_the_group_in_flight(self) -> None:
        async with open_desk() as desk:
            hold(desk)
            spent = submit(desk, desk.transfer(10**9))
            await quiet()
            refusal = submit(desk, desk.transfer(1))
            await quiet()
            assert not refusal[0].done(), "it would tell that the funds are gone"
            desk.journal.let_one_pass()
            assert refused(await refusal[0]) == "INSUFFICIENT_FUNDS"
            assert spent[0].done()

    async def test_a_refusal_needs_no_commit_where_all_is_committed(self) -> None:
        async with open_desk() as desk:
            hold(desk)
            assert refused(await desk.writer.submit(desk.transfer(10**12))) == "INSUFFICIENT_FUNDS"
            await desk.writer.committed(desk.state.seq)
            assert desk.journal.begun == FIRST - 1

    async def test_a_batch_waits_for_the_last_group_it_is_in(self) -> None:
        async with open_desk() as desk:
            hold(desk)
            batch = [desk.transfer(1) for _ in range(ENTRIES_MAX + 44)]
            answers = asyncio.create_task(desk.writer.submit_batch([*batch, batch[0]]))
            await quiet()
            desk.journal.let_one_pass()
            await quiet()
            assert desk.writer.committed_seq == FIRST - 1 + ENTRIES_MAX
            assert not answers.done()
            desk.journal.let_one_pass()
            seqs = [accepted(answer).entry.seq for answer in await answers]
            assert seqs == [*range(FIRST, FIRST + len(batch)), FIRST], "and a repeat ends it"


class TestGroups:
    async def test_one_in_flight_and_at_most_256_entries(self) -> None:
        async with open_desk() as desk:
            hold(desk)
            tasks = submit(desk, *(desk.transfer(1) for _ in range(1 + 2 * ENTRIES_MAX + 5)))
            await quiet()
            assert desk.state.seq == FIRST - 1 + 2 * ENTRIES_MAX, "in flight and forming, no more"
            assert desk.writer.queue_depth == 6
            desk.journal.let_go()
            await asyncio.gather(*tasks)
            assert desk.journal.sizes[FIRST - 1 :] == [ENTRIES_MAX, ENTRIES_MAX, 6]
            assert desk.journal.concurrent_max == 1

    async def test_what_comes_while_one_is_in_flight_goes_together(self) -> None:
        async with open_desk() as desk:
            hold(desk)
            tasks = submit(desk, desk.transfer(1))
            await quiet()
            for _ in range(9):
                tasks += submit(desk, desk.transfer(1))
                await quiet()
            desk.journal.let_go()
            await asyncio.gather(*tasks)
            assert desk.journal.sizes[FIRST - 1 :] == [1, 9]

    async def test_a_group_is_closed_at_one_mebibyte(self) -> None:
        async with open_desk() as desk:
            hold(desk)
            long = BYTES_MAX // 8
            batch = [faucet(ALICE + "0" * long, 1) for _ in range(8)]
            tasks = submit(desk, *batch)
            await quiet()
            sizes = [len(e.command) + len(e.events) for e in desk.journal.entries[FIRST - 1 :]]
            assert sizes == []
            desk.journal.let_go()
            await asyncio.gather(*tasks)
            assert desk.journal.sizes[FIRST - 1 :] == [4, 4], "command and event have the owner"

    async def test_the_journal_replays_to_the_same_state(self) -> None:
        async with open_desk() as desk:
            await asyncio.gather(*(desk.writer.submit(desk.transfer(n)) for n in range(1, 600)))
            replica = Replica(State())
            for entry in desk.journal.entries:
                replica.apply(entry)
            assert replica.state.digest() == desk.state.digest()
            assert (replica.state.seq, replica.head_hash) == desk.writer.head


class TestBatch:
    async def test_each_element_is_decided_on_its_own_and_in_order(self) -> None:
        async with open_desk() as desk:
            all_of_it = desk.transfer(10**9)
            answers = await desk.writer.submit_batch(
                [desk.transfer(10**9 + 1), all_of_it, desk.transfer(1), all_of_it]
            )
            assert refused(answers[0]) == "INSUFFICIENT_FUNDS"
            assert accepted(answers[1]).is_new
            assert refused(answers[2]) == "INSUFFICIENT_FUNDS"
            assert not accepted(answers[3]).is_new
            assert accepted(answers[3]).entry == accepted(answers[1]).entry
            assert accepted(answers[1]).entry.command == encode(all_of_it.command)

    async def test_it_gets_all_its_places_or_none(self) -> None:
        async with open_desk(actions_max=10) as desk:
            batch = [desk.transfer(1) for _ in range(10)]
            one_more = desk.transfer(1)
            waiting = asyncio.create_task(desk.writer.submit_batch(batch[:6]))
            await asyncio.sleep(0)
            assert desk.writer.queue_depth == 6
            answers = await desk.writer.submit_batch(batch[5:])
            assert {refused(answer) for answer in answers} == {"OVERLOADED"}
            assert all(isinstance(answer, Committed) for answer in await waiting)
            assert desk.writer.queue_depth == 0
            answers = await desk.writer.submit_batch([*batch[6:], one_more])
            assert all(isinstance(answer, Committed) for answer in answers)
            assert desk.has(BOB) == 10**9 + 11

    async def test_an_empty_one_is_answered(self) -> None:
        async with open_desk() as desk:
            assert await desk.writer.submit_batch([]) == []


class TestFullQueue:
    async def test_actions(self) -> None:
        async with open_desk(actions_max=3) as desk:
            tasks = submit(desk, *(desk.transfer(1) for _ in range(5)))
            codes = [
                "ok" if isinstance(answer, Committed) else refused(answer)
                for answer in await asyncio.gather(*tasks)
            ]
            assert codes == ["ok", "ok", "ok", "OVERLOADED", "OVERLOADED"]
            await desk.accept(desk.transfer(1))

    async def test_bytes(self) -> None:
        async with open_desk(bytes_max=2_000) as desk:
            small, large = faucet(ALICE, 1), faucet(ALICE + "0" * 1_950, 1)
            waiting = submit(desk, small)
            await asyncio.sleep(0)
            assert refused(await desk.writer.submit(large)) == "OVERLOADED"
            await waiting[0]
            await desk.accept(faucet(ALICE + "0" * 1_500, 1))

    async def test_read_tables_too_far_behind(self) -> None:
        async with open_desk(lag_max=2) as desk:
            for _ in range(3):
                await desk.accept(desk.transfer(1))
            assert refused(await desk.writer.submit(desk.transfer(1))) == "OVERLOADED"
            desk.tables.catch_up()
            await desk.accept(desk.transfer(1))


class TestWhoGoesAway:
    async def test_a_cancelled_submitter_loses_neither_entry_nor_writer(self) -> None:
        async with open_desk() as desk:
            hold(desk)
            in_flight, forming, kept = desk.transfer(1), desk.transfer(2), desk.transfer(4)
            tasks = submit(desk, in_flight)
            await quiet()
            tasks += submit(desk, forming)
            await quiet()
            queued = submit(desk, kept)
            await asyncio.sleep(0)
            for task in tasks + queued:
                task.cancel()
            await asyncio.gather(*tasks, *queued, return_exceptions=True)
            desk.journal.let_go()
            assert not (await desk.accept(in_flight)).is_new
            assert not (await desk.accept(forming)).is_new
            assert not (await desk.accept(kept)).is_new
            assert desk.has(BOB) == 10**9 + 7
            assert desk.writer.queue_depth == 0

    async def test_a_cancelled_read(self) -> None:
        async with open_desk() as desk:
            hold(desk)
            tasks = submit(desk, desk.transfer(1))
            await quiet()
            read = asyncio.create_task(desk.writer.committed(FIRST))
            await quiet()
            read.cancel()
            desk.journal.let_go()
            accepted(await tasks[0])


class TestStop:
    async def test_what_was_accepted_is_committed_and_answered(self) -> None:
        async with open_desk() as desk:
            hold(desk)
            tasks = submit(desk, *(desk.transfer(1) for _ in range(2 * ENTRIES_MAX + 9)))
            await quiet()
            stopping = asyncio.create_task(desk.writer.stop())
            await quiet()
            assert not stopping.done()
            assert refused(await desk.writer.submit(desk.transfer(1))) == "OVERLOADED"
            desk.journal.let_go()
            await stopping
            assert all(isinstance(task.result(), Committed) for task in tasks)
            assert desk.writer.committed_seq == FIRST - 1 + len(tasks)

    async def test_before_it_ran(self) -> None:
        desk = Desk()
        await desk.writer.stop()
        await desk.writer.run()


class TestListeners:
    async def test_one_that_fails_does_not_hinder_the_others(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with open_desk() as desk:
            seen: list[int] = []

            def broken(_: object) -> None:
                raise ValueError("of the listener")

            desk.writer.listeners[:0] = [broken]
            desk.writer.listeners.append(lambda group: seen.extend(c.entry.seq for c in group))
            await asyncio.gather(*submit(desk, *(desk.transfer(1) for _ in range(700))))
            assert seen == list(range(FIRST, FIRST + 700))
            assert "a listener failed" in caplog.text


class Gauge:
    """An observer that writes down."""

    def __init__(self) -> None:
        self.groups: list[tuple[int, float]] = []
        self.codes: list[Code] = []
        self.alarms: list[int | BaseException] = []
        self.crossings: list[int] = []

    def committed(self, entries: int, size_bytes: int, latency_ms: float) -> None:
        assert size_bytes > 0
        self.groups.append((entries, latency_ms))

    def refused(self, code: Code) -> None:
        self.codes.append(code)

    def clock_ahead(self, ahead_ms: int) -> None:
        self.alarms.append(ahead_ms)

    def crossed(self, markets: int) -> None:
        self.crossings.append(markets)

    def stopped(self, error: BaseException) -> None:
        self.alarms.append(error)


async def test_the_observer_hears_of_groups_and_refusals() -> None:
    gauge = Gauge()
    async with open_desk(observer=gauge) as desk:
        hold(desk)
        tasks = submit(desk, desk.transfer(1), desk.transfer(1))
        await quiet()
        desk.clock.advance(3)
        desk.journal.let_go()
        await asyncio.gather(*tasks)
        await desk.writer.submit_batch(
            [desk.transfer(10**12) for _ in range(2)] + [desk.transfer(1)]
        )
        assert (2, 3.0) in gauge.groups
        assert gauge.codes == [Code.INSUFFICIENT_FUNDS, Code.INSUFFICIENT_FUNDS]
        assert gauge.alarms == []
