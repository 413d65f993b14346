"""What API keys ask for in the workload: orders in decimals around the same edges, market orders,
triggers, cancels; late, early, and twice."""

from fractions import Fraction
from hashlib import sha256

from tests.naive.vault import Fields
from tests.simulation.cast import KEYS, OWNERS
from tests.simulation.order_verbs import OrderVerbs

KEY_KINDS = ("ExecuteOrder", "CancelOpenOrder", "CancelOpenOrders")
FORCES = (*[""] * 8, *["GTC"] * 2, *["IOC"] * 5, *["FOK"] * 4)
SELF_TRADES = (*["", "RejectTaker", "RejectMaker", "RejectMaker", "RejectBoth"] * 8, "Allow")
CLIENT_IDS = (*[0] * 30, 1, 2, 3, 4, 5, 2**32 - 1)
WINDOWS = (*[5_000] * 8, 1, 60_000, 60_000)
STRANGE_KEY = "0x" + "0a" * 32


def request_digest(kind: str, fields: Fields, signer: str) -> str:
    """The same request again has the same one."""
    return "0x" + sha256(f"{kind} {signer} {sorted(fields.items())}".encode()).hexdigest()


def decimal(units: int, places: int) -> str:
    """Base units as a decimal of whole tokens, as clients write them."""
    digits = str(units).zfill(places + 1)
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    return f"{whole}.{part}" if part else whole


class KeyVerbs(OrderVerbs):
    sent: tuple[tuple[str, Fields, str], ...] = ()  # newest last

    def by_key(self, kind: str, fields: Fields, now_ms: int) -> tuple[str, Fields, str, int]:
        """With its signer and its time: mostly a key that may, just now."""
        dice = self.random.random()
        if self.sent and dice < 0.08:  # again, in its window, at the end of it, or too late
            kind, fields, signer = self.random.choice(self.sent)
            end_ms = fields["timestamp"] + fields["window"]
            at_ms = self.random.choice((end_ms, end_ms + 1, now_ms))
            return kind, fields, signer, max(self.twin.now_ms, at_ms)
        owner = fields.pop("owner")
        mine = [key for key, known in self.twin.api_keys.items() if known["owner"] == owner]
        signer = self.random.choice(mine) if mine else self.random.choice(KEYS)
        if dice > 0.98:
            signer = self.random.choice((*KEYS, STRANGE_KEY))
        window = self.random.choice(WINDOWS)
        late_ms = self.random.choice((0, 0, 0, 0, 0, 0, 0, 0, 1, window // 2, window, -5_000))
        if self.random.random() < 0.04:
            late_ms = self.random.choice((window + 1, -5_001))
            window = self.random.choice((window, window, 0, 60_001))
        fields = {"timestamp": now_ms - late_ms, "window": window, **fields}
        self.sent = (*self.sent[-20:], (kind, fields, signer))
        return kind, fields, signer, now_ms

    def make_ExecuteOrder(self) -> Fields:
        market, is_bid = self.market(), self.random.random() < 0.5
        terms = self.twin.markets[market]
        base, quote = (self.twin.decimals_of(terms[side]) for side in ("base", "quote"))
        owner = self.holder(terms["quote" if is_bid else "base"])
        force = self.random.choice(FORCES)
        ticks = self.ticks(market, is_bid, 0.85 if force in ("IOC", "FOK") else 0.35)
        lots = self.lots(market, is_bid, owner, ticks)
        fields: Fields = {
            "owner": owner,
            "symbol": market if self.random.random() < 0.99 else "ETH_GOLD",
            "side": "Bid" if is_bid else "Ask",
            "orderType": "Limit",
            "timeInForce": force,
            "postOnly": self.random.random() < (0.01 if force in ("IOC", "FOK") else 0.1),
            "selfTradePrevention": self.random.choice(SELF_TRADES),
            "clientId": self.random.choice(CLIENT_IDS),
        }
        amount = self._odd(lots, terms["lotSize"])
        last = self.twin.last.get(market)
        if self.random.random() < 0.5:
            fields |= {"orderType": "Market", **self._market_terms(market, is_bid, lots)}
            fields["postOnly"] = self.random.random() < 0.01
        else:
            fields["price"] = decimal(self._odd(ticks, terms["tickSize"]), quote)
        if self.random.random() < (0.2 if last else 0.02) and "quoteQuantity" not in fields:
            armed, ticks = self._trigger(market, is_bid, last or Fraction(1), ticks)
            armed = max(1, abs(armed) // terms["tickSize"])
            fields["triggerPrice"] = decimal(self._odd(armed, terms["tickSize"]), quote)
            fields["triggerQuantity"] = decimal(amount, base)
            if "price" in fields:
                fields["price"] = decimal(ticks * terms["tickSize"], quote)
            fields["postOnly"] = False
        elif "quoteQuantity" not in fields:
            fields["quantity"] = decimal(amount, base)
        if self.random.random() < 0.02:
            fields |= self._misshapen()
        return fields

    def _market_terms(self, market: str, is_bid: bool, lots: int) -> Fields:
        """Tolerance, and perhaps a quote amount: what so many lots would come to, or one off."""
        terms = self.twin.markets[market]
        fields: Fields = {}
        dice = self.random.random()
        if dice < 0.15:
            fields = {"slippageToleranceType": "Percent"}
            fields["slippageTolerance"] = self.random.choice(("0", "0.5", "1", "9", "20", "100"))
        elif dice < 0.3:
            fields = {"slippageToleranceType": "TickSize"}
            fields["slippageTolerance"] = self.random.choice(("0", "1", "3", "100", "100000"))
        if self.random.random() < 0.5:
            hop = self.twin.hop(market, 1 if is_bid else 0, self.random.choice(OWNERS))
            far = 10**40 if is_bid else 1
            plan = hop.in_lots(max(0, lots), far, "RejectMaker")
            quote = plan.amount_in if is_bid else plan.amount_out
            quote = self.near(quote or self.amount())
            fields["quoteQuantity"] = decimal(quote, self.twin.decimals_of(terms["quote"]))
        return fields

    def _odd(self, steps: int, size: int) -> int:
        """Whole steps, and now and then a unit more or less."""
        return self.near(steps * size) if self.random.random() < 0.03 else steps * size

    def _misshapen(self) -> Fields:
        return self.random.choice(
            (
                {"price": "1"},
                {"price": ""},
                {"quoteQuantity": "5"},
                {"quantity": ""},
                {"triggerQuantity": "1"},
                {"triggerBy": "LastPrice"},
                {"triggerBy": "MarkPrice"},
                {"slippageTolerance": "1"},
                {"slippageTolerance": "0.5", "slippageToleranceType": "TickSize"},
                {"side": "Buy"},
                {"orderType": "Stop"},
                {"timeInForce": "GTD"},
                {"timeInForce": "FOK"},
            )
        )

    def make_CancelOpenOrder(self) -> Fields:
        order = self.random.choice(self.twin.orders) if self.twin.orders else None
        if order is None or self.random.random() < 0.15:
            number = self.random.choice(({"orderId": "x"}, {"orderId": "7"}, {"clientId": 1}, {}))
            return {"owner": self.random.choice(OWNERS), "symbol": self.market(), **number}
        fields = {"owner": order["owner"], "symbol": order["market"], "orderId": str(order["id"])}
        if self.random.random() < 0.1:
            fields["owner"] = self.random.choice(OWNERS)
        if self.random.random() < 0.1:
            fields["symbol"] = self.random.choice((self.market(), "NONE_USDC"))
        if order["clientId"] and self.random.random() < 0.5:
            del fields["orderId"]
        if "orderId" not in fields or self.random.random() < 0.05:
            fields["clientId"] = order["clientId"]
        return fields

    def make_CancelOpenOrders(self) -> Fields:
        market = self.random.choice((*self.twin.markets, "NONE_USDC"))
        which = ("", "RestingLimitOrder", "ConditionalOrder", "Limit")
        fields = {"owner": self.random.choice(OWNERS), "symbol": market}
        return {**fields, "orderType": self.random.choice(which)}
