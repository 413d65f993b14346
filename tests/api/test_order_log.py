"""What the log of orders keeps for repeated receipts is bounded by orders, not by entries alone:
one cancel can name a thousand of them."""

from typing import Any

import pytest

from api import order_log
from api.order_log import OrderLog
from tests.exchange.venue import BOB, Venue, with_book
from xyk.domain.commands import CancelAllOrders, Command
from xyk.domain.rejections import Rejected
from xyk.engine.entry import GENESIS_HASH, Evidence, seal_entry
from xyk.engine.submission import Committed

ORDERS = 10


def committed(venue: Venue, command: Command, events: Any) -> Committed:
    kind, texts = type(command).__name__, (b"{}", b"{}", b"[]")
    entry = seal_entry(venue.state.seq, venue.now_ms, kind, *texts, GENESIS_HASH)
    return Committed(entry, command, Evidence(scheme="eip712"), events)


def cancel_all(venue: Venue, log: OrderLog) -> int:
    """The seq of an entry that cancelled ten orders."""
    for tick in range(ORDERS):
        number = venue.rest("bid", BOB, 1, 100_000 + tick)
        log._records.open[number] = OrderLog(venue.state, lambda: 0)._records.open[number]
    stamp = {"nonce": venue.nonce(), "deadline": venue.now_ms // 1000 + 60}
    events = venue.do(CancelAllOrders, BOB, market="", **stamp)
    assert not isinstance(events, Rejected)
    one = committed(venue, CancelAllOrders(owner=BOB, market="", **stamp), events)
    for event in events:
        log.apply(one, event)
    log.keep_outcome(one)
    return one.entry.seq


def test_outcomes_are_kept_up_to_a_number_of_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_log, "OUTCOME_ORDERS_KEPT", 2 * ORDERS)
    venue = with_book()
    log = OrderLog(venue.state, lambda: 0)
    first, second, third = (cancel_all(venue, log) for _ in range(3))
    assert log.outcome(first) is None, "it is read from the tables"
    for seq in (second, third):
        kept = log.outcome(seq)
        assert kept is not None and len(kept) == ORDERS
        assert {order.status for order in kept} == {"Cancelled"}


def test_closed_orders_are_forgotten_once_the_read_tables_show_them() -> None:
    venue, shown = with_book(), [0]
    log = OrderLog(venue.state, lambda: shown[0])
    first, second = cancel_all(venue, log), cancel_all(venue, log)
    shown[0] = first
    log.forget_projected()
    left = [log.closed(number) for number in range(1, second) if log.closed(number) is not None]
    assert len(left) == ORDERS and {order.seq for order in left if order} == {second}
    shown[0] = second
    log.forget_projected()
    assert all(log.closed(number) is None for number in range(1, second))
