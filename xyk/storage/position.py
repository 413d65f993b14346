"""What a liquidity provider put into a pool, and what fees made of it: the cost basis of LP shares.

Every swap leaves its fee in the pool, so sqrt(k) per share grows by fees, and beside them only by
the units that the pool keeps when it rounds (V2's protocol mint takes a part of the growth back). A
position therefore remembers the sqrt(k) that its shares stood for when they came; what they stand
for beyond that is fees.

- `shares`: LP shares held, 18 decimals.
- `sqrt_k_in`: the sum of shares * sqrt(k) / total supply at each entry, rounded up, in units of
  sqrt(k) (square root of base unit times quote unit). Shares that leave take their part of it
  along, pro rata.
- `base_in`, `quote_in`: the amounts that the shares stood for at entry, in base units, pro rata
  too: what the position is compared with for loss against holding.
- `base_fees`, `quote_fees`: fees taken out with shares that left, in base units.

Shares that leave for the amounts (b, q) while worth w of sqrt(k), with the part i of `sqrt_k_in`,
take out fees of floor(b * (w - i) / w) and floor(q * (w - i) / w); what stays has earned fees by
the same formula on what it would be paid now. A transfer of shares counts as leaving for the sender
and as an entry at the pool's present state for the recipient. So do shares of the protocol fee for
their recipient. All roundings understate the fees, but for one unit of sqrt(k) where shares leave
in part.
"""

from math import isqrt

import msgspec


class Reserves(msgspec.Struct, frozen=True):
    """A pool at one moment; `total_supply` is above zero."""

    base: int
    quote: int
    total_supply: int

    def amounts_of(self, shares: int) -> tuple[int, int]:
        """The base and quote that `shares` stand for, rounded down."""
        return self.base * shares // self.total_supply, self.quote * shares // self.total_supply

    def sqrt_k_of(self, shares: int) -> int:
        """The part of sqrt(k) that `shares` stand for, rounded down."""
        return isqrt(self.base * self.quote) * shares // self.total_supply


class Position(msgspec.Struct):
    """One owner's part of one pool. `seq` is the entry that changed it last."""

    owner: str
    market: str
    seq: int = 0
    shares: int = 0
    sqrt_k_in: int = 0
    base_in: int = 0
    quote_in: int = 0
    base_fees: int = 0
    quote_fees: int = 0

    def enter(self, shares: int, base: int, quote: int, after: Reserves) -> None:
        """`shares` came for these amounts; `after` is the pool with them in it."""
        self.shares += shares
        self.sqrt_k_in += -(-isqrt(after.base * after.quote) * shares // after.total_supply)
        self.base_in += base
        self.quote_in += quote

    def leave(self, shares: int, base: int, quote: int, before: Reserves) -> None:
        """`shares` left for these amounts; `before` is the pool with them still in it."""
        assert 0 < shares <= self.shares
        sqrt_k_out = -(-self.sqrt_k_in * shares // self.shares)
        base_fees, quote_fees = _fees(before.sqrt_k_of(shares), sqrt_k_out, base, quote)
        self.base_fees += base_fees
        self.quote_fees += quote_fees
        self.sqrt_k_in -= sqrt_k_out
        self.base_in -= self.base_in * shares // self.shares
        self.quote_in -= self.quote_in * shares // self.shares
        self.shares -= shares

    def fees_earned(self, now: Reserves) -> tuple[int, int]:
        """Base and quote units earned so far: what left with shares, and what would leave now."""
        base, quote = now.amounts_of(self.shares)
        base_fees, quote_fees = _fees(now.sqrt_k_of(self.shares), self.sqrt_k_in, base, quote)
        return self.base_fees + base_fees, self.quote_fees + quote_fees


def _fees(worth: int, paid: int, base: int, quote: int) -> tuple[int, int]:
    grown = worth - paid
    if grown <= 0:  # nothing earned yet, or the protocol's shares took more than came in since
        return 0, 0
    return base * grown // worth, quote * grown // worth
