"""A trader for a demo: takes and rests small amounts around a price that walks, so that a market
lives. It moves the pool after the price, as whoever trades between two places does.
"""

import random
from collections.abc import Callable
from math import gcd
from typing import NamedTuple

from xyk.client.client import Client
from xyk.domain.market import ASK, BID
from xyk.domain.units import BPS
from xyk.maker.market_view import MarketView
from xyk.maker.quoting import Price

SMALLEST, LARGEST = 10_000, 1_000  # a trade is such a part of the pool's base
SLIPPAGE_BPS = 100
GAP_BPS = 5  # beyond the pool's fee, before it is worth to trade against it
REST_BPS = (4, 40)  # how far from the price an order rests
REST_S = (20, 90)
COARSE_TICKS = 1_000
RESTS, SWAPS = 15, 55  # of 100 trades: those that rest, and up to here swaps; the others IOC orders


class Trade(NamedTuple):
    """`kind`: swap, take or rest; `is_buy` of base; `base` in base units, whole lots; `price`: the
    worst one."""

    kind: str
    is_buy: bool
    base: int
    price: Price


class Taker:
    """One market's. `client` signs for its own wallet; `price` says where the walk is, None while
    nobody knows. The same seed and the same prices make the same trades."""

    def __init__(
        self, client: Client, view: MarketView, price: Callable[[], Price | None], seed: str
    ) -> None:
        self.client = client
        self.view = view
        self._price = price
        self._chance = random.Random(seed)

    async def step(self, now_s: float) -> bool:
        """One trade; False where there is nothing to trade by yet. Raises Refused, Unanswered."""
        if not self.view.is_fresh:
            await self.view.read()
        price, pool = self._price(), self.view.pool
        if price is None or pool is None:
            return False
        await self._send(self.trade(price, pool), now_s)
        return True

    def trade(self, price: Price, pool: Price) -> Trade:
        """What to do next: bring the pool to the price where it is off by more than its fee, else
        anything."""
        chance = self._chance
        lot = self.view.terms.lot_size
        part = chance.randint(LARGEST, SMALLEST)
        lots = max(self.view.pool_base // part // lot, 1)
        drawn, is_buy = chance.randrange(100), chance.random() < 0.5
        away = chance.randint(*REST_BPS)
        gap = price.quote * pool.base * BPS // (pool.quote * price.base) - BPS
        if abs(gap) > self.view.pool_fee_bps + GAP_BPS:
            lots = max(self.view.pool_base // LARGEST // lot, 1)
            return Trade("take", gap > 0, lots * lot, price)
        if drawn < RESTS and self.view.has_book:
            return Trade("rest", is_buy, lots * lot, moved(price, -away if is_buy else away))
        worst = moved(price, SLIPPAGE_BPS if is_buy else -SLIPPAGE_BPS)
        # A swap takes the best way over all markets, an order only its own: where a pool is alone
        # the other ways are cheaper, and its chart would stand still.
        swaps = drawn < SWAPS and self.view.has_book
        return Trade("swap" if swaps else "take", is_buy, lots * lot, worst)

    async def _send(self, trade: Trade, now_s: float) -> None:
        if trade.kind == "swap":
            await self._swap(trade)
            return
        terms = self.view.terms
        ticks, lots = self._fitting(trade)
        side = BID if trade.is_buy else ASK
        amounts = terms.amounts(side, terms.price(ticks), terms.quantity(lots))
        if trade.kind == "rest":
            expires = int(now_s) + self._chance.randint(*REST_S)
            await self.client.place_order_amounts(*amounts, time_in_force="GTD", expires=expires)
        else:  # an order of its own that is in the way goes
            await self.client.place_order_amounts(
                *amounts, time_in_force="IOC", self_trade_prevention="RejectMaker"
            )

    def _fitting(self, trade: Trade) -> tuple[int, int]:
        """Ticks and lots. Without a book a lot at a tick may be worth a fraction of a unit: then
        both are made coarser until the value is whole."""
        terms = self.view.terms
        coarse = 1 if self.view.has_book else COARSE_TICKS
        exact = trade.price.quote * 10**terms.base_decimals // trade.price.base
        ticks = max(exact // (terms.tick_size * coarse), 1) * coarse
        whole = 10**terms.base_decimals
        step = whole // gcd(whole, ticks * terms.tick_size * terms.lot_size)
        return ticks, max(trade.base // terms.lot_size // step, 1) * step

    async def _swap(self, trade: Trade) -> None:
        terms = self.view.terms
        worst = trade.price
        if trade.is_buy:
            spent = trade.base * worst.quote // worst.base
            least = trade.base * (BPS - SLIPPAGE_BPS) // BPS
            await self.client.sell(terms.quote_token, terms.base_token, spent, least)
        else:
            least = trade.base * worst.quote // worst.base
            await self.client.sell(terms.base_token, terms.quote_token, trade.base, least)


def moved(price: Price, bps: int) -> Price:
    return Price(price.quote * (BPS + bps), price.base * BPS)
