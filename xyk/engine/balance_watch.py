"""What entries change of the balances of some accounts: taken as each entry leaves them, to be told
once it is committed.

Costs nothing while nobody is watched. The ledger already says which accounts it writes to; here
what it says of one entry is looked at before it goes to whoever balances the books.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from xyk.domain.events import AnyEvent
from xyk.exchange.evolve import apply
from xyk.exchange.state import State

Balances = tuple[int, int]  # available, held


class BalanceChange(NamedTuple):
    """After the entry; base units."""

    account: str
    asset: str
    available: int
    held: int


class BalanceWatch:
    """`watch` and `forget` pairwise for each account."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._watched: dict[str, int] = {}
        self._last: dict[str, dict[str, Balances]] = {}  # account -> asset, as of the last entry
        self._changes: dict[int, list[BalanceChange]] = {}  # seq -> those not yet committed

    def watch(self, account: str) -> None:
        """From the next entry on."""
        self._watched[account] = self._watched.get(account, 0) + 1
        if account not in self._last:
            self._last[account] = {
                asset: (available, held)
                for asset, available, held in self._state.ledger.assets_of(account)
            }

    def forget(self, account: str) -> None:
        self._watched[account] -= 1
        if not self._watched[account]:
            del self._watched[account], self._last[account]

    def taken(self, seq: int) -> Sequence[BalanceChange]:
        """The changes of an entry, once."""
        return self._changes.pop(seq, ())

    def apply(self, seq: int, now_ms: int, events: Sequence[AnyEvent]) -> None:
        """The entry into the state, as `evolve.apply`."""
        if not self._watched:
            apply(self._state, seq, now_ms, events)
            return
        ledger = self._state.ledger
        before, ledger.touched = ledger.touched, defaultdict(dict)
        apply(self._state, seq, now_ms, events)
        touched = ledger.touched
        assert touched is not None
        if before is not None:
            for asset, accounts in touched.items():
                before[asset].update(accounts)
        ledger.touched = before
        changes = [
            change
            for asset, accounts in touched.items()
            for account in accounts
            if (change := self._change(account, asset)) is not None
        ]
        if changes:
            self._changes[seq] = changes

    def _change(self, account: str, asset: str) -> BalanceChange | None:
        last = self._last.get(account)
        if last is None:
            return None
        ledger = self._state.ledger
        now = ledger.available(account, asset), ledger.held(account, asset)
        if now == last.get(asset, (0, 0)):
            return None
        last[asset] = now
        return BalanceChange(account, asset, *now)
