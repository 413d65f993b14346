"""The auditor's own account of the journal: plain double entry in dicts, from the events' JSON.

It shares no code with the exchange. Whatever an event says it did is done here a second time, in
the simplest way, and what the event says was left must be what is left.
"""

from collections import defaultdict
from typing import Any

from xyk.simulation.violation import Violation

Json = dict[str, Any]
OUTSIDE, NOBODY = "outside", "locked for ever"


def demand(condition: bool, what: str) -> None:
    if not condition:
        raise Violation(what)


class Order:
    """`remaining` in lots, `held` in base units. `state`: taking, resting, waiting (for its
    trigger) or closed."""

    __slots__ = ("held", "owner", "placed", "price", "reached", "remaining", "state", "total")

    def __init__(self, placed: Json) -> None:
        self.placed = placed
        self.owner: str = placed["owner"]
        self.price: int = placed["price"]
        self.total: int = placed["quantity"]
        self.remaining = self.total
        self.held = 0
        self.state = "taking"
        self.reached = False


class Books:
    """`have[owner, asset]`: all that is the owner's; `held`: the part that open orders need. A pool
    is the owner `pool:MARKET`."""

    def __init__(self) -> None:
        self.have: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.held: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.orders: dict[int, Order] = {}
        self.markets: dict[str, Json] = {}
        self.status: dict[str, str] = {}
        self.decimals: dict[str, int] = {}
        self.trades: dict[str, int] = {}
        self.silent: set[tuple[str, int]] = set()  # trades that no stream tells of
        self.timers: dict[tuple[str, str], int] = {}
        self.moved: dict[tuple[str, str], int] = {}  # by the entry at hand
        self.fee_recipient = ""

    def apply(self, event: Json) -> None:
        fold = getattr(self, f"_{event['type']}", None)
        if fold is not None:
            fold(event)

    def available(self, owner: str, asset: str) -> int:
        return self.have[owner, asset] - self.held[owner, asset]

    def check(self) -> None:
        """What must hold after every entry, of everything; it costs, so not after each."""
        sums: defaultdict[str, int] = defaultdict(int)
        for (owner, asset), amount in self.have.items():
            sums[asset] += amount
            demand(owner == OUTSIDE or amount >= 0, f"{owner} has {amount} {asset}")
        for asset, total in sums.items():
            demand(total == 0, f"all {asset} together is {total}")
        needed: defaultdict[tuple[str, str], int] = defaultdict(int)
        for order in self.orders.values():
            if order.held:
                needed[order.owner, self._paid_in(order)] += order.held
        held = {name: amount for name, amount in self.held.items() if amount}
        demand(dict(needed) == held, f"open orders need {dict(needed)}, {held} is held")

    # Money.

    def _move(self, giver: str, taker: str, asset: str, amount: int) -> None:
        demand(amount >= 0, f"{amount} {asset} from {giver} to {taker}")
        for owner, change in ((giver, -amount), (taker, amount)):
            self.have[owner, asset] += change
            self.moved[owner, asset] = self.moved.get((owner, asset), 0) + change

    def _hold(self, order: Order, amount: int) -> None:
        """Negative: released."""
        order.held += amount
        self.held[order.owner, self._paid_in(order)] += amount
        demand(order.held >= 0, f"order {order.placed['orderId']} holds {order.held}")

    def _paid_in(self, order: Order) -> str:
        market = self.markets[order.placed["market"]]
        paid: str = market["quote" if order.placed["isBid"] else "base"]
        return paid

    def _Deposited(self, event: Json) -> None:
        self._move(OUTSIDE, event["owner"], event["asset"], event["amount"])

    def _Withdrawn(self, event: Json) -> None:
        self._move(event["owner"], OUTSIDE, event["asset"], event["amount"])

    def _Transferred(self, event: Json) -> None:
        self._move(event["owner"], event["recipient"], event["asset"], event["amount"])

    # Markets.

    def _ExchangeCreated(self, event: Json) -> None:
        self.fee_recipient = event["feeRecipient"]

    def _AssetListed(self, event: Json) -> None:
        self.decimals[event["symbol"]] = event["decimals"]

    def _MarketListed(self, event: Json) -> None:
        self.markets[event["market"]] = event
        self.status[event["market"]] = "open"

    def _MarketUpdated(self, event: Json) -> None:
        self.markets[event["market"]] = {**self.markets[event["market"]], **event}

    def _MarketStatusChanged(self, event: Json) -> None:
        for market in self.markets if event["market"] == "*" else [event["market"]]:
            self.status[market] = event["status"]

    def _trade(self, event: Json) -> None:
        last = self.trades.get(event["market"], 0)
        demand(event["tradeId"] == last + 1, f"trade {event['tradeId']} follows {last}")
        self.trades[event["market"]] = event["tradeId"]
        if not event["priceForming"]:
            self.silent.add((event["market"], event["tradeId"]))

    def _PoolSwapped(self, event: Json) -> None:
        market = self.markets[event["market"]]
        pool, into, out = f"pool:{event['market']}", event["assetIn"], event["assetOut"]
        reserve_in, reserve_out = self.have[pool, into], self.have[pool, out]
        paid, got = event["amountIn"], event["amountOut"]
        _check_curve(10_000 - market["poolFeeBps"], reserve_in, reserve_out, paid, got)
        self._move(event["owner"], pool, into, paid)
        self._move(pool, event["owner"], out, got)
        self._check_reserves(event)
        self._trade(event)
        base, quote = (paid, got) if into == market["base"] else (got, paid)
        if event.get("orderId"):
            taken = self.orders[event["orderId"]]
            taken.remaining -= base // market["lotSize"]
            demand(taken.remaining >= 0, f"order {event['orderId']} took more than it asked for")
        if event["priceForming"]:
            self._price(event["market"], base, quote)

    def _check_reserves(self, event: Json) -> None:
        market, pool = self.markets[event["market"]], f"pool:{event['market']}"
        said = event["reserveBase"], event["reserveQuote"]
        left = self.have[pool, market["base"]], self.have[pool, market["quote"]]
        demand(said == left, f"{event['market']} is said to hold {said}, it holds {left}")

    def _LiquidityAdded(self, event: Json) -> None:
        self._liquidity(event, 1)

    def _LiquidityRemoved(self, event: Json) -> None:
        self._liquidity(event, -1)

    def _liquidity(self, event: Json, sign: int) -> None:
        market, pool, owner = (
            self.markets[event["market"]],
            f"pool:{event['market']}",
            event["owner"],
        )
        shares = f"LP:{event['market']}"
        if event["protocolLiquidity"]:
            recipient = event["protocolRecipient"]
            self._move(OUTSIDE, recipient, shares, event["protocolLiquidity"])
        supply = -self.have[OUTSIDE, shares]
        for asset, amount in (
            (market["base"], event["amountBase"]),
            (market["quote"], event["amountQuote"]),
        ):
            reserve = self.have[pool, asset]
            if supply:  # neither side gets more than its part
                fair = event["liquidity"] * reserve - amount * supply
                demand(fair * sign <= 0, f"{event['type']}: {amount} {asset} is not a fair part")
            giver, taker = (owner, pool) if sign > 0 else (pool, owner)
            self._move(giver, taker, asset, amount)
        if sign > 0:
            self._move(OUTSIDE, owner, shares, event["liquidity"])
            self._move(OUTSIDE, NOBODY, shares, event["locked"])
        else:
            self._move(owner, OUTSIDE, shares, event["liquidity"])
        self._check_reserves(event)
        issued = -self.have[OUTSIDE, shares]
        demand(event["totalSupply"] == issued, f"{shares}: {event['totalSupply']} is not {issued}")

    # Orders.

    def _OrderPlaced(self, event: Json) -> None:
        demand(event["orderId"] not in self.orders, f"order {event['orderId']} is placed twice")
        self.orders[event["orderId"]] = Order(event)

    def _BookFilled(self, event: Json) -> None:
        market, number = self.markets[event["market"]], event["makerOrderId"]
        maker, quantity = self.orders[number], event["quantity"]
        demand(maker.state == "resting", f"order {number} is filled while it is {maker.state}")
        demand(maker.owner == event["maker"], f"order {number} is not {event['maker']}'s")
        demand(maker.price == event["price"], f"order {number} is filled at another price")
        demand(event["takerBuys"] != maker.placed["isBid"], f"order {number}: wrong side")
        base, quote = event["baseAmount"], event["quoteAmount"]
        scale = 10 ** self.decimals[market["base"]]
        demand(base == quantity * market["lotSize"], f"order {number}: {base} is not its lots")
        demand(
            quote == base * event["price"] * market["tickSize"] // scale, f"order {number}: price"
        )
        maker.remaining -= quantity
        demand(
            maker.remaining == event["makerRemaining"] >= 0,
            f"order {number} has {maker.remaining} left, not {event['makerRemaining']}",
        )
        taker, buys = event["taker"], event["takerBuys"]
        gets, gives = (market["base"], market["quote"])[:: 1 if buys else -1]
        got, given = (base, quote)[:: 1 if buys else -1]
        self._hold(maker, -got)
        self._move(maker.owner, taker, gets, got)
        self._move(taker, maker.owner, gives, given)
        rebate = event.get("makerRebate", 0)
        demand(0 <= rebate <= event["takerFee"] <= got, f"order {number}: fees")
        self._move(taker, self.fee_recipient, gets, event["takerFee"])
        self._move(self.fee_recipient, maker.owner, gets, rebate)
        self._move(maker.owner, self.fee_recipient, gives, event.get("makerFee", 0))
        if not maker.remaining:
            self._close(maker)
        if event.get("orderId"):
            taken = self.orders[event["orderId"]]
            is_worse = event["price"] > taken.price if buys else event["price"] < taken.price
            demand(not (taken.price and is_worse), f"order {event['orderId']}: beyond its limit")
            taken.remaining -= quantity
            demand(taken.remaining >= 0, f"order {event['orderId']} took more than it asked for")
        self._trade(event)
        if event["priceForming"]:
            self._price(event["market"], base, quote)

    def _OrderRested(self, event: Json) -> None:
        self._stand(event, "resting")
        left = self.orders[event["orderId"]].remaining
        demand(event["remaining"] == left, f"order {event['orderId']} rests with not {left}")

    def _TriggerArmed(self, event: Json) -> None:
        self._stand(event, "waiting")

    def _stand(self, event: Json, state: str) -> None:
        order = self.orders[event["orderId"]]
        demand(order.state == "taking", f"order {event['orderId']} is {order.state}")
        order.state, order.reached = state, False
        self._hold(order, event["held"])
        need = self._need(order)
        demand(event["held"] == need, f"order {event['orderId']} needs {need}: {event['held']}")

    def _need(self, order: Order) -> int:
        market = self.markets[order.placed["market"]]
        base: int = order.remaining * market["lotSize"]
        if not order.placed["isBid"]:
            return base
        scale = 10 ** self.decimals[market["base"]]
        quote: int = base * order.price * market["tickSize"] // scale
        return quote

    def _OrderTriggered(self, event: Json) -> None:
        order = self.orders[event["orderId"]]
        demand(order.reached, f"order {event['orderId']} is triggered before its price")
        self._take_back(order, event["released"])

    def _OrderReplaced(self, event: Json) -> None:
        order = self.orders[event["orderId"]]
        demand(order.state in ("resting", "waiting"), f"order {event['orderId']}: replaced late")
        self._take_back(order, event["released"])
        done = order.total - order.remaining
        order.price, order.total = event["price"], event["quantity"]
        order.remaining = order.total - done

    def _OrderReduced(self, event: Json) -> None:
        order = self.orders[event["orderId"]]
        order.total, order.remaining = event["quantity"], event["remaining"]
        self._hold(order, -event["released"])
        demand(order.held == self._need(order), f"order {event['orderId']} holds {order.held}")

    def _OrderClosed(self, event: Json) -> None:
        order = self.orders[event["orderId"]]
        demand(order.owner == event["owner"], f"order {event['orderId']}: not {event['owner']}'s")
        left = event.get("remaining", 0)
        demand(left == order.remaining, f"order {event['orderId']} ends with {left} left")
        self._take_back(order, event.get("released", 0))
        self._close(order)

    def _take_back(self, order: Order, released: int) -> None:
        demand(
            released == order.held,
            f"{released} of {order.held} that order {order.placed['orderId']} holds is released",
        )
        self._hold(order, -released)
        order.state, order.reached = "taking", False

    def _close(self, order: Order) -> None:
        demand(order.state != "closed", f"order {order.placed['orderId']} ends twice")
        demand(not order.held, f"order {order.placed['orderId']} ends and holds {order.held}")
        order.state = "closed"

    def _price(self, name: str, base: int, quote: int) -> None:
        """A price at which waiting orders may be due."""
        scale = 10 ** self.decimals[self.markets[name]["base"]]
        for order in self.orders.values():
            placed = order.placed
            if order.state == "waiting" and placed["market"] == name:
                here, there = quote * scale, placed["triggerPrice"] * base
                above = placed.get("triggerAbove", False)
                order.reached |= here >= there if above else here <= there

    def _CancelTimerSet(self, event: Json) -> None:
        self.timers[event["owner"], event["market"]] = event["firesMs"]

    def overdue(self, now_ms: int) -> str:
        """What the clock should have done before a command of this time; empty: nothing."""
        for number, order in self.orders.items():
            if order.state not in ("resting", "waiting"):
                continue
            expires = order.placed.get("expires", 0)
            if expires and expires * 1000 <= now_ms:
                return f"order {number} lived longer than {expires}"
            if order.reached and self.status[order.placed["market"]] == "open":
                return f"order {number} waits although its trigger was reached"
        for (owner, market), fires_ms in self.timers.items():
            if 0 < fires_ms <= now_ms:
                return f"{owner}'s cancel timer of {market or 'all'} did not fire at {fires_ms}"
        return ""


def _check_curve(kept: int, reserve_in: int, reserve_out: int, paid: int, got: int) -> None:
    """x * y = k after V2's fee, to the unit: a unit more out breaks it, or two less in, because V2
    asks one more than it needs where its division is exact.
    """

    def keeps(amount_in: int, amount_out: int) -> bool:
        left = (reserve_in * 10_000 + amount_in * kept) * (reserve_out - amount_out)
        return left >= reserve_in * reserve_out * 10_000

    demand(keeps(paid, got), f"{got} out for {paid} in takes from the pool")
    is_exact = not keeps(paid, got + 1) or not keeps(paid - 2, got)
    demand(is_exact, f"{got} out for {paid} in gives to the pool more than the fee")
