"""What an owner has of two assets, from reads and from the stream."""

from typing import Any, NamedTuple

from xyk.client.market_terms import MarketTerms
from xyk.domain.decimals import base_units

Json = dict[str, Any]


class Holding(NamedTuple):
    """Base units; `seq` is the entry up to which this tells."""

    available: int = 0
    locked: int = 0
    seq: int = 0


class Holdings:
    def __init__(self, terms: MarketTerms) -> None:
        self._decimals = {terms.base: terms.base_decimals, terms.quote: terms.quote_decimals}
        self.base_symbol, self.quote_symbol = terms.base, terms.quote
        self._of = {terms.base: Holding(), terms.quote: Holding()}

    @property
    def base(self) -> Holding:
        return self._of[self.base_symbol]

    @property
    def quote(self) -> Holding:
        return self._of[self.quote_symbol]

    def knows(self, seq: int) -> bool:
        """Whether both are as entry `seq` left them, or newer. A fill changes both."""
        return all(holding.seq >= seq for holding in self._of.values())

    def reset(self, account: Json) -> None:
        """`account`: an answer of GET /api/v1/accounts."""
        balances = {one["symbol"]: one for one in account["balances"]}
        for symbol in self._of:
            one = balances.get(symbol, {"available": "0", "locked": "0"})
            self._newer(symbol, Holding(int(one["available"]), int(one["locked"]), account["seq"]))

    def told(self, update: Json) -> None:
        """The data of a frame of account.balanceUpdate."""
        if update["a"] in self._of:
            decimals = self._decimals[update["a"]]
            available, locked = (base_units(update[name], decimals) for name in ("A", "L"))
            self._newer(update["a"], Holding(available, locked, update["seq"]))

    def _newer(self, symbol: str, holding: Holding) -> None:
        if holding.seq >= self._of[symbol].seq:
            self._of[symbol] = holding
