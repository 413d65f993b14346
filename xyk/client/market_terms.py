"""What turns human numbers into an order of one market: its tokens, tick and lot, all exact."""

from math import gcd
from typing import NamedTuple, Self

from xyk.client.signing import Json
from xyk.domain.decimals import base_units, whole_tokens
from xyk.domain.market import ASK, BID

SIDES = (BID, ASK)


class Unfit(ValueError):
    """A price or quantity that the market does not take. `nearest`: the closest one that it does,
    as text; of two as close the lower one.
    """

    def __init__(self, message: str, nearest: str) -> None:
        super().__init__(message)
        self.nearest = nearest


class OrderAmounts(NamedTuple):
    """As PlaceOrder and ReplaceOrder say it: token addresses and base units."""

    sell_token: str
    buy_token: str
    sell_amount: int
    buy_amount: int


class MarketTerms(NamedTuple):
    """`tick_size`: quote base units per whole base token; `lot_size`: base units of base."""

    symbol: str
    base: str
    quote: str
    base_token: str
    quote_token: str
    base_decimals: int
    quote_decimals: int
    tick_size: int
    lot_size: int

    @classmethod
    def of(cls, market: Json, assets: list[Json]) -> Self:
        """From an element of /api/v1/markets and all of /api/v1/assets."""
        tokens = {asset["symbol"]: asset["tokens"][0] for asset in assets}
        base, quote = market["baseSymbol"], market["quoteSymbol"]
        decimals = {name: int(tokens[name]["nativeDecimals"]) for name in (base, quote)}
        tick = market["filters"]["price"]["tickSize"]
        lot = market["filters"]["quantity"]["stepSize"]
        return cls(
            symbol=market["symbol"],
            base=base,
            quote=quote,
            base_token=tokens[base]["contractAddress"].lower(),
            quote_token=tokens[quote]["contractAddress"].lower(),
            base_decimals=decimals[base],
            quote_decimals=decimals[quote],
            tick_size=base_units(tick, decimals[quote]),
            lot_size=base_units(lot, decimals[base]),
        )

    def ticks(self, price: str) -> int:
        """Whole ticks of a price in quote per base. Raises Unfit, ValueError for no number."""
        ticks, rest = self._whole(price, self.tick_size, self.quote_decimals)
        if rest:
            nearest = self.price(ticks)
            raise Unfit(
                f"A price of {self.symbol} is a multiple of {self.price(1)}; "
                f"the nearest to {price} is {nearest}",
                nearest,
            )
        return ticks

    def lots(self, quantity: str) -> int:
        """Whole lots of a quantity of base. Raises Unfit, ValueError for no number."""
        lots, rest = self._whole(quantity, self.lot_size, self.base_decimals)
        if rest:
            raise self._unfit_quantity(quantity, 1, lots)
        return lots

    def price(self, ticks: int) -> str:
        """Quote per base in whole tokens."""
        return whole_tokens(ticks * self.tick_size, self.quote_decimals)

    def quantity(self, lots: int) -> str:
        """Whole tokens of base."""
        return whole_tokens(lots * self.lot_size, self.base_decimals)

    def amounts(self, side: str, price: str, quantity: str) -> OrderAmounts:
        """Exactly what an order says. Raises Unfit off the grid of ticks or lots, or where the
        value is no whole number of quote base units; ValueError for no side or no number."""
        if side not in SIDES:
            raise ValueError(f"A side is {BID} or {ASK}, not {side!r}")
        ticks, lots = self.ticks(price), self.lots(quantity)
        base, unit = lots * self.lot_size, 10**self.base_decimals
        value = ticks * self.tick_size
        quote, rest = divmod(base * value, unit)
        if rest:  # only without a book may one lot at one tick be a fraction
            step = unit // gcd(unit, value * self.lot_size)
            raise self._unfit_quantity(quantity, step, _nearest(lots, step))
        if side == BID:
            return OrderAmounts(self.quote_token, self.base_token, quote, base)
        return OrderAmounts(self.base_token, self.quote_token, base, quote)

    def _whole(self, text: str, unit: int, decimals: int) -> tuple[int, bool]:
        """How many units `text` is, the nearest number of them where it is no whole one, and
        whether it is none."""
        places = max(decimals, len(text.strip().partition(".")[2]))
        amount = base_units(text.strip(), places)
        unit *= 10 ** (places - decimals)
        return _nearest(amount, unit) // unit, amount % unit != 0 or amount == 0

    def _unfit_quantity(self, quantity: str, step: int, lots: int) -> Unfit:
        nearest = self.quantity(lots)
        return Unfit(
            f"A quantity of {self.symbol} is a multiple of {self.quantity(step)} {self.base}; "
            f"the nearest to {quantity} is {nearest}",
            nearest,
        )


def _nearest(amount: int, unit: int) -> int:
    """The multiple of `unit` that is closest, the lower one of two, but never 0."""
    return max((2 * amount + unit - 1) // (2 * unit), 1) * unit
