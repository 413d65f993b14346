"""Each invariant can fail: a state that breaks it and nothing that was checked before it."""

import json
from collections.abc import Callable

import msgspec
import pytest

from tests.exchange.venue import ALICE, BOB, BOBS_KEY, LOT, NOW_S, Venue, both, seeded
from xyk.book.level import Level
from xyk.domain.events import (
    BookFilled,
    Deposited,
    LiquidityAdded,
    LiquidityRemoved,
    OrderClosed,
    OrderRested,
    PoolSwapped,
)
from xyk.domain.market import LOCKED, OUTSIDE, pool_account
from xyk.domain.rejections import Rejected
from xyk.exchange import invariants as inv
from xyk.exchange.evolve import apply
from xyk.exchange.state import State


def _unbalance(venue: Venue) -> None:
    venue.state.ledger.dump()["available"]["ETH"][ALICE] += 1


def _overdraw(venue: Venue) -> None:
    accounts = venue.state.ledger.dump()["available"]["ETH"]
    accounts[BOB] = -1
    accounts[ALICE] += 1


def _negative_hold(venue: Venue) -> None:
    venue.state.ledger.dump()["held"]["ETH"] = {ALICE: -1}


def _oversupply(venue: Venue) -> None:
    accounts = venue.state.ledger.dump()["available"]["ETH"]
    accounts[ALICE] += 2**129
    accounts[OUTSIDE] -= 2**129


def _hold(venue: Venue) -> None:
    venue.state.ledger.dump()["held"]["ETH"] = {ALICE: 1}


def _leak_reserve(venue: Venue) -> None:
    venue.state.ledger.transfer(pool_account("ETH_USDC"), ALICE, "ETH", 1)


def _leak_quote(venue: Venue) -> None:
    venue.state.ledger.transfer(pool_account("ETH_USDC"), ALICE, "USDC", 1)


def _print_shares(venue: Venue) -> None:
    venue.state.ledger.transfer(OUTSIDE, ALICE, "LP:ETH_USDC", 1)


def _unlock(venue: Venue) -> None:
    venue.state.ledger.transfer(LOCKED, ALICE, "LP:ETH_USDC", 1)


def _old_nonce(venue: Venue) -> None:
    venue.state.nonces[1] = {ALICE: 1}


def _release_some(venue: Venue) -> None:
    ledger = venue.state.ledger
    ledger.release(ALICE, "USDC", 1)


def _hold_for_nobody(venue: Venue) -> None:
    held = venue.state.ledger.dump()["held"]
    held["USDC"][BOB] = held["USDC"].pop(ALICE)


def _forget_holds(venue: Venue) -> None:
    del venue.state.ledger._held["USDC"]
    for accounts in (venue.state.ledger._available,):
        accounts.pop("USDC")


def _miscount(venue: Venue) -> None:
    level = next(iter(venue.state.books["ETH_USDC"].bids))
    level.lots += 1


def _overtake(venue: Venue) -> None:
    level = next(iter(venue.state.books["ETH_USDC"].bids))
    assert level.first is not None and level.last is not None
    level.first.priority, level.last.priority = level.last.priority, level.first.priority


def _loosen_link(venue: Venue) -> None:
    level = next(iter(venue.state.books["ETH_USDC"].bids))
    assert level.last is not None
    level.last.before = None


def _loosen_end(venue: Venue) -> None:
    level = next(iter(venue.state.books["ETH_USDC"].bids))
    level.last = level.first


def _shuffle_prices(venue: Venue) -> None:
    side = venue.state.books["ETH_USDC"].bids
    side.levels[1] = Level(1)


def _lose_best(venue: Venue) -> None:
    venue.state.books["ETH_USDC"].bids.best = None


def _miscount_book(venue: Venue) -> None:
    venue.state.books["ETH_USDC"].count += 1


def _misprice(venue: Venue) -> None:
    level = next(iter(venue.state.books["ETH_USDC"].bids))
    level.price += 1


def _lose_trigger(venue: Venue) -> None:
    venue.state.open_orders.waiting["ETH_USDC"].below.pop()


def _shuffle_triggers(venue: Venue) -> None:
    venue.state.open_orders.waiting["ETH_USDC"].below.reverse()


def _lose_index(venue: Venue) -> None:
    venue.state.open_orders.count["ETH_USDC"] -= 1


def with_orders() -> Venue:
    """Alice bids twice at one price, and two of her stops wait."""
    venue = both()
    for _ in range(2):
        venue.rest("bid", ALICE, 10, 190_000)
    venue.sell(BOB, "ETH", "USDC", 10**15)
    for ticks in (180_000, 170_000):
        fields = dict(time_in_force="GTD", expires=NOW_S + 60)
        venue.rest("ask", ALICE, 10, 160_000, trigger_price=ticks * 10**4, **fields)
    return venue


LEVELS = inv.every_level_is_the_sum_of_its_orders_in_order_of_arrival


@pytest.mark.parametrize(
    ("breakage", "invariant"),
    [
        (_release_some, inv.held_equals_what_open_orders_need),
        (_hold_for_nobody, inv.held_equals_what_open_orders_need),
        (_forget_holds, inv.held_equals_what_open_orders_need),
        (_miscount, LEVELS),
        (_overtake, LEVELS),
        (_loosen_link, LEVELS),
        (_loosen_end, LEVELS),
        (_shuffle_prices, LEVELS),
        (_lose_best, LEVELS),
        (_miscount_book, LEVELS),
        (_misprice, inv.every_open_order_rests_or_waits),
        (_lose_trigger, inv.every_open_order_rests_or_waits),
        (_shuffle_triggers, inv.every_open_order_rests_or_waits),
        (_lose_index, inv.every_open_order_rests_or_waits),
    ],
)
def test_each_invariant_of_orders_can_fail(
    breakage: Callable[[Venue], None], invariant: Callable[..., None]
) -> None:
    venue = with_orders()
    invariant(venue.state)
    breakage(venue)
    with pytest.raises(AssertionError):
        invariant(venue.state)


@pytest.mark.parametrize("owner", [ALICE, BOB])
def test_a_key_that_stands_twice_or_with_another_is_caught(owner: str) -> None:
    venue = Venue()
    venue.approve(ALICE, BOBS_KEY)
    inv.every_key_stands_once_with_its_owner(venue.state)
    venue.state.keys_of.setdefault(owner, []).append(BOBS_KEY)
    with pytest.raises(AssertionError):
        inv.every_key_stands_once_with_its_owner(venue.state)


def test_a_fill_off_its_price_and_a_hold_that_is_off_are_caught_at_once() -> None:
    venue = with_orders()
    done = venue.ask(BOB, 25, 190_000, time_in_force="GTC", post_only=False)
    assert isinstance(done, tuple)
    number = venue.rest("bid", ALICE, 30, 150_000)
    for held in (30 * 150_000 - 1, 30 * 150_000 + 1):
        copy = State.load(json.loads(venue.state.encode()))
        closed = OrderClosed(
            owner=ALICE,
            order_id=number,
            market="ETH_USDC",
            status="Cancelled",
            remaining=30,
            released=held,
        )
        with pytest.raises(AssertionError, match="released is what the order needed"):
            apply(copy, copy.seq + 1, venue.now_ms, (closed,))
    order = venue.state.open_orders.by_id[number]
    fill = BookFilled(
        market="ETH_USDC",
        maker_order_id=number,
        maker=ALICE,
        taker=BOB,
        taker_buys=False,
        price=150_000,
        quantity=10,
        base_amount=10 * LOT,
        quote_amount=10 * 150_000,
        taker_fee=0,
        maker_remaining=20,
        trade_id=9,
        price_forming=True,
    )
    apply(venue.state, venue.state.seq + 1, venue.now_ms, (fill,))
    inv.check(venue.state, (fill,))
    for wrong in (
        dict(quote_amount=10 * 150_000 + 1),
        dict(price=150_001, quote_amount=10 * 150_001),
        dict(base_amount=10 * LOT + 1),
        dict(maker_rebate=1),
        dict(maker_remaining=19),
    ):
        with pytest.raises(AssertionError):
            inv.check(venue.state, (msgspec.structs.replace(fill, **wrong),))
    order.priority = 0
    rested = OrderRested(order_id=number, remaining=20, held=20 * 150_000)
    inv.check(venue.state, (rested,))
    assert order.level is not None
    order.level.lots += 1
    with pytest.raises(AssertionError):
        inv.check(venue.state, (rested,))


@pytest.mark.parametrize(
    ("breakage", "invariant"),
    [
        (_unbalance, inv.every_asset_sums_to_zero),
        (_overdraw, inv.no_account_but_the_outside_one_is_negative),
        (_negative_hold, inv.no_account_but_the_outside_one_is_negative),
        (_oversupply, inv.no_supply_passes_its_bound),
        (_hold, inv.held_equals_what_open_orders_need),
        (_leak_reserve, inv.pool_reserves_equal_the_pools_account),
        (_leak_quote, inv.pool_reserves_equal_the_pools_account),
        (_print_shares, inv.shares_outstanding_equal_shares_held),
        (_unlock, inv.shares_outstanding_equal_shares_held),
        (_old_nonce, inv.used_nonces_lie_above_the_floor),
    ],
)
def test_each_invariant_can_fail(
    breakage: Callable[[Venue], None], invariant: Callable[..., None]
) -> None:
    venue = seeded()
    invariant(venue.state)
    breakage(venue)
    with pytest.raises(AssertionError):
        invariant(venue.state)
    with pytest.raises(AssertionError):
        inv.check_all(venue.state)


def test_a_swap_that_lowers_k_is_caught_at_once() -> None:
    for asset_in, asset_out in (("ETH", "USDC"), ("USDC", "ETH")):
        venue = seeded()
        events = venue.sell(ALICE, asset_in, asset_out, 10**9)
        assert not isinstance(events, Rejected)
        swap = events[-1]
        assert isinstance(swap, PoolSwapped)
        reserves = (swap.reserve_base, swap.reserve_quote)
        base, quote = reserves if asset_in == "ETH" else reserves[::-1]
        greedy = msgspec.structs.replace(
            swap,
            amount_in=1,
            amount_out=quote // 2,
            trade_id=2,
            **(
                {"reserve_base": base + 1, "reserve_quote": quote - quote // 2}
                if asset_in == "ETH"
                else {"reserve_base": quote - quote // 2, "reserve_quote": base + 1}
            ),
        )
        apply(venue.state, venue.state.seq + 1, venue.now_ms, (greedy,))
        with pytest.raises(AssertionError, match="k of ETH_USDC fell"):
            inv.check(venue.state, (greedy,))


def test_a_deposit_that_mints_too_much_is_caught_at_once() -> None:
    venue = seeded()
    events = venue.add(ALICE, "ETH", 10**18, "USDC", 2_000 * 10**6)
    assert not isinstance(events, Rejected)
    added = events[-1]
    assert isinstance(added, LiquidityAdded)
    pool = venue.state.pools["ETH_USDC"]
    greedy = msgspec.structs.replace(
        added,
        liquidity=added.liquidity * 2,
        reserve_base=pool.reserve_base + added.amount_base,
        reserve_quote=pool.reserve_quote + added.amount_quote,
        total_supply=pool.total_supply + added.liquidity * 2,
    )
    apply(venue.state, venue.state.seq + 1, venue.now_ms, (greedy,))
    with pytest.raises(AssertionError, match="lost value"):
        inv.check(venue.state, (greedy,))


def test_a_burn_that_pays_too_much_is_caught_at_once() -> None:
    venue = seeded()
    pool = venue.state.pools["ETH_USDC"]
    greedy = LiquidityRemoved(
        owner=ALICE,
        market="ETH_USDC",
        amount_base=10**18,
        amount_quote=2_000 * 10**6,
        liquidity=1,
        protocol_recipient="",
        protocol_liquidity=0,
        reserve_base=pool.reserve_base - 10**18,
        reserve_quote=pool.reserve_quote - 2_000 * 10**6,
        total_supply=pool.total_supply - 1,
        k_last=0,
    )
    apply(venue.state, venue.state.seq + 1, venue.now_ms, (greedy,))
    with pytest.raises(AssertionError, match="lost value"):
        inv.check(venue.state, (greedy,))


def test_a_deposit_past_the_supply_bound_is_caught_at_once() -> None:
    venue = seeded()
    deposit = Deposited(owner=BOB, asset="ETH", amount=2**128)
    apply(venue.state, venue.state.seq + 1, venue.now_ms, (deposit,))
    with pytest.raises(AssertionError):
        inv.check(venue.state, (deposit,))
