"""The books balanced after every group: what the incremental checks after each command take for
granted. The cost grows with the group, the pools and the assets, not with the accounts.
"""

from collections import defaultdict

from xyk.domain.market import OUTSIDE
from xyk.exchange.invariants import (
    no_supply_passes_its_bound,
    pool_reserves_equal_the_pools_account,
    shares_outstanding_equal_shares_held,
)
from xyk.exchange.state import State


class TrialBalance:
    """What each account had of each asset when it was last seen: a copy that no command writes to.

    Every asset sums to zero over the copy. It still does if the accounts written to since changed
    by zero in all; whatever else changed one of them shows as a difference. An account that is
    corrupted shows at its next movement, not before.
    """

    def __init__(self, state: State) -> None:
        """Walks the whole ledger; from now on the one reader of `ledger.touched`. Raises
        AssertionError.
        """
        self._state = state
        self._seen: dict[str, dict[str, int]] = {}  # asset -> account -> available + held, no zeros
        state.ledger.touched = defaultdict(dict)
        for asset in state.ledger.assets():
            self._balance(asset, {account: None for account, _, _ in state.ledger.balances(asset)})

    def check(self) -> None:
        """All that was touched since the last time, all pools and supplies; or AssertionError."""
        touched, self._state.ledger.touched = self._state.ledger.touched, defaultdict(dict)
        assert touched is not None, "nobody else sets it"
        for asset, accounts in touched.items():
            self._balance(asset, accounts)
        no_supply_passes_its_bound(self._state)
        pool_reserves_equal_the_pools_account(self._state)
        shares_outstanding_equal_shares_held(self._state)

    def _balance(self, asset: str, accounts: dict[str, None]) -> None:
        balances, seen = self._state.ledger.dump(), self._seen.setdefault(asset, {})
        available, held = balances["available"].get(asset, {}), balances["held"].get(asset, {})
        change = 0
        for account in accounts:
            has, holds = available.get(account, 0), held.get(account, 0)
            assert has >= 0 or account == OUTSIDE, f"{account} has {has} {asset}"
            assert holds >= 0, f"{account} holds {holds} {asset}"
            has += holds
            change += has - seen.get(account, 0)
            if has:
                seen[account] = has
            else:
                seen.pop(account, None)
        assert change == 0, f"{asset} sums to {change} more than before"
