"""The answers of History, over a random journal, against sums over naive rows."""

from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import event

from tests.storage.naive_tables import POOL_OR_MAKER, Tables, naive_tables
from tests.storage.sample import LATE_MARKET, MARKETS, OWNERS, PROTOCOL, START_MS, Sample
from xyk.engine.journal import MemoryJournal
from xyk.engine.order_record import OrderRecord
from xyk.storage.candles import Ticker
from xyk.storage.connection import Database, read_database, reading_engine, writing_engine
from xyk.storage.history import (
    History,
    LiquidityEvent,
    OrderFilter,
    OwnTransfer,
    Page,
    PoolChange,
    PoolSums,
    Trade,
    TransferFilter,
)
from xyk.storage.migrate import upgrade_database
from xyk.storage.position import Reserves
from xyk.storage.projection import Projection

ALL = [*MARKETS, LATE_MARKET]
MINUTE_MS, DAY_MS = 60_000, 24 * 60 * 60_000


@pytest.fixture
def sample() -> Sample:
    sample = Sample(1)
    sample.genesis()
    return sample.steps(600)


@pytest.fixture
def tables(sample: Sample) -> Tables:
    return naive_tables(sample.decoded())


@pytest.fixture
async def history(database: Database, sample: Sample) -> AsyncIterator[History]:
    await project(database, sample)
    engine = reading_engine(database)
    yield History(engine)
    await engine.dispose()


async def project(database: Database, sample: Sample) -> None:
    engine, journal = writing_engine(database), MemoryJournal()
    journal.entries = sample.entries
    await Projection(engine, journal).catch_up()
    await engine.dispose()


async def pool_day(history: History, market: str, now_ms: int) -> PoolSums:
    """Of the minutes that the ticker is of."""
    return await history.pool_sums(market, now_ms - DAY_MS + 1, now_ms + 1)


async def test_cursor_names_the_last_entry(history: History, sample: Sample) -> None:
    last = sample.entries[-1]
    assert await history.cursor() == (last.seq, last.hash)


async def test_before_the_first_entry_there_is_nothing(database: Database) -> None:
    engine = reading_engine(database)
    history = History(engine)
    assert await history.cursor() == (0, "0" * 64)
    assert await history.find_action("0x" + "00" * 32) is None
    assert await history.trades("ETH_USDC", limit=10) == []
    assert await history.candles("ETH_USDC", "1m", start_ms=0, end_ms=START_MS, limit=9) == []
    assert await history.present_candles() == (0, {})
    assert await history.ticker_24h("ETH_USDC", START_MS) is None
    assert await history.minutes("ETH_USDC", START_MS) == []
    assert await pool_day(history, "ETH_USDC", START_MS) == PoolSums()
    assert await history.position(OWNERS[0], "ETH_USDC") is None
    await engine.dispose()


async def test_an_accepted_action_is_found_by_its_digest(history: History, tables: Tables) -> None:
    for digest, seq, *_ in tables["actions"][::20]:
        assert await history.find_action(digest) == seq
    assert await history.find_action("0x" + "ff" * 32) is None


async def test_trades_are_those_that_form_prices_newest_first(
    history: History, tables: Tables
) -> None:
    for market in ALL:
        expected = [Trade(*row) for row in tables["trades"] if row[0] == market and row[8]][::-1]
        assert len(expected) > 10
        assert await history.trades(market, limit=1000) == expected
        assert await history.trades(market, limit=7) == expected[:7]
        assert await history.trades(market, limit=7, offset=5) == expected[5:12]
        before = expected[9].trade_id
        assert await history.trades(market, limit=7, before=before) == expected[10:17]
    assert await history.trades("ETH_USDC", limit=0) == []
    assert await history.trades("X_Y", limit=7) == []


async def test_an_owners_fills_are_those_of_both_sides(history: History, tables: Tables) -> None:
    trades = [Trade(*row) for row in tables["trades"]]
    by_place = sorted(trades, key=lambda trade: (trade.seq, trade.event), reverse=True)
    both = [one for one in trades if one.maker]
    assert len({one.maker for one in both} & set(OWNERS)) > 4
    for owner in OWNERS:
        own = [one for one in by_place if owner in (one.taker, one.maker)]
        assert await history.fills(owner, limit=1000) == own
        page = await history.fills(owner, limit=5, before=(own[3].seq, own[3].event))
        assert page == own[4:9]
        on_one = [one for one in own if one.market == "ETH_BTC"]
        assert await history.fills(owner, market="ETH_BTC", limit=1000) == on_one
    for one in both[::7]:
        fills = [
            each for each in by_place if one.maker_order in (each.maker_order, each.taker_order)
        ]
        assert await history.fills(one.maker, order_id=one.maker_order, limit=1000) == fills


async def test_orders_are_found_in_any_state(
    history: History, tables: Tables, sample: Sample
) -> None:
    orders = [OrderRecord(*row) for row in tables["orders"]]
    states = {"PartiallyFilled", "Filled", "Cancelled", "Expired", "TriggerPending"}
    assert {order.status for order in orders} >= states | {"TriggerFailed"}
    for order in orders[::9]:
        assert await history.order(order.order_id) == order
    assert await history.order(10**6) is None
    for owner in OWNERS:
        own = [order for order in orders if order.owner == owner][::-1]
        wanted = OrderFilter(owner=owner, up_to=sample.entries[-1].seq)
        assert await history.orders_page(wanted, Page(limit=1000)) == own
        earlier = replace(wanted, up_to=own[1].order_id - 1)
        assert await history.orders_page(earlier, Page(limit=3, offset=1)) == own[3:6]
        some = [order for order in own if order.market == "ETH_USDC"]
        assert (
            await history.orders_page(replace(wanted, market="ETH_USDC"), Page(limit=1000)) == some
        )
        named = next((order for order in own if order.client_id == 7), None)
        assert await history.order_with_client_id(owner, 7) == named
        assert await history.order_with_client_id(owner, 0) is None


async def test_newest_trades_are_found_without_reading_dust(tmp_path: Path, sample: Sample) -> None:
    """On SQLite, whose planner says what it does and knows no statistics."""
    database = read_database(tmp_path)
    await upgrade_database(database)
    await project(database, sample)
    engine, sent = reading_engine(database), list[tuple[str, tuple[Any, ...]]]()
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *call: sent.append(call[2:4]))
    await History(engine).trades("ETH_USDC", limit=10, before=90)
    statement, parameters = sent[-1]
    async with engine.connect() as connection:
        explain = f"EXPLAIN QUERY PLAN {statement}"
        plan = str((await connection.exec_driver_sql(explain, parameters)).all())
    await engine.dispose()
    assert "trades_forming (market=? AND price_forming=? AND trade_id<?)" in plan
    assert "TEMP B-TREE" not in plan


async def test_ticker_is_the_candle_of_the_last_1440_minutes(
    history: History, tables: Tables, sample: Sample
) -> None:
    random = Random(3)
    for market in ALL:
        trades = [row for row in tables["trades"] if row[0] == market]
        for _ in range(12):
            now_ms = random.randrange(START_MS, sample.now_ms + DAY_MS)
            this_minute = now_ms // MINUTE_MS * MINUTE_MS
            since = this_minute - DAY_MS + MINUTE_MS
            fills = [row for row in trades if since <= row[4] < this_minute + MINUTE_MS]
            past = [row[7] for row in trades if row[8] and row[4] < this_minute + MINUTE_MS]
            prices = [row[7] for row in fills if row[8]] or past[-1:]
            expected = prices and Ticker(
                first=prices[0],
                last=prices[-1],
                high=max(prices, key=Fraction),
                low=min(prices, key=Fraction),
                base_volume=sum(row[5] for row in fills),
                quote_volume=sum(row[6] for row in fills),
                trades=len(fills),
            )
            assert (await history.ticker_24h(market, now_ms) or []) == expected
            day = await pool_day(history, market, now_ms)
            base, quote = market.split("_")
            fills = [row for row in fills if not row[POOL_OR_MAKER]]
            assert day == PoolSums(
                base_volume=sum(row[5] for row in fills),
                quote_volume=sum(row[6] for row in fills),
                base_fees=sum(row[12] for row in fills if row[13] == base),
                quote_fees=sum(row[12] for row in fills if row[13] == quote),
                swaps=len(fills),
            )


async def test_ticker_rolls_on_by_whole_minutes(database: Database) -> None:
    sample = Sample(4)
    sample.genesis()
    sample.now_ms = START_MS // MINUTE_MS * MINUTE_MS + 10 * MINUTE_MS
    while not any(row[8] for row in naive_tables(sample.decoded())["trades"]):
        sample.swap(OWNERS[0], ["ETH_USDC"], 10**18)
    fills = len(naive_tables(sample.decoded())["trades"])
    await project(database, sample)
    engine = reading_engine(database)
    history, last_instant = History(engine), sample.now_ms + DAY_MS - 1
    for now_ms, trades in ((sample.now_ms, fills), (last_instant, fills), (last_instant + 1, 0)):
        ticker = await history.ticker_24h("ETH_USDC", now_ms)
        assert ticker is not None
        assert ticker.trades == trades
        assert (await pool_day(history, "ETH_USDC", now_ms)).swaps == trades
    assert await history.ticker_24h("ETH_USDC", sample.now_ms - MINUTE_MS) is None
    await engine.dispose()


async def test_fills_before_the_first_price_have_volume_and_no_candle(database: Database) -> None:
    sample = Sample(4)
    sample.genesis()
    sample.swap(OWNERS[0], ["ETH_USDC"], 3_000)  # too small to form a price
    await project(database, sample)
    engine = reading_engine(database)
    history, now_ms = History(engine), sample.now_ms
    [minute] = await history.minutes("ETH_USDC", now_ms)
    assert (minute.trades, minute.close) == (1, None)
    assert await history.ticker_24h("ETH_USDC", now_ms) is None
    assert await history.candles("ETH_USDC", "1m", start_ms=0, end_ms=now_ms + 1, limit=9) == []
    assert (await pool_day(history, "ETH_USDC", now_ms)).swaps == 1
    await engine.dispose()


async def test_minutes_of_a_day_add_up_to_it(
    history: History, tables: Tables, sample: Sample
) -> None:
    now_ms = sample.now_ms
    for market in ALL:
        minutes = await history.minutes(market, now_ms)
        assert minutes == sorted(minutes, key=lambda one: one.start_ms)
        day, ticker = (
            await pool_day(history, market, now_ms),
            await history.ticker_24h(market, now_ms),
        )
        assert ticker is not None
        assert sum(one.base_volume for one in minutes) == ticker.base_volume
        assert sum(one.quote_volume for one in minutes) == ticker.quote_volume
        assert sum(one.trades for one in minutes) == ticker.trades >= day.swaps
        assert sum(one.base_fees for one in minutes) == day.base_fees
        assert sum(one.quote_fees for one in minutes) == day.quote_fees
        stored = {row[2]: row[1:] for row in tables["candles"] if row[:2] == (market, "1m")}
        for one in minutes:
            prices = (one.open, one.high, one.low, one.close)
            assert prices == (stored[one.start_ms][2:6] if stored[one.start_ms][9] else (None,) * 4)


async def test_what_a_pool_was_at_any_time(history: History, tables: Tables) -> None:
    """For many times at once, at, before and after changes, in no order."""
    for market in ALL:
        changes = [PoolChange(*row) for row in tables["pool_history"] if row[0] == market]
        times = [change.time_ms + more for change in changes for more in (-1, 0, 1)]
        times += [0, changes[-1].time_ms + 10**9]
        times = times[1::2] + times[::2]
        expected = [
            max(
                [one for one in changes if one.time_ms < time_ms],
                key=lambda one: (one.seq, one.event),
                default=None,
            )
            for time_ms in times
        ]
        assert await history.pools_before(market, times) == expected
        assert await history.first_pool_change(market) == changes[0]
    assert await history.pools_before("X_Y", [0, 10**15]) == [None, None]
    assert await history.first_pool_change("X_Y") is None


async def test_what_an_owner_added_and_removed(history: History, tables: Tables) -> None:
    rows = [LiquidityEvent(*row) for row in tables["liquidity_events"]]
    rows.sort(key=lambda one: (one.seq, one.event), reverse=True)
    owner = OWNERS[3]
    for market in ("", "ETH_USDC"):
        expected = [one for one in rows if one.owner == owner and market in ("", one.market)]
        assert len(expected) > 1
        assert await history.liquidity_page(owner, market, Page(limit=1000)) == expected
        later = await history.liquidity_page(owner, market, Page(limit=1, offset=1))
        assert later == expected[1:2]


async def test_transfers_of_an_owner_are_both_what_came_and_what_left(
    history: History, tables: Tables
) -> None:
    kinds = ("deposit", "withdrawal", "in", "out")
    seen = set()
    for owner in OWNERS:
        own = [row for row in tables["transfers"] if row[0] == owner][::-1]
        expected = [OwnTransfer(row[1], *row[3:]) for row in own]
        seen.update(one.kind for one in expected)
        wanted = TransferFilter(owner=owner, kinds=kinds, with_shares=True)
        assert await history.transfers_page(wanted, Page(limit=1000)) == expected
        assert await history.transfers_page(wanted, Page(limit=4, offset=3)) == expected[3:7]
        moved = replace(wanted, kinds=kinds[:2])
        assert await history.transfers_page(moved, Page(limit=1000)) == [
            one for one in expected if one.kind in moved.kinds
        ]
    assert seen == {*kinds}


async def test_position_has_the_fees_earned_at_the_pools_last_state(
    history: History, tables: Tables, sample: Sample
) -> None:
    last = {row[0]: Reserves(*row[4:7]) for row in tables["pool_history"]}
    earning = 0
    for row in tables["positions"]:
        found = await history.position(row[0], row[1])
        assert found is not None
        position = found.position
        assert (position.owner, position.market, position.seq, position.shares) == row[:4]
        assert (position.sqrt_k_in, position.base_in, position.quote_in) == row[4:7]
        earned = (found.base_fees_earned, found.quote_fees_earned)
        assert earned == position.fees_earned(last[row[1]])
        assert position.shares == sample.pools[row[1]].held[row[0]]
        earning += earned[0] > 0
    assert earning > 5
    assert PROTOCOL in {row[0] for row in tables["positions"]}
