"""What is listed: assets and markets, and the names that follow from them."""

import msgspec

from xyk.domain.units import LP_PREFIX

OPEN = "open"
CANCEL_ONLY = "cancel_only"
PAUSED = "paused"
STATUSES = (OPEN, CANCEL_ONLY, PAUSED)

BID = "Bid"  # the sides of a market, as the convention spells them
ASK = "Ask"


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """`symbol` is [A-Z0-9]{1,12}, or LP:MARKET for pool shares; `index` is the order of listing."""

    symbol: str
    token: str
    decimals: int
    index: int

    @property
    def is_shares(self) -> bool:
        return self.symbol.startswith(LP_PREFIX)


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """One unordered pair of assets, with a pool and, where `book` is set, an order book.

    `tick_size`: quote base units per whole base token. `lot_size`: base units of base. Fees in bps;
    a negative maker fee is a rebate. The pool's fee is the pool's own. `implicit`: made by a user's
    first deposit, not yet taken over by the operator's ListMarket.
    """

    symbol: str
    base: str
    quote: str
    tick_size: int
    lot_size: int
    maker_fee_bps: int
    taker_fee_bps: int
    book: bool
    implicit: bool
    created_ms: int
    status: str = OPEN

    def lot_value(self, base_decimals: int) -> int:
        """Quote base units that one lot is worth at a price of one tick; exact where the market has
        a book (listing sees to it), else rounded down."""
        value: int = self.tick_size * self.lot_size // 10**base_decimals
        return value


def market_symbol(base: str, quote: str) -> str:
    return f"{base}_{quote}"


def shares_symbol(market: str) -> str:
    """The symbol of the pool's LP shares."""
    return LP_PREFIX + market


def pool_account(market: str) -> str:
    """The pool's own ledger account; not an address, so no request can name it."""
    return f"pool:{market}"


OUTSIDE = "outside"  # minus what the exchange holds; the issuer of LP shares
LOCKED = "locked"  # holds MINIMUM_LIQUIDITY of every pool for ever
