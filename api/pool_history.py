"""`GET /api/v1/pools/{symbol}/history`: a pool by the hour or by the day.

What is over never changes, so what was added up once is remembered; the present day is the sum of
its hours. A request adds up at most the minutes of the intervals that nobody asked for before.
"""

import asyncio
from collections import OrderedDict
from typing import NamedTuple

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from api.history import shown_by_tables
from api.markets import View
from api.pools import pool_named
from api.problems import Refused, malformed
from api.query import whole_number
from api.services import Given
from xyk.domain.decimals import whole_tokens
from xyk.domain.market import Market
from xyk.domain.rejections import Rejected
from xyk.engine.intervals import BY_NAME, HOUR_MS, Interval
from xyk.exchange.state import State
from xyk.storage.history import History, PoolChange, PoolSums

INTERVALS = ("1h", "1d")
LIMIT, LIMIT_MAX = 24, 168  # a day of hours; a week of them
KEPT = 20_000  # sums, and ends of intervals, that are remembered

NOTHING = PoolSums()


class PoolIntervalView(View, frozen=True, kw_only=True):
    """From `start` to before `end`, in ms. `reserves` [base, quote] and `totalSupply` in base units
    as they were at its end, or are now; `tvl` values both reserves in quote. Volumes, fees and
    `trades` are what went through the pool in it, in whole tokens; fees are V2's whole fee."""

    start: int
    end: int
    reserves: tuple[str, str]
    total_supply: str
    tvl: str
    base_volume: str
    quote_volume: str
    base_fees: str
    quote_fees: str
    trades: int


class PoolHistoryView(View, frozen=True, kw_only=True):
    """`seq`: the journal entry up to which this tells; `complete` is false where what was committed
    after it is not in here yet: ask again."""

    symbol: str
    interval: str
    items: list[PoolIntervalView]
    seq: int
    complete: bool


class Shown(NamedTuple):
    """Up to which entry the read tables show everything; whether that is all there is; journal time
    in ms that no later entry is before."""

    seq: int
    complete: bool
    settled_ms: int


class PoolPast:
    """What went through pools and what they were, from the read tables."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._sums: OrderedDict[tuple[str, int, int], PoolSums] = OrderedDict()
        self._ends: OrderedDict[tuple[str, int], PoolChange] = OrderedDict()
        self._reading = asyncio.Lock()  # who asks for the same meanwhile finds it remembered

    async def of(
        self, market: str, interval: Interval, now_ms: int, limit: int, shown: Shown
    ) -> list[tuple[int, PoolSums, PoolChange]]:
        """Start, sums and the end's reserves of the last `limit` intervals, ascending, from the one
        that the pool's first change is in."""
        first = await self._history.first_pool_change(market)
        if first is None:
            return []
        last_ms = interval.start_of(now_ms)
        start_ms = max(interval.start_of(first.time_ms), last_ms - (limit - 1) * interval.length_ms)
        starts = range(start_ms, last_ms + 1, interval.length_ms)
        async with self._reading:
            ends = await self._changes(market, [interval.end_of(one) for one in starts], shown)
            sums = [await self._sum(market, one, interval.end_of(one), shown) for one in starts]
        return list(zip(starts, sums, ends, strict=True))

    async def _sum(self, market: str, start_ms: int, end_ms: int, shown: Shown) -> PoolSums:
        key = (market, start_ms, end_ms)
        known = self._sums.get(key)
        if known is not None:
            self._sums.move_to_end(key)
            return known
        if shown.complete and start_ms > shown.settled_ms:
            return NOTHING  # no entry is as late as that
        if end_ms <= shown.settled_ms or end_ms - start_ms <= HOUR_MS:
            found = await self._history.pool_sums(market, start_ms, end_ms)
        else:
            found = NOTHING
            for hour_ms in range(start_ms, end_ms, HOUR_MS):
                found = found.plus(await self._sum(market, hour_ms, hour_ms + HOUR_MS, shown))
        if shown.complete and end_ms <= shown.settled_ms:
            self._sums[key] = found
            if len(self._sums) > KEPT:
                self._sums.popitem(last=False)
        return found

    async def _changes(self, market: str, times_ms: list[int], shown: Shown) -> list[PoolChange]:
        """The pool's last change before each of these times; there is one."""
        known = {time_ms: self._ends.get((market, time_ms)) for time_ms in times_ms}
        unknown = [time_ms for time_ms, change in known.items() if change is None]
        for time_ms, change in zip(
            unknown, await self._history.pools_before(market, unknown), strict=True
        ):
            assert change is not None
            known[time_ms] = change
            if shown.complete and time_ms <= shown.settled_ms:
                self._ends[(market, time_ms)] = change
                if len(self._ends) > KEPT:
                    self._ends.popitem(last=False)
        return [change for change in known.values() if change is not None]


GivenPast = NamedDependency[PoolPast]


@get("/api/v1/pools/{symbol:str}/history", summary="A pool's past", tags=["pools"])
async def get_pool_history(
    services: Given,
    pool_past: GivenPast,
    symbol: FromPath[str],
    interval: FromQuery[str] = "1h",
    limit: FromQuery[str] = str(LIMIT),
) -> PoolHistoryView:
    """By `interval` 1h or 1d, in UTC, ascending, the present one last; `limit` 1 to 168 of them.
    None before the pool was first filled. What the book traded is in the candles."""
    if interval not in INTERVALS:
        raise Refused(malformed("Expected interval to be 1h or 1d - at `interval`"))
    count = whole_number(limit, "limit", 1, LIMIT_MAX)
    if isinstance(count, Rejected):
        raise Refused(count)
    market = await pool_named(services, symbol)
    now_ms, settled_ms = services.now_ms(), services.state.now_ms
    seq, complete = await shown_by_tables(services)
    shown = Shown(seq, complete, settled_ms)
    wanted = BY_NAME[interval]
    found = await pool_past.of(market.symbol, wanted, now_ms, count, shown)
    return PoolHistoryView(
        symbol=market.symbol,
        interval=interval,
        items=[
            _view(services.state, market, start_ms, wanted.end_of(start_ms), sums, end)
            for start_ms, sums, end in found
        ],
        seq=seq,
        complete=complete,
    )


def _view(
    state: State, market: Market, start_ms: int, end_ms: int, sums: PoolSums, end: PoolChange
) -> PoolIntervalView:
    base, quote = state.assets[market.base].decimals, state.assets[market.quote].decimals
    return PoolIntervalView(
        start=start_ms,
        end=end_ms,
        reserves=(str(end.reserve_base), str(end.reserve_quote)),
        total_supply=str(end.total_supply),
        tvl=whole_tokens(2 * end.reserve_quote, quote),
        base_volume=whole_tokens(sums.base_volume, base),
        quote_volume=whole_tokens(sums.quote_volume, quote),
        base_fees=whole_tokens(sums.base_fees, base),
        quote_fees=whole_tokens(sums.quote_fees, quote),
        trades=sums.swaps,
    )
