"""Where to aim: amounts, assets and outcomes that lie at an edge of what the twin knows now."""

from fractions import Fraction
from math import isqrt
from random import Random

from tests.naive.pair import BPS, Pair
from tests.naive.twin import Twin
from tests.naive.vault import Fields
from tests.simulation.cast import OWNERS, UNLISTED


def band_edge_in(pair: Pair, side: int) -> int:
    """The input that ends a tenth away from spot: 11/10 for a buyer of base, 9/10 for a seller."""
    reserve_in, reserve_out = pair.reserves[side], pair.reserves[1 - side]
    above, below = (11, 10) if side == 1 else (10, 9)
    kept = BPS - pair.fee_bps
    root = isqrt(kept * BPS * reserve_in * reserve_in * above // below)
    return max(0, (root - BPS * reserve_in) // kept) if reserve_out else 0


def band_edge_out(pair: Pair, side: int) -> int:
    """The output there."""
    return pair.out_for(side, band_edge_in(pair, side))


class Aim:
    def __init__(self, random: Random, twin: Twin, bits: int) -> None:
        self.random = random
        self.twin = twin
        self.bits = bits
        self.aims_at_band = False  # then an agent should sign

    def amount(self) -> int:
        return self.random.getrandbits(self.random.randint(1, self.bits)) or 1

    def holder(self, asset: str) -> str:
        """Mostly somebody who has some."""
        rich = [owner for owner in OWNERS if self.twin.balance(owner, asset)]
        if not rich or self.random.random() < 0.06:
            return self.random.choice(OWNERS)
        return self.random.choice(rich)

    def richest(self, asset: str) -> str:
        return max(OWNERS, key=lambda owner: self.twin.balance(owner, asset))

    def spend(self, owner: str, asset: str) -> int:
        """Mostly a part of what the owner has; sometimes all, one more, nothing, or far more."""
        have = self.twin.balance(owner, asset)
        dice = self.random.random()
        if dice < 0.75:
            return have >> self.random.randint(1, 10)
        if dice < 0.9:
            return min(have, self.amount())
        return self.random.choice((have, have, have + 1, 0, 1, self.amount(), 2**256 - 1))

    def near(self, exact: int) -> int:
        return max(0, exact + self.random.choice((-1, 0, 0, 1)))

    def token(self, symbol: str) -> str:
        if self.random.random() < 0.015:
            shares = [asset["token"] for asset in self.twin.assets if "LP:" in asset["symbol"]]
            return self.random.choice((UNLISTED, self.random.choice(shares)))
        return self.twin.token(symbol)

    def assets(self) -> list[str]:
        return [asset["symbol"] for asset in self.twin.assets if "LP:" not in asset["symbol"]]

    def couple(self) -> tuple[str, str]:
        """Two assets, mostly those of a market; now and then any two, or twice the same."""
        dice = self.random.random()
        if dice < 0.7:
            market = self.twin.markets[self.random.choice(list(self.twin.markets))]
            two = [market["base"], market["quote"]]
            self.random.shuffle(two)
            return two[0], two[1]
        if dice < 0.985:
            one, other = self.random.sample(self.assets(), 2)
            return one, other
        one = self.random.choice(self.assets())
        return one, one

    def lot(self, one: str, other: str) -> int:
        return next(
            int(market["lotSize"])
            for market in self.twin.markets.values()
            if {one, other} == {market["base"], market["quote"]}
        )

    def seeded_between(self, one: str, other: str) -> tuple[Pair, int] | None:
        """The pair with reserves, and the side on which `one` goes in."""
        for name, market in self.twin.markets.items():
            if {one, other} == {market["base"], market["quote"]} and self.twin.pairs[name].supply:
                return self.twin.pairs[name], 0 if market["base"] == one else 1
        return None

    def crossing_edge(self, one: str, other: str, amount: int) -> int | None:
        """How much of `other` beside so much of `one` gives an empty pool just not crossing the
        book: two lots sold to it come to the best ask, or two bought from it to the best bid."""
        name = self.twin.market_of(one, other)
        if name is None or self.twin.pairs[name].supply:
            return None
        terms, pair = self.twin.markets[name], self.twin.pairs[name]
        is_bid = self.random.random() < 0.5
        best = self.twin.resting(name, is_bid)[:1]
        if not best or terms["base"] != one or amount <= 2 * terms["lotSize"]:
            return None
        price, two_lots = self.twin.price(name, best[0]["price"]), 2 * terms["lotSize"]
        net = 1 - Fraction(terms["takerFeeBps"], BPS)
        if is_bid:
            return int(price * net * pair.keeps() * (amount - two_lots) ** 2 / amount)
        return int(price / net * (amount + pair.keeps() * two_lots) ** 2 / pair.keeps() / amount)

    def a_and_b(self, outcome: Fields, one: str) -> tuple[int, int]:
        base, quote = outcome["amountBase"], outcome["amountQuote"]
        known = self.twin.markets.get(outcome["market"])
        a_is_base = known["base"] == one if known else outcome["market"].startswith(one + "_")
        return (base, quote) if a_is_base else (quote, base)
