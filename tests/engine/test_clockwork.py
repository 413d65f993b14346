"""What is due becomes entries: before each command, or by itself, and never early."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.engine.desk import ETH, USDC, Desk, accepted, faucet, open_desk, quiet, refused
from tests.engine.test_writer import Gauge
from tests.exchange.venue import ALICE, BOB, NOW_S, SANDBOX
from xyk.domain.commands import CancelAllAfter, PlaceOrder, SwapExactIn
from xyk.domain.rejections import Rejected
from xyk.domain.request import GENESIS
from xyk.engine.clock import AHEAD_MAX_MS
from xyk.engine.entry import Evidence
from xyk.engine.group import ENTRIES_MAX
from xyk.engine.journal import MemoryJournal
from xyk.engine.replica import Replica, follow
from xyk.engine.snapshot import SnapshotFolder, make_snapshot, restore
from xyk.engine.submission import Submission
from xyk.engine.writer import Writer, WriterStopped

LOT, LOT_AT_ONE = 10**14, 100  # base units; quote units of a lot at one dollar
MINUTE_MS = 60_000


def order(desk: Desk, owner: str, lots: int, dollars: int, **fields: Any) -> Submission:
    """A bid of `lots`, or an ask where they are negative."""
    base, quote = (ETH, abs(lots) * LOT), (USDC, abs(lots) * dollars * LOT_AT_ONE)
    sold, bought = (quote, base) if lots > 0 else (base, quote)
    terms = {
        "time_in_force": "",
        "post_only": False,
        "self_trade_prevention": "",
        "trigger_price": 0,
        "trigger_above": False,
        "client_id": 0,
        "expires": 0,
        **fields,
    }
    tokens = {"sell_token": sold[0], "buy_token": bought[0]}
    amounts = {"sell_amount": sold[1], "buy_amount": bought[1]}
    return desk.signed(PlaceOrder, owner, **tokens, **amounts, **terms)


def good_till(desk: Desk, seconds: int, dollars: int = 1_000) -> Submission:
    expires = desk.clock.wall_ms // 1000 + seconds
    return order(desk, ALICE, 1, dollars, time_in_force="GTD", expires=expires)


def switch(desk: Desk, seconds: int) -> Submission:
    return desk.signed(CancelAllAfter, ALICE, market="", timeout_seconds=seconds)


def sale(desk: Desk, lots: int) -> Submission:
    """BOB sells; whatever reaches a price reaches the triggers of `cascade`."""
    fields = {"token_in": ETH, "token_out": USDC, "amount_in": lots * LOT, "min_amount_out": 0}
    return desk.signed(SwapExactIn, BOB, **fields)


async def cascade(desk: Desk, count: int) -> None:
    """A last price, and orders of ALICE that wait for the next sale."""
    await desk.accept(faucet(BOB, 10**19, ETH))
    await desk.accept(order(desk, BOB, -1, 2_000))
    await desk.accept(order(desk, ALICE, 1, 2_000))
    for _ in range(count):
        await desk.accept(order(desk, ALICE, 1, 1_000, trigger_price=1_900 * 10**6))
    await desk.accept(order(desk, ALICE, 1, 1_900))


def kinds(desk: Desk, after: int) -> list[str]:
    """Of the committed entries after seq `after`."""
    return [entry.kind for entry in desk.journal.entries[after:]]


@asynccontextmanager
async def reopened(desk: Desk, entries: int | None = None) -> AsyncIterator[Desk]:
    """Another process on what the first one committed, its clock where the other's was."""
    other = Desk()
    other.journal.entries.extend(desk.journal.entries[:entries])
    replica = Replica(other.state)
    await follow(replica, other.journal)
    other.clock.wall_ms = desk.clock.wall_ms
    other.writer = Writer(
        other.state,
        other.journal,
        other.clock,
        other.tables.find_action,
        head_hash=replica.head_hash,
        call_later=other.clock.call_later,
    )
    running = asyncio.create_task(other.writer.run())
    try:
        yield other
    finally:
        await other.writer.stop()
        await running


class TestIdle:
    async def test_an_order_expires_at_its_millisecond(self) -> None:
        async with open_desk() as desk:
            placed = await desk.accept(good_till(desk, 60))
            await quiet()
            desk.clock.advance(MINUTE_MS - 1)
            await quiet()
            assert desk.state.seq == placed.entry.seq
            desk.clock.advance(1)
            await quiet()
            assert kinds(desk, placed.entry.seq) == ["ExpireOrder"]
            assert desk.journal.entries[-1].time == NOW_S * 1000 + MINUTE_MS
            assert desk.journal.entries[-1].evidence == b'{"scheme":"clock"}'
            assert desk.has(ALICE) == 10**9, "its hold is released"
            assert desk.writer.committed_seq == placed.entry.seq + 1

    async def test_a_dead_mans_switch_fires(self) -> None:
        async with open_desk() as desk:
            await desk.accept(order(desk, ALICE, 1, 1_000))
            last = await desk.accept(switch(desk, 60))
            desk.clock.advance(MINUTE_MS)
            await quiet()
            assert kinds(desk, last.entry.seq) == ["FireCancelTimer"]
            assert not desk.state.open_orders.by_id
            assert desk.has(ALICE) == 10**9

    async def test_a_switch_that_is_wound_anew_does_not_fire(self) -> None:
        async with open_desk() as desk:
            await desk.accept(switch(desk, 60))
            desk.clock.advance(MINUTE_MS - 1)
            last = await desk.accept(switch(desk, 60))
            desk.clock.advance(MINUTE_MS - 1)
            await quiet()
            assert kinds(desk, last.entry.seq) == []
            desk.clock.advance(1)
            await quiet()
            assert kinds(desk, last.entry.seq) == ["FireCancelTimer"]

    async def test_one_alarm_is_set_for_what_comes_first_and_none_without_it(self) -> None:
        async with open_desk() as desk:
            await quiet()
            assert desk.clock.alarms == [], "nothing to wait for, nothing polled"
            await desk.accept(good_till(desk, 120))
            await desk.accept(good_till(desk, 60, 999))
            for _ in range(5):
                await desk.accept(desk.transfer(1))
            await quiet()
            assert [alarm.rings_ms for alarm in desk.clock.set_alarms()] == [5.0 + MINUTE_MS]
            assert len(desk.clock.alarms) == 2, "not set anew by each command"
            desk.clock.advance(MINUTE_MS)
            await quiet()
            assert [alarm.rings_ms for alarm in desk.clock.set_alarms()] == [5.0 + 2 * MINUTE_MS]
        assert desk.clock.set_alarms() == [], "stopped"

    async def test_an_alarm_that_rings_before_the_wall_clock_is_set_again(self) -> None:
        async with open_desk() as desk:
            last = await desk.accept(good_till(desk, 60))
            desk.clock.wall_ms -= 10
            desk.clock.advance(MINUTE_MS)
            await quiet()
            assert kinds(desk, last.entry.seq) == []
            desk.clock.advance(10)
            await quiet()
            assert kinds(desk, last.entry.seq) == ["ExpireOrder"]

    async def test_a_wall_clock_that_is_not_believed_expires_nothing(self) -> None:
        async with open_desk() as desk:
            last = await desk.accept(good_till(desk, 60))
            desk.clock.wall_ms += AHEAD_MAX_MS + MINUTE_MS
            desk.clock.advance(MINUTE_MS - 1)
            assert refused(await desk.writer.submit(desk.transfer(1))) == "OVERLOADED"
            desk.clock.advance(1)
            await quiet()
            assert kinds(desk, last.entry.seq) == []
            desk.clock.wall_ms -= AHEAD_MAX_MS + MINUTE_MS
            desk.clock.advance(1_000)
            await quiet()
            assert kinds(desk, last.entry.seq) == ["ExpireOrder"]


class TestBeforeACommand:
    async def test_what_is_due_comes_first_at_the_commands_own_time(self) -> None:
        async with open_desk() as desk:
            await desk.accept(good_till(desk, 60))
            first = await desk.accept(good_till(desk, 30, 999))
            desk.clock.wall_ms += MINUTE_MS // 2  # no alarm rings
            everything = await desk.accept(desk.transfer(10**9 - 100_000))
            assert kinds(desk, first.entry.seq) == ["ExpireOrder", "Transfer"]
            times = {entry.time for entry in desk.journal.entries[first.entry.seq :]}
            assert times == {everything.entry.time}

    async def test_a_refusal_knows_of_it_and_waits_for_its_commit(self) -> None:
        async with open_desk() as desk:
            placed = await desk.accept(good_till(desk, 30))
            desk.journal.is_held = True
            desk.clock.wall_ms += MINUTE_MS // 2
            ask = asyncio.create_task(desk.writer.submit(desk.transfer(10**9 + 1)))
            await quiet()
            assert desk.state.seq == placed.entry.seq + 1
            assert not ask.done(), "it would tell of the expiry"
            desk.journal.let_one_pass()
            answer = await ask
            assert isinstance(answer, Rejected)
            assert "1000000000 are available" in answer.message, "the hold is back"

    async def test_groups_keep_their_bound(self) -> None:
        async with open_desk() as desk:
            for number in range(ENTRIES_MAX + 44):
                last = await desk.accept(good_till(desk, 30, 100 + number))
            appends = len(desk.journal.sizes)
            desk.clock.wall_ms += MINUTE_MS // 2
            after = await desk.accept(desk.transfer(1))
            assert after.entry.seq == last.entry.seq + ENTRIES_MAX + 44 + 1
            assert desk.journal.sizes[appends:] == [ENTRIES_MAX, 45]

    async def test_a_full_group_waits_for_the_one_in_flight(self) -> None:
        async with open_desk() as desk:
            for number in range(2 * ENTRIES_MAX + 10):
                last = await desk.accept(good_till(desk, 30, 100 + number))
            desk.journal.is_held = True
            desk.clock.advance(MINUTE_MS // 2)
            await quiet()
            assert desk.state.seq == last.entry.seq + 2 * ENTRIES_MAX
            assert desk.clock.set_alarms() == [], "a commit wakes it"
            desk.journal.let_go()
            await quiet()
            assert desk.writer.committed_seq == last.entry.seq + 2 * ENTRIES_MAX + 10


class TestTriggers:
    async def test_they_take_their_turn_without_another_command(self) -> None:
        async with open_desk() as desk:
            await cascade(desk, 3)
            sold = await desk.accept(sale(desk, 1))
            await quiet()
            assert kinds(desk, sold.entry.seq) == ["ActivateTrigger"] * 3
            assert desk.state.books["ETH_USDC"].depth(True, 9) == [(100_000, 3)]

    async def test_at_most_a_hundred_between_two_commands(self) -> None:
        async with open_desk() as desk:
            await cascade(desk, 150)
            sold = await desk.accept(sale(desk, 1))
            await quiet()
            hundred = ["ActivateTrigger"] * 100
            assert kinds(desk, sold.entry.seq) == hundred
            assert refused(await desk.writer.submit(desk.transfer(10**12))) == "INSUFFICIENT_FUNDS"
            await quiet()
            assert kinds(desk, sold.entry.seq) == hundred, "a refusal leaves no trace"
            await desk.accept(desk.transfer(1))
            await quiet()
            assert kinds(desk, sold.entry.seq) == [*hundred, "Transfer", *hundred[:50]]
            assert not desk.state.open_orders.due

    async def test_they_come_between_the_elements_of_a_batch(self) -> None:
        async with open_desk() as desk:
            await cascade(desk, 2)
            batch = [sale(desk, 1), desk.transfer(1), desk.transfer(2)]
            answers = [accepted(answer) for answer in await desk.writer.submit_batch(batch)]
            sold = answers[0].entry.seq
            between = ["ActivateTrigger"] * 2
            assert kinds(desk, sold) == [*between, "Transfer", "Transfer"]
            assert [answer.entry.seq - sold for answer in answers] == [0, 3, 4]

    @pytest.mark.parametrize("before_the_end", [1, 30])
    async def test_a_restart_counts_on(self, before_the_end: int) -> None:
        """Whatever was committed of the hundred, the next process adds no more than the rest."""
        async with open_desk() as desk:
            await cascade(desk, 150)
            sold = await desk.accept(sale(desk, 1))
            await quiet()
            async with reopened(desk, sold.entry.seq + 100 - before_the_end) as other:
                await quiet()
                assert kinds(other, sold.entry.seq) == ["ActivateTrigger"] * 100
                await other.accept(other.transfer(1, nonce=(NOW_S - 9) << 8))
                await quiet()
                assert len(kinds(other, sold.entry.seq)) == 151
                assert kinds(other, sold.entry.seq)[100] == "Transfer"

    async def test_a_restart_looks_back_over_many_expiries(self) -> None:
        async with open_desk() as desk:
            await cascade(desk, 101)
            for number in range(300):
                await desk.accept(good_till(desk, 30, 100 + number))
            sold = await desk.accept(sale(desk, 1))
            await quiet()
            desk.clock.advance(MINUTE_MS // 2)
            await quiet()
            assert len(kinds(desk, sold.entry.seq)) == 400
            async with reopened(desk) as other:
                await quiet()
                assert len(kinds(other, sold.entry.seq)) == 400


class TestRestart:
    async def test_what_came_due_meanwhile_is_done_at_once(self) -> None:
        async with open_desk() as desk:
            await desk.accept(good_till(desk, 60))
            last = await desk.accept(switch(desk, 30))
            desk.clock.wall_ms += MINUTE_MS
            async with reopened(desk) as other:
                await quiet()
                assert kinds(other, last.entry.seq) == ["FireCancelTimer"]
                assert other.writer.committed_seq == last.entry.seq + 1

    async def test_snapshots_keep_orders_timers_and_due_triggers(self, tmp_path: Any) -> None:
        async with open_desk() as desk:
            await cascade(desk, 120)
            await desk.accept(switch(desk, 90))
            await desk.accept(good_till(desk, 60))
            await desk.accept(sale(desk, 1))
            await quiet()
            assert len(desk.state.open_orders.due) == 20
            journal, folder = MemoryJournal(), SnapshotFolder(tmp_path)
            await journal.append(desk.journal.entries)
            snapshot = await make_snapshot(journal, folder)
            assert snapshot.digest == desk.state.digest()
            await desk.accept(desk.transfer(1))
            desk.clock.advance(2 * MINUTE_MS)
            await quiet()
            await journal.append(desk.journal.entries[snapshot.seq :])
            start = await restore(journal, folder)
            assert start.snapshot == snapshot
            assert start.replica.state.digest() == desk.state.digest()
            assert not start.replica.state.open_orders.by_owner.get(ALICE)


async def test_a_fault_in_what_the_clock_does_stops_the_writer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("of the clock")

    desk = Desk()
    running = asyncio.create_task(desk.writer.run())
    await desk.accept(Submission(SANDBOX, Evidence(scheme=GENESIS)))
    await desk.accept(faucet(ALICE, 10**9))
    await desk.accept(good_till(desk, 60))
    monkeypatch.setattr("xyk.engine.writer.decide", broken)
    desk.clock.advance(MINUTE_MS)
    with pytest.raises(WriterStopped):
        await running
    assert isinstance(desk.failures[0], ValueError)
    assert desk.clock.set_alarms() == []


async def test_a_crossing_is_an_alarm_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    crossing: list[str] = ["ETH_USDC"]
    monkeypatch.setattr("xyk.engine.crossings.crossed", lambda *_: tuple(crossing))
    monkeypatch.setattr("xyk.engine.crossings.crosses", lambda _, market: market in crossing)
    gauge = Gauge()
    async with open_desk(observer=gauge) as desk:
        await desk.accept(desk.transfer(1))
        crossing.clear()
        await desk.accept(desk.transfer(1))
        await desk.accept(desk.transfer(1))
    assert gauge.crossings[-2:] == [1, 0]
    assert caplog.text.count("book and pool cross at seq") == 1, "once, not with every command"
