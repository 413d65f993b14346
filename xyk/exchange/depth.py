"""The levels of one market as a client sees them: resting orders, and the pool's curve beside them
as levels on its grid (DESIGN section 7).

It follows a market by what happened to it, and so can stand at any entry of the journal. Prices in
ticks, quantities in lots.
"""

from itertools import islice

from pools.pool import Pool
from xyk.book.side import Prices
from xyk.domain.events import MarketListed
from xyk.domain.market import ASK, BID, Market
from xyk.exchange.curve import Level, grid_step, levels
from xyk.exchange.state import State


class Ladder:
    """One side's resting lots by price. `touched`: lots that stood at each price before it changed,
    since it was last cleared."""

    __slots__ = ("keys", "lots", "sign", "touched")

    def __init__(self, is_bid: bool) -> None:
        self.sign = 1 if is_bid else -1
        self.keys = Prices()
        self.lots: dict[int, int] = {}  # price -> lots
        self.touched: dict[int, int] = {}

    @property
    def best(self) -> int | None:
        key = self.keys.best
        return None if key is None else key * self.sign

    def add(self, price: int, lots: int) -> None:
        """More of them, or fewer where `lots` is below 0."""
        before = self.lots.get(price, 0)
        self.touched.setdefault(price, before)
        after = before + lots
        assert after >= 0, "a level never falls below nothing"
        key = price * self.sign
        if after == 0:
            del self.lots[price]
            self.keys.remove(key)
        else:
            self.lots[price] = after
            if before == 0:
                self.keys.add(key)

    def top(self, limit: int) -> list[Level]:
        """Best first."""
        prices = [key * self.sign for key in islice(self.keys, limit)]
        return [(price, self.lots[price]) for price in prices]


class Depth:
    """`market` and `pool` are its own copies. `is_changed`: since somebody last set it back."""

    __slots__ = ("_curves", "asks", "base_decimals", "bids", "is_changed", "market", "pool")

    def __init__(self, market: Market, fee_bps: int, base_decimals: int) -> None:
        self.market = market
        self.base_decimals = base_decimals
        self.pool = Pool.new(market.symbol, fee_bps)
        self.bids = Ladder(True)
        self.asks = Ladder(False)
        self.is_changed = True
        self._curves: dict[bool, list[Level]] = {}  # by side, until the pool or its terms change

    @classmethod
    def of(cls, state: State, symbol: str) -> "Depth":
        """As it stands in the state."""
        market, pool = state.markets[symbol], state.pools[symbol]
        depth = cls(market, pool.fee_bps, state.assets[market.base].decimals)
        depth.set_reserves(pool.reserve_base, pool.reserve_quote)
        book = state.books.get(symbol)
        if book is not None:
            for is_bid, ladder in ((True, depth.bids), (False, depth.asks)):
                for level in book.side(is_bid):
                    ladder.add(level.price, level.lots)
                ladder.touched.clear()
        return depth

    @classmethod
    def listed(cls, event: MarketListed, base_decimals: int) -> "Depth":
        """Of a market that is new, without liquidity."""
        market = Market(
            symbol=event.market,
            base=event.base,
            quote=event.quote,
            tick_size=event.tick_size,
            lot_size=event.lot_size,
            maker_fee_bps=event.maker_fee_bps,
            taker_fee_bps=event.taker_fee_bps,
            book=event.book,
            implicit=event.implicit,
            created_ms=0,
        )
        return cls(market, event.pool_fee_bps, base_decimals)

    def set_reserves(self, base: int, quote: int) -> None:
        self.pool.reserve_base = base
        self.pool.reserve_quote = quote
        self._curves.clear()
        self.is_changed = True

    def set_terms(self, market: Market, fee_bps: int) -> None:
        self.market = market
        self.pool.fee_bps = fee_bps
        self._curves.clear()
        self.is_changed = True

    def add(self, is_bid: bool, price: int, lots: int) -> None:
        (self.bids if is_bid else self.asks).add(price, lots)
        self.is_changed = True

    def curve(self, is_bid: bool) -> list[Level]:
        """The pool alone, best first."""
        known = self._curves.get(is_bid)
        if known is None:
            side = BID if is_bid else ASK
            known = levels(self.pool, self.market, side, base_decimals=self.base_decimals)
            self._curves[is_bid] = known
        return known

    def beside_book(self, is_bid: bool) -> list[Level]:
        """The curve's levels, best first, none of which meets the other side's best order: what
        would is added to the next one away."""
        other = (self.asks if is_bid else self.bids).best
        curve = self.curve(is_bid)
        if other is None or not curve:
            return curve
        meets = [one for one in curve if (one[0] >= other if is_bid else one[0] <= other)]
        if not meets:
            return curve
        rest, carried = curve[len(meets) :], sum(lots for _, lots in meets)
        if rest:
            return [(rest[0][0], rest[0][1] + carried), *rest[1:]]
        step = grid_step(self.pool, self.market, 10**self.base_decimals)
        price = ((other - 1) // step if is_bid else other // step + 1) * step
        return [(price, carried)] if price > 0 else []

    def side(self, is_bid: bool, limit: int) -> list[Level]:
        """Orders and curve together, the best `limit` levels, best first."""
        ladder = self.bids if is_bid else self.asks
        merged = dict(ladder.top(limit))
        for price, lots in self.beside_book(is_bid):
            merged[price] = merged.get(price, 0) + lots
        return sorted(merged.items(), reverse=is_bid)[:limit]
