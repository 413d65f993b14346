"""The best way between two tokens over a deployment's pairs, of all simple paths of up to three.

More into a pair never gives less out of it, so the best path whose last pair is this one comes from
the best way to that pair, and nothing is lost by forgetting the others: the work is a sum over
pairs, not over paths. Paths that pass one token twice are left out, so no pair is used twice.

Amounts are those of the router's getAmountsOut and getAmountsIn, to the unit. A pair reverts, and
is no part of a path, that is empty, that would give nothing, or a reserve of which would pass
uint112; below that bound nothing in the router's arithmetic reaches 2^256.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

from amm.constant_product import get_amount_in, get_amount_out, swap_fee
from xyk.chain.pair import Pair
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import BPS, HOPS_MAX, RESERVE_MAX

Reserves = Mapping[str, tuple[int, int]]  # (reserve0, reserve1) by the pair's address
Path = tuple[str, ...]  # addresses of tokens


class Hop(msgspec.Struct, frozen=True):
    """`fee`: the part of `amount_in` that stays in the pair, rounded up. Reserves as before."""

    pair: Pair
    token_in: str
    token_out: str
    amount_in: int
    amount_out: int
    reserve_in: int
    reserve_out: int
    fee: int


class Route(msgspec.Struct, frozen=True):
    hops: tuple[Hop, ...]

    @property
    def amount_in(self) -> int:
        return self.hops[0].amount_in

    @property
    def amount_out(self) -> int:
        return self.hops[-1].amount_out

    @property
    def path(self) -> Path:
        """As the router takes it."""
        return (self.hops[0].token_in, *(hop.token_out for hop in self.hops))

    @property
    def spot(self) -> tuple[int, int]:
        """OUT over IN in base units, by the reserves and without fees."""
        numerator = denominator = 1
        for hop in self.hops:
            numerator *= hop.reserve_out
            denominator *= hop.reserve_in
        return numerator, denominator

    @property
    def impact_bps(self) -> int:
        """By how much the average price without fees is worse than spot, rounded up. On the curve
        x * y = k that is the part of its reserve that came out, of each hop."""
        kept = whole = 1
        for hop in self.hops:
            kept *= hop.reserve_out - hop.amount_out
            whole *= hop.reserve_out
        return -(-BPS * (whole - kept) // whole)


class Edge(msgspec.Struct, frozen=True):
    """A pair in one direction."""

    pair: Pair
    sells_0: bool

    def sides(self, reserves: Reserves) -> tuple[int, int]:
        """(in, out) in base units; zeros where they are not known."""
        found = reserves.get(self.pair.address, (0, 0))
        return found if self.sells_0 else found[::-1]


class Graph:
    """Pairs by the tokens that they join. A factory has one pair of two tokens; of several the one
    with the lowest address counts."""

    def __init__(self, pairs: Iterable[Pair], fee_bps: int) -> None:
        self._fee_bps = fee_bps
        self._edges: dict[str, dict[str, Edge]] = {}
        for pair in sorted(pairs, key=lambda pair: pair.address):
            token0, token1 = pair.token0.address, pair.token1.address
            self._edges.setdefault(token0, {}).setdefault(token1, Edge(pair, True))
            self._edges.setdefault(token1, {}).setdefault(token0, Edge(pair, False))

    def best_exact_in(
        self, reserves: Reserves, token_in: str, token_out: str, amount_in: int
    ) -> Route | Rejected:
        """What gives most for `amount_in` base units; of the same amount what has fewest hops."""
        fault = self._fault(token_in, token_out, amount_in, "amountIn")
        if fault is not None:
            return fault
        reached = {
            token: amount
            for token, edge in self._edges[token_in].items()
            if (amount := self._out(edge, reserves, amount_in))
        }
        path: Path = (token_in, token_out)
        best = reached.pop(token_out, 0)
        ends = [
            (token, edge)
            for token in self._edges[token_out]
            if token != token_in
            for edge in [self._edges[token][token_out]]
        ]
        for token, edge in ends:
            amount = self._out(edge, reserves, reached.get(token, 0))
            if amount > best:
                best, path = amount, (token_in, token, token_out)
        for token, edge in ends:
            reserve_in, reserve_out = edge.sides(reserves)
            if reserve_out <= best:
                continue
            via, most, room = "", 0, RESERVE_MAX - reserve_in
            for before in self._common(reached, token):
                amount = self._out(self._edges[before][token], reserves, reached[before])
                if most < amount <= room:
                    via, most = before, amount
            amount = self._out(edge, reserves, most)
            if amount > best:
                best, path = amount, (token_in, via, token, token_out)
        if not best:
            return _too_shallow(token_in, token_out)
        amounts = [amount_in]
        for edge in self._along(path):
            amounts.append(self._out(edge, reserves, amounts[-1]))
        return self._route(path, reserves, amounts)

    def best_exact_out(
        self, reserves: Reserves, token_in: str, token_out: str, amount_out: int
    ) -> Route | Rejected:
        """What costs least for `amount_out` base units; of the same cost what has fewest hops."""
        fault = self._fault(token_in, token_out, amount_out, "amountOut")
        if fault is not None:
            return fault
        needed = {
            token: amount
            for token in self._edges[token_out]
            if (amount := self._in(self._edges[token][token_out], reserves, amount_out))
        }
        path: Path = (token_in, token_out)
        best = needed.pop(token_in, 0)
        begins = [(t, edge) for t, edge in self._edges[token_in].items() if t != token_out]
        for token, edge in begins:
            amount = self._in(edge, reserves, needed.get(token, 0))
            if amount and not 0 < best <= amount:
                best, path = amount, (token_in, token, token_out)
        for token, edge in begins:
            via, least = "", 0
            for after in self._common(needed, token):
                amount = self._in(self._edges[token][after], reserves, needed[after])
                if amount and not 0 < least <= amount:
                    via, least = after, amount
            amount = self._in(edge, reserves, least)
            if amount and not 0 < best <= amount:
                best, path = amount, (token_in, token, via, token_out)
        if not best:
            return _too_shallow(token_in, token_out)
        amounts = [amount_out]
        for edge in reversed(self._along(path)):
            amounts.append(self._in(edge, reserves, amounts[-1]))
        return self._route(path, reserves, amounts[::-1])

    def _along(self, path: Path) -> list[Edge]:
        return [self._edges[token][after] for token, after in pairwise(path)]

    def _route(self, path: Path, reserves: Reserves, amounts: Sequence[int]) -> Route:
        hops = []
        for edge, tokens, moved in zip(
            self._along(path), pairwise(path), pairwise(amounts), strict=True
        ):
            fee = swap_fee(moved[0], self._fee_bps)
            hops.append(Hop(edge.pair, *tokens, *moved, *edge.sides(reserves), fee))
        return Route(tuple(hops))

    def _fault(self, token_in: str, token_out: str, amount: int, name: str) -> Rejected | None:
        if token_in == token_out:
            return Rejected(Code.SAME_TOKEN, f"Both tokens are {token_in}; name two different ones")
        if not self._is_joined(token_in, token_out):
            return Rejected(
                Code.POOL_NOT_FOUND,
                f"No mirrored pairs connect {token_in} and {token_out} within {HOPS_MAX} hops; "
                "choose others",
            )
        if not amount:
            return Rejected(Code.INVALID_QUANTITY, f"{name} is 0; it must be at least 1 base unit")
        return None

    def _is_joined(self, token_in: str, token_out: str) -> bool:
        near, far = self._edges.get(token_in, {}), self._edges.get(token_out, {})
        return token_out in near or any(
            one in far or any(two in far and two != token_in for two in self._edges[one])
            for one in near
        )

    def _common(self, known: Mapping[str, int], token: str) -> Iterator[str]:
        """Those of `known` that a pair joins with the token; over the smaller of both."""
        joined = self._edges[token]
        if len(joined) < len(known):
            return (one for one in joined if one in known)
        return (one for one in known if one in joined)

    def _out(self, edge: Edge, reserves: Reserves, amount_in: int) -> int:
        """0 where the pair would revert."""
        reserve_in, reserve_out = edge.sides(reserves)
        if not amount_in or not reserve_in or not reserve_out:
            return 0
        if amount_in > RESERVE_MAX - reserve_in:
            return 0
        return get_amount_out(amount_in, reserve_in, reserve_out, self._fee_bps)

    def _in(self, edge: Edge, reserves: Reserves, amount_out: int) -> int:
        """0 where the pair would revert."""
        reserve_in, reserve_out = edge.sides(reserves)
        if not reserve_in or not 0 < amount_out < reserve_out:
            return 0
        amount_in = get_amount_in(amount_out, reserve_in, reserve_out, self._fee_bps)
        return amount_in if amount_in <= RESERVE_MAX - reserve_in else 0


def _too_shallow(token_in: str, token_out: str) -> Rejected:
    return Rejected(
        Code.INSUFFICIENT_LIQUIDITY,
        f"No mirrored pairs between {token_in} and {token_out} can give or take this amount; use "
        "another one",
    )
