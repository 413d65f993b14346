"""SwapExactIn and SwapExactOut over every way through open markets."""

from collections.abc import Callable

from tests.naive.pair import Refused, refuse_if
from tests.naive.paths import Path, Route, all_paths
from tests.naive.taker import Taker
from tests.naive.vault import Fields, Outcome


class Swaps(Taker):
    def do_SwapExactIn(self, fields: Fields, signer: str) -> Outcome:
        owner, amount_in = fields["owner"], fields["amountIn"]
        asset_in, asset_out = self._symbol(fields["tokenIn"]), self._symbol(fields["tokenOut"])
        paths = self._ways(asset_in, asset_out)
        refuse_if(amount_in == 0, "INVALID_QUANTITY")
        routes = [self._forwards(path, amount_in, owner) for path in paths]
        best = self._best(routes, lambda route: -route.amount_out)
        refuse_if(signer != owner and self._lacks_spot(best), "INVALID_PRICE")
        refuse_if(self.balance(owner, asset_in) < amount_in, "INSUFFICIENT_FUNDS")
        refuse_if(best is None, "INSUFFICIENT_LIQUIDITY")
        assert best is not None
        refuse_if(best.overflows, "RESERVE_OVERFLOW")
        refuse_if(best.amount_out < fields["minAmountOut"], "SLIPPAGE_EXCEEDED")
        refuse_if(signer != owner and any(map(self.leaves_band, best.hops)), "SLIPPAGE_EXCEEDED")
        return self._go(best, owner)

    def do_SwapExactOut(self, fields: Fields, signer: str) -> Outcome:
        owner, amount_out = fields["owner"], fields["amountOut"]
        asset_in, asset_out = self._symbol(fields["tokenIn"]), self._symbol(fields["tokenOut"])
        paths = self._ways(asset_in, asset_out)
        refuse_if(amount_out == 0, "INVALID_QUANTITY")
        routes = [self._backwards(path, amount_out, owner) for path in paths]
        best = self._best(routes, lambda route: route.amount_in)
        refuse_if(best is None, "INSUFFICIENT_LIQUIDITY")
        assert best is not None
        refuse_if(signer != owner and self._lacks_spot(best), "INVALID_PRICE")
        refuse_if(self.balance(owner, asset_in) < best.amount_in, "INSUFFICIENT_FUNDS")
        refuse_if(best.overflows, "RESERVE_OVERFLOW")
        refuse_if(best.amount_in > fields["maxAmountIn"], "SLIPPAGE_EXCEEDED")
        refuse_if(signer != owner and any(map(self.leaves_band, best.hops)), "SLIPPAGE_EXCEEDED")
        return self._go(best, owner)

    def _ways(self, asset_in: str, asset_out: str) -> list[Path]:
        """The paths through open markets, each with something to take."""
        if asset_in == asset_out:
            refuse_if(self._all_closed(asset_in), "TRADING_PAUSED")
            raise Refused("SAME_TOKEN")
        sides = {name: (market["base"], market["quote"]) for name, market in self.markets.items()}
        every = list(all_paths(sides, asset_in, asset_out))
        refuse_if(every == [], "POOL_NOT_FOUND")
        is_open = [all(self.markets[name]["status"] == "open" for name, _ in p) for p in every]
        live = [all(self._is_live(*hop) for hop in path) for path in every]
        usable = [path for path, o, a in zip(every, is_open, live, strict=True) if o and a]
        refuse_if(not any(is_open), "TRADING_PAUSED")
        refuse_if(usable == [] and any(live), "TRADING_PAUSED")
        return usable

    def _is_live(self, market: str, side_in: int) -> bool:
        return self.is_awake(market) or self.resting(market, side_in == 0) != []

    def _forwards(self, path: Path, amount: int, owner: str) -> Route | None:
        """None where a hop gives nothing."""
        hops = []
        for market, side_in in path:
            plan = self.hop(market, side_in, owner).exact_in(amount)
            if plan is None:
                return None
            hops.append(plan)
            amount = plan.amount_out
        return Route(tuple(hops))

    def _backwards(self, path: Path, amount: int, owner: str) -> Route | None:
        """A hop's need is what the next one takes. None where a hop has not that much."""
        hops = []
        for market, side_in in reversed(path):
            plan = self.hop(market, side_in, owner).exact_out(amount)
            if plan is None:
                return None
            hops.append(plan)
            amount = plan.amount_in
        return Route(tuple(hops[::-1]))

    def _best(self, routes: list[Route | None], cost: Callable[[Route], int]) -> Route | None:
        """Lowest cost, then fewest hops, then market symbols; one that fits uint112 if any does."""
        found = [route for route in routes if route is not None]
        found.sort(key=lambda route: (route.overflows, cost(route), route.tie))
        return found[0] if found else None

    def _lacks_spot(self, route: Route | None) -> bool:
        return route is not None and any(self.spot(hop.market) is None for hop in route.hops)

    def _go(self, route: Route, owner: str) -> Outcome:
        events = [event for hop in route.hops for event in self.take(hop, owner)]
        return {
            "amountIn": route.amount_in,
            "amountOut": route.amount_out,
            "route": [
                {"market": hop.market, "amountIn": hop.amount_in, "amountOut": hop.amount_out}
                for hop in route.hops
            ],
            "events": events + self.reach(events),
        }
