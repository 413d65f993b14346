"""The same action again gets its first receipt: from memory, from the read tables, from whoever may
sign for the owner, and late; and nothing is executed twice.
"""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.engine.desk import STUCK_S, Desk, accepted, faucet, open_desk, quiet, refused, sign
from tests.engine.test_writer import Gauge
from tests.exchange.venue import ALICE, BOB, CAROL
from xyk.domain.rejections import Code
from xyk.domain.units import NONCE_PAST_S
from xyk.engine.group import ENTRIES_MAX
from xyk.engine.submission import Committed, Submission

AGENT = "0x" + "a9" * 20
DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture(params=[0, 6_144], ids=["from the read tables", "from memory"])
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """With a pool, and AGENT approved by ALICE."""
    async with open_desk(tail_min=request.param) as desk:
        await desk.seed_pool()
        await desk.accept(desk.approval(AGENT))
        yield desk


async def forget(desk: Desk) -> None:
    """The read tables catch up, and memory keeps only what it must."""
    desk.tables.catch_up()
    await desk.accept(faucet(BOB, 1))


def by(signer: str, submission: Submission) -> Submission:
    return sign(submission.command, signer)


def same(one: Committed, other: Committed) -> bool:
    return msgspec.structs.astuple(one)[:4] == msgspec.structs.astuple(other)[:4]


class TestFirstReceipt:
    async def test_again(self, desk: Desk) -> None:
        transfer = desk.transfer(5)
        first = await desk.accept(transfer)
        await forget(desk)
        again = await desk.accept(transfer)
        assert first.is_new and not again.is_new
        assert same(first, again)
        assert desk.has(BOB) == 10**9 - 10**8 + 5 + 1

    async def test_with_another_signature_form(self, desk: Desk) -> None:
        transfer = desk.transfer(5)
        first = await desk.accept(transfer)
        await forget(desk)
        evidence = msgspec.structs.replace(transfer.evidence, signature="0x" + "52" * 64)
        again = await desk.accept(Submission(transfer.command, evidence))
        assert same(first, again), "the key is the digest, never the signature's bytes"

    async def test_after_deadline_and_window(self, desk: Desk) -> None:
        transfer = desk.transfer(5)
        first = await desk.accept(transfer)
        await forget(desk)
        for ms in (61_000, DAY_MS, 3 * DAY_MS):
            desk.clock.advance(ms)
            assert same(first, await desk.accept(transfer))

    async def test_after_the_window_and_before_the_deadline(self, desk: Desk) -> None:
        now_s = desk.clock.wall_ms // 1000
        old = desk.transfer(5, nonce=now_s - NONCE_PAST_S + 10 << 8, deadline=now_s + 3_600)
        first = await desk.accept(old)
        await forget(desk)
        desk.clock.advance(11_000)
        await forget(desk)
        assert desk.state.nonce_floor > now_s - NONCE_PAST_S + 10
        assert same(first, await desk.accept(old))

    async def test_long_after_by_an_agent_who_may_not_sign_it_now(self, desk: Desk) -> None:
        swap, transfer = desk.swap(1_000_000, AGENT), desk.transfer(5)
        swapped, sent = await desk.accept(swap), await desk.accept(transfer)
        await forget(desk)
        desk.clock.advance(3 * DAY_MS)
        await forget(desk)
        assert same(swapped, await desk.accept(swap)), "not UNAUTHORIZED"
        await desk.accept(desk.approval(AGENT))
        assert same(sent, await desk.accept(by(AGENT, transfer))), "not FORBIDDEN"

    async def test_by_the_owner_after_the_agent_and_the_other_way(self, desk: Desk) -> None:
        swap = desk.swap(1_000_000, AGENT)
        first = await desk.accept(swap)
        await forget(desk)
        assert same(first, await desk.accept(by(ALICE, swap)))
        other = desk.swap(1_000_000)
        first = await desk.accept(other)
        await forget(desk)
        assert same(first, await desk.accept(by(AGENT, other)))

    async def test_by_an_agent_that_was_revoked_or_expired_since(self, desk: Desk) -> None:
        swap = desk.swap(1_000_000, AGENT)
        first = await desk.accept(swap)
        desk.clock.advance(61_000)
        assert same(first, await desk.accept(swap))
        assert refused(await desk.writer.submit(desk.swap(1, AGENT))) == "UNAUTHORIZED"
        await desk.accept(desk.revocation(AGENT))
        await forget(desk)
        assert same(first, await desk.accept(swap))
        assert same(first, await desk.accept(by(ALICE, swap)))

    async def test_never_for_a_stranger(self, desk: Desk) -> None:
        transfer = desk.transfer(5)
        await desk.accept(transfer)
        await forget(desk)
        assert refused(await desk.writer.submit(by(BOB, transfer))) == "INVALID_SIGNATURE"

    async def test_never_for_a_stranger_who_asks_at_the_same_moment(self, desk: Desk) -> None:
        transfer = desk.transfer(5)
        answers = await asyncio.gather(*map(desk.writer.submit, (transfer, by(BOB, transfer))))
        assert accepted(answers[0]).is_new
        assert refused(answers[1]) == "INVALID_SIGNATURE"

    async def test_several_at_once(self, desk: Desk) -> None:
        known, transfer = desk.transfer(1), desk.transfer(2)
        await desk.accept(known)
        await forget(desk)
        batch = [known, transfer, transfer, known, desk.transfer(10**12)]
        one, other = await asyncio.gather(
            desk.writer.submit_batch(batch), desk.writer.submit_batch(batch)
        )
        news = [accepted(answer).is_new for answer in one[:4] + other[:4]]
        assert news == [False, True] + [False] * 6
        assert refused(one[4]) == refused(other[4]) == "INSUFFICIENT_FUNDS"
        assert same(accepted(one[1]), accepted(other[2]))


class TestAnotherActionWithTheNonce:
    async def test_of_the_same_signer(self, desk: Desk) -> None:
        nonce = desk.nonce()
        await desk.accept(desk.transfer(5, nonce=nonce))
        await forget(desk)
        assert refused(await desk.writer.submit(desk.transfer(6, nonce=nonce))) == "NONCE_USED"

    async def test_of_another_signer_of_the_owner(self, desk: Desk) -> None:
        nonce = desk.nonce()
        await desk.accept(desk.swap(1_000_000, AGENT, nonce=nonce))
        await forget(desk)
        assert (await desk.accept(desk.swap(1_000_001, ALICE, nonce=nonce))).is_new

    async def test_a_refused_one_spends_nothing(self, desk: Desk) -> None:
        nonce = desk.nonce()
        too_much = desk.transfer(10**12, nonce=nonce)
        assert refused(await desk.writer.submit(too_much)) == "INSUFFICIENT_FUNDS"
        await desk.accept(desk.transfer(5, nonce=nonce))


class TestLookUps:
    async def test_none_for_an_action_that_cannot_be_known(self) -> None:
        async with open_desk() as desk:
            await desk.accept(desk.transfer(5))
            await desk.writer.submit(desk.transfer(10**12))
            assert desk.tables.asked == []

    async def test_one_at_most_for_one_that_is_not(self) -> None:
        async with open_desk(tail_min=0) as desk:
            nonce = desk.nonce()
            await desk.accept(desk.transfer(5, nonce=nonce))
            await forget(desk)
            await desk.writer.submit(desk.transfer(6, nonce=nonce))
            late = desk.transfer(7, deadline=1)
            assert refused(await desk.writer.submit(late)) == "EXPIRED"
            assert len(desk.tables.asked) == 2

    @pytest.mark.parametrize(
        ("seq", "why"), [(1, "name entry 1 for"), (99, "know entry 99, the journal does not")]
    )
    async def test_one_that_fails_is_an_error_and_no_refusal(
        self, seq: int, why: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with open_desk(tail_min=0) as desk:
            transfer = desk.transfer(5)
            await desk.accept(transfer)
            await forget(desk)
            desk.tables._seqs[transfer.evidence.digest] = seq  # another entry's, or none's
            assert refused(await desk.writer.submit(transfer)) == "SERVER_ERROR"
            assert transfer.evidence.digest in caplog.text and why in caplog.text
            await desk.accept(desk.transfer(6))
            assert desk.writer.queue_depth == 0

    async def test_one_that_is_overtaken_is_made_again(self) -> None:
        """Known only after the look-up, and forgotten by memory before its turn."""
        async with open_desk(tail_min=0) as desk:
            await desk.seed_pool()
            await desk.accept(desk.approval(AGENT))
            nonce = desk.nonce()
            await desk.accept(desk.swap(1_000_000, AGENT, nonce=nonce))
            await forget(desk)
            slow = desk.swap(1_000_001, ALICE, nonce=nonce)
            desk.tables.gate = asyncio.Event()
            waiting = asyncio.create_task(desk.writer.submit(slow))
            await quiet()
            assert desk.tables.asked == [slow.evidence.digest]
            gate, desk.tables.gate = desk.tables.gate, None
            first = await desk.accept(slow)
            await forget(desk)
            gate.set()
            assert same(first, accepted(await waiting))

    async def test_one_that_was_overtaken_does_not_hold_the_writer_up(self) -> None:
        """As above, but still in memory, in a group that cannot go before the one in flight."""
        async with open_desk(tail_min=0) as desk:
            await desk.seed_pool()
            await desk.accept(desk.approval(AGENT))
            nonce = desk.nonce()
            await desk.accept(desk.swap(1_000_000, AGENT, nonce=nonce))
            await forget(desk)
            slow = desk.swap(1_000_001, ALICE, nonce=nonce)
            desk.tables.gate = asyncio.Event()
            waiting = [asyncio.create_task(desk.writer.submit(slow))]
            await quiet()
            gate, desk.tables.gate = desk.tables.gate, None
            await desk.accept(desk.transfer(1))
            await forget(desk)
            desk.journal.is_held = True
            for submission in (desk.transfer(2), slow):
                waiting.append(asyncio.create_task(desk.writer.submit(submission)))
                await quiet()
            gate.set()
            await quiet()
            assert not any(task.done() for task in waiting)
            desk.journal.let_go()
            async with asyncio.timeout(30):
                again, _, first = await asyncio.gather(*waiting)
            assert same(accepted(first), accepted(again)) and not accepted(again).is_new

    async def test_none_where_memory_has_it(self) -> None:
        async with open_desk() as desk:
            transfer = desk.transfer(5)
            first = await desk.accept(transfer)
            await forget(desk)
            assert same(first, await desk.accept(transfer))
            assert desk.tables.asked == []

    async def test_none_where_there_are_no_read_tables(self) -> None:
        async with open_desk(projected=None, tail_min=0) as desk:
            transfer = desk.transfer(5)
            first = await desk.accept(transfer)
            await forget(desk)
            assert same(first, await desk.accept(transfer))
            assert desk.tables.asked == []

    async def test_one_alone_where_nothing_came_between(self) -> None:
        async with open_desk(tail_min=0) as desk:
            desk.writer.listeners.append(lambda _: desk.tables.catch_up())
            nonce = desk.nonce()
            await desk.accept(desk.transfer(5, nonce=nonce))
            other = desk.transfer(6, nonce=nonce)
            assert refused(await desk.writer.submit(other)) == "NONCE_USED"
            assert desk.tables.asked == [other.evidence.digest]

    async def test_one_in_the_turn_of_what_was_accepted_and_forgotten_since(self) -> None:
        """A batch of several groups, which the read tables follow; the refusal is counted."""
        gauge = Gauge()
        async with open_desk(tail_min=0, observer=gauge) as desk:
            desk.writer.listeners.append(lambda _: desk.tables.catch_up())
            transfer = desk.transfer(5)
            batch = [transfer, *(desk.transfer(1) for _ in range(3 * ENTRIES_MAX))]
            answers = await desk.writer.submit_batch([*batch, by(CAROL, transfer)])
            assert all(accepted(answer).is_new for answer in answers[:-1])
            assert refused(answers[-1]) == "INVALID_SIGNATURE"
            assert desk.tables.asked == [transfer.evidence.digest]
            assert gauge.codes == [Code.INVALID_SIGNATURE]

    async def test_a_stranger_whose_approval_comes_before_his_turn(self) -> None:
        async with open_desk(tail_min=0) as desk:
            await desk.seed_pool()
            swap = desk.swap(1_000_000)
            await desk.accept(swap)
            await forget(desk)
            before = desk.has(ALICE)
            answers = await asyncio.gather(
                *map(desk.writer.submit, (desk.approval(AGENT), by(AGENT, swap)))
            )
            assert accepted(answers[0]).is_new
            assert refused(answers[1]) == "INVALID_SIGNATURE"
            assert desk.has(ALICE) == before
            assert not (await desk.accept(by(AGENT, swap))).is_new

    async def test_a_stranger_who_becomes_an_agent_meanwhile_runs_nothing_twice(self) -> None:
        async with open_desk(tail_min=0) as desk:
            await desk.seed_pool()
            swap = desk.swap(1_000_000)
            await desk.accept(swap)
            await forget(desk)
            desk.tables.gate = asyncio.Event()
            waiting = asyncio.create_task(desk.writer.submit(by(AGENT, swap)))
            await quiet()
            before = desk.has(ALICE)
            await desk.accept(desk.approval(AGENT))
            desk.tables.gate.set()
            assert same(accepted(await waiting), accepted(await desk.writer.submit(swap)))
            assert desk.has(ALICE) == before

    async def test_one_that_is_cancelled_gives_its_place_back(self) -> None:
        async with open_desk(tail_min=0, actions_max=1) as desk:
            transfer = desk.transfer(5)
            await desk.accept(transfer)
            await forget(desk)
            desk.tables.gate = asyncio.Event()
            waiting = asyncio.create_task(desk.writer.submit(transfer))
            await quiet()
            assert refused(await desk.writer.submit(desk.transfer(6))) == "OVERLOADED"
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await desk.accept(desk.transfer(6))

    async def test_one_that_outlasts_the_server(self) -> None:
        async with open_desk(tail_min=0) as desk:
            nonce = desk.nonce()
            known = desk.transfer(5, nonce=nonce)
            await desk.accept(known)
            await forget(desk)
            desk.tables.gate = asyncio.Event()
            batch = [known, desk.transfer(6, nonce=nonce)]
            waiting = asyncio.create_task(desk.writer.submit_batch(batch))
            await quiet()
            await desk.writer.stop()
            desk.tables.gate.set()
            async with asyncio.timeout(STUCK_S):
                answers = await waiting
            assert not accepted(answers[0]).is_new
            assert refused(answers[1]) == "OVERLOADED"
            assert desk.writer.queue_depth == 0
