"""The published scenarios of V2's pair, step by step, and random sequences of the same steps."""

from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amm.constant_product import get_amount_in, get_amount_out
from amm.liquidity import amounts_burned, optimal_amounts
from amm.oracle import Q112
from tests.amm.strategies import fees, moderate
from tests.pools.pair import Pair

E18 = 10**18


class TestPublishedScenarios:
    def test_v2_core_mint(self) -> None:
        pair = Pair()
        assert pair.mint(E18, 4 * E18) == 2 * E18 - 1000
        assert pair.pool.total_supply == 2 * E18
        assert pair.reserves == (E18, 4 * E18)

    def test_v2_core_burn(self) -> None:
        pair = Pair()
        shares = pair.mint(3 * E18, 3 * E18)
        assert pair.burn(shares) == (3 * E18 - 1000, 3 * E18 - 1000)
        assert pair.reserves == (1000, 1000)
        assert pair.pool.total_supply == 1000

    def test_router_01_adds_and_removes_liquidity(self) -> None:
        pair = Pair()
        shares = pair.mint(*optimal_amounts(E18, 4 * E18, 0, 0))
        assert shares == 2 * E18 - 1000
        assert pair.burn(shares) == (E18 - 500, 4 * E18 - 2000)
        assert pair.reserves == (500, 2000)

    def test_v2_core_cumulative_prices(self) -> None:
        pair = Pair()
        pair.mint(3 * E18, 3 * E18)
        start_s, pool = pair.now_s, pair.pool
        pair.now_s = start_s + 1
        pair.sync()
        assert (pool.price_base_cumulative, pool.price_quote_cumulative) == (Q112, Q112)
        pair.now_s = start_s + 10
        pair.swap(paid=(3 * E18, 0), taken=(0, E18))
        assert (pool.price_base_cumulative, pool.price_quote_cumulative) == (10 * Q112, 10 * Q112)
        pair.now_s = start_s + 20
        pair.sync()
        assert pool.price_base_cumulative == 10 * Q112 + 10 * (2 * E18 * Q112 // (6 * E18))
        assert pool.price_quote_cumulative == 10 * Q112 + 10 * (6 * E18 * Q112 // (2 * E18))
        assert pool.last_s == start_s + 20

    @pytest.mark.parametrize(
        ("fee_on", "fee_to", "left"),
        [
            (False, 0, None),
            (True, 249750499251388, (1000 + 249501683697445, 1000 + 250000187312969)),
        ],
    )
    def test_v2_core_fee_to(self, fee_on: bool, fee_to: int, left: tuple[int, int] | None) -> None:
        pair = Pair(fee_on=fee_on)
        shares = pair.mint(1000 * E18, 1000 * E18)
        taken = get_amount_out(E18, *pair.reserves, 30)
        assert taken == 996006981039903216
        pair.swap(paid=(0, E18), taken=(taken, 0))
        pair.burn(shares)
        assert pair.pool.total_supply == 1000 + fee_to
        assert pair.fee_to == fee_to
        assert left is None or pair.reserves == left

    def test_compute_liquidity_value_with_the_fee_off_and_on(self) -> None:
        pair = Pair()
        pair.mint(10 * E18, 1000 * E18)
        pair.swap(paid=(10 * E18, 0), taken=(0, get_amount_out(10 * E18, *pair.reserves, 30)))
        assert pair.reserves == (20 * E18, 500751126690035052579)
        worth = amounts_burned(7 * E18, *pair.reserves, pair.pool.total_supply)
        assert worth == (1400000000000000000, 35052578868302453680)

        pair = Pair(fee_on=True)
        pair.mint(10 * E18, 1000 * E18)
        pair.mint(10 * E18, 1000 * E18)
        assert pair.pool.total_supply == 200 * E18
        pair.swap(paid=(20 * E18, 0), taken=(0, get_amount_out(20 * E18, *pair.reserves, 30)))
        assert pair.burn(7 * E18) == (1399824934325735058, 35048195651620807684)

    def test_the_first_event_after_switching_the_fee_on_mints_nothing(self) -> None:
        pair = Pair()
        pair.mint(1000 * E18, 1000 * E18)
        pair.swap(paid=(E18, 0), taken=(0, get_amount_out(E18, *pair.reserves, 30)))
        pair.fee_on = True
        pair.mint(E18, E18)
        assert pair.fee_to == 0
        pair.swap(paid=(E18, 0), taken=(0, get_amount_out(E18, *pair.reserves, 30)))
        pair.mint(E18, E18)
        assert pair.fee_to > 0
        minted = pair.fee_to
        pair.fee_on = False
        pair.swap(paid=(E18, 0), taken=(0, get_amount_out(E18, *pair.reserves, 30)))
        pair.mint(E18, E18)
        assert pair.fee_to == minted
        assert pair.pool.k_last == 0


STEPS = st.tuples(
    st.sampled_from(["sell", "buy", "mint", "burn"]),
    st.integers(1, 2**60),  # amount, or the part of 2^60 of what there is
    st.booleans(),  # which token
)


@moderate
@given(st.integers(10**4, 2**80), st.integers(10**4, 2**80), fees, st.lists(STEPS, max_size=12))
def test_a_share_is_never_worth_less_but_for_the_protocols_sixth(
    amount_0: int, amount_1: int, fee_bps: int, steps: list[tuple[str, int, bool]]
) -> None:
    """k never falls but by burning, and k / shares^2 never but by the protocol's mint."""
    pair = Pair(fee_on=True, fee_bps=fee_bps)
    mine = pair.mint(amount_0, amount_1)
    for verb, size, flip in steps:
        pair.now_s += size % 100
        reserve_0, reserve_1 = pair.reserves
        k, k_last = reserve_0 * reserve_1, pair.pool.k_last
        supply, fee_to = pair.pool.total_supply, pair.fee_to
        pool = (reserve_1, reserve_0, fee_bps) if flip else (reserve_0, reserve_1, fee_bps)
        if verb == "sell":
            taken = get_amount_out(size, *pool)
            pair.swap(
                paid=(0, size) if flip else (size, 0), taken=(taken, 0) if flip else (0, taken)
            )
        elif verb == "buy":
            if pool[1] == 1:
                continue  # a fee-free pool can be drained to its last unit
            taken = 1 + size % (pool[1] - 1)
            paid = get_amount_in(taken, *pool)
            if max(pool[0] + paid, pool[1]) > 2**112 - 1:
                continue
            pair.swap(
                paid=(0, paid) if flip else (paid, 0), taken=(taken, 0) if flip else (0, taken)
            )
        elif verb == "mint":
            amounts = optimal_amounts(size, size, reserve_0, reserve_1)
            if min(amounts[0] * supply // reserve_0, amounts[1] * supply // reserve_1) < 2:
                continue  # the protocol's mint could leave no share
            mine += pair.mint(*amounts)
        else:
            shares = mine * size // 2**60
            if min(amounts_burned(shares, reserve_0, reserve_1, supply)) < 2:
                continue
            pair.burn(shares)
            mine -= shares
        k_now = pair.pool.reserve_base * pair.pool.reserve_quote
        minted = pair.fee_to - fee_to
        assert verb == "burn" or k_now >= k
        assert k_now * (supply + minted) ** 2 >= k * pair.pool.total_supply**2
        assert (
            6 * isqrt(k) * minted <= (isqrt(k) - isqrt(k_last)) * (supply + minted) or minted == 0
        )
        assert pair.pool.total_supply == 1000 + mine + pair.fee_to
