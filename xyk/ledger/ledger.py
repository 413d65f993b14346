"""Double-entry accounts: what each account has of each asset, available and held.

Every movement takes from one account what it gives to another, so an asset's sum over all accounts
is zero at all times. Only the outside account may be negative: it is minus what the exchange holds,
and for LP shares minus what was issued. Amounts are base units.
"""

from collections import defaultdict
from collections.abc import Iterator

from xyk.domain.market import OUTSIDE

Balances = dict[str, dict[str, int]]  # asset -> account -> amount, zeros left out
Touched = defaultdict[str, dict[str, None]]  # asset -> accounts that were written to


class Ledger:
    __slots__ = ("_available", "_held", "touched")

    def __init__(self) -> None:
        self._available: Balances = {}
        self._held: Balances = {}
        self.touched: Touched | None = None  # None while nobody asks for it

    def available(self, account: str, asset: str) -> int:
        accounts = self._available.get(asset)
        return accounts.get(account, 0) if accounts is not None else 0

    def held(self, account: str, asset: str) -> int:
        accounts = self._held.get(asset)
        return accounts.get(account, 0) if accounts is not None else 0

    def supply(self, asset: str) -> int:
        """What all accounts but the outside one have together."""
        return -self.available(OUTSIDE, asset)

    def transfer(self, sender: str, recipient: str, asset: str, amount: int) -> None:
        """Move available funds. The caller has checked that they suffice."""
        assert amount >= 0, "a transfer has a direction of its own"
        accounts = self._available.get(asset)
        if accounts is None:
            accounts = self._available[asset] = {}
        left = accounts.get(sender, 0) - amount
        assert left >= 0 or sender == OUTSIDE, "no account but the outside one is negative"
        if left:
            accounts[sender] = left
        else:
            accounts.pop(sender, None)
        grown = accounts.get(recipient, 0) + amount
        if grown:
            accounts[recipient] = grown
        else:
            accounts.pop(recipient, None)
        if self.touched is not None:
            touched = self.touched[asset]
            touched[sender] = touched[recipient] = None

    def hold(self, account: str, asset: str, amount: int) -> None:
        """Sets available funds aside for an open order. The caller has checked that they
        suffice."""
        assert amount > 0, "an open order holds something"
        accounts = self._available[asset]
        left = accounts[account] - amount
        assert left >= 0, "only what is available can be held"
        if left:
            accounts[account] = left
        else:
            del accounts[account]
        holds = self._held.get(asset)
        if holds is None:
            holds = self._held[asset] = {}
        holds[account] = holds.get(account, 0) + amount
        if self.touched is not None:
            self.touched[asset][account] = None

    def release(self, account: str, asset: str, amount: int) -> None:
        """From what the account holds back to what it has available."""
        assert amount > 0, "what is released was held"
        holds = self._held[asset]
        left = holds[account] - amount
        assert left >= 0, "no more than is held can be released"
        if left:
            holds[account] = left
        else:
            del holds[account]
        accounts = self._available[asset]
        accounts[account] = accounts.get(account, 0) + amount
        if self.touched is not None:
            self.touched[asset][account] = None

    def settle(
        self,
        maker: str,
        taker: str,
        recipient: str,
        given: str,
        given_amount: int,
        taker_fee: int,
        maker_rebate: int,
        got: str,
        got_amount: int,
        maker_fee: int,
    ) -> None:
        """A trade: `given` out of what the maker holds, `got` out of what the taker has available,
        each fee out of what its payer receives, the rebate out of the taker's fee. The caller has
        checked that the taker's funds suffice.
        """
        assert 0 <= maker_rebate <= taker_fee <= given_amount and 0 <= maker_fee <= got_amount
        holds, accounts = self._held[given], self._available[given]
        left = holds[maker] - given_amount
        assert left >= 0, "no more than is held can be paid from it"
        if left:
            holds[maker] = left
        else:
            del holds[maker]
        paid, fee = given_amount - taker_fee, taker_fee - maker_rebate
        if paid:
            accounts[taker] = accounts.get(taker, 0) + paid
        if fee:
            accounts[recipient] = accounts.get(recipient, 0) + fee
        if maker_rebate:
            accounts[maker] = accounts.get(maker, 0) + maker_rebate
        accounts = self._available[got]
        left = accounts.get(taker, 0) - got_amount
        assert left >= 0, "no account but the outside one is negative"
        if left:
            accounts[taker] = left
        else:
            accounts.pop(taker, None)
        paid = got_amount - maker_fee
        if paid:
            accounts[maker] = accounts.get(maker, 0) + paid
        if maker_fee:
            accounts[recipient] = accounts.get(recipient, 0) + maker_fee
        if self.touched is not None:
            for asset in (given, got):
                touched = self.touched[asset]
                touched[maker] = touched[taker] = touched[recipient] = None

    def assets_of(self, account: str) -> Iterator[tuple[str, int, int]]:
        """(asset, available, held) wherever the account has any, assets in order of first use."""
        for asset, accounts in self._available.items():
            available = accounts.get(account, 0)
            held = self.held(account, asset)
            if available or held:
                yield asset, available, held

    def balances(self, asset: str) -> Iterator[tuple[str, int, int]]:
        """(account, available, held) of everyone who has the asset."""
        held = self._held.get(asset, {})
        for account, available in self._available.get(asset, {}).items():
            yield account, available, held.get(account, 0)
        for account, amount in held.items():
            if account not in self._available[asset]:
                yield account, 0, amount

    def assets(self) -> Iterator[str]:
        return iter(self._available)

    def dump(self) -> dict[str, Balances]:
        return {"available": self._available, "held": self._held}

    @classmethod
    def load(cls, dumped: dict[str, Balances]) -> "Ledger":
        ledger = cls()
        ledger._available = dumped["available"]
        ledger._held = dumped["held"]
        return ledger
