"""Liquidity in and out, as V2's router and pair do it, beside a book that it may not cross."""

from fractions import Fraction

from tests.naive.open_orders import OpenOrders
from tests.naive.pair import BPS, Pair, refuse_if
from tests.naive.vault import LOCKED, OUTSIDE, Fields, Outcome, pool_of

POOL_FEE = 30  # bps, where a user makes the pool
AGENT_MINIMUM = Fraction(95, 100)


class Liquidity(OpenOrders):
    def do_AddLiquidity(self, fields: Fields, signer: str) -> Outcome:
        owner = fields["owner"]
        asset_a, asset_b = self._symbol(fields["tokenA"]), self._symbol(fields["tokenB"])
        refuse_if("LP:" in asset_a + asset_b, "INVALID_ASSET")
        market = self.market_of(asset_a, asset_b)
        if asset_a == asset_b:
            refuse_if(self._all_closed(asset_a), "TRADING_PAUSED")
        elif market is not None:
            refuse_if(self.markets[market]["status"] != "open", "TRADING_PAUSED")
        refuse_if(asset_a == asset_b, "SAME_TOKEN")
        desired_a, desired_b = fields["amountADesired"], fields["amountBDesired"]
        refuse_if(desired_a == 0 or desired_b == 0, "INVALID_QUANTITY")
        base = max(asset_a, asset_b, key=self._age) if market is None else ""
        base = base or self.markets[str(market)]["base"]
        side_a = 0 if asset_a == base else 1
        if market is None:
            self._check_shares(base, asset_b if base == asset_a else asset_a)
        pair = Pair(POOL_FEE) if market is None else self.pairs[market].copy()
        amount_a, amount_b = pair.router_amounts(side_a, desired_a, desired_b)
        used = (amount_a, amount_b) if side_a == 0 else (amount_b, amount_a)
        refuse_if(market is not None and self._would_cross(market, used), "INVALID_PRICE")
        refuse_if(self.balance(owner, asset_a) < amount_a, "INSUFFICIENT_FUNDS")
        refuse_if(self.balance(owner, asset_b) < amount_b, "INSUFFICIENT_FUNDS")
        fee_on = self.protocol_recipient != ""
        liquidity, locked, protocol = pair.mint(used, fee_on, self.now_ms // 1000)
        missed = amount_a < fields["amountAMin"] or amount_b < fields["amountBMin"]
        refuse_if(missed, "SLIPPAGE_EXCEEDED")
        if signer != owner:
            loose_a = fields["amountAMin"] < AGENT_MINIMUM * desired_a
            loose_b = fields["amountBMin"] < AGENT_MINIMUM * desired_b
            refuse_if(loose_a or loose_b, "SLIPPAGE_EXCEEDED")
        if market is None:
            market = self._make_implicit(base, asset_b if base == asset_a else asset_a)
        self.pairs[market] = pair
        for asset, amount in ((asset_a, amount_a), (asset_b, amount_b)):
            self._move(asset, owner, pool_of(market), amount)
        self._issue(market, self.protocol_recipient, protocol)
        self._issue(market, LOCKED, locked)
        self._issue(market, owner, liquidity)
        return {
            "market": market,
            "amountBase": used[0],
            "amountQuote": used[1],
            "liquidity": liquidity,
            "locked": locked,
            "protocolLiquidity": protocol,
        }

    def _would_cross(self, market: str, deposit: tuple[int, int]) -> bool:
        pair = self.pairs[market].copy()
        pair.reserves = [have + more for have, more in zip(pair.reserves, deposit, strict=True)]
        return self.crosses(market, pair)

    def crosses(self, market: str, pair: Pair) -> bool:
        """Whether a bid meets an ask, or two lots or more could be had between this pool and a
        resting order beyond the taker's fee of the book."""
        terms = self.markets[market]
        bids, asks = self.resting(market, True)[:1], self.resting(market, False)[:1]
        if bids and asks and bids[0]["price"] >= asks[0]["price"]:
            return True
        floors = max(10**6, terms["lotSize"]), 10**6
        if not terms["book"] or pair.reserves[0] < floors[0] or pair.reserves[1] < floors[1]:
            return False
        base, quote = pair.reserves
        two_lots, fee = 2 * terms["lotSize"], Fraction(terms["takerFeeBps"], BPS)
        for order in asks:  # what a seller's last unit would get
            dearest = self.price(market, order["price"]) / (1 - fee)
            if pair.marginal_price(0, two_lots) > dearest:
                return True
        for order in bids:  # what a buyer's last unit would cost
            cheapest = self.price(market, order["price"]) * (1 - fee)
            rest = base - two_lots
            if rest > 0 and base * quote / pair.keeps() / rest**2 < cheapest:
                return True
        return False

    def do_RemoveLiquidity(self, fields: Fields, signer: str) -> Outcome:
        owner, liquidity = fields["owner"], fields["liquidity"]
        asset_a, asset_b = self._symbol(fields["tokenA"]), self._symbol(fields["tokenB"])
        refuse_if("LP:" in asset_a + asset_b, "INVALID_ASSET")
        refuse_if(asset_a == asset_b, "SAME_TOKEN")
        market = self.market_of(asset_a, asset_b)
        refuse_if(market is None, "POOL_NOT_FOUND")
        assert market is not None
        refuse_if(liquidity == 0, "INVALID_QUANTITY")
        refuse_if(self.balance(owner, f"LP:{market}") < liquidity, "INSUFFICIENT_FUNDS")
        pair = self.pairs[market].copy()
        fee_on = self.protocol_recipient != ""
        base, quote, protocol = pair.burn(liquidity, fee_on, self.now_ms // 1000)
        two = {self.markets[market]["base"]: base, self.markets[market]["quote"]: quote}
        missed = two[asset_a] < fields["amountAMin"] or two[asset_b] < fields["amountBMin"]
        refuse_if(missed, "SLIPPAGE_EXCEEDED")
        self.pairs[market] = pair
        self._issue(market, self.protocol_recipient, protocol)
        self._move(f"LP:{market}", owner, OUTSIDE, liquidity)
        for asset, amount in two.items():
            self._move(asset, pool_of(market), owner, amount)
        return {
            "market": market,
            "amountBase": base,
            "amountQuote": quote,
            "liquidity": liquidity,
            "protocolLiquidity": protocol,
        }

    def _make_implicit(self, base: str, quote: str) -> str:
        decimals = self.decimals_of(base)
        return self._make_market(
            {
                "base": base,
                "quote": quote,
                "tickSize": 1,
                "lotSize": 10 ** max(0, decimals - 6),
                "makerFeeBps": 0,
                "takerFeeBps": 0,
                "poolFeeBps": POOL_FEE,
                "book": False,
                "implicit": True,
            }
        )
