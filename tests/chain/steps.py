"""Random steps for two venues: what a trader or provider does next, where rounding shows.

Sizes run from one unit over parts of the reserves to beyond uint112. A bound (minimum or maximum)
is none, slack, exactly what Uniswap would do now, or one unit beyond it. Minimums never exceed the
desired amounts, because on an empty pool V2's router does not look at them and ours does.
"""

from dataclasses import dataclass
from math import isqrt
from random import Random

from tests.chain.uniswap import Uniswap
from tests.chain.venue import Added, Refused, Removed, Snapshot, Swapped, Venue

UNBOUNDED = 2**256 - 1
RESERVE_MAX = 2**112 - 1
SMALL = 10**7  # a reserve that rounding can be seen in
WAITS_S = (0, 0, 0, 1, 12, 61, 3_600, 86_400)


@dataclass(frozen=True)
class Add:
    owner: str
    a_desired: int
    b_desired: int
    a_min: int = 0
    b_min: int = 0


@dataclass(frozen=True)
class Remove:
    owner: str
    liquidity: int
    a_min: int = 0
    b_min: int = 0


@dataclass(frozen=True)
class SwapIn:
    owner: str
    sell_a: bool
    amount_in: int
    min_out: int = 0


@dataclass(frozen=True)
class SwapOut:
    owner: str
    sell_a: bool
    amount_out: int
    max_in: int = UNBOUNDED


Step = Add | Remove | SwapIn | SwapOut
Done = Added | Removed | Swapped | Refused


def perform(venue: Venue, step: Step) -> Done:
    match step:
        case Add(owner, a_desired, b_desired, a_min, b_min):
            return venue.add(
                owner, a_desired=a_desired, b_desired=b_desired, a_min=a_min, b_min=b_min
            )
        case Remove(owner, liquidity, a_min, b_min):
            return venue.remove(owner, liquidity=liquidity, a_min=a_min, b_min=b_min)
        case SwapIn(owner, sell_a, amount_in, min_out):
            return venue.swap_exact_in(owner, sell_a=sell_a, amount_in=amount_in, min_out=min_out)
        case SwapOut(owner, sell_a, amount_out, max_in):
            return venue.swap_exact_out(owner, sell_a=sell_a, amount_out=amount_out, max_in=max_in)


class Walk:
    """Draws the next step from the seed and from what Uniswap's pool is like now.

    `owners` are those who act, with how often each trades or adds.
    """

    def __init__(self, random: Random, uniswap: Uniswap, *, owners: dict[str, int]) -> None:
        self._random = random
        self._uniswap = uniswap
        self._owners = list(owners)
        self._weights = list(owners.values())

    def wait_s(self) -> int:
        return self._random.choice(WAITS_S)

    def step(self, now: Snapshot) -> Step:
        draw = self._random.choices(
            (
                self._add,
                self._remove,
                self._swap_in,
                self._swap_out,
                self._remove_all,
                self._even_out,
            ),
            weights=(25, 20, 25, 25, 1, 4),
        )[0]
        return draw(now)

    def _add(self, now: Snapshot) -> Add:
        owner = self._owner()
        if not now.total_supply:
            size = self._random.choice((1, 30, 10**3, 10**9, 10**18))
            a_desired, b_desired = (self._random.randint(size, 10 * size) for _ in range(2))
            return Add(owner, a_desired, b_desired, a_desired // 2, b_desired // 2)
        a_desired = self._part(now.reserve_a)
        if now.reserve_a < SMALL and self._random.random() < 0.5:
            a_desired = now.reserve_a * 10 ** self._random.randint(3, 15)  # grows out of the dust
        at_ratio = a_desired * now.reserve_b // now.reserve_a
        b_desired = self._random.choice(
            (at_ratio, at_ratio + 1, max(at_ratio - 1, 0), 2 * at_ratio, self._part(now.reserve_b))
        )
        done = self._uniswap.preview_add(owner, a_desired=a_desired, b_desired=b_desired)
        if done is None:
            return Add(owner, a_desired, b_desired)
        a_min = min(self._minimum(done.amount_a), a_desired)
        b_min = min(self._minimum(done.amount_b), b_desired)
        return Add(owner, a_desired, b_desired, a_min, b_min)

    def _remove(self, now: Snapshot) -> Remove:
        owner = self._random.choice(
            [name for name in self._owners if now.shares[name]] or self._owners
        )
        owned = now.shares[owner]
        liquidity = self._random.choice(
            (owned, owned // 2, owned // 3, owned // 10, owned // 50, self._part(owned))
            if self._random.random() < 0.9
            else (owned + 1, 1, 0)
        )
        done = self._uniswap.preview_remove(owner, liquidity=liquidity)
        if done is None:
            return Remove(owner, liquidity)
        a_min, b_min = self._minimum(done.amount_a), self._minimum(done.amount_b)
        return Remove(owner, liquidity, a_min, b_min)

    def _remove_all(self, now: Snapshot) -> Remove:
        """The largest provider leaves: what is left is a small pool, where rounding is large."""
        owner = max(self._owners, key=now.shares.__getitem__)
        return Remove(owner, now.shares[owner])

    def _even_out(self, now: Snapshot) -> SwapIn:
        """Brings a lopsided pool to about 1 : 1: it would stay where a whale left it otherwise."""
        even = isqrt(now.reserve_a * now.reserve_b)
        sell_a = now.reserve_a < now.reserve_b
        reserve_in = now.reserve_a if sell_a else now.reserve_b
        return SwapIn(self._owners[0], sell_a, even - reserve_in)

    def _swap_in(self, now: Snapshot) -> SwapIn:
        owner, sell_a = self._owner(), self._random.random() < 0.5
        reserve_in = now.reserve_a if sell_a else now.reserve_b
        amount_in = self._part(reserve_in)
        done = self._uniswap.preview_exact_in(owner, sell_a=sell_a, amount_in=amount_in)
        min_out = 0 if done is None else self._minimum(done.amount_out)
        return SwapIn(owner, sell_a, amount_in, min_out)

    def _swap_out(self, now: Snapshot) -> SwapOut:
        owner, sell_a = self._owner(), self._random.random() < 0.5
        reserve_out = now.reserve_b if sell_a else now.reserve_a
        amount_out = self._random.choice(
            (self._part(reserve_out), reserve_out // 3, reserve_out // 7, reserve_out // 50)
            if self._random.random() < 0.9
            else (reserve_out, reserve_out + 1, max(reserve_out - 1, 0))
        )
        done = self._uniswap.preview_exact_out(owner, sell_a=sell_a, amount_out=amount_out)
        if done is None:
            return SwapOut(owner, sell_a, amount_out)
        needed = done.amount_in
        max_in = self._random.choice((UNBOUNDED, 2 * needed, needed, needed, needed - 1))
        return SwapOut(owner, sell_a, amount_out, max_in)

    def _owner(self) -> str:
        """Mostly one of the rich, so that most steps can be paid."""
        return self._random.choices(self._owners, weights=self._weights)[0]

    def _minimum(self, amount: int) -> int:
        return self._random.choice((0, amount // 2, amount, amount, amount, amount + 1))

    def _part(self, whole: int) -> int:
        """An amount beside `whole`: mostly a part of it of any magnitude, seldom far too much."""
        kind = self._random.random()
        if kind < 0.03:
            return self._random.choice((0, RESERVE_MAX - whole, RESERVE_MAX - whole + 1))
        if kind < 0.10:
            return self._random.randint(1, 5_000)
        if kind < 0.15:
            return whole * self._random.randint(1, 20)
        small = 6 if whole < SMALL else 12
        divisor = int(10 ** self._random.randint(3, small))
        return 1 + whole * self._random.randint(1, 999) // divisor
