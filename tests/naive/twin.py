"""The second mind: the pool half of the exchange, slow and obviously right.

Written from DESIGN and from Uniswap V2, and imports nothing of ours: dicts, sets, lists that are
scanned, Fractions. `submit` takes the kind of a command, its camelCase fields with plain ints,
who signed (empty for the system's own commands) and the time, and answers a code of refusal as a
string, or the outcome as a dict. A verb reads as its refusals in the documented order on the left
margin, then its movements. DESIGN names no code for a few faults (a term of a market, a status that
does not exist, the zero address, an approval that is past or dead, shares as a token to remove); at
those the twin takes the exchange's word for the code, not for its place in the order.
"""

import pickle
from collections.abc import Callable
from fractions import Fraction

from tests.naive.pair import BPS, Pair, Refused, refuse_if
from tests.naive.paths import Path, Route, all_paths, exact_in, exact_out
from tests.naive.roles import ZERO, Roles
from tests.naive.vault import LOCKED, OUTSIDE, Fields, Outcome, pool_of

SUPPLY_MAX = 2**128
FAUCET_MAX = 2**112 - 1
DAY_S = 24 * 60 * 60
POOL_FEE = 30  # bps, where a user makes the pool
BAND = Fraction(1, 10)  # how far from spot an agent may take
AGENT_MINIMUM = Fraction(95, 100)

BY_AGENTS = {"SwapExactIn", "SwapExactOut", "AddLiquidity", "RemoveLiquidity"}
BY_OPERATOR = {
    "ListAsset",
    "ListMarket",
    "UpdateMarket",
    "SetMarketStatus",
    "SetProtocolFee",
    "SetOperator",
}


class Twin(Roles):
    # -- the door ----------------------------------------------------------------------------

    def submit(self, kind: str, fields: Fields, signer: str, now_ms: int) -> str | Outcome:
        assert now_ms >= self.now_ms
        self.now_ms = now_ms
        verb: Callable[[Fields, str], Outcome] = getattr(self, f"do_{kind}")
        try:
            if kind != "FaucetDeposit":
                self._admit(kind, fields, signer)
            outcome = verb(fields, signer)
        except Refused as refused:
            return refused.code
        if kind != "FaucetDeposit":
            self.nonces.add((signer, fields["nonce"]))
        return outcome

    def imagine(self, kind: str, fields: Fields) -> Outcome | None:
        """What the owner's own command would do now; None if refused. For those who aim."""
        copy: Twin = pickle.loads(pickle.dumps(self))
        now_s = self.now_ms // 1000
        signed = {**fields, "nonce": now_s << 8 | 255, "deadline": now_s}
        copy.nonces.discard((fields["owner"], signed["nonce"]))
        outcome = copy.submit(kind, signed, fields["owner"], self.now_ms)
        return None if isinstance(outcome, str) else outcome

    def _admit(self, kind: str, fields: Fields, signer: str) -> None:
        owner, now_s = fields["owner"], self.now_ms // 1000
        by_agent = signer != owner
        if by_agent:
            agent = self.agents.get((owner, signer))
            refuse_if(agent is None, "INVALID_SIGNATURE")
            assert agent is not None
            refuse_if(agent["revoked"] or now_s > agent["validUntil"], "UNAUTHORIZED")
            refuse_if(kind not in BY_AGENTS, "FORBIDDEN")
            refuse_if(kind == "AddLiquidity" and self._would_create(fields), "FORBIDDEN")
        refuse_if(kind in BY_OPERATOR and owner != self.operator, "FORBIDDEN")
        refuse_if(self.names_forbidden(kind, fields), "FORBIDDEN")
        refuse_if(fields.get("validUntil", now_s) < now_s, "EXPIRED")
        refuse_if(not now_s <= fields["deadline"] <= now_s + DAY_S, "EXPIRED")
        second = fields["nonce"] >> 8
        refuse_if(not now_s - 2 * DAY_S <= second <= now_s + 300, "NONCE_OUT_OF_WINDOW")
        refuse_if((signer, fields["nonce"]) in self.nonces, "NONCE_USED")

    def _would_create(self, fields: Fields) -> bool:
        """Whether this AddLiquidity makes a pool, which is the owner's own to sign."""
        two = [self._symbol_or_none(fields[token]) for token in ("tokenA", "tokenB")]
        if None in two or two[0] == two[1] or any(str(symbol).startswith("LP:") for symbol in two):
            return False
        market = self._market_of(str(two[0]), str(two[1]))
        return market is None or self.pairs[market].supply == 0

    # -- swaps -------------------------------------------------------------------------------

    def do_SwapExactIn(self, fields: Fields, signer: str) -> Outcome:
        owner, amount_in = fields["owner"], fields["amountIn"]
        asset_in, asset_out = self._symbol(fields["tokenIn"]), self._symbol(fields["tokenOut"])
        pairs, paths = self._edges(asset_in, asset_out)
        refuse_if(amount_in == 0, "INVALID_QUANTITY")
        refuse_if(self.balance(owner, asset_in) < amount_in, "INSUFFICIENT_FUNDS")
        routes = [exact_in(pairs, path, amount_in) for path in paths]
        best = self._best(routes, lambda route: -route.amount_out)
        refuse_if(best.overflows, "RESERVE_OVERFLOW")
        refuse_if(best.amount_out < fields["minAmountOut"], "SLIPPAGE_EXCEEDED")
        refuse_if(signer != owner and self._leaves_band(best), "SLIPPAGE_EXCEEDED")
        return self._take(owner, best)

    def do_SwapExactOut(self, fields: Fields, signer: str) -> Outcome:
        owner, amount_out = fields["owner"], fields["amountOut"]
        asset_in, asset_out = self._symbol(fields["tokenIn"]), self._symbol(fields["tokenOut"])
        pairs, paths = self._edges(asset_in, asset_out)
        refuse_if(amount_out == 0, "INVALID_QUANTITY")
        routes = [exact_out(pairs, path, amount_out) for path in paths]
        best = self._best(routes, lambda route: route.amount_in)
        refuse_if(self.balance(owner, asset_in) < best.amount_in, "INSUFFICIENT_FUNDS")
        refuse_if(best.overflows, "RESERVE_OVERFLOW")
        refuse_if(best.amount_in > fields["maxAmountIn"], "SLIPPAGE_EXCEEDED")
        refuse_if(signer != owner and self._leaves_band(best), "SLIPPAGE_EXCEEDED")
        return self._take(owner, best)

    def _edges(self, asset_in: str, asset_out: str) -> tuple[dict[str, Pair], list[Path]]:
        """All pools, and the ways through open markets whose pools are awake."""
        if asset_in == asset_out:
            refuse_if(self._all_closed(asset_in), "TRADING_PAUSED")
            raise Refused("SAME_TOKEN")
        sides = {name: (market["base"], market["quote"]) for name, market in self.markets.items()}
        every = list(all_paths(sides, asset_in, asset_out))
        refuse_if(every == [], "POOL_NOT_FOUND")
        is_open = [all(self.markets[name]["status"] == "open" for name, _ in p) for p in every]
        awake = [all(self.is_awake(name) for name, _ in path) for path in every]
        usable = [path for path, o, a in zip(every, is_open, awake, strict=True) if o and a]
        refuse_if(not any(is_open), "TRADING_PAUSED")
        refuse_if(usable == [] and any(awake), "TRADING_PAUSED")
        return self.pairs, usable

    def _all_closed(self, asset: str) -> bool:
        around = [one for one in self.markets.values() if asset in (one["base"], one["quote"])]
        return around != [] and all(one["status"] != "open" for one in around)

    def is_awake(self, name: str) -> bool:
        market, (base, quote) = self.markets[name], self.pairs[name].reserves
        if market["book"]:
            return bool(base >= max(10**6, market["lotSize"]) and quote >= 10**6)
        return base > 0 and quote > 0

    def _best(self, routes: list[Route | None], cost: Callable[[Route], int]) -> Route:
        """Lowest cost, then fewest hops, then market symbols; one that fits uint112 if any does."""
        found = [route for route in routes if route is not None]
        refuse_if(not found, "INSUFFICIENT_LIQUIDITY")
        found.sort(key=lambda route: (route.overflows, cost(route), route.tie))
        return found[0]

    def _leaves_band(self, route: Route) -> bool:
        for hop in route.hops:
            pair = self.pairs[hop.market]
            spot = Fraction(pair.reserves[1], pair.reserves[0])
            last = pair.marginal_price(hop.side_in, hop.amount_in)
            if not spot * (1 - BAND) <= last <= spot * (1 + BAND):
                return True
        return False

    def _take(self, owner: str, route: Route) -> Outcome:
        hops = []
        for market, side_in, amount_in, amount_out in route.hops:
            two = self.markets[market]["base"], self.markets[market]["quote"]
            self.pairs[market].swap(side_in, amount_in, amount_out, self.now_ms // 1000)
            self._move(two[side_in], owner, pool_of(market), amount_in)
            self._move(two[1 - side_in], pool_of(market), owner, amount_out)
            base, quote = (amount_in, amount_out) if side_in == 0 else (amount_out, amount_in)
            self.trades[market] = self.trades.get(market, 0) + 1
            hops.append(
                {
                    "market": market,
                    "assetIn": two[side_in],
                    "assetOut": two[1 - side_in],
                    "amountIn": amount_in,
                    "amountOut": amount_out,
                    "fee": -(-amount_in * self.pairs[market].fee_bps // BPS),
                    "tradeId": self.trades[market],
                    "priceForming": base >= self.markets[market]["lotSize"] and quote >= 10**4,
                }
            )
        return {"amountIn": route.amount_in, "amountOut": route.amount_out, "route": hops}

    # -- liquidity ---------------------------------------------------------------------------

    def do_AddLiquidity(self, fields: Fields, signer: str) -> Outcome:
        owner = fields["owner"]
        asset_a, asset_b = self._symbol(fields["tokenA"]), self._symbol(fields["tokenB"])
        refuse_if("LP:" in asset_a + asset_b, "INVALID_ASSET")
        market = self._market_of(asset_a, asset_b)
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
        pair = Pair(POOL_FEE) if market is None else self.pairs[market].copy()
        amount_a, amount_b = pair.router_amounts(side_a, desired_a, desired_b)
        refuse_if(self.balance(owner, asset_a) < amount_a, "INSUFFICIENT_FUNDS")
        refuse_if(self.balance(owner, asset_b) < amount_b, "INSUFFICIENT_FUNDS")
        used = (amount_a, amount_b) if side_a == 0 else (amount_b, amount_a)
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

    def do_RemoveLiquidity(self, fields: Fields, signer: str) -> Outcome:
        owner, liquidity = fields["owner"], fields["liquidity"]
        asset_a, asset_b = self._symbol(fields["tokenA"]), self._symbol(fields["tokenB"])
        refuse_if("LP:" in asset_a + asset_b, "INVALID_ASSET")
        refuse_if(asset_a == asset_b, "SAME_TOKEN")
        market = self._market_of(asset_a, asset_b)
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
        decimals = next(asset["decimals"] for asset in self.assets if asset["symbol"] == base)
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

    # -- custody -----------------------------------------------------------------------------

    def do_FaucetDeposit(self, fields: Fields, signer: str) -> Outcome:
        refuse_if(not self.sandbox, "RESOURCE_NOT_FOUND")
        asset, amount = self._symbol(fields["token"]), fields["amount"]
        refuse_if(asset.startswith("LP:"), "INVALID_ASSET")
        refuse_if(not 0 < amount <= FAUCET_MAX, "INVALID_QUANTITY")
        refuse_if(amount - self.balance(OUTSIDE, asset) > SUPPLY_MAX, "RESERVE_OVERFLOW")
        self._move(asset, OUTSIDE, fields["owner"], amount)
        return {"asset": asset, "amount": amount}

    def do_Transfer(self, fields: Fields, signer: str) -> Outcome:
        asset = self._symbol(fields["token"])
        refuse_if(fields["amount"] == 0, "INVALID_QUANTITY")
        refuse_if(fields["recipient"] == ZERO, "INVALID_ORDER")
        refuse_if(self.balance(fields["owner"], asset) < fields["amount"], "INSUFFICIENT_FUNDS")
        self._move(asset, fields["owner"], fields["recipient"], fields["amount"])
        return {"asset": asset, "amount": fields["amount"], "recipient": fields["recipient"]}

    def do_Withdraw(self, fields: Fields, signer: str) -> Outcome:
        asset = self._symbol(fields["token"])
        refuse_if(asset.startswith("LP:"), "INVALID_ASSET")
        refuse_if(fields["amount"] == 0, "INVALID_QUANTITY")
        refuse_if(fields["recipient"] == ZERO, "INVALID_ORDER")
        refuse_if(self.balance(fields["owner"], asset) < fields["amount"], "INSUFFICIENT_FUNDS")
        self._move(asset, fields["owner"], OUTSIDE, fields["amount"])
        return {"asset": asset, "amount": fields["amount"], "recipient": fields["recipient"]}
