"""Orders: placed, replaced, triggered. Each takes what is better than its limit, and then rests."""

from fractions import Fraction

from tests.naive.hop import Plan
from tests.naive.pair import RESERVE_MAX, code_of, refuse_if
from tests.naive.taker import BAND, Taker
from tests.naive.vault import Event, Fields, Outcome, left

ORDER_QUOTE_MIN = 10**4
CLIENT_ID_MAX = 2**32 - 1
ORDERS_OF_OWNER, ORDERS_OF_MARKET = 1_000, 2_000_000
RESTING = ("GTC", "GTD")
IN_FORCE = (*RESTING, "IOC", "FOK")
SELF_TRADE = ("RejectTaker", "RejectMaker", "RejectBoth")

PLACED = (
    "owner",
    "digest",
    "market",
    "isBid",
    "price",
    "quantity",
    "timeInForce",
    "postOnly",
    "selfTradePrevention",
    "clientId",
    "expires",
    "triggerPrice",
    "triggerAbove",
    "byAgent",
    "orderType",
    "quoteQuantity",
)


class Placing(Taker):
    def do_PlaceOrder(self, fields: Fields, signer: str) -> Outcome:
        owner, by_agent = fields["owner"], signer != fields["owner"]
        market, is_bid, base, quote = self._terms_of(fields)
        terms = self.markets[market]
        force = fields["timeInForce"] or "GTC"
        self_trade = fields["selfTradePrevention"] or "RejectTaker"
        rests, waits = force in RESTING, fields["triggerPrice"] != 0
        expires_ms = fields["expires"] * 1000

        refuse_if(terms["status"] != "open", "TRADING_PAUSED")
        refuse_if(base == 0 or quote == 0, "INVALID_QUANTITY")
        ticks = self._ticks(market, base, quote)
        refuse_if(waits and market not in self.last, "INVALID_PRICE")
        refuse_if(
            waits and self.is_reached(fields | {"market": market}, self.last[market]),
            "INVALID_PRICE",
        )
        refuse_if(by_agent and self.spot(market) is None, "INVALID_PRICE")
        refuse_if(
            by_agent and rests and not waits and self._is_far(market, is_bid, ticks),
            "INVALID_PRICE",
        )
        self._check_size(market, base, quote)
        refuse_if(force not in IN_FORCE or self_trade not in SELF_TRADE, "INVALID_ORDER")
        refuse_if(fields["postOnly"] and (waits or not rests), "INVALID_ORDER")
        refuse_if(expires_ms != 0 and force != "GTD", "INVALID_ORDER")
        refuse_if(force == "GTD" and expires_ms <= self.now_ms, "INVALID_ORDER")
        refuse_if(self._client_id_is_taken(owner, fields["clientId"]), "INVALID_ORDER")
        refuse_if((rests or waits) and not terms["book"], "INVALID_ORDER")
        order: Fields = {
            "id": self.seq + 1,
            "digest": fields["digest"],
            "owner": owner,
            "market": market,
            "isBid": is_bid,
            "price": ticks,
            "quantity": base // terms["lotSize"],
            "filled": 0,
            "timeInForce": force,
            "postOnly": fields["postOnly"],
            "selfTradePrevention": self_trade,
            "clientId": fields["clientId"],
            "expires": fields["expires"],
            "triggerPrice": fields["triggerPrice"],
            "triggerAbove": fields["triggerAbove"] and waits,
            "byAgent": by_agent,
            "priority": 0,
            "waits": waits,
            "held": 0,
            "orderType": "Limit",
            "quoteQuantity": 0,
        }
        plan = Plan(market, 0) if waits else self._way(order)
        self._check_taking(order, plan, by_agent)
        rests = waits or self._would_rest(order, plan)
        refuse_if(rests and self._too_many(owner, market), "ORDER_LIMIT")
        asset, needed = (terms["quote"], quote) if is_bid else (terms["base"], base)
        refuse_if(self.balance(owner, asset) < needed, "INSUFFICIENT_FUNDS")
        if not waits:
            self._check_filling(order, plan)

        placed = {"type": "OrderPlaced", "orderId": order["id"]}
        placed |= {name: order[name] for name in PLACED}
        if waits:
            return {"events": [placed, self._arm(order)]}
        return {"events": [placed, *self._take_and_rest(order, plan)]}

    def do_ReplaceOrder(self, fields: Fields, signer: str) -> Outcome:
        owner, by_agent = fields["owner"], signer != fields["owner"]
        own = [one for one in self.of_owner(owner) if one["digest"] == fields["order"]]
        market, is_bid, base, quote = self._terms_of(fields, unknown=own == [])
        refuse_if(own == [], "RESOURCE_NOT_FOUND")
        order = own[0]
        lots = base // self.markets[market]["lotSize"]

        refuse_if(self.markets[market]["status"] != "open", "TRADING_PAUSED")
        refuse_if(base == 0 or quote == 0, "INVALID_QUANTITY")
        ticks = self._ticks(market, base, quote)
        refuse_if(by_agent and self.spot(market) is None, "INVALID_PRICE")
        refuse_if(
            by_agent and not order["waits"] and self._is_far(market, is_bid, ticks), "INVALID_PRICE"
        )
        self._check_size(market, base, quote)
        refuse_if(lots <= order["filled"], "INVALID_QUANTITY")
        refuse_if((market, is_bid) != (order["market"], order["isBid"]), "INVALID_ORDER")
        new = {**order, "price": ticks, "quantity": lots}
        keeps_place = not order["waits"] and ticks == order["price"] and lots < order["quantity"]
        walks = not order["waits"] and not keeps_place
        plan = self._way(new) if walks else Plan(market, 0)
        if walks:
            self._check_taking(new, plan, by_agent)
        asset, needed = self.needs(new, left(new), ticks)
        refuse_if(self.balance(owner, asset) + order["held"] < needed, "INSUFFICIENT_FUNDS")
        refuse_if(plan.overflows, "RESERVE_OVERFLOW")

        if keeps_place:
            order["quantity"] = lots
            reduced = {"type": "OrderReduced", "orderId": order["id"], "quantity": lots}
            reduced["remaining"] = left(order)
            return {"events": [{**reduced, "released": self.set_hold(order, left(order))}]}
        replaced = {"type": "OrderReplaced", "orderId": order["id"], "price": ticks}
        replaced |= {"quantity": lots, "released": self.set_hold(order, 0)}
        replaced["byAgent"] = by_agent and order["waits"]  # the band is asked when it fires
        order["price"], order["quantity"] = ticks, lots
        order["byAgent"] = order["byAgent"] or replaced["byAgent"]
        if order["waits"]:
            return {"events": [replaced, self._arm(order)]}
        self.forget(order)
        return {"events": [replaced, *self._take_and_rest(order, plan)]}

    def do_ActivateTrigger(self, fields: Fields, signer: str) -> Outcome:
        """As a new order, except that nobody is there to hear a refusal."""
        order = self.by_id(fields["orderId"])
        assert order["id"] in self.due
        triggered = {"type": "OrderTriggered", "orderId": order["id"]}
        triggered["released"] = self.set_hold(order, 0)
        self.forget(order)
        order["waits"] = False
        plan = self._way(order)
        code = code_of(lambda: self._check_activation(order, plan))
        if code:
            reason = code.title().replace("_", "")
            return {"events": [triggered, self.close(order, "TriggerFailed", reason)]}
        return {"events": [triggered, *self._take_and_rest(order, plan)]}

    # -- refusals ----------------------------------------------------------------------------

    def _terms_of(self, fields: Fields, unknown: bool = False) -> tuple[str, bool, int, int]:
        """Market, whether it is a bid, and the amounts of base and quote. An order that is unknown
        is said before one token twice, which has no market to be said of."""
        sell, buy = self._symbol(fields["sellToken"]), self._symbol(fields["buyToken"])
        refuse_if("LP:" in sell + buy, "INVALID_ASSET")
        refuse_if(sell == buy and unknown, "RESOURCE_NOT_FOUND")
        refuse_if(sell == buy and self._all_closed(sell), "TRADING_PAUSED")
        refuse_if(sell == buy, "SAME_TOKEN")
        market = self.market_of(sell, buy)
        refuse_if(market is None, "INVALID_MARKET")
        assert market is not None
        if sell == self.markets[market]["quote"]:
            return market, True, fields["buyAmount"], fields["sellAmount"]
        return market, False, fields["sellAmount"], fields["buyAmount"]

    def _ticks(self, market: str, base: int, quote: int) -> int:
        ticks = Fraction(quote, base) / self.price(market, 1)
        refuse_if(ticks.denominator != 1 or ticks > RESERVE_MAX, "INVALID_PRICE")
        return ticks.numerator

    def _check_size(self, market: str, base: int, quote: int) -> None:
        refuse_if(base % self.markets[market]["lotSize"] != 0, "INVALID_QUANTITY")
        refuse_if(quote < ORDER_QUOTE_MIN, "INVALID_QUANTITY")
        refuse_if(max(base, quote) > RESERVE_MAX, "INVALID_QUANTITY")

    def _is_far(self, market: str, is_bid: bool, ticks: int) -> bool:
        """Whether a resting price is worse for its owner than spot by more than the band."""
        spot, price = self.spot(market), self.price(market, ticks)
        if spot is None:
            return True
        return price > spot * (1 + BAND) if is_bid else price < spot * (1 - BAND)

    def _client_id_is_taken(self, owner: str, client_id: int) -> bool:
        if client_id > CLIENT_ID_MAX:
            return True
        return any(one["clientId"] == client_id != 0 for one in self.of_owner(owner))

    def _too_many(self, owner: str, market: str) -> bool:
        around = [order for order in self.orders if order["market"] == market]
        return len(self.of_owner(owner)) >= ORDERS_OF_OWNER or len(around) >= ORDERS_OF_MARKET

    def _check_taking(self, order: Fields, plan: Plan, by_agent: bool) -> None:
        whole_or_none = order["postOnly"] or order["timeInForce"] == "FOK"
        refuse_if(by_agent and self.leaves_band(plan), "INVALID_PRICE")
        refuse_if(order["postOnly"] and plan.lots > 0, "INVALID_ORDER")
        refuse_if(whole_or_none and plan.met_own, "INVALID_ORDER")
        rejects_taker = order["selfTradePrevention"] == "RejectTaker"
        refuse_if(plan.met_own and rejects_taker and plan.lots == 0, "INVALID_ORDER")

    def _check_filling(self, order: Fields, plan: Plan) -> None:
        force, nothing = order["timeInForce"], plan.lots == 0 and not plan.met_own
        refuse_if(force == "FOK" and plan.lots < left(order), "INSUFFICIENT_LIQUIDITY")
        refuse_if(force == "IOC" and nothing, "INSUFFICIENT_LIQUIDITY")
        refuse_if(plan.overflows, "RESERVE_OVERFLOW")

    def _check_activation(self, order: Fields, plan: Plan) -> None:
        is_far = order["timeInForce"] in RESTING
        is_far = is_far and self._is_far(order["market"], order["isBid"], order["price"])
        refuse_if(order["byAgent"] and is_far, "INVALID_PRICE")
        self._check_taking(order, plan, order["byAgent"])
        self._check_filling(order, plan)

    # -- movements ---------------------------------------------------------------------------

    def _way(self, order: Fields) -> Plan:
        side_in = 1 if order["isBid"] else 0
        hop = self.hop(order["market"], side_in, order["owner"])
        return hop.in_lots(left(order), order["price"], order["selfTradePrevention"])

    def _would_rest(self, order: Fields, plan: Plan) -> bool:
        has_more = plan.lots < left(order) and not plan.met_own
        return order["timeInForce"] in RESTING and has_more

    def _arm(self, order: Fields) -> Event:
        self.set_hold(order, left(order))
        if order not in self.orders:
            self.orders.append(order)
        return {"type": "TriggerArmed", "orderId": order["id"], "held": order["held"]}

    def _take_and_rest(self, order: Fields, plan: Plan) -> list[Event]:
        rests = self._would_rest(order, plan)
        fills = self.take(plan, order["owner"], order["id"])
        events = fills + self.reach(fills)
        order["filled"] += plan.lots
        if left(order) == 0:
            return [*events, self.close(order, "Filled")]
        if plan.met_own:
            return [*events, self.close(order, "Expired", "SelfTrade")]
        if not rests:
            return [*events, self.close(order, "Expired", "ImmediateOrCancel")]
        order["priority"] = self.seq + 1
        self.orders.append(order)
        self.set_hold(order, left(order))
        rested = {"type": "OrderRested", "orderId": order["id"], "remaining": left(order)}
        return [*events, {**rested, "held": order["held"]}]
