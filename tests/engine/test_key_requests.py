"""A key's request works once: again in its window it is refused 409, after it 400, over restarts
and snapshots too; and nothing is told before it is on disk."""

import asyncio
from pathlib import Path

import pytest

from tests.engine.desk import Desk, HandClock, accepted, open_desk, quiet, refused
from tests.exchange.venue import BOB
from tests.keys import Key
from xyk.domain.commands import ApproveApiKey, RevokeApiKey
from xyk.domain.rejections import Rejected
from xyk.engine.intake import Answer
from xyk.engine.snapshot import SnapshotFolder, make_snapshot, restore
from xyk.engine.submission import Committed, Submission
from xyk.engine.writer import Writer

KEY = Key(b"\x07" * 32)
# 100 ETH and 100 USDC lie in the desk's pool: ETH is worth one USDC.
BID = {
    "symbol": "ETH_USDC",
    "side": "Bid",
    "orderType": "Limit",
    "price": "0.95",
    "quantity": "1",
}


def status(answer: Answer) -> tuple[str, int]:
    assert isinstance(answer, Rejected), answer
    return answer.code.name, answer.http_status


AGAIN = ("INVALID_CLIENT_REQUEST", 409)
TOO_LATE = ("INVALID_CLIENT_REQUEST", 400)


async def approve(desk: Desk) -> None:
    await desk.seed_pool()
    valid_until = desk.clock.wall_ms // 1000 + 86_400
    await desk.accept(
        desk.signed(ApproveApiKey, BOB, public_key=KEY.public, valid_until=valid_until)
    )


def bid(desk: Desk, **more: str) -> Submission:
    return KEY.order(desk.clock.wall_ms, **{**BID, **more})


@pytest.mark.parametrize("tail_min", [0, 6_144])
async def test_a_second_time_is_refused_while_the_window_lasts(tail_min: int) -> None:
    async with open_desk(tail_min=tail_min) as desk:
        await approve(desk)
        order = bid(desk)
        first = await desk.accept(order)
        assert first.evidence.text.startswith("instruction=orderExecute&")
        desk.clock.advance(5_000)
        assert status(await desk.writer.submit(order)) == AGAIN
        desk.tables.catch_up()
        assert status(await desk.writer.submit(order)) == AGAIN
        desk.clock.advance(1)
        assert status(await desk.writer.submit(order)) == TOO_LATE
        assert len(desk.state.open_orders.by_id) == 1


async def test_a_revoked_key_and_a_known_digest() -> None:
    async with open_desk() as desk:
        await approve(desk)
        order = bid(desk)
        await desk.accept(order)
        await desk.accept(desk.signed(RevokeApiKey, BOB, public_key=KEY.public))
        assert status(await desk.writer.submit(order)) == AGAIN
        desk.tables.asked.clear()
        assert refused(await desk.writer.submit(bid(desk, price="0.96"))) == "UNAUTHORIZED"
        assert desk.tables.asked == [], "a key's request has no first receipt to look for"


async def test_elements_of_a_batch_are_requests_of_their_own() -> None:
    async with open_desk() as desk:
        await approve(desk)
        same = KEY.submissions("orderExecute", [BID, BID], desk.clock.wall_ms)
        first, second = await desk.writer.submit_batch(same)
        assert accepted(first).evidence.digest != accepted(second).evidence.digest
        assert [status(one) for one in await desk.writer.submit_batch(same)] == [AGAIN, AGAIN]
        assert len(desk.state.open_orders.by_id) == 2


async def test_a_second_time_in_an_open_group_waits_for_the_first() -> None:
    async with open_desk() as desk:
        await approve(desk)
        desk.journal.is_held = True
        order = bid(desk)
        asks = [asyncio.create_task(desk.writer.submit(order)) for _ in range(3)]
        await quiet()
        assert not any(ask.done() for ask in asks), "a refusal tells of an order not on disk"
        desk.journal.let_go()
        first, *others = await asyncio.gather(*asks)
        assert isinstance(first, Committed)
        assert [status(one) for one in others] == [AGAIN, AGAIN]
        twice = await desk.writer.submit_batch([bid(desk, price="0.94")] * 2)
        assert isinstance(twice[0], Committed)
        assert status(twice[1]) == AGAIN


@pytest.mark.parametrize("has_snapshot", [False, True])
async def test_a_restart_forgets_nothing(tmp_path: Path, has_snapshot: bool) -> None:
    folder = SnapshotFolder(tmp_path / "snapshots")
    async with open_desk() as desk:
        await approve(desk)
        order = bid(desk)
        await desk.accept(order)
        if has_snapshot:
            await make_snapshot(desk.journal, folder)
    again = await restore(desk.journal, folder)
    assert (again.snapshot is not None) is has_snapshot
    assert again.replica.state.digest() == desk.state.digest()
    clock = HandClock()
    clock.wall_ms = desk.clock.wall_ms
    writer = Writer(
        again.replica.state,
        desk.journal,
        clock,
        desk.tables.find_action,
        head_hash=again.replica.head_hash,
        projected=lambda: desk.tables.seq,
        call_later=clock.call_later,
    )
    running = asyncio.create_task(writer.run())
    assert status(await writer.submit(order)) == AGAIN
    clock.advance(5_001)
    assert status(await writer.submit(order)) == TOO_LATE
    clock.advance(1_000)
    later = KEY.order(clock.wall_ms, **BID)
    assert isinstance(await writer.submit(later), Committed)
    assert list(again.replica.state.requests) == [(clock.wall_ms + 5_000) // 1000], "pruned"
    await writer.stop()
    await running
