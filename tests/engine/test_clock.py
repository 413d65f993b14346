"""Time in the journal only grows, and a wall clock that jumps is not believed."""

import pytest

from tests.engine.desk import Desk, HandClock, accepted, open_desk, refused
from tests.engine.test_writer import Gauge
from tests.exchange.venue import NOW_S
from xyk.engine.clock import AHEAD_MAX_MS, PAUSE_MAX_MS, ClockRefused, WriterClock


async def test_stamps_are_the_clocks() -> None:
    async with open_desk() as desk:
        desk.clock.advance(17)
        assert (await desk.accept(desk.transfer(1))).entry.time == NOW_S * 1000 + 17


async def test_a_clock_that_goes_back_stands_still() -> None:
    async with open_desk() as desk:
        desk.clock.wall_ms -= 10_000
        assert (await desk.accept(desk.transfer(1))).entry.time == NOW_S * 1000
        desk.clock.wall_ms += 10_001
        assert (await desk.accept(desk.transfer(1))).entry.time == NOW_S * 1000 + 1


async def test_a_jump_ahead_refuses_until_it_is_undone() -> None:
    gauge = Gauge()
    async with open_desk(observer=gauge) as desk:
        known = desk.transfer(2)
        await desk.accept(known)
        desk.clock.wall_ms += AHEAD_MAX_MS
        await desk.accept(desk.transfer(1))
        desk.clock.wall_ms += 1
        for _ in range(2):
            assert refused(await desk.writer.submit(desk.transfer(1))) == "OVERLOADED"
        assert not accepted(await desk.writer.submit(known)).is_new
        assert gauge.alarms == [AHEAD_MAX_MS + 1]
        desk.clock.wall_ms -= 1
        await desk.accept(desk.transfer(1))
        assert gauge.alarms == [AHEAD_MAX_MS + 1, 0]


async def test_time_that_passes_is_no_jump() -> None:
    async with open_desk() as desk:
        desk.clock.advance(100 * PAUSE_MAX_MS)
        await desk.accept(desk.transfer(1))


class TestStart:
    @pytest.mark.parametrize("accept_clock", [False, True])
    def test_within_a_day_of_the_last_entry(self, accept_clock: bool) -> None:
        clock = HandClock()
        for ms in (-10 * PAUSE_MAX_MS, 0, PAUSE_MAX_MS):
            WriterClock(clock, clock.wall_ms - ms, accept_clock)
        WriterClock(clock, 0)

    def test_more_than_a_day_after_it(self) -> None:
        clock = HandClock()
        last_ms = clock.wall_ms - PAUSE_MAX_MS - 1
        with pytest.raises(ClockRefused, match=r"24 hours after the last entry.*--accept-clock"):
            WriterClock(clock, last_ms)
        WriterClock(clock, last_ms, accept_clock=True)

    def test_the_writer_asks_it(self) -> None:
        desk = Desk()
        desk.state.now_ms = desk.clock.wall_ms - 2 * PAUSE_MAX_MS
        with pytest.raises(ClockRefused):
            type(desk.writer)(desk.state, desk.journal, desk.clock, desk.tables.find_action)
