"""Each invariant can fail: a state that breaks it and nothing that was checked before it."""

from collections.abc import Callable

import msgspec
import pytest

from tests.exchange.venue import ALICE, BOB, Venue, seeded
from xyk.domain.events import Deposited, LiquidityAdded, LiquidityRemoved, PoolSwapped
from xyk.domain.market import LOCKED, OUTSIDE, pool_account
from xyk.domain.rejections import Rejected
from xyk.exchange import invariants as inv
from xyk.exchange.evolve import apply


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
