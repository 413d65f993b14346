"""Very many triggers at once, which anybody can place for a cent each, must cost by their number
only: not by its square, and not while their market is closed."""

import json
from typing import Any

from tests.exchange.test_clock import WHOLE, stop, traded
from tests.exchange.venue import BOB, CAROL, OPERATOR, with_book
from xyk.domain.commands import SetMarketStatus
from xyk.exchange.state import State


class Counted(list[tuple[int, int]]):
    """A waiting list that counts how often something is taken out of it."""

    taken_out = 0

    def __delitem__(self, key: Any) -> None:
        self.taken_out += 1
        super().__delitem__(key)


def test_a_thousand_triggers_at_one_price_leave_their_list_at_once() -> None:
    """One by one, each would move all that wait behind it: 2 s for 80,000 of them, in one entry."""
    venue = with_book()
    traded(venue, 200_000)
    stops = [stop(venue, BOB, 1, 150_000, 190_000) for _ in range(20)]
    other = stop(venue, CAROL, 1, 150_000, 180_000)
    waiting = venue.state.open_orders.waiting["ETH_USDC"]
    waiting.below = Counted(waiting.below)
    traded(venue, 190_000)
    assert list(venue.state.open_orders.due) == stops
    assert waiting.below == [(-180_000 * WHOLE, other)]
    assert waiting.below.taken_out == 1


def test_the_next_due_trigger_is_found_without_a_look_at_those_of_paused_markets() -> None:
    venue = with_book()
    traded(venue, 200_000)
    for _ in range(20):
        stop(venue, BOB, 1, 150_000, 190_000)
    traded(venue, 190_000)
    venue.do(SetMarketStatus, OPERATOR, early=True, market="ETH_USDC", status="paused")
    asked: list[str] = []

    def is_open(market: str) -> bool:
        asked.append(market)
        return venue.state.markets[market].status == "open"

    orders = venue.state.open_orders
    assert orders.first_due(is_open) is None and asked == ["ETH_USDC"]
    loaded = State.load(json.loads(venue.state.encode())).open_orders
    assert loaded.due == orders.due
    assert loaded.first_due(lambda market: True) == next(iter(orders.due))
