"""The operator's commands of the workload: listings, terms, status, fee, succession."""

from tests.naive.vault import Fields
from tests.simulation.aim import Aim
from tests.simulation.cast import ASSETS, CAROL, LATER, MALLORY, OPERATOR, OWNERS, UNLISTED, ZERO

TICKS = (1, 1, 10**4, 10**5, 0, 7)
LOTS = (1, 10**3, 10**6, 10**12, 10**14, 0)
POOL_FEES = (30, 30, 5, 100, 0, 101)
# Maker and taker fee: usual, at the bound of pool fees 30, 5 and 0 and one beyond, and refused.
BOOK_FEES = ((2, 5), (0, 0), (-2, 5), (0, 59), (0, 60), (9, 9), (0, 10), (5, 2), (-6, 5), (0, 1001))
STATUSES = ("open", "open", "open", "paused", "cancel_only", "Open")


class OperatorVerbs(Aim):
    def boss(self) -> str:
        """Nearly always who the operator is now."""
        if self.random.random() < 0.06:
            return self.random.choice((MALLORY, OPERATOR, *OWNERS))
        return self.twin.operator

    def make_ListAsset(self) -> Fields:
        symbol = self.random.choice((*LATER, *LATER, *ASSETS, "", "weth", "A" * 12, "A" * 13))
        tokens = (ZERO, ZERO, ZERO, "0x" + "77" * 20, UNLISTED, self.twin.assets[-1]["token"])
        return {
            "owner": self.boss(),
            "symbol": symbol,
            "token": self.random.choice(tokens),
            "decimals": LATER.get(symbol, self.random.choice((0, 36, 37))),
        }

    def terms(self) -> Fields:
        maker, taker = self.random.choice(BOOK_FEES)
        return {
            "tickSize": self.random.choice(TICKS),
            "lotSize": self.random.choice(LOTS),
            "makerFeeBps": maker,
            "takerFeeBps": taker,
            "poolFeeBps": self.random.choice(POOL_FEES),
            "book": self.random.random() < 0.5,
        }

    def make_ListMarket(self) -> Fields:
        base, quote = self.random.sample(self.assets(), 2)
        if self.random.random() < 0.2:
            base, quote = self.couple()
        implicit = [market for market in self.twin.markets.values() if market["implicit"]]
        if implicit and self.random.random() < 0.6:  # take it over
            chosen = self.random.choice(implicit)
            base, quote = chosen["base"], chosen["quote"]
        if self.random.random() < 0.05:
            base = self.random.choice(("NONE", "LP:ETH_USDC"))
        return {"owner": self.boss(), "base": base, "quote": quote, **self.terms()}

    def make_UpdateMarket(self) -> Fields:
        market = self.random.choice((*self.twin.markets, *self.twin.markets, "NONE_USDC"))
        return {"owner": self.boss(), "market": market, **self.terms()}

    def make_SetMarketStatus(self) -> Fields:
        market = self.random.choice((*self.twin.markets, "*", "*", "NONE_USDC"))
        return {"owner": self.boss(), "market": market, "status": self.random.choice(STATUSES)}

    def make_SetProtocolFee(self) -> Fields:
        return {"owner": self.boss(), "recipient": self.random.choice((ZERO, CAROL, OPERATOR))}

    def make_SetOperator(self) -> Fields:
        return {"owner": self.boss(), "operator": self.random.choice((OPERATOR, CAROL))}
