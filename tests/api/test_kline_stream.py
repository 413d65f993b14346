"""`kline.<interval>.S` over a real socket, and the clock's part of it with a clock set by hand."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from api.candle_log import CandleLog, Fill
from api.hub import Hub, Reader
from api.kline_stream import MISSED_MAX, KlineStream
from tests.api.desk import Json, fresh_pair
from tests.api.test_hub import reader_of
from tests.api.test_stream import listening
from tests.exchange.venue import SANDBOX, Venue
from xyk.client.client import Client

MARKET = "ETH_USDC"
START_MS = 1_735_689_600_000  # 2025-01-01 00:00:00, a Wednesday
MINUTE_MS, DAY_MS = 60_000, 86_400_000


async def test_a_change_is_told_and_the_end_of_every_interval(
    url: str, operator: Client, alice: Client
) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 2 * 10**9)
    market = f"{base}_{quote}"
    async with listening(url, f"kline.1s.{market}", f"kline.1month.{market}") as socket:
        sold = await alice.sell(base, quote, 10**7)
        seconds: list[Json] = []
        months: list[Json] = []
        while len(seconds) < 4 or not months:
            frame = await socket.frame()
            kept = {f"kline.1s.{market}": seconds, f"kline.1month.{market}": months}
            kept[frame["stream"]].append(frame["data"])
    month = months[0]
    price = "1.974316"  # V2: 10 in at 1,000 to 2,000 with 0.3% gives 19.743160
    assert {name: month[name] for name in "ocvVnX"} == {
        "o": price,
        "c": price,
        "v": "10",
        "V": "19.74316",
        "n": 1,
        "X": False,
    }
    assert list(month) == ["e", "E", "s", "t", "T", "o", "c", "h", "l", "v", "V", "n", "X"]
    assert (month["e"], month["s"], month["h"], month["l"]) == ("kline", market, price, price)
    assert type(month["E"]) is int and month["E"] >= sold["timestamp"] * 1000
    assert len(months) == 1, "one change, one frame"

    final = [frame for frame in seconds if frame["X"]]
    assert [frame["n"] for frame in final] == [1] + [0] * (len(final) - 1)
    assert {(frame["o"], frame["h"], frame["l"], frame["c"]) for frame in final} == {(price,) * 4}
    for before, after in pairwise(final):
        assert before["T"] == after["t"]
    for before, after in pairwise(seconds):
        at_once = before["E"] == after["E"] and before["X"] and after["X"]
        assert at_once or before["E"] // 1_000_000 < after["E"] // 1_000_000, (
            "at most one a second, but for the ends that a busy server was late for"
        )


async def test_streams_that_are_none_are_refused(url: str, http: Any) -> None:
    async with listening(url) as socket:
        for name in ("kline.7m.ETH_USDC", "kline.1m.NO_SUCH", "kline.ETH_USDC", "kline.1m"):
            [answer] = await socket.ask("SUBSCRIBE", name)
            assert answer["error"]["code"] == 4006
        assert await socket.ask("SUBSCRIBE", "kline.1m.ETH_USDC", "kline@1month.ETH_USDC") == []


class Told:
    """A stream with a reader and no server; times in ms after 2025-01-01."""

    def __init__(self, *intervals: str) -> None:
        self.hub = Hub()
        log = CandleLog(lambda: 0)
        log.restore(0, {})
        self.klines = KlineStream(Venue(SANDBOX).state, self.hub, log)
        self.reader = self.listen(*intervals)
        self.seq = 0

    def listen(self, *intervals: str) -> Reader:
        return reader_of(self.hub, *(f"kline.{name}.{MARKET}" for name in intervals))

    def fill(self, at_ms: int, price: str | None) -> None:
        self.seq += 1
        self.klines.add(Fill(self.seq, START_MS + at_ms, MARKET, 10**18, 10**6, price))

    def tick(self, at_ms: int) -> list[tuple[str, str | None, int, bool]]:
        """(start, close, fills, whether it is final) of the frames that it gave."""
        self.klines.tick(START_MS + at_ms)
        found = []
        for frame in self.reader.queue:
            assert frame.replaceable is ('"X":false' in frame.message["text"])
            data = msgspec.json.decode(frame.message["text"])["data"]
            found.append((data["t"], data["c"], data["n"], data["X"]))
        self.reader.queue.clear()
        return found


def test_changes_are_told_once_and_ends_without_a_change() -> None:
    told = Told("1m")
    assert told.tick(1_000) == []
    told.fill(1_500, "7")
    told.fill(1_600, "8")
    assert told.tick(2_000) == [("2025-01-01T00:00:00", "8", 2, False)]
    assert told.tick(3_000) == []
    assert told.tick(59_999) == []
    assert told.tick(60_005) == [("2025-01-01T00:00:00", "8", 2, True)]
    assert told.tick(61_005) == []
    assert told.tick(120_005) == [("2025-01-01T00:01:00", "8", 0, True)]
    told.fill(180_001, "9")  # closes nothing that was not told, and is told a second later
    assert told.tick(180_005) == [("2025-01-01T00:02:00", "8", 0, True)]
    assert told.tick(181_005) == [("2025-01-01T00:03:00", "9", 1, False)]
    told.fill(182_000, None)  # a fill that forms no price changes the volume
    assert told.tick(183_005) == [("2025-01-01T00:03:00", "9", 2, False)]


def test_what_a_later_fill_closed_is_told_as_it_was() -> None:
    told = Told("1m")
    told.tick(0)
    told.fill(59_000, "7")
    told.fill(60_001, "9")
    assert told.tick(60_005) == [("2025-01-01T00:00:00", "7", 1, True)]
    assert told.tick(61_005) == [("2025-01-01T00:01:00", "9", 1, False)]
    told.fill(120_002, "5")
    told.fill(180_002, "6")
    assert told.tick(180_005) == [
        ("2025-01-01T00:01:00", "9", 1, True),
        ("2025-01-01T00:02:00", "5", 1, True),
    ]


def test_one_that_ended_before_its_next_fill_is_not_told_twice() -> None:
    told = Told("1m")
    told.tick(0)
    told.fill(10_000, "7")
    assert told.tick(60_005) == [("2025-01-01T00:00:00", "7", 1, True)]
    told.fill(70_000, "8")  # only now the log closes the first
    told.fill(121_000, "9")
    assert told.tick(121_005) == [("2025-01-01T00:01:00", "8", 1, True)]


@pytest.mark.parametrize(
    ("name", "end_days", "start", "after"),
    [
        ("1w", 5, "2024-12-30T00:00:00", "2025-01-06T00:00:00"),
        ("1month", 31, "2025-01-01T00:00:00", "2025-02-01T00:00:00"),
        ("3d", 2, "2024-12-31T00:00:00", "2025-01-03T00:00:00"),
    ],
)
def test_long_intervals_end_with_the_calendar(
    name: str, end_days: int, start: str, after: str
) -> None:
    told = Told(name)
    told.tick(0)
    told.fill(5, "7")
    assert told.tick(end_days * DAY_MS - 1) == [(start, "7", 1, False)]
    assert told.tick(end_days * DAY_MS) == [(start, "7", 1, True)]
    told.fill(end_days * DAY_MS, "8")
    assert told.tick(end_days * DAY_MS + 1_000) == [(after, "8", 1, False)]


def test_before_the_first_price_nothing_is_told() -> None:
    told = Told("1s", "1m")
    told.tick(0)
    told.fill(100, None)
    assert told.tick(1_005) == []
    assert told.tick(60_005) == []
    told.fill(60_100, "3")
    assert told.tick(61_005) == [
        ("2025-01-01T00:01:00", "3", 1, True),
        ("2025-01-01T00:01:00", "3", 1, False),
    ]


def test_a_reader_of_later_hears_of_the_present_candle_and_none_of_the_past() -> None:
    told = Told()
    told.fill(1_000, "7")
    told.tick(2_000)
    told.reader = told.listen("1m")
    assert told.tick(3_000) == [("2025-01-01T00:00:00", "7", 1, False)]
    told.hub.leave(told.reader)
    assert told.tick(4_000) == []
    assert not told.klines.is_heard
    told.reader = told.listen("1m")
    assert told.tick(5 * MINUTE_MS + 1_005) == []
    assert told.tick(6 * MINUTE_MS) == [("2025-01-01T00:05:00", "7", 0, True)]


@pytest.mark.parametrize("goes_on", [False, True])
def test_who_subscribed_within_the_second_that_ends_hears_its_end(goes_on: bool) -> None:
    told = Told()
    told.fill(500, "7")
    told.reader = told.listen("1s")
    told.fill(900, "8")
    if goes_on:
        told.fill(1_001, "9")
    assert told.tick(1_005) == [("2025-01-01T00:00:00", "8", 2, True)]
    again = [("2025-01-01T00:00:01", "9" if goes_on else "8", int(goes_on), True)]
    assert told.tick(2_005) == again


def test_after_a_standstill_the_newest_are_told() -> None:
    told = Told("1s")
    told.tick(0)
    told.fill(100, "7")
    found = told.tick(DAY_MS)
    assert len(found) == MISSED_MAX
    assert found[0] == ("2025-01-01T23:59:00", "7", 0, True)
    assert found[-1] == ("2025-01-01T23:59:59", "7", 0, True)
