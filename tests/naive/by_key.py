"""What API keys sign, in the Backpack form: orders in decimals, market orders, and cancels."""

from fractions import Fraction
from math import ceil, floor

from tests.naive.cancels import ORDER_ID, Cancels
from tests.naive.hop import Hop, Plan
from tests.naive.pair import BPS, RESERVE_MAX, refuse_if
from tests.naive.placing import ORDER_QUOTE_MIN, PLACED, SELF_TRADE, Placing
from tests.naive.vault import Fields, Outcome, left

MARKET_BAND = Fraction(5, 100)
AHEAD_MS, WINDOW_MAX_MS = 5_000, 60_000
CANCELS = ("", "RestingLimitOrder", "ConditionalOrder")


class ByKeys(Placing, Cancels):
    def __init__(self, genesis: Fields, now_ms: int) -> None:
        super().__init__(genesis, now_ms)
        self.requests: set[str] = set()  # digests, for ever

    def admit_key(self, kind: str, fields: Fields, key: str, digest: str) -> None:
        shaped = {"ExecuteOrder": is_order, "CancelOpenOrder": is_cancel}.get(kind, is_cancel_all)
        refuse_if(not shaped(fields), "INVALID_CLIENT_REQUEST")
        sent, window = fields["timestamp"], fields["window"]
        refuse_if(not 1 <= window <= WINDOW_MAX_MS, "INVALID_CLIENT_REQUEST")
        refuse_if(self.now_ms - sent > window, "INVALID_CLIENT_REQUEST")
        refuse_if(sent - self.now_ms > AHEAD_MS, "INVALID_CLIENT_REQUEST")
        refuse_if(digest in self.requests, "INVALID_CLIENT_REQUEST")
        known = self.api_keys.get(key)
        refuse_if(known is None, "UNAUTHORIZED")
        assert known is not None
        refuse_if(known["revoked"] or self.now_ms // 1000 > known["validUntil"], "UNAUTHORIZED")

    # -- cancels -----------------------------------------------------------------------------

    def do_CancelOpenOrder(self, fields: Fields, key: str) -> Outcome:
        market, text = fields["symbol"], fields.get("orderId", "")
        refuse_if(market not in self.markets, "INVALID_MARKET")
        mine = self.of_owner(self.api_keys[key]["owner"], market)
        if text:
            number = int(text) if ORDER_ID.fullmatch(text) else 0
            mine = [one for one in mine if one["id"] == number]
        else:
            mine = [one for one in mine if one["clientId"] == fields["clientId"]]
        refuse_if(mine == [], "RESOURCE_NOT_FOUND")
        return {"events": [self.close(mine[0], "Cancelled", "UserCancelled")]}

    def do_CancelOpenOrders(self, fields: Fields, key: str) -> Outcome:
        market, which = fields["symbol"], fields.get("orderType", "")
        refuse_if(market not in self.markets, "INVALID_MARKET")
        mine = self.of_owner(self.api_keys[key]["owner"], market)
        if which:
            mine = [one for one in mine if one["waits"] == (which == "ConditionalOrder")]
        return {"events": [self.close(one, "Cancelled", "UserCancelled") for one in mine]}

    # -- orders ------------------------------------------------------------------------------

    def do_ExecuteOrder(self, fields: Fields, key: str) -> Outcome:
        market, owner = fields["symbol"], self.api_keys[key]["owner"]
        refuse_if(market not in self.markets, "INVALID_MARKET")
        terms = self.markets[market]
        refuse_if(terms["status"] != "open", "TRADING_PAUSED")
        is_bid, is_market = fields["side"] == "Bid", fields["orderType"] == "Market"
        force = fields.get("timeInForce") or "GTC"
        if is_market and force != "FOK":
            force = "IOC"
        decimals = self.decimals_of(terms["base"])
        price = self._steps(fields.get("price"), terms["quote"], terms["tickSize"], "INVALID_PRICE")
        trigger = self._steps(
            fields.get("triggerPrice"), terms["quote"], terms["tickSize"], "INVALID_PRICE"
        )
        refuse_if(trigger > 0 and market not in self.last, "INVALID_PRICE")
        above = trigger > 0 and self.price(market, trigger) > self.last[market]
        reached = trigger > 0 and self.price(market, trigger) == self.last[market]
        refuse_if(reached, "INVALID_PRICE")
        spot = self.spot(market)
        refuse_if(spot is None, "INVALID_PRICE")
        assert spot is not None
        is_far = force == "GTC" and not trigger and self._is_far(market, is_bid, price)
        refuse_if(is_far, "INVALID_PRICE")
        if is_market:
            price = self._worst(fields, market, is_bid, spot, trigger)

        quote = self._steps(fields.get("quoteQuantity"), terms["quote"], 1, "INVALID_QUANTITY")
        text = fields.get("quantity") or fields.get("triggerQuantity")
        lots = self._steps(text, terms["base"], terms["lotSize"], "INVALID_QUANTITY")
        worth = quote or ceil(lots * terms["lotSize"] * self.price(market, price))
        refuse_if(not ORDER_QUOTE_MIN <= worth <= RESERVE_MAX, "INVALID_QUANTITY")
        refuse_if(lots * terms["lotSize"] > RESERVE_MAX, "INVALID_QUANTITY")

        post_only = fields.get("postOnly", False)
        refuse_if(post_only and (trigger > 0 or force != "GTC"), "INVALID_ORDER")
        client_id = fields.get("clientId", 0)
        refuse_if(self._client_id_is_taken(owner, client_id), "INVALID_ORDER")
        refuse_if((force == "GTC" or trigger > 0) and not terms["book"], "INVALID_ORDER")
        order: Fields = {
            "id": self.seq + 1,
            "digest": fields["digest"],
            "owner": owner,
            "market": market,
            "isBid": is_bid,
            "price": price,
            "quantity": lots,
            "filled": 0,
            "timeInForce": force,
            "postOnly": post_only,
            "selfTradePrevention": fields.get("selfTradePrevention") or "RejectTaker",
            "clientId": client_id,
            "expires": 0,
            "triggerPrice": floor(self.price(market, trigger) * 10**decimals),
            "triggerAbove": above,
            "byAgent": True,
            "priority": 0,
            "waits": trigger > 0,
            "held": 0,
            "orderType": fields["orderType"],
            "quoteQuantity": quote,
        }
        return {"events": self._execute(order, quote, worth)}

    def _execute(self, order: Fields, quote: int, worth: int) -> list[Fields]:
        market, terms = order["market"], self.markets[order["market"]]
        plan, is_spent = Plan(market, 0), False
        if quote:
            hop = self.hop(market, 1 if order["isBid"] else 0, order["owner"])
            plan, is_spent = in_quote(hop, quote, order["price"], order["selfTradePrevention"])
            order["quantity"] = plan.lots
        elif not order["waits"]:
            plan = self._way(order)
        reason, does_nothing = why_unfilled(order, plan, quote, is_spent)
        if not does_nothing:
            self._check_taking(order, plan, by_agent=True)
        rests = order["waits"] or (self._would_rest(order, plan) and not reason)
        refuse_if(rests and self._too_many(order["owner"], market), "ORDER_LIMIT")
        asset, needed = terms["base"], order["quantity"] * terms["lotSize"]
        if order["isBid"]:
            asset, needed = terms["quote"], worth
        refuse_if(self.balance(order["owner"], asset) < needed, "INSUFFICIENT_FUNDS")
        refuse_if(plan.overflows and not does_nothing, "RESERVE_OVERFLOW")
        placed = {"type": "OrderPlaced", "orderId": order["id"]}
        placed |= {name: order[name] for name in PLACED}
        if order["waits"]:
            return [placed, self._arm(order)]
        if does_nothing:
            return [placed, self.close(order, "Expired", reason)]
        events = self._take_and_rest(order, plan)
        end = events[-1]
        if end["type"] == "OrderClosed" and order["quantity"] > order["filled"] and plan.met_own:
            end["reason"] = "SelfTradePrevention"
        elif reason:
            end |= {"status": "Expired", "reason": reason}
        elif quote and not is_spent:
            why = "SelfTradePrevention" if plan.met_own else "ImmediateOrCancel"
            end |= {"status": "Expired", "reason": why}
        return [placed, *events]

    def _steps(self, text: str | None, asset: str, step: int, code: str) -> int:
        """Ticks or lots of a decimal of whole tokens; 0 where there is none."""
        if not text:
            return 0
        steps = Fraction(text) * 10 ** self.decimals_of(asset) / step
        refuse_if(steps.denominator != 1 or steps == 0, code)
        refuse_if(code == "INVALID_PRICE" and steps > RESERVE_MAX, code)
        return int(steps)

    def _worst(
        self, fields: Fields, market: str, is_bid: bool, spot: Fraction, trigger: int
    ) -> int:
        """In ticks: the best price after fees and how far it may get worse, the tick of that
        price itself at least."""
        tick = self.price(market, 1)
        keeps = 1 - Fraction(self.markets[market]["takerFeeBps"], BPS)
        found: list[tuple[Fraction, Fraction]] = []  # after fees; the limit that reaches it
        for order in self.resting(market, not is_bid)[:1]:
            gross = self.price(market, order["price"])
            found.append((gross / keeps if is_bid else gross * keeps, gross))
        if self.is_awake(market):
            price = self.pairs[market].marginal_price(1 if is_bid else 0, 0)
            found.append((price, price))
        best, reach = (min if is_bid else max)(found or [(spot, spot)])
        if trigger:
            best = reach = self.price(market, trigger)
        best, reach = best / tick, reach / tick
        tolerance, kind = fields.get("slippageTolerance"), fields.get("slippageToleranceType")
        part = Fraction(tolerance or 0) / 100 if kind == "Percent" else MARKET_BAND
        if kind == "TickSize":
            shift = int(tolerance or 0)
            limit = floor(best) + shift if is_bid else ceil(best) - shift
        else:
            limit = floor(best * (1 + part)) if is_bid else ceil(best * (1 - part))
        limit = max(limit, ceil(reach)) if is_bid else min(limit, floor(reach))
        return min(max(1, limit), RESERVE_MAX)


def why_unfilled(order: Fields, plan: Plan, quote: int, is_spent: bool) -> tuple[str, bool]:
    """Why it ends with nothing filled, and whether not even own orders are cancelled for it."""
    force, nothing = order["timeInForce"], plan.lots == 0
    if order["waits"] or order["postOnly"]:
        return "", False
    if plan.met_own and force == "FOK":
        return "SelfTradePrevention", True
    if plan.met_own and nothing and order["selfTradePrevention"] == "RejectTaker":
        return "SelfTradePrevention", True
    if force == "FOK" and plan.lots < left(order):
        return "FillOrKill", True
    if force != "IOC" or not nothing or plan.met_own:
        return "", False
    if order["orderType"] == "Limit":
        return "ImmediateOrCancel", False
    return "InvalidQuantity" if quote and is_spent else "InsufficientLiquidity", False


def in_quote(hop: Hop, quote: int, limit: int, self_trade: str) -> tuple[Plan, bool]:
    """Lot after lot in whole lots, while the sum of quote stays within the amount; and whether it
    was the amount that ended it."""
    sells = hop.side_in == 0
    fills: list[tuple[Fields, int]] = []
    pool_lots, met_own, ended = 0, False, False
    worst = hop.gross(limit)

    def pool_quote(lots: int) -> int:
        if lots == 0 or hop.pair is None:
            return 0
        amount = lots * hop.lot
        found = hop.pair.out_for(0, amount) if sells else hop.pair.in_for(1, amount)
        assert found is not None
        return found

    def spent() -> int:
        return pool_quote(pool_lots) + sum(hop.quote(order, lots) for order, lots in fills)

    def from_pool(price: Fraction) -> bool:
        """Whether the amount was enough for all that the pool has until that price."""
        nonlocal pool_lots
        room = hop._pool_room_lots(price, pool_lots)
        book = spent() - pool_quote(pool_lots)
        low, high = pool_lots, pool_lots + room
        while low < high:
            middle = (low + high + 1) // 2
            if book + pool_quote(middle) <= quote:
                low = middle
            else:
                high = middle - 1
        more = low - pool_lots
        pool_lots = low
        return more == room

    for order in hop.orders:
        if hop.gross(order["price"]) > worst:
            break
        ended = not from_pool(min(hop.net(order), worst))
        lots = (quote - spent()) // hop.quote(order, 1)
        ended = ended or lots == 0
        if ended:
            break
        if order["owner"] == hop.owner:
            if self_trade != "RejectTaker":
                fills.append((order, 0))
            met_own = self_trade != "RejectMaker"
            if met_own:
                break
            continue
        fills.append((order, min(lots, left(order))))
        if lots < left(order):
            ended = True
            break
    if not met_own and not ended:
        ended = not from_pool(worst)
    ended = ended or spent() == quote
    plan = Plan(hop.market, hop.side_in, fills, met_own=met_own)
    if pool_lots:
        amount, other = pool_lots * hop.lot, pool_quote(pool_lots)
        plan.pool_in, plan.pool_out = (amount, other) if sells else (other, amount)
        if other == 0:
            plan.pool_in = plan.pool_out = 0
    return hop._sum_up(plan), ended


# -- shapes: what no market and no moment could make right -----------------------------------


def is_order(fields: Fields) -> bool:
    has = {name for name, value in fields.items() if value}
    is_market = fields["orderType"] == "Market"
    amounts = has & {"quantity", "quoteQuantity", "triggerQuantity"}
    known = (
        fields["side"] in ("Bid", "Ask")
        and fields["orderType"] in ("Limit", "Market")
        and fields.get("timeInForce", "") in ("", "GTC", "IOC", "FOK")
        and fields.get("selfTradePrevention", "") in ("", *SELF_TRADE)
        and fields.get("triggerBy", "") in ("", "LastPrice")
        and fields.get("slippageToleranceType", "") in ("", "TickSize", "Percent")
    )
    if not known or len(amounts) != 1:
        return False
    if "triggerPrice" in has and "quoteQuantity" in has:
        return False
    if has & {"triggerQuantity", "triggerBy"} and "triggerPrice" not in has:
        return False
    if ("slippageTolerance" in has) != ("slippageToleranceType" in has):
        return False
    if not is_market:
        return "price" in has and not has & {"quoteQuantity", "slippageTolerance"}
    if has & {"price", "postOnly"}:
        return False
    if fields.get("slippageToleranceType") == "TickSize" and "." in fields["slippageTolerance"]:
        return False
    return not ("quoteQuantity" in has and fields.get("timeInForce") == "FOK")


def is_cancel(fields: Fields) -> bool:
    return bool(fields.get("orderId")) != bool(fields.get("clientId"))


def is_cancel_all(fields: Fields) -> bool:
    return fields.get("orderType", "") in CANCELS
