"""What the clock does: expiries, dead man's switches, triggers and their cascades."""

import json
from typing import Any

import pytest

from tests.exchange.test_orders import names
from tests.exchange.venue import (
    ALICE,
    BOB,
    CAROL,
    LOT,
    NOW_S,
    OPERATOR,
    Venue,
    both,
    refused,
    with_book,
)
from xyk.domain.commands import (
    ActivateTrigger,
    ApproveAgent,
    CancelAllAfter,
    ExpireOrder,
    FireCancelTimer,
    SetMarketStatus,
)
from xyk.domain.events import CancelTimerSet, OrderClosed, TriggersReached
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import CLOCK, Request
from xyk.exchange.decide import decide
from xyk.exchange.due import next_due
from xyk.exchange.state import State

WHOLE = 10**4  # a tick of 0.01 USDC in quote units per whole ETH


def timer(venue: Venue, seconds: int, market: str = "", owner: str = BOB) -> CancelTimerSet:
    done = venue.do(CancelAllAfter, owner, market=market, timeout_seconds=seconds)
    assert not isinstance(done, Rejected)
    event = done[-1]
    assert isinstance(event, CancelTimerSet)
    return event


def traded(venue: Venue, ticks: int) -> None:
    """Alice and Carol trade one lot at this price: it is the last one."""
    venue.rest("ask", ALICE, 1, ticks)
    done = venue.bid(CAROL, 1, ticks)
    assert not isinstance(done, Rejected) and names(done)[1] == "BookFilled", done


def stop(venue: Venue, owner: str, lots: int, ticks: int, trigger: int, **fields: Any) -> int:
    """A sell stop: an ask at `ticks` once the price falls to `trigger` ticks."""
    return venue.rest(
        "ask", owner, lots, ticks, trigger_price=trigger * WHOLE, trigger_above=False, **fields
    )


def test_a_good_till_date_order_lives_until_its_second() -> None:
    venue = with_book()
    number = venue.rest("bid", BOB, 10, 200_000, time_in_force="GTD", expires=NOW_S + 60)
    venue.now_ms = (NOW_S + 60) * 1000 - 1
    assert venue.tick() == [] and venue.held(BOB, "USDC") == 10 * 200_000
    venue.now_ms += 1
    assert next_due(venue.state, venue.now_ms, 0) == ExpireOrder(order_id=number)
    assert [names(events) for events in venue.tick()] == [["Expired GoodTillDate"]]
    assert venue.held(BOB, "USDC") == 0


def test_what_is_due_comes_in_the_order_of_time_then_id() -> None:
    venue = with_book()
    gtd = dict(time_in_force="GTD")
    late = venue.rest("bid", BOB, 10, 200_000, **gtd, expires=NOW_S + 61)
    one = venue.rest("bid", BOB, 10, 200_000, **gtd, expires=NOW_S + 60)
    two = venue.rest("bid", CAROL, 10, 200_000, **gtd, expires=NOW_S + 60)
    timer(venue, 60)
    timer(venue, 60, "ETH_USDC")
    timer(venue, 59, owner=CAROL)
    other = venue.rest("ask", ALICE, 10, 210_000, **gtd, expires=NOW_S + 60)
    venue.now_ms = (NOW_S + 61) * 1000
    assert [names(events) for events in venue.tick()] == [
        ["CancelTimerSet", "Cancelled CancelAllAfter"],
        ["Expired GoodTillDate"],
        ["Expired GoodTillDate"],
        ["CancelTimerSet", "Cancelled CancelAllAfter"],
        ["CancelTimerSet"],
    ]
    closed = [
        event.order_id
        for events in venue.clocked
        for event in events
        if isinstance(event, OrderClosed)
    ]
    assert closed == [two, one, other, late]
    fired = [
        (event.owner, event.market, event.fires_ms)
        for events in venue.clocked
        for event in events
        if isinstance(event, CancelTimerSet)
    ]
    assert fired == [(CAROL, "", 0), (BOB, "", 0), (BOB, "ETH_USDC", 0)]
    assert not venue.state.open_orders.timers


def test_a_switch_is_set_anew_disarmed_and_spares_other_markets() -> None:
    venue = with_book()
    number = venue.rest("bid", BOB, 10, 200_000)
    assert timer(venue, 10).fires_ms == venue.now_ms + 10_000
    venue.now_ms += 9_000
    assert timer(venue, 10).fires_ms == venue.now_ms + 10_000
    venue.now_ms += 9_000
    assert timer(venue, 0).fires_ms == 0
    assert timer(venue, 0).fires_ms == 0, "none is armed any more, which is fine"
    timer(venue, 1, "ETH_BTC")
    venue.now_ms += 100_000
    assert [names(events) for events in venue.tick()] == [["CancelTimerSet"]]
    assert number in venue.state.open_orders.by_id


def test_in_a_closed_market_switches_and_expiries_run_and_triggers_wait() -> None:
    venue = with_book()
    traded(venue, 200_000)
    waits = stop(venue, BOB, 10, 150_000, 190_000)
    also = stop(venue, CAROL, 10, 150_000, 190_000)
    traded(venue, 190_000)
    venue.do(SetMarketStatus, OPERATOR, early=True, market="*", status="cancel_only")
    assert list(venue.state.open_orders.due) == [waits, also]
    assert venue.tick() == []
    code, _ = refused(venue.replace(waits, 9, 150_000))
    assert code is Code.TRADING_PAUSED
    assert names(venue.cancel(CAROL, also)) == ["Cancelled UserCancelled"]
    timer(venue, 60, owner=ALICE)
    venue.now_ms += 60_000
    assert [names(events) for events in venue.tick()] == [["CancelTimerSet"]]
    venue.do(SetMarketStatus, OPERATOR, market="*", status="open")
    assert next_due(venue.state, venue.now_ms, 0) is None, "as after a hundred of them"
    assert next_due(venue.state, venue.now_ms, 1) == ActivateTrigger(order_id=waits)
    assert names(venue.bid(ALICE, 10, 150_000))[-1] == "Filled", "it was there first"
    assert names(venue.clocked[-1]) == ["OrderTriggered", "OrderRested"]


def test_a_trigger_that_is_due_may_be_replaced_and_stays_due() -> None:
    venue = with_book()
    traded(venue, 200_000)
    number = stop(venue, BOB, 10, 150_000, 190_000)
    traded(venue, 190_000)
    done = venue.replace(number, 9, 160_000, early=True)
    assert names(done) == ["OrderReplaced", "TriggerArmed"]
    assert [names(events) for events in venue.tick()] == [["OrderTriggered", "OrderRested"]]
    assert venue.book() == ([], [(160_000, 9)])


def test_the_clock_cannot_run_ahead() -> None:
    venue = with_book()
    number = venue.rest("bid", BOB, 10, 200_000, time_in_force="GTD", expires=NOW_S + 60)
    timer(venue, 30)
    for command in (
        ExpireOrder(order_id=number),
        FireCancelTimer(owner=BOB, market=""),
        ActivateTrigger(order_id=number),
    ):
        request = Request(venue.state.seq + 1, venue.now_ms + 29_999, "", "", CLOCK, command)
        with pytest.raises(AssertionError, match="due next"):
            decide(venue.state, request)


def test_a_trigger_order_waits_off_the_book_with_its_hold() -> None:
    venue = with_book()
    traded(venue, 200_000)
    number = stop(venue, BOB, 10, 150_000, 190_000)
    assert venue.held(BOB, "ETH") == 10 * LOT and venue.book() == ([], [])
    traded(venue, 190_001)
    assert venue.tick() == []
    traded(venue, 190_000)
    assert names(venue.bid(CAROL, 4, 180_000))[-1] == "Filled"
    assert [names(events) for events in venue.clocked] == [["OrderTriggered", "OrderRested"]]
    assert venue.book() == ([], [(150_000, 6)])
    assert venue.held(BOB, "ETH") == venue.state.open_orders.by_id[number].remaining * LOT


def test_a_rise_and_a_fall_trigger_from_their_own_sides() -> None:
    venue = with_book()
    traded(venue, 200_000)
    above = venue.rest("bid", BOB, 10, 215_000, trigger_price=210_000 * WHOLE, trigger_above=True)
    nearer = venue.rest("bid", BOB, 10, 215_000, trigger_price=205_000 * WHOLE, trigger_above=True)
    below = stop(venue, CAROL, 10, 190_000, 195_000)
    venue.rest("ask", ALICE, 1, 210_000)
    done = venue.bid(CAROL, 1, 210_000)
    assert not isinstance(done, Rejected)
    reached = [event for event in done if isinstance(event, TriggersReached)]
    assert reached == [TriggersReached(market="ETH_USDC", orders=(nearer, above))]
    assert names(done) == ["OrderPlaced", "BookFilled", "TriggersReached", "Filled"]
    assert below in venue.state.open_orders.by_id


def test_a_cascade_of_stops() -> None:
    """Each activated stop trades down to the next one's trigger."""
    venue = with_book()
    for ticks in (199_000, 198_000, 197_000):
        venue.rest("bid", ALICE, 10, ticks)
    traded(venue, 200_000)
    first = stop(venue, BOB, 10, 190_000, 199_000)
    second = stop(venue, BOB, 10, 190_000, 198_000)
    third = stop(venue, BOB, 11, 190_000, 197_500)
    done = venue.ask(CAROL, 10, 199_000)
    assert names(done) == ["OrderPlaced", "BookFilled", "TriggersReached", "Filled"]
    assert [names(events) for events in venue.tick()] == [
        ["OrderTriggered", "BookFilled", "TriggersReached", "Filled"],
        ["OrderTriggered", "BookFilled", "TriggersReached", "Filled"],
        ["OrderTriggered", "OrderRested"],
    ]
    assert [first, second] != [third] and venue.book() == ([], [(190_000, 11)])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (dict(time_in_force="GTC"), ["OrderTriggered", "BookFilled", "OrderRested"]),
        (dict(time_in_force="IOC"), ["OrderTriggered", "BookFilled", "Expired ImmediateOrCancel"]),
        (dict(time_in_force="FOK"), ["OrderTriggered", "TriggerFailed InsufficientLiquidity"]),
        (
            dict(time_in_force="GTD", expires=NOW_S + 60),
            ["OrderTriggered", "BookFilled", "OrderRested"],
        ),
    ],
)
def test_the_time_in_force_holds_at_activation(fields: dict[str, Any], expected: list[str]) -> None:
    venue = with_book()
    venue.rest("bid", ALICE, 4, 180_000)
    traded(venue, 200_000)
    stop(venue, BOB, 10, 180_000, 190_000, **fields)
    traded(venue, 190_000)
    assert [names(events) for events in venue.tick()] == [expected]
    rests = expected[-1] == "OrderRested"
    assert venue.held(BOB, "ETH") == (6 * LOT if rests else 0)


def test_a_trigger_that_cannot_execute_fails_and_gets_its_funds_back() -> None:
    venue = with_book()
    traded(venue, 200_000)
    own = venue.rest("bid", BOB, 10, 180_000)
    stop(venue, BOB, 10, 170_000, 190_000, self_trade_prevention="RejectTaker")
    stop(venue, BOB, 10, 185_000, 190_000, time_in_force="IOC")
    before = venue.has(BOB, "ETH")
    traded(venue, 190_000)
    assert [names(events) for events in venue.tick()] == [
        ["OrderTriggered", "TriggerFailed InvalidOrder"],
        ["OrderTriggered", "TriggerFailed InsufficientLiquidity"],
    ]
    assert venue.has(BOB, "ETH") == before + 20 * LOT
    assert own in venue.state.open_orders.by_id


def test_a_waiting_trigger_is_replaced_and_goes_on_waiting() -> None:
    venue = with_book()
    traded(venue, 200_000)
    number = stop(venue, BOB, 10, 150_000, 190_000)
    for lots, ticks in ((8, 150_000), (12, 150_000), (12, 140_000)):
        assert names(venue.replace(number, lots, ticks)) == ["OrderReplaced", "TriggerArmed"]
        assert venue.held(BOB, "ETH") == lots * LOT
    order = venue.state.open_orders.by_id[number]
    assert (order.price, order.trigger_price) == (140_000, 190_000 * WHOLE)
    code, _ = refused(venue.replace(number, 10**8, 140_000))
    assert code is Code.INSUFFICIENT_FUNDS
    assert names(venue.cancel(BOB, number)) == ["Cancelled UserCancelled"]
    assert venue.held(BOB, "ETH") == 0
    traded(venue, 180_000)
    assert venue.tick() == []


def test_a_reached_trigger_may_expire_or_be_cancelled_before_its_turn() -> None:
    """The clock's expiry comes first; a pause gives users time to cancel and replace."""
    venue = with_book()
    traded(venue, 200_000)
    fields = dict(time_in_force="GTD", expires=NOW_S + 60)
    expiring = stop(venue, BOB, 10, 150_000, 190_000, **fields)
    second = stop(venue, BOB, 10, 150_000, 190_000)
    third = stop(venue, BOB, 10, 150_000, 190_000)
    venue.rest("ask", ALICE, 1, 190_000)
    venue.do(SetMarketStatus, OPERATOR, market="ETH_BTC", status="paused")
    venue.bid(CAROL, 1, 190_000)
    assert list(venue.state.open_orders.due) == [expiring, second, third]
    venue.now_ms = (NOW_S + 60) * 1000
    assert [names(events) for events in venue.tick()] == [
        ["Expired GoodTillDate"],
        ["OrderTriggered", "OrderRested"],
        ["OrderTriggered", "OrderRested"],
    ]
    assert venue.held(BOB, "ETH") == 20 * LOT


def test_an_agents_trigger_is_held_against_spot_when_it_is_activated() -> None:
    venue = both()
    venue.do(ApproveAgent, BOB, agent=ALICE, valid_until=NOW_S + 10**6)
    venue.ask(CAROL, 10, 199_000, time_in_force="IOC")
    near = stop(venue, BOB, 10, 181_000, 199_000, signer=ALICE)
    far = stop(venue, BOB, 10, 170_000, 199_000, signer=ALICE)
    venue.ask(CAROL, 10_000, 195_000, time_in_force="IOC")
    assert [names(events) for events in venue.tick()] == [
        ["OrderTriggered", "PoolSwapped", "Filled"],
        ["OrderTriggered", "TriggerFailed InvalidPrice"],
    ]
    assert near not in venue.state.open_orders.by_id
    assert far not in venue.state.open_orders.by_id


def test_an_agents_new_terms_for_its_owners_trigger_are_held_against_spot_too() -> None:
    venue = both()
    venue.do(ApproveAgent, BOB, agent=ALICE, valid_until=NOW_S + 10**6)
    venue.ask(CAROL, 10, 199_000, time_in_force="IOC")
    number = stop(venue, BOB, 10, 198_000, 199_000)
    assert not venue.state.open_orders.by_id[number].by_agent
    assert names(venue.replace(number, 20, 1_000, signer=ALICE)) == [
        "OrderReplaced",
        "TriggerArmed",
    ]
    venue.ask(CAROL, 10_000, 195_000, time_in_force="IOC")
    assert [names(events) for events in venue.tick()] == [
        ["OrderTriggered", "TriggerFailed InvalidPrice"]
    ]
    assert venue.held(BOB, "ETH") == 0


def test_orders_timers_and_due_triggers_survive_a_dump() -> None:
    venue = both()
    venue.ask(CAROL, 10, 199_000, time_in_force="IOC")
    venue.rest("ask", BOB, 10, 210_000, client_id=4)
    venue.rest("ask", CAROL, 10, 210_000, time_in_force="GTD", expires=NOW_S + 60)
    venue.rest("bid", BOB, 10, 180_000, post_only=True)
    due = stop(venue, BOB, 10, 150_000, 199_390)
    stop(venue, BOB, 10, 150_000, 100_000)
    stop(venue, BOB, 10, 150_000, 120_000)
    venue.rest("bid", BOB, 9, 150_000, trigger_price=2**200, trigger_above=True)
    timer(venue, 60, "ETH_USDC")
    timer(venue, 90)
    venue.ask(CAROL, 100, 199_000, time_in_force="IOC")
    assert list(venue.state.open_orders.due) == [due]
    copy = restored(venue)
    assert copy.digest() == venue.state.digest()
    assert copy.books["ETH_USDC"].depth(False, 9) == venue.book()[1]
    seen = []
    for state in (copy, venue.state):
        twin = Venue()
        twin.state = state
        at_once = twin.tick()
        assert [names(events) for events in at_once] == [
            ["OrderTriggered", "PoolSwapped", "Filled"]
        ]
        twin.now_ms = (NOW_S + 100) * 1000
        seen.append((at_once, twin.tick(), state.digest()))
    assert seen[0] == seen[1] and len(seen[0][1]) == 3


def restored(venue: Venue) -> State:
    return State.load(json.loads(venue.state.encode()))
