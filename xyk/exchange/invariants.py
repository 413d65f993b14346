"""What must hold after every command: DESIGN section 9, each a function with a sentence for a name.

`check` looks only at what the events touched and runs after every command, in production too;
`check_all` looks at everything and runs after every command in tests, and at start-up; between them
stands the trial balance, after every group. A failure is an AssertionError and stops the process:
no answer is better than a wrong one. Numbers 3, 6 and 7 of the list come with the order book; until
then nothing is held.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xyk.domain.events import (
    AnyEvent,
    Deposited,
    LiquidityAdded,
    LiquidityRemoved,
    PoolSwapped,
    Transferred,
    Withdrawn,
)
from xyk.domain.market import LOCKED, OUTSIDE, pool_account, shares_symbol
from xyk.domain.units import MINIMUM_LIQUIDITY, RESERVE_MAX, SUPPLY_MAX
from xyk.exchange.state import State


def every_asset_sums_to_zero(state: State) -> None:
    for asset in state.ledger.assets():
        total = sum(available + held for _, available, held in state.ledger.balances(asset))
        assert total == 0, f"{asset} sums to {total}"


def no_account_but_the_outside_one_is_negative(state: State) -> None:
    for asset in state.ledger.assets():
        for account, available, held in state.ledger.balances(asset):
            assert account == OUTSIDE or available >= 0, f"{account} has {available} {asset}"
            assert held >= 0, f"{account} holds {held} {asset}"


def no_supply_passes_its_bound(state: State) -> None:
    for asset in state.ledger.assets():
        assert 0 <= state.ledger.supply(asset) <= SUPPLY_MAX, f"supply of {asset}"


def nothing_is_held_without_an_open_order(state: State) -> None:
    for asset in state.ledger.assets():
        for account, _, held in state.ledger.balances(asset):
            assert held == 0, f"{account} holds {held} {asset}"


def pool_reserves_equal_the_pools_account(state: State) -> None:
    for symbol in state.pools:
        _reserves_equal_account(state, symbol)


def shares_outstanding_equal_shares_held(state: State) -> None:
    for symbol in state.pools:
        _shares_equal_supply(state, symbol)


def used_nonces_lie_above_the_floor(state: State) -> None:
    assert all(second >= state.nonce_floor for second in state.nonces)


ALL: tuple[Callable[[State], None], ...] = (
    every_asset_sums_to_zero,
    no_account_but_the_outside_one_is_negative,
    no_supply_passes_its_bound,
    nothing_is_held_without_an_open_order,
    pool_reserves_equal_the_pools_account,
    shares_outstanding_equal_shares_held,
    used_nonces_lie_above_the_floor,
)


def check_all(state: State) -> None:
    for invariant in ALL:
        invariant(state)


def check(state: State, events: Sequence[AnyEvent]) -> None:
    """The cheap incremental form, after `evolve` folded `events`. Transfers conserve by
    construction.
    """
    for event in events:
        touched = _TOUCHED.get(type(event))
        if touched is not None:
            touched(state, event)


def _swapped(state: State, event: PoolSwapped) -> None:
    """k never falls in a swap; the account follows the reserves."""
    pool = state.pools[event.market]
    base, quote = pool.reserve_base, pool.reserve_quote
    if event.asset_in == state.markets[event.market].base:
        before = (base - event.amount_in) * (quote + event.amount_out)
    else:
        before = (base + event.amount_out) * (quote - event.amount_in)
    assert base * quote >= before, f"k of {event.market} fell in a swap"
    _reserves_equal_account(state, event.market)


def _added(state: State, event: LiquidityAdded) -> None:
    pool = state.pools[event.market]
    old_supply = pool.total_supply - event.liquidity - event.locked
    if old_supply:
        old_k = (pool.reserve_base - event.amount_base) * (pool.reserve_quote - event.amount_quote)
        _value_per_share_did_not_fall(state, event.market, old_k, old_supply)
    _reserves_equal_account(state, event.market)
    _shares_equal_supply(state, event.market)


def _removed(state: State, event: LiquidityRemoved) -> None:
    pool = state.pools[event.market]
    old_k = (pool.reserve_base + event.amount_base) * (pool.reserve_quote + event.amount_quote)
    _value_per_share_did_not_fall(state, event.market, old_k, pool.total_supply + event.liquidity)
    _reserves_equal_account(state, event.market)
    _shares_equal_supply(state, event.market)


def _moved(state: State, event: Deposited | Withdrawn | Transferred) -> None:
    assert state.ledger.available(event.owner, event.asset) >= 0
    assert 0 <= state.ledger.supply(event.asset) <= SUPPLY_MAX


_TOUCHED: Mapping[type, Callable[[State, Any], None]] = {
    PoolSwapped: _swapped,
    LiquidityAdded: _added,
    LiquidityRemoved: _removed,
    Deposited: _moved,
    Withdrawn: _moved,
    Transferred: _moved,
}


def _value_per_share_did_not_fall(state: State, market: str, old_k: int, old_supply: int) -> None:
    """sqrt(k) per share, compared as k / supply^2; `old_supply` has the protocol's mint."""
    pool = state.pools[market]
    k = pool.reserve_base * pool.reserve_quote
    assert k * old_supply**2 >= old_k * pool.total_supply**2, f"shares of {market} lost value"


def _reserves_equal_account(state: State, market: str) -> None:
    pool, account, terms = state.pools[market], pool_account(market), state.markets[market]
    base = state.ledger.available(account, terms.base)
    quote = state.ledger.available(account, terms.quote)
    assert pool.reserve_base == base <= RESERVE_MAX, (
        f"{market}: reserve {pool.reserve_base}, account {base}"
    )
    assert pool.reserve_quote == quote <= RESERVE_MAX, (
        f"{market}: reserve {pool.reserve_quote}, account {quote}"
    )


def _shares_equal_supply(state: State, market: str) -> None:
    pool, shares = state.pools[market], shares_symbol(market)
    assert pool.total_supply == state.ledger.supply(shares), f"{market}: shares"
    assert not pool.total_supply or state.ledger.available(LOCKED, shares) >= MINIMUM_LIQUIDITY
