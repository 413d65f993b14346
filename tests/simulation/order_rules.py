"""Orders as rules of the state machine (test_machine.py): placed, replaced, cancelled, let go by
the clock. Prices lie around the touch of book and curve, sizes are parts of what the owner has."""

from fractions import Fraction
from math import ceil

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.naive.vault import Fields, Outcome
from tests.simulation.cast import AGENTS, ALICE, BOB, CAROL
from tests.simulation.minds import Minds

BOOKS = ("ETH_USDC", "BTC_USDC")
QUOTE_MIN = 10**4  # base units that an order must be worth
FILLS = {"BookFilled", "PoolSwapped"}

owners = st.sampled_from((ALICE, BOB, CAROL))
books = st.sampled_from((*BOOKS, *BOOKS, *BOOKS, "ETH_BTC"))
sides = st.booleans()
aways = st.sampled_from((0, 1, -1, 5, -5, 40, -40, 300))  # per mille that a limit is more eager
parts = st.sampled_from((500, 2_000, 50, 9_999, 10_001))  # bps of a balance
forces = st.sampled_from(("GTC", "GTC", "GTD", "IOC", "FOK", ""))
preventions = st.sampled_from(("", "RejectTaker", "RejectMaker", "RejectBoth"))
lasting = st.sampled_from((1, 60, 3_600, 0))  # seconds until a GTD order expires
numbers = st.sampled_from((0, 0, 0, 7, 8))  # client ids
places = st.integers(0, 20)  # of an order among those that are open
signers = st.sampled_from((*[None] * 12, *AGENTS))


class OrderRules(RuleBasedStateMachine):
    minds: Minds
    now_ms: int
    outcome: str | Outcome

    def send(self, kind: str, fields: Fields, signer: str | None = None) -> None:
        raise NotImplementedError

    def ticks(self, market: str, is_bid: bool, away: int) -> int:
        """The other side's best price, else what the curve asks or bids, moved by `away`."""
        twin = self.minds.twin
        unit = twin.price(market, 1)
        resting = twin.resting(market, not is_bid) or twin.resting(market, is_bid)
        if resting:
            mark = resting[0]["price"]
        elif twin.is_awake(market):
            mark = twin.pairs[market].marginal_price(1 if is_bid else 0, 0) / unit
        else:
            mark = twin.last.get(market, 1_000 * unit) / unit
        return max(1, int(mark * (1000 + (away if is_bid else -away)) / 1000))

    def order(self, owner: str, market: str, is_bid: bool, ticks: int, bps: int) -> Fields:
        """The fields that say what is sold for what."""
        twin = self.minds.twin
        terms, lot = twin.markets[market], int(twin.markets[market]["lotSize"])
        have = twin.balance(owner, terms["quote" if is_bid else "base"])
        price = ticks * twin.price(market, 1)
        afford = int(have / (price * lot) if is_bid else Fraction(have, lot))
        least = ceil(QUOTE_MIN / (price * lot))
        lots = max(afford * bps // 10_000, min(afford, least))
        return self.sold(owner, market, is_bid, ticks, lots)

    def sold(self, owner: str, market: str, is_bid: bool, ticks: int, lots: int) -> Fields:
        terms = self.minds.twin.markets[market]
        base = lots * terms["lotSize"]
        quote = int(ticks * self.minds.twin.price(market, 1) * base)
        give, take = ("quote", "base") if is_bid else ("base", "quote")
        return {
            "owner": owner,
            "sellToken": self.minds.twin.token(terms[give]),
            "buyToken": self.minds.twin.token(terms[take]),
            "sellAmount": quote if is_bid else base,
            "buyAmount": base if is_bid else quote,
        }

    def place(self, order: Fields, signer: str | None = None, **terms: object) -> list[str]:
        """The events' types; none where it was refused."""
        plain: Fields = {
            "timeInForce": "GTC",
            "postOnly": False,
            "selfTradePrevention": "",
            "triggerPrice": 0,
            "triggerAbove": False,
            "clientId": 0,
            "expires": 0,
        }
        self.send("PlaceOrder", {**order, **plain, **terms}, signer)
        if isinstance(self.outcome, str):
            return []
        return [event["type"] for event in self.outcome["events"]]

    @rule(
        owner=owners,
        market=books,
        is_bid=sides,
        away=aways,
        bps=parts,
        force=forces,
        prevention=preventions,
        lasts_s=lasting,
        client_id=numbers,
        signer=signers,
    )
    def place_limit(
        self,
        owner: str,
        market: str,
        is_bid: bool,
        away: int,
        bps: int,
        force: str,
        prevention: str,
        lasts_s: int,
        client_id: int,
        signer: str | None,
    ) -> None:
        order = self.order(owner, market, is_bid, self.ticks(market, is_bid, away), bps)
        types = self.place(
            order,
            signer,
            timeInForce=force,
            selfTradePrevention=prevention,
            clientId=client_id,
            expires=self.now_ms // 1000 + lasts_s if force == "GTD" else 0,
        )
        if types and force in ("IOC", "FOK"):
            assert "OrderRested" not in types, f"{force} never rests"
        if types and force == "FOK":
            assert isinstance(self.outcome, dict)
            assert self.outcome["events"][-1]["status"] == "Filled", "all or nothing"

    @rule(
        owner=owners,
        market=st.sampled_from(BOOKS),
        is_bid=sides,
        eager=st.sampled_from((300, 40, 5, 0)),
        bps=parts,
        force=st.sampled_from(("IOC", "FOK", "GTC")),
        prevention=st.sampled_from(("RejectMaker", "RejectBoth", "")),
    )
    def take(
        self,
        owner: str,
        market: str,
        is_bid: bool,
        eager: int,
        bps: int,
        force: str,
        prevention: str,
    ) -> None:
        self.place_limit(owner, market, is_bid, eager, bps, force, prevention, 0, 0, None)

    @rule(owner=owners, market=books, is_bid=sides, away=aways, bps=parts)
    def place_post_only(self, owner: str, market: str, is_bid: bool, away: int, bps: int) -> None:
        order = self.order(owner, market, is_bid, self.ticks(market, is_bid, away), bps)
        types = self.place(order, postOnly=True)
        assert not FILLS & set(types), "postOnly never takes"

    @rule(
        owner=owners,
        market=st.sampled_from(BOOKS),
        is_bid=sides,
        away=aways,
        bps=parts,
        distance=st.sampled_from((1, -1, 10, -10, 0)),  # per mille from the last price
        force=forces,
    )
    def place_trigger(
        self, owner: str, market: str, is_bid: bool, away: int, bps: int, distance: int, force: str
    ) -> None:
        twin = self.minds.twin
        if market not in twin.last:  # nothing to wait from: a trade is made first, if it can be
            self.take(owner, market, is_bid, 300, 500, "IOC", "RejectMaker")
        last = twin.last.get(market, Fraction(1))
        whole = 10 ** twin.decimals_of(twin.markets[market]["base"])
        order = self.order(owner, market, is_bid, self.ticks(market, is_bid, away), bps)
        types = self.place(
            order,
            timeInForce=force,
            triggerPrice=max(1, int(last * whole * (1000 + distance) / 1000)),
            triggerAbove=distance > 0,
            expires=self.now_ms // 1000 + 3_600 if force == "GTD" else 0,
        )
        assert not types or types == ["OrderPlaced", "TriggerArmed"], "it waits"

    @rule(place=places, away=st.one_of(st.none(), aways), size=st.sampled_from((0, 1, 2, 3, 4)))
    def replace(self, place: int, away: int | None, size: int) -> None:
        """`size`: of the total, in halves. The price stays where `away` is None."""
        orders = self.minds.twin.orders
        if not orders:
            return
        order = orders[place % len(orders)]
        market, is_bid = order["market"], order["isBid"]
        ticks = order["price"] if away is None else self.ticks(market, is_bid, away)
        sold = self.sold(order["owner"], market, is_bid, ticks, order["quantity"] * size // 2)
        self.send("ReplaceOrder", {**sold, "order": order["digest"]})

    @rule(place=places, by_client_id=st.booleans(), stranger=st.sampled_from((None, None, BOB)))
    def cancel(self, place: int, by_client_id: bool, stranger: str | None) -> None:
        orders = self.minds.twin.orders
        named: Fields = {"orderId": "1", "clientId": 0}  # entry 1 is genesis
        owner = ALICE
        if orders:
            order = orders[place % len(orders)]
            owner = order["owner"]
            named = {"orderId": str(order["id"]), "clientId": 0}
            if by_client_id and order["clientId"]:
                named = {"orderId": "", "clientId": order["clientId"]}
        self.send("CancelOrder", {"owner": stranger or owner, **named})

    @rule(
        owner=owners,
        market=st.sampled_from(("", *BOOKS)),
        seconds=st.sampled_from((None, 1, 60, 60, 3_600, 0)),
    )
    def cancel_all(self, owner: str, market: str, seconds: int | None) -> None:
        """At once where `seconds` is None, else by a dead man's switch."""
        fields: Fields = {"owner": owner, "market": market}
        if seconds is not None:
            self.send("CancelAllAfter", {**fields, "timeoutSeconds": seconds})
            return
        self.send("CancelAllOrders", fields)
        assert not isinstance(self.outcome, str)
        orders = self.minds.state.open_orders.by_owner.get(owner, {}).values()
        assert all(market and order.market != market for order in orders), "all are gone"
