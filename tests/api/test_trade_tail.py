"""What memory bridges between committed entries and read tables that trail behind them."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.trade_tail import PublicTrade, TradeTail, Trail
from api.trades import LIMIT_MAX, Trades, newest_trades, trades_between


def trade(seq: int, number: int) -> PublicTrade:
    return PublicTrade(number, seq, 1_000 * seq, "1", 1, 1, True)


class Tables:
    """The read tables: of all trades those of entries up to `projected`."""

    def __init__(self) -> None:
        self.projected = 0
        self.rows: list[PublicTrade] = []

    async def trades(
        self,
        market: str,
        *,
        limit: int,
        before: int | None,
        offset: int = 0,
        since: int = 0,
        taker_buys: bool | None = None,
    ) -> Sequence[PublicTrade]:
        shown = [
            row
            for row in reversed(self.rows)
            if row.seq <= self.projected and (before is None or row.trade_id < before)
            if row.trade_id >= since and taker_buys in (None, row.taker_buys)
        ]
        return shown[offset : offset + limit]

    async def first_trade_at(self, market: str, time_ms: int) -> int:
        shown = [row for row in self.rows if row.seq <= self.projected]
        later = [row.trade_id for row in shown if row.time_ms >= time_ms]
        return min(later, default=len(shown) + 1)


class Services:
    def __init__(self, history: Tables) -> None:
        self.history = history


class Market:
    symbol = "A_B"

    def __init__(self) -> None:
        self.tail = TradeTail()


steps = st.lists(
    st.tuples(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.integers(0, 6)), max_size=25
)


@given(steps, st.integers(1, 40), st.integers(0, 40))
async def test_tail_and_tables_are_all_trades(
    groups: list[tuple[list[int], int]], limit: int, offset: int
) -> None:
    """Groups of entries with so many trades each; the tables move on between the commits, and
    once more before somebody asks."""
    tables, market = Tables(), Market()
    trail = Trail(lambda: tables.projected, 0, 0)
    ends, seq = [0], 0
    for entries, progress in groups:
        for count in entries:
            seq += 1
            for _ in range(count):
                one = trade(seq, len(tables.rows) + 1)
                tables.rows.append(one)
                trail.add(market.symbol, market.tail, one)
        trail.committed(seq, 1_000 * seq)
        ends.append(seq)
        tables.projected = min(seq, tables.projected + progress)

        services: Any = Services(tables)
        asked: Any = market
        found = await newest_trades(services, asked, limit, offset)
        assert list(found) == tables.rows[::-1][offset : offset + limit]
        shown = max(end for end in ends if end <= tables.projected)
        assert trail.shown() == (shown, 1_000 * shown)
    trail.committed(seq + 1, 1_000 * (seq + 1))
    assert len(market.tail) == sum(row.seq > tables.projected for row in tables.rows)


async def test_an_answer_has_a_thousand_trades_at_most_from_memory_too() -> None:
    """The read tables trail behind all of them."""
    market: Any = Market()
    market.base_decimals = market.quote_decimals = 6
    for number in range(1, LIMIT_MAX + 6):
        market.tail.add(trade(number, number))
    feed: Any = SimpleNamespace(markets={"A_B": market})
    services: Any = Services(Tables())
    trades = Trades(services, feed)
    for ask in (trades.newest, trades.history):
        answer = await ask(b"symbol=A_B&limit=5000")
        ids = [one["id"] for one in msgspec.json.decode(answer.body)]
        assert ids == list(range(LIMIT_MAX + 5, 5, -1))


@pytest.mark.parametrize("projected", range(9))
@pytest.mark.parametrize("kept", [0, 3, 8])
async def test_times_and_sides_meet_at_the_tail(projected: int, kept: int) -> None:
    """The tail keeps the newest `kept` of eight trades and the tables show up to `projected`,
    perhaps some of the same."""
    if projected + kept < 8:
        return  # nobody has what is between
    tables, market = Tables(), Market()
    tables.rows = [PublicTrade(n, n, 1_000 * n, "1", 1, 1, n % 3 == 0) for n in range(1, 9)]
    tables.projected = projected
    for one in tables.rows[8 - kept :]:
        market.tail.add(one)
    services: Any = Services(tables)
    feed: Any = market
    for first, last in ((0, 9), (1, 8), (3, 6), (5, 5), (6, 2)):
        for side in (None, True, False):
            found = await trades_between(
                services,
                feed,
                100,
                start_ms=1_000 * first,
                end_ms=1_000 * last,
                taker_buys=side,
            )
            assert [one.trade_id for one in found] == [
                one.trade_id
                for one in reversed(tables.rows)
                if first <= one.seq <= last and side in (None, one.taker_buys)
            ]
