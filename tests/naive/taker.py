"""What a taker does to the exchange once its way is planned: fills, fees, rebates, one pool swap,
and the trigger prices that are reached by it."""

from fractions import Fraction
from math import ceil, floor

from tests.naive.hop import Hop, Plan
from tests.naive.open_orders import OpenOrders
from tests.naive.pair import BPS
from tests.naive.vault import Event, Fields, left, pool_of

BAND = Fraction(1, 10)  # how far from spot an agent may take
PRICE_FORMING_QUOTE = 10**4


class Taker(OpenOrders):
    def hop(self, market: str, side_in: int, owner: str) -> Hop:
        terms = self.markets[market]
        return Hop(
            market=market,
            side_in=side_in,
            owner=owner,
            lot=terms["lotSize"],
            tick_price=self.price(market, 1),
            taker_fee_bps=terms["takerFeeBps"],
            pair=self.pairs[market] if self.is_awake(market) else None,
            orders=self.resting(market, side_in == 0),
        )

    def leaves_band(self, plan: Plan) -> bool:
        """Whether some marginal price is more than a tenth worse than spot."""
        spot = self.spot(plan.market)
        if spot is None:
            return True
        prices = [self.price(plan.market, order["price"]) for order, lots in plan.fills if lots]
        if plan.pool_in > 0:
            prices.append(self.pairs[plan.market].marginal_price(plan.side_in, plan.pool_in))
        if plan.side_in == 1:
            return any(price > spot * (1 + BAND) for price in prices)
        return any(price < spot * (1 - BAND) for price in prices)

    def take(self, plan: Plan, owner: str, order_id: int = 0) -> list[Event]:
        events = []
        for order, lots in plan.fills:
            if lots == 0:
                events.append(self.close(order, "Cancelled", "SelfTrade"))
            else:
                events.append(self._fill(order, lots, owner, order_id))
        if plan.pool_in > 0:
            events.append(self._swap(plan, owner, order_id))
        return events

    def _fill(self, order: Fields, lots: int, taker: str, order_id: int) -> Event:
        market, maker, buys = order["market"], order["owner"], not order["isBid"]
        terms = self.markets[market]
        base = lots * terms["lotSize"]
        exact = base * self.price(market, order["price"])
        assert exact.denominator == 1
        quote = exact.numerator
        given, got = (base, quote) if buys else (quote, base)  # by the maker
        asset_given, asset_got = terms["base"], terms["quote"]
        if not buys:
            asset_given, asset_got = asset_got, asset_given
        taker_fee = ceil(Fraction(given * terms["takerFeeBps"], BPS))
        maker_fee = ceil(Fraction(got * max(0, terms["makerFeeBps"]), BPS))
        rebate = floor(Fraction(given * max(0, -terms["makerFeeBps"]), BPS))
        rebate = min(rebate, taker_fee)
        order["filled"] += lots
        released = self.set_hold(order, left(order))
        assert released == given
        self._move(asset_given, maker, taker, given - taker_fee)
        self._move(asset_given, maker, self.fee_recipient, taker_fee - rebate)
        self._move(asset_got, taker, maker, got - maker_fee)
        self._move(asset_got, taker, self.fee_recipient, maker_fee)
        if left(order) == 0:
            self.forget(order)
        return {
            "type": "BookFilled",
            "market": market,
            "makerOrderId": order["id"],
            "maker": maker,
            "taker": taker,
            "takerBuys": buys,
            "price": order["price"],
            "quantity": lots,
            "baseAmount": base,
            "quoteAmount": quote,
            "takerFee": taker_fee,
            "makerRemaining": left(order),
            "makerFee": maker_fee,
            "makerRebate": rebate,
            "orderId": order_id,
            **self._trade(market, base, quote),
        }

    def _swap(self, plan: Plan, owner: str, order_id: int) -> Event:
        market, side_in = plan.market, plan.side_in
        pair = self.pairs[market]
        two = self.markets[market]["base"], self.markets[market]["quote"]
        pair.swap(side_in, plan.pool_in, plan.pool_out, self.now_ms // 1000)
        self._move(two[side_in], owner, pool_of(market), plan.pool_in)
        self._move(two[1 - side_in], pool_of(market), owner, plan.pool_out)
        base, quote = plan.pool_in, plan.pool_out
        if side_in == 1:
            base, quote = quote, base
        return {
            "type": "PoolSwapped",
            "owner": owner,
            "market": market,
            "assetIn": two[side_in],
            "assetOut": two[1 - side_in],
            "amountIn": plan.pool_in,
            "amountOut": plan.pool_out,
            "fee": ceil(Fraction(plan.pool_in * pair.fee_bps, BPS)),
            "reserveBase": pair.reserves[0],
            "reserveQuote": pair.reserves[1],
            "orderId": order_id,
            **self._trade(market, base, quote),
        }

    def _trade(self, market: str, base: int, quote: int) -> Event:
        self.trades[market] = self.trades.get(market, 0) + 1
        forms = base >= self.markets[market]["lotSize"] and quote >= PRICE_FORMING_QUOTE
        if forms:
            self.last[market] = Fraction(quote, base)
        return {"tradeId": self.trades[market], "priceForming": forms}

    # -- triggers ----------------------------------------------------------------------------

    def is_reached(self, order: Fields, price: Fraction) -> bool:
        """Compares with quote base units per whole base token, the unit of a trigger price."""
        decimals = self.decimals_of(self.markets[order["market"]]["base"])
        trigger = Fraction(order["triggerPrice"], 10**decimals)
        return price >= trigger if order["triggerAbove"] else price <= trigger

    def reach(self, events: list[Event]) -> list[Event]:
        """Fill by fill, the waiting orders that it reaches, nearest first, then the oldest."""
        found: dict[str, list[int]] = {}
        for event in events:
            if not event.get("priceForming"):
                continue
            market = event["market"]
            if event["type"] == "BookFilled":
                price = Fraction(event["quoteAmount"], event["baseAmount"])
            else:
                two = event["amountIn"], event["amountOut"]
                sold = event["assetIn"] == self.markets[market]["base"]
                price = Fraction(two[sold], two[not sold])
            reached = [
                order
                for order in self.orders
                if order["market"] == market and order["waits"] and order["id"] not in self.due
                if self.is_reached(order, price)
            ]
            reached.sort(
                key=lambda order: (
                    order["triggerPrice"] * (1 if order["triggerAbove"] else -1),
                    order["id"],
                )
            )
            self.due += [order["id"] for order in reached]
            found.setdefault(market, []).extend(order["id"] for order in reached)
        return [
            {"type": "TriggersReached", "market": market, "orders": ids}
            for market, ids in found.items()
            if ids
        ]
