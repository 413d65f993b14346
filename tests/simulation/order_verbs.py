"""Orders of the workload: around the touch, the curve, and every edge of the rules."""

from fractions import Fraction
from math import ceil, gcd

from tests.naive.vault import Fields, left
from tests.simulation.aim import Aim
from tests.simulation.cast import OWNERS

FORCES = (*["GTC"] * 9, *["IOC"] * 4, *["FOK"] * 3, *["GTD"] * 4, "")
SELF_TRADES = (*["", "RejectTaker", "RejectMaker", "RejectMaker", "RejectBoth"] * 8, "None")
CLIENT_IDS = (*[0] * 40, 1, 2, 3, 4, 5, 6, 7, 2**32 - 1, 2**32)


class OrderVerbs(Aim):
    def market(self) -> str:
        """Mostly one with a book."""
        with_book = [name for name, terms in self.twin.markets.items() if terms["book"]]
        if with_book and self.random.random() < 0.9:
            return self.random.choice(with_book)
        return self.random.choice(list(self.twin.markets))

    def ticks(self, market: str, is_bid: bool, eager: float = 0.35) -> int:
        """A price at the touch or the curve, a tick beside it, or some way off; across the spread
        as often as `eager` says."""
        unit = self.twin.price(market, 1)
        crosses = self.random.random() < eager
        marks = [one["price"] for one in self.twin.resting(market, is_bid != crosses)[:3]]
        if self.twin.is_awake(market):
            side = 1 if is_bid == crosses else 0  # what the curve asks, or bids
            marks += [int(self.twin.pairs[market].marginal_price(side, 0) / unit)] * 2
        if not marks:
            last = self.twin.last.get(market, Fraction(self.random.randint(1, 20), 7))
            marks = [int(last / unit)]
        mark = int(self.random.choice(marks))
        if self.random.random() < 0.005:
            return self.near(2**112 - 1)
        if self.random.random() < 0.45:
            least = 0 if self.random.random() < 0.02 else 1
            return max(least, mark + self.random.choice((-1, 0, 0, 1)))
        away = mark * self.random.randint(0, self.random.choice((3, 10, 30, 120))) // 1000
        return max(1, mark + away if is_bid == crosses else mark - away)

    def lots(self, market: str, is_bid: bool, owner: str, ticks: int) -> int:
        """Mostly what the owner can pay for; what is there to take, one more or less, or a few."""
        terms, lot = self.twin.markets[market], int(self.twin.markets[market]["lotSize"])
        price = ticks * self.twin.price(market, 1)
        have = self.twin.balance(owner, terms["quote" if is_bid else "base"])
        goal: int
        afford: int = int(have / (price * lot)) if is_bid and price else have // lot
        dice = self.random.random()
        if dice < 0.3:
            hop = self.twin.hop(market, 1 if is_bid else 0, owner)
            goal = hop.in_lots(2**60, ticks, "RejectMaker").lots if ticks else 0
        elif dice < 0.5:
            across = self.twin.resting(market, not is_bid)[:3]
            goal = sum(map(left, across[: self.random.randint(1, 3)]))
        elif dice < 0.9:
            goal = afford >> self.random.randint(1, 8)
        elif dice < 0.95:
            goal = int(10**4 / (price * lot)) if price else 1
        else:
            return self.near(afford)
        goal = self.near(goal)
        if price and self.random.random() < 0.95:  # the least that an order may be worth
            goal = max(goal, ceil(10**4 / (price * lot)))
        return min(goal, afford) if self.random.random() < 0.85 else goal

    def amounts(self, market: str, ticks: int, lots: int) -> tuple[int, int]:
        """Base and quote, mostly in whole ticks and lots."""
        terms = self.twin.markets[market]
        base, whole = lots * terms["lotSize"], 10 ** self.twin.decimals_of(terms["base"])
        step = whole // gcd(whole, terms["tickSize"] * base) if base else 1
        ticks -= ticks % step
        quote = base * ticks * terms["tickSize"] // whole
        if self.random.random() < 0.03:
            return self.near(base), self.near(quote)
        return base, quote

    def tokens(self, market: str, is_bid: bool) -> Fields:
        terms = self.twin.markets[market]
        sell, buy = (terms["quote"], terms["base"]) if is_bid else (terms["base"], terms["quote"])
        if self.random.random() < 0.01:
            sell, buy = self.couple()
        return {"sellToken": self.token(sell), "buyToken": self.token(buy)}

    def make_PlaceOrder(self) -> Fields:
        market, is_bid = self.market(), self.random.random() < 0.5
        terms = self.twin.markets[market]
        owner = self.holder(terms["quote" if is_bid else "base"])
        force = self.random.choice(FORCES) if self.random.random() < 0.99 else "Gtc"
        ticks = self.ticks(market, is_bid, 0.85 if force in ("IOC", "FOK") else 0.35)
        last, armed = self.twin.last.get(market), 0
        spot = self.twin.spot(market)
        if spot and self.random.random() < 0.06:  # the furthest that an agent may go
            self.aims_at_band = True
            edge = spot * (11 if is_bid else 9) / 10 / self.twin.price(market, 1)
            ticks = max(1, self.near(int(edge)))
        elif self.random.random() < (0.25 if last else 0.02):
            armed, ticks = self._trigger(market, is_bid, last or Fraction(1), ticks)
        base, quote = self.amounts(market, ticks, self.lots(market, is_bid, owner, ticks))
        now_s = self.twin.now_ms // 1000
        fields = {
            "owner": owner,
            **self.tokens(market, is_bid),
            "sellAmount": quote if is_bid else base,
            "buyAmount": base if is_bid else quote,
            "timeInForce": force,
            "postOnly": self.random.random() < (0.01 if armed or force in ("IOC", "FOK") else 0.15),
            "selfTradePrevention": self.random.choice(SELF_TRADES),
            "triggerPrice": abs(armed),
            "triggerAbove": armed > 0,
            "clientId": self.random.choice(CLIENT_IDS),
            "expires": now_s + self.random.choice((1, 5, 60, 60, 600, 7200)),
        }
        if force != "GTD" and self.random.random() < 0.98:
            fields["expires"] = 0
        elif self.random.random() < 0.03:
            fields["expires"] = self.random.choice((0, now_s, now_s - 1))
        return fields

    def _trigger(self, market: str, is_bid: bool, last: Fraction, ticks: int) -> tuple[int, int]:
        """A trigger price a little above the last price or (negative) below it, at it, or reached
        already; and a limit, often so far beyond it that its activation moves the price on."""
        terms, sign = self.twin.markets[market], self.random.choice((1, -1))
        away = self.random.choice((0, 1, 2, 5, 20)) * (-1 if self.random.random() < 0.05 else 1)
        price = last * 10 ** self.twin.decimals_of(terms["base"]) * (1000 + sign * away) / 1000
        if self.random.random() < 0.6:
            limit = last * self.random.choice((101, 103, 109)) / 100
            limit = limit if is_bid else last**2 / limit
            ticks = max(1, int(limit / self.twin.price(market, 1)))
        return sign * max(1, self.near(int(price)) + self.random.choice((0, 0, 1))), ticks

    def make_ReplaceOrder(self) -> Fields:
        if not self.twin.orders:
            fields = self.make_PlaceOrder()
            names = ("owner", "sellToken", "buyToken", "sellAmount", "buyAmount")
            return {name: fields[name] for name in names} | {"order": "0x" + "00" * 32}
        order = self.random.choice(self.twin.orders)
        market, is_bid, owner = order["market"], order["isBid"], order["owner"]
        digest = order["digest"]
        ticks, lots = order["price"], order["quantity"]
        if self.random.random() < 0.5:
            ticks = self.ticks(market, is_bid, 0.6)
        if self.random.random() < 0.8:
            choices = (lots // 2, lots * 2, order["filled"], order["filled"] + 1)
            lots = self.near(self.random.choice((lots, *choices)))
            if self.random.random() < 0.5:
                lots = self.lots(market, is_bid, owner, ticks)
        if self.random.random() < 0.03:
            digest = self.random.choice(("0x" + "00" * 32, "0x" + "ab" * 32))
        if self.random.random() < 0.03:
            owner = self.random.choice(OWNERS)
        if self.random.random() < 0.03:
            market, is_bid = self.random.choice(((self.market(), is_bid), (market, not is_bid)))
        base, quote = self.amounts(market, ticks, lots)
        sides = (quote, base) if is_bid else (base, quote)
        return {
            "owner": owner,
            "order": digest,
            **self.tokens(market, is_bid),
            "sellAmount": sides[0],
            "buyAmount": sides[1],
        }

    def make_CancelOrder(self) -> Fields:
        if not self.twin.orders or self.random.random() < 0.1:
            texts = ("", "0", "1", "x", "-1", "7" * 30, str(self.twin.seq))
            fields = {"orderId": self.random.choice(texts), "clientId": self.random.choice((0, 1))}
            return {"owner": self.random.choice(OWNERS), **fields}
        order = self.random.choice(self.twin.orders)
        number = {"orderId": str(order["id"]), "clientId": 0}
        if self.random.random() < 0.4:
            number = {"orderId": "", "clientId": order["clientId"]}
        strange = self.random.random() < 0.1
        return {"owner": self.random.choice(OWNERS) if strange else order["owner"], **number}

    def make_CancelAllOrders(self) -> Fields:
        market = self.random.choice(("", *self.twin.markets, "NONE_USDC"))
        return {"owner": self.random.choice(OWNERS), "market": market}

    def make_CancelAllAfter(self) -> Fields:
        seconds = self.random.choice((0, 1, 5, 30, 30, 86_400, 86_401))
        return {**self.make_CancelAllOrders(), "timeoutSeconds": seconds}
