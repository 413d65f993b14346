"""Stuffing the book and arming triggers by the thousand: what each costs whoever does it, what it
delays for others, and that it ends.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.test_clock import WHOLE, stop, traded
from tests.exchange.venue import ALICE, BOB, BOBS_KEY, CAROL, LOT, NOW_S, Venue, refused, with_book
from tests.security.market_thief import Bazaar, by_clock, done
from xyk.domain.commands import (
    ActivateTrigger,
    ApproveAgent,
    CancelAllAfter,
    CancelAllOrders,
    ClockCommand,
)
from xyk.domain.events import BookFilled, TriggersReached
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import (
    CANCEL_AFTER_MAX_S,
    FILLS_MAX,
    MINIMUM_ORDER_QUOTE,
    ORDERS_PER_OWNER_MAX,
    TRIGGERS_BETWEEN_MAX,
)
from xyk.engine.clockwork import Clockwork

AGENT = "0x" + "a9" * 20


def bazaar(*owners: str) -> Bazaar:
    """ETH_USDC with a book and an empty pool, and owners who have 1,000 ETH and 10 M USDC."""
    venue = Bazaar(is_fast=True)
    for owner in owners:
        venue.fund(owner, ETH=10**21, USDC=10**13)
    return venue


def wallets() -> Iterator[str]:
    for number in count(1):
        yield f"0x{number:040x}"


def test_an_owner_has_a_thousand_orders_whoever_signs_them() -> None:
    """By wallet, agent and key together, resting or waiting; each holds at least 10^4 quote units.
    IOC still works, and a cancel makes room for one."""
    venue = bazaar(ALICE, BOB, CAROL)
    done(venue.do(ApproveAgent, BOB, agent=AGENT, valid_until=NOW_S + 99))
    venue.approve(BOB, BOBS_KEY)
    traded(venue, 200_000)
    for number in range(ORDERS_PER_OWNER_MAX):
        ticks = 190_000 - number
        if number % 4 == 0:
            stop(venue, BOB, 1, 150_000, ticks)
        elif number % 4 == 1:
            price = f"{ticks // 100}.{ticks % 100:02}"
            done(venue.by_key(BOBS_KEY, price=price, quantity="0.0001"))
        else:
            done(venue.bid(BOB, 1, ticks, signer=AGENT if number % 4 == 2 else BOB))
    assert len(venue.state.open_orders.by_owner[BOB]) == ORDERS_PER_OWNER_MAX
    held = venue.held(BOB, "USDC") + venue.held(BOB, "ETH") * 200_000 // LOT
    assert held >= ORDERS_PER_OWNER_MAX * MINIMUM_ORDER_QUOTE
    assert refused(venue.bid(BOB, 1, 100_000))[0] is Code.ORDER_LIMIT
    for signer in (AGENT, BOB):
        stopped = venue.ask(BOB, 1, 150_000, trigger_price=WHOLE, signer=signer)
        assert refused(stopped)[0] is Code.ORDER_LIMIT
    by_key = venue.by_key(BOBS_KEY, price="1000", quantity="0.0001")
    assert refused(by_key)[0] is Code.ORDER_LIMIT
    venue.rest("ask", CAROL, 1, 195_000)
    done(venue.bid(BOB, 1, 195_000, time_in_force="IOC"))
    done(venue.cancel(BOB, next(iter(venue.state.open_orders.by_owner[BOB]))))
    done(venue.bid(BOB, 1, 100_000))


def test_ten_thousand_orders_of_dust_stop_who_wants_more_and_one_command_sweeps_them() -> None:
    """The thief needs eleven wallets and 10,001 commands; what he offers is a better price than
    anybody's. Who wants more than all of it is refused with what would be right; who takes it at
    that price is filled 10,000 times in one command, and the way is free."""
    venue = bazaar(BOB)
    venue.fund(CAROL, ETH=10**24)
    venue.rest("ask", CAROL, 10**6, 200_100)
    for owner, number in zip(
        wallets(), range(0, FILLS_MAX + 1, ORDERS_PER_OWNER_MAX), strict=False
    ):
        venue.fund(owner, ETH=10**18)
        for _ in range(min(ORDERS_PER_OWNER_MAX, FILLS_MAX + 1 - number)):
            done(venue.ask(owner, 1, 200_000))
    code, message = refused(venue.bid(BOB, 20_000, 200_100, time_in_force="IOC"))
    assert code is Code.ORDER_LIMIT and "smaller quantity or a nearer limit" in message
    assert isinstance(venue.sell(BOB, "USDC", "ETH", 20_000 * 200_100), Rejected)
    swept = done(venue.bid(BOB, FILLS_MAX, 200_100, time_in_force="IOC"))
    assert sum(isinstance(event, BookFilled) for event in swept) == FILLS_MAX
    done(venue.bid(BOB, 20_000, 200_100, time_in_force="IOC"))


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["bid", "replace", "cancel"]), st.integers(1, 40)), max_size=40
    )
)
def test_a_storm_of_cancels_and_replacements_leaves_nothing_behind(
    steps: list[tuple[str, int]],
) -> None:
    """After any of it the state is as large as the orders that are open; all funds come back."""
    venue = with_book()
    had, empty = venue.has(BOB, "USDC"), len(venue.state.encode())
    for verb, number in steps:
        own = list(venue.state.open_orders.by_owner.get(BOB, {}))
        if verb == "bid" or not own:
            venue.bid(BOB, number, 100_000 + number, client_id=number)
        elif verb == "replace":
            venue.replace(own[number % len(own)], number, 100_000 + 7 * number)
        else:
            venue.cancel(BOB, own[number % len(own)])
    done(venue.do(CancelAllOrders, BOB, market=""))
    assert venue.has(BOB, "USDC") == had and not venue.held(BOB, "USDC")
    assert not venue.state.open_orders.by_client_id
    assert not venue.state.open_orders.by_id and not venue.book()[0]
    nonces = 50 + 5 * len(venue.state.nonces)
    assert len(venue.state.encode()) <= empty + 200 + nonces


class Keeper:
    """The writer's own clockwork beside a venue: between two commands of users as many activations
    as production makes."""

    def __init__(self, venue: Bazaar) -> None:
        self.venue = venue
        self.clockwork = Clockwork(venue.state, self._no_alarm, lambda: None)
        self.activated: list[int] = []

    def turn(self) -> int:
        """After a user's command: how many triggers were activated before the next."""
        before = len(self.activated)
        self.clockwork.count(CancelAllOrders(owner=BOB, market="", nonce=0, deadline=0))
        while (command := self.clockwork.due(self.venue.now_ms)) is not None:
            self.run(command)
        return len(self.activated) - before

    @staticmethod
    def _no_alarm(delay_ms: int, call: Any) -> Any:
        raise AssertionError("nobody winds it")

    def run(self, command: ClockCommand) -> None:
        by_clock(self.venue, command)
        self.clockwork.count(command)
        if isinstance(command, ActivateTrigger):
            self.activated.append(command.order_id)


def early(venue: Venue, owner: str, side: str, lots: int, ticks: int) -> tuple[Any, ...]:
    """An order before the clock has had its turns."""
    place = venue.bid if side == "bid" else venue.ask
    return done(place(owner, lots, ticks, early=True))


def test_a_thousand_decoys_delay_a_stop_by_ten_commands_and_no_more() -> None:
    """Nearest trigger first, at most 100 between two commands of users: the p-th in line has its
    turn before the (p/100 + 1)-th accepted command, whoever sends it. The decoys hold 10^4 quote
    units each, cost their owner a command each, and are gone."""
    venue = bazaar(ALICE, BOB, CAROL)
    venue.fund("0x" + "dc" * 20, ETH=10**21)
    traded(venue, 200_000)
    decoys = [stop(venue, "0x" + "dc" * 20, 1, 199_000, 190_001) for _ in range(1_000)]
    victims = stop(venue, BOB, 5, 150_000, 190_000)
    keeper = Keeper(venue)
    for owner, side in ((ALICE, "ask"), (CAROL, "bid")):
        early(venue, owner, side, 1, 189_000)
    assert len(venue.state.open_orders.due) == 1_001
    commands = 0
    while victims in venue.state.open_orders.due:
        assert keeper.turn() == min(
            TRIGGERS_BETWEEN_MAX, 1_001 - len(keeper.activated[: commands * 100])
        )
        commands += 1
    assert commands == 11 and keeper.activated == [*decoys, victims]


@given(
    triggers=st.lists(
        st.tuples(
            st.sampled_from(["bid", "ask"]),
            st.booleans(),
            st.integers(1, 40),
            st.integers(-40, 40),
            st.sampled_from(["GTC", "IOC"]),
        ),
        max_size=40,
    ),
    first=st.integers(-50, 50),
)
def test_a_cascade_ends_because_a_trigger_fires_once(
    triggers: list[tuple[str, bool, int, int, str]], first: int
) -> None:
    """Stops that sell into stops that buy and back: each order is activated at most once, so there
    are never more activations than orders were armed."""
    venue = bazaar(ALICE, BOB, CAROL)
    traded(venue, 200_000)
    for ticks in range(100, 5_000, 100):
        venue.rest("ask", CAROL, 1, 200_000 + ticks)
        venue.rest("bid", CAROL, 1, 200_000 - ticks)
    armed = 0
    for side, above, distance, limit, force in triggers:
        place = venue.bid if side == "bid" else venue.ask
        trigger = (200_000 + (100 if above else -100) * distance) * WHOLE
        ticks = 200_000 + 100 * limit
        named: dict[str, Any] = {"trigger_price": trigger, "trigger_above": above}
        outcome = place(BOB if armed % 2 else ALICE, 3, ticks, time_in_force=force, **named)
        armed += not isinstance(outcome, Rejected)
    keeper = Keeper(venue)
    if first:
        early(venue, ALICE, "bid" if first > 0 else "ask", abs(first), 200_000 + 100 * first)
    turns = 0
    while venue.state.open_orders.due:
        keeper.turn()
        turns += 1
        assert turns <= armed
    assert len(keeper.activated) == len(set(keeper.activated)) <= armed


def test_a_chain_of_stops_that_fire_each_other_runs_as_long_as_it_was_armed() -> None:
    """150 stops, each of which sells at a price that reaches the next alone."""
    venue = bazaar(ALICE, BOB, CAROL)
    traded(venue, 200_000)
    chain = []
    for number in range(150):
        venue.rest("bid", CAROL, 1, 190_000 - 10 * number)
        chain.append(stop(venue, BOB, 1, 150_000, 190_005 - 10 * number))
    keeper = Keeper(venue)
    reached = early(venue, ALICE, "ask", 1, 190_000)[-2:]
    assert any(isinstance(event, TriggersReached) for event in reached)
    assert [keeper.turn(), keeper.turn(), keeper.turn()] == [100, 50, 0]
    assert keeper.activated == chain and not venue.state.open_orders.due


def test_a_dead_mans_switch_is_one_entry_and_at_most_a_day_away() -> None:
    """Whoever arms ten thousand of them to go off together has sent ten thousand commands before:
    each fires in one entry of one event where no order is open, and all are gone."""
    venue = bazaar(BOB)
    keeper = Keeper(venue)
    for _, owner in zip(range(500), wallets(), strict=False):
        done(venue.do(CancelAllAfter, owner, market="", timeout_seconds=60))
    late = venue.do(CancelAllAfter, BOB, market="", timeout_seconds=CANCEL_AFTER_MAX_S + 1)
    assert refused(late)[0] is Code.INVALID_QUANTITY
    assert len(venue.state.open_orders.timers) == 500
    venue.now_ms += 60_000
    before = venue.state.seq
    keeper.turn()
    assert venue.state.seq == before + 500 and not venue.state.open_orders.timers
