"""The intervals of candles: how long each is and where it begins, in Unix ms, all in UTC.

Weeks begin on Monday, months on the first; everything else counts from the Unix epoch, a Thursday.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
MONDAY_MS = 4 * DAY_MS  # the first one after the epoch


class Interval:
    """`source` is the interval whose candles make up this one's: the longest that divides it."""

    __slots__ = ("length_ms", "name", "offset_ms", "source")

    def __init__(
        self, name: str, length_ms: int, source: "Interval | None" = None, offset_ms: int = 0
    ) -> None:
        self.name = name
        self.length_ms = length_ms
        self.source = source
        self.offset_ms = offset_ms

    def start_of(self, time_ms: int) -> int:
        """Where the interval begins that this time falls into."""
        return time_ms - (time_ms - self.offset_ms) % self.length_ms

    def end_of(self, start_ms: int) -> int:
        """Where the next interval begins."""
        return start_ms + self.length_ms

    def earlier(self, start_ms: int, count: int) -> int:
        """Where the interval begins that is so many before the one at `start_ms`; not before the
        epoch."""
        return max(self.start_of(0), start_ms - count * self.length_ms)

    def later(self, start_ms: int, count: int) -> int:
        return start_ms + count * self.length_ms


class Month(Interval):
    """`length_ms` is that of the longest."""

    __slots__ = ()

    def start_of(self, time_ms: int) -> int:
        month = datetime.fromtimestamp(time_ms // SECOND_MS, UTC)
        return _month_ms(month.year, month.month)

    def end_of(self, start_ms: int) -> int:
        return self.start_of(start_ms + self.length_ms)

    def earlier(self, start_ms: int, count: int) -> int:
        return self.later(start_ms, -count)

    def later(self, start_ms: int, count: int) -> int:
        month = datetime.fromtimestamp(start_ms // SECOND_MS, UTC)
        year, number = divmod(month.year * 12 + month.month - 1 + count, 12)
        return max(0, _month_ms(year, number + 1))


def _month_ms(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * SECOND_MS


ONE_SECOND = Interval("1s", SECOND_MS)
ONE_MINUTE = Interval("1m", MINUTE_MS, ONE_SECOND)
_3M = Interval("3m", 3 * MINUTE_MS, ONE_MINUTE)
_5M = Interval("5m", 5 * MINUTE_MS, ONE_MINUTE)
_15M = Interval("15m", 15 * MINUTE_MS, _5M)
_30M = Interval("30m", 30 * MINUTE_MS, _15M)
_1H = Interval("1h", HOUR_MS, _30M)
_2H = Interval("2h", 2 * HOUR_MS, _1H)
_4H = Interval("4h", 4 * HOUR_MS, _2H)
_6H = Interval("6h", 6 * HOUR_MS, _2H)
_8H = Interval("8h", 8 * HOUR_MS, _4H)
_12H = Interval("12h", 12 * HOUR_MS, _6H)
ONE_DAY = Interval("1d", DAY_MS, _12H)
_3D = Interval("3d", 3 * DAY_MS, ONE_DAY)
_1W = Interval("1w", 7 * DAY_MS, ONE_DAY, MONDAY_MS)
_1MONTH = Month("1month", 31 * DAY_MS, ONE_DAY)

# Each after its source.
INTERVALS = (
    *(ONE_SECOND, ONE_MINUTE, _3M, _5M, _15M, _30M, _1H, _2H, _4H, _6H, _8H, _12H),
    *(ONE_DAY, _3D, _1W, _1MONTH),
)
BY_NAME: Mapping[str, Interval] = {interval.name: interval for interval in INTERVALS}
