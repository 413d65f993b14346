"""Swaps of the workload: around the pool's edges, and around those of the orders beside it."""

from tests.naive.pair import RESERVE_MAX
from tests.naive.vault import Fields, left
from tests.simulation.aim import Aim, band_edge_in, band_edge_out


class SwapVerbs(Aim):
    def edges(self, one: str, other: str, owner: str) -> list[tuple[int, int]]:
        """Input and output where the way over one market comes to an order, into it, or past it."""
        market = self.twin.market_of(one, other)
        if market is None:
            return []
        hop = self.twin.hop(market, 0 if self.twin.markets[market]["base"] == one else 1, owner)
        edges, paid, got = [], 0, 0
        for order in hop.orders[:4]:
            pool_in = hop.pool_room_in(hop.net(order), 0)
            pool_out = hop.pool_room_out(hop.net(order), 0)
            lots = self.random.randint(1, left(order))
            for some in (0, lots, left(order)):
                into = paid + hop.cost(order, some) + pool_in, got + hop.received(order, some)
                edges.append((into[0], into[1] + pool_out))
                edges.append((into[0] + hop.cost(order, 1) // 2, into[1] + pool_out + hop.lot // 2))
                if hop.pair is not None:
                    beyond_in = hop.pool_room_in(hop.beyond(order), pool_in)
                    beyond_out = hop.pool_room_out(hop.beyond(order), pool_out)
                    edges.append((into[0] + beyond_in, into[1] + pool_out + beyond_out))
            paid, got = paid + hop.cost(order, left(order)), got + hop.received(order, left(order))
        return [edge for edge in edges if min(edge) > 0]

    def make_SwapExactIn(self) -> Fields:
        one, other = self.couple()
        owner = self.holder(one)
        amount, seeded = self.spend(owner, one), self.seeded_between(one, other)
        if seeded and self.random.random() < 0.3:
            pair, side = seeded
            room = RESERVE_MAX - pair.reserves[side]
            if room <= self.twin.balance(self.richest(one), one):
                owner, amount = self.richest(one), self.near(room)
            elif self.random.random() < 0.5:
                amount, self.aims_at_band = self.near(band_edge_in(pair, side)), True
            elif self.random.random() < 0.3:
                amount = self.near(self.lot(one, other))
            else:
                amount = self.random.randint(0, pair.reserves[side])
        if (edges := self.edges(one, other, owner)) and self.random.random() < 0.5:
            amount = self.near(self.random.choice(edges)[0])
        fields = {
            "owner": owner,
            "tokenIn": self.token(one),
            "tokenOut": self.token(other),
            "amountIn": amount,
            "minAmountOut": 0,
        }
        if self.random.random() < 0.4:
            if outcome := self.twin.imagine("SwapExactIn", fields):
                fields["minAmountOut"] = self.near(outcome["amountOut"])
        return fields

    def make_SwapExactOut(self) -> Fields:
        one, other = self.couple()
        owner, amount = self.holder(one), self.amount()
        if seeded := self.seeded_between(one, other):
            pair, side = seeded
            reserve = pair.reserves[1 - side]
            room = RESERVE_MAX - pair.reserves[side]
            if room <= self.twin.balance(self.richest(one), one):
                owner = self.richest(one)
            amount = self.random.choice(
                (
                    reserve >> self.random.randint(1, 12),
                    self.near(reserve),
                    self.near(pair.out_for(side, room)),
                    self.near(self.lot(one, other)),
                    self.random.randint(0, reserve),
                )
            )
            if self.random.random() < 0.25:
                amount, self.aims_at_band = self.near(band_edge_out(pair, side)), True
        if (edges := self.edges(one, other, owner)) and self.random.random() < 0.5:
            amount = self.near(self.random.choice(edges)[1])
        fields = {
            "owner": owner,
            "tokenIn": self.token(one),
            "tokenOut": self.token(other),
            "amountOut": amount,
            "maxAmountIn": 2**256 - 1,
        }
        if self.random.random() < 0.4:
            if outcome := self.twin.imagine("SwapExactOut", fields):
                fields["maxAmountIn"] = self.near(outcome["amountIn"])
        return fields
