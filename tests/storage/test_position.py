"""Fees earned, on a pool of a few lines: what the definition promises, whatever happens to it."""

from math import isqrt
from random import Random

import pytest

from xyk.storage.position import Position, Reserves

E18, E6 = 10**18, 10**6


class Pool:
    def __init__(self, base: int, quote: int) -> None:
        self.base, self.quote = base, quote
        self.supply = isqrt(base * quote)

    def now(self) -> Reserves:
        return Reserves(self.base, self.quote, self.supply)

    def swap_base(self, amount: int, fee_bps: int = 30) -> None:
        """Sell `amount` of base, or buy it where it is negative."""
        net = abs(amount) * (10_000 - fee_bps)
        if amount > 0:
            out = self.quote * net // (self.base * 10_000 + net)
            self.base, self.quote = self.base + amount, self.quote - out
        else:
            paid = self.quote * -amount * 10_000 // ((self.base + amount) * (10_000 - fee_bps)) + 1
            self.base, self.quote = self.base + amount, self.quote + paid

    def add(self, position: Position, base: int) -> None:
        quote = base * self.quote // self.base
        shares = min(base * self.supply // self.base, quote * self.supply // self.quote)
        self.base, self.quote, self.supply = (
            self.base + base,
            self.quote + quote,
            self.supply + shares,
        )
        position.enter(shares, base, quote, self.now())

    def remove(self, position: Position, shares: int) -> tuple[int, int]:
        before = self.now()
        base, quote = before.amounts_of(shares)
        position.leave(shares, base, quote, before)
        self.base, self.quote, self.supply = (
            self.base - base,
            self.quote - quote,
            self.supply - shares,
        )
        return base, quote


@pytest.fixture
def pool() -> Pool:
    return Pool(100 * E18, 200_000 * E6)


@pytest.fixture
def alice() -> Position:
    return Position("alice", "ETH_USDC")


def test_without_a_swap_nothing_is_earned(pool: Pool, alice: Position) -> None:
    for base in (E18, 7 * E18, 33 * E18):
        pool.add(alice, base)
        assert alice.fees_earned(pool.now()) == (0, 0)
    pool.remove(alice, 10**9)
    pool.remove(alice, alice.shares)
    # The pool kept less than a unit of quote, worth 5 * 10^8 of base, when it rounded the first.
    base, quote = alice.fees_earned(pool.now())
    assert base < 5 * 10**8
    assert quote == 0
    assert (alice.shares, alice.sqrt_k_in, alice.base_in, alice.quote_in) == (0, 0, 0, 0)


def test_a_price_that_moves_without_fees_earns_nothing(pool: Pool, alice: Position) -> None:
    pool.add(alice, 10 * E18)
    for amount in (40 * E18, -70 * E18, 3 * E18):
        pool.swap_base(amount, fee_bps=0)
        base, quote = alice.fees_earned(pool.now())
        # The pool's roundings may give it a unit of quote a swap, worth up to 10^9 of base here.
        assert base <= 3 * 10**9
        assert quote <= 3


def test_a_round_trip_earns_the_fees_it_paid(pool: Pool, alice: Position) -> None:
    """Alice holds half the pool; the taker loses what the providers win, at the price of the
    end."""
    pool.add(alice, 100 * E18)
    base_before, quote_before = pool.base, pool.quote
    pool.swap_base(E18)
    pool.swap_base(base_before - pool.base)
    assert pool.base == base_before
    won = pool.quote - quote_before
    base, quote = alice.fees_earned(pool.now())
    value_in_quote = quote + base * pool.quote // pool.base
    assert abs(value_in_quote - won // 2) <= 2 + won // 1000


def test_later_swaps_earn_for_those_who_are_there(pool: Pool, alice: Position) -> None:
    bob = Position("bob", "ETH_USDC")
    pool.add(alice, 10 * E18)
    pool.swap_base(5 * E18)
    early = alice.fees_earned(pool.now())
    pool.add(bob, 10 * E18)
    assert early[0] > 0
    assert bob.fees_earned(pool.now()) == (0, 0)
    pool.swap_base(-5 * E18)
    assert 0 < bob.fees_earned(pool.now())[0] < alice.fees_earned(pool.now())[0]


def test_what_left_stays_earned_and_nothing_changes_by_leaving(pool: Pool, alice: Position) -> None:
    pool.add(alice, 50 * E18)
    pool.swap_base(20 * E18)
    pool.swap_base(-25 * E18)
    earned = alice.fees_earned(pool.now())
    for part in (5, 3, 1):
        pool.remove(alice, alice.shares // part)
        later = alice.fees_earned(pool.now())
        for was, is_now in zip(earned, later, strict=True):
            assert abs(was - is_now) * 10**8 <= was + 10**8  # what the pool's roundings leave it
    assert (alice.shares, alice.sqrt_k_in, alice.base_in, alice.quote_in) == (0, 0, 0, 0)
    assert alice.fees_earned(pool.now()) == (alice.base_fees, alice.quote_fees)


def test_without_the_fees_the_amounts_stand_for_what_came_in(pool: Pool, alice: Position) -> None:
    """The definition itself: amounts now, less fees, have the sqrt(k) of the entry."""
    random = Random(1)
    pool.add(alice, 30 * E18)
    for _ in range(50):
        pool.swap_base(random.randrange(-20, 21) * E18 or E18)
    base, quote = pool.now().amounts_of(alice.shares)
    base_fees, quote_fees = alice.fees_earned(pool.now())
    kept = isqrt((base - base_fees) * (quote - quote_fees))
    assert (
        base_fees * 200 > base
    )  # fifty swaps of a tenth of the pool at 30 bps, some of it to others
    assert abs(kept - alice.sqrt_k_in) * 10**9 <= alice.sqrt_k_in


def test_protocol_shares_take_back_some_growth_and_never_leave_a_debt(
    pool: Pool, alice: Position
) -> None:
    pool.add(alice, 30 * E18)
    pool.supply += pool.supply // 1000  # minted to the protocol, with nothing earned before
    assert alice.fees_earned(pool.now()) == (0, 0)
    pool.remove(alice, alice.shares)
    assert alice.fees_earned(pool.now()) == (0, 0)


@pytest.mark.parametrize("shares", [0, -1])
def test_no_share_or_more_than_held_cannot_leave(pool: Pool, alice: Position, shares: int) -> None:
    pool.add(alice, E18)
    for amount in (shares, alice.shares + 1):
        with pytest.raises(AssertionError):
            alice.leave(amount, 0, 0, pool.now())
