"""Swaps: the published vectors, then what must hold on every pool."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

from amm import constant_product
from amm.constant_product import get_amount_in, get_amount_out, swap_fee
from tests.amm.k_check import passes_k_check, passes_one_way
from tests.amm.strategies import amounts, fees, moderate, reserves
from xyk.domain.units import BPS, POOL_FEE_BPS_MAX, RESERVE_MAX

VECTORS = Path(__file__).parents[1] / "vectors"
E18 = 10**18

# v2-core test/UniswapV2Pair.spec.ts swapTestCases: in, reserve in, reserve out (1e18), out
SWAP_TEST_CASES = [
    (1, 5, 10, 1662497915624478906),
    (1, 10, 5, 453305446940074565),
    (2, 5, 10, 2851015155847869602),
    (2, 10, 5, 831248957812239453),
    (1, 10, 10, 906610893880149131),
    (1, 100, 100, 987158034397061298),
    (1, 1000, 1000, 996006981039903216),
]


class TestPublishedVectors:
    @pytest.mark.parametrize(("paid", "reserve_in", "reserve_out", "expected"), SWAP_TEST_CASES)
    def test_swap_gives_the_published_output_and_one_more_breaks_k(
        self, paid: int, reserve_in: int, reserve_out: int, expected: int
    ) -> None:
        pool = (reserve_in * E18, reserve_out * E18, 30)
        assert get_amount_out(paid * E18, *pool) == expected
        assert passes_one_way(paid * E18, expected, *pool)
        assert not passes_one_way(paid * E18, expected + 1, *pool)

    # v2-core optimisticTestCases: the same token goes out and comes back; the fee stays
    @pytest.mark.parametrize(
        ("taken", "reserve_0", "reserve_1", "paid"),
        [
            (997000000000000000, 5, 10, E18),
            (997000000000000000, 10, 5, E18),
            (997000000000000000, 5, 5, E18),
            (E18, 5, 5, 1003009027081243732),
        ],
    )
    def test_repaying_a_flash_swap_in_its_own_token_costs_the_fee(
        self, taken: int, reserve_0: int, reserve_1: int, paid: int
    ) -> None:
        both = (reserve_0 * E18, reserve_1 * E18)
        assert paid - swap_fee(paid, 30) == taken
        assert passes_k_check(reserves=both, amounts_in=(paid, 0), amounts_out=(taken, 0))
        assert not passes_k_check(reserves=both, amounts_in=(paid, 0), amounts_out=(taken + 1, 0))

    def test_router_spec(self) -> None:
        assert get_amount_out(2, 100, 100, 30) == 1
        assert get_amount_in(1, 100, 100, 30) == 2
        assert get_amount_out(2, 10_000, 10_000, 30) == 1
        assert get_amount_in(1, 10_000, 10_000, 30) == 2

    def test_router_01_spec(self) -> None:
        assert get_amount_out(E18, 5 * E18, 10 * E18, 30) == 1662497915624478906
        assert get_amount_in(E18, 5 * E18, 10 * E18, 30) == 557227237267357629

    def test_v2_sdk_prices_of_one_swap(self) -> None:
        """18 significant digits, half up: executionPrice, nextMidPrice, priceImpact."""
        amount_out = get_amount_out(E18, 5 * E18, 10 * E18, 30)
        assert (amount_out * 10**17 + E18 // 2) // E18 == 166249791562447891
        next_mid = ((10 * E18 - amount_out) * 10**17 + 3 * E18) // (6 * E18)
        assert next_mid == 138958368072925352
        impact_percent = ((2 * E18 - amount_out) * 10**18 + E18) // (2 * E18)
        assert impact_percent == 168751042187760547

    def test_tycho_swap_to_price_amounts(self) -> None:
        assert get_amount_out(232711, 2_000_000, 1_000_000, 30) == 103947

    def test_pancake_router_quotes_at_25_bps(self) -> None:
        with (VECTORS / "pancake_v2_quotes.csv").open(newline="") as file:
            quotes = [
                {name: int(text) for name, text in row.items()} for row in csv.DictReader(file)
            ]
        assert len(quotes) == 24
        for row in quotes:
            pool = (row["reserve_in"], row["reserve_out"], row["fee_bps"])
            assert get_amount_out(row["amount_in"], *pool) == row["amount_out"]
            assert passes_one_way(row["amount_in"], row["amount_out"], *pool)
            assert not passes_one_way(row["amount_in"], row["amount_out"] + 1, *pool)

    def test_design_limit_order_pays_the_pool(self) -> None:
        """4,697 lots of 0.0001 ETH of a 100 ETH / 200,000 USDC pool cost 946.673205 USDC."""
        assert get_amount_in(4_697 * 10**14, 200_000 * 10**6, 100 * E18, 30) == 946_673205


def tiny_pools() -> Iterator[tuple[int, int, int]]:
    for fee_bps in (0, 30, 100, 5_000, 9_999):
        for reserve_in in range(1, 9):
            for reserve_out in range(1, 9):
                yield reserve_in, reserve_out, fee_bps


class TestTinyPools:
    """By trying every amount: the formulas against nothing but V2's guard."""

    def test_output_is_the_largest_that_passes(self) -> None:
        for pool in tiny_pools():
            for paid in range(12):
                passing = [y for y in range(pool[1]) if passes_one_way(paid, y, *pool)]
                assert get_amount_out(paid, *pool) == max(passing)

    def test_input_is_the_smallest_that_passes_or_one_more_where_the_division_is_exact(
        self,
    ) -> None:
        exact = 0
        for reserve_in, reserve_out, fee_bps in tiny_pools():
            if fee_bps > 100:
                continue  # the search below would be long
            for taken in range(1, reserve_out):
                pool = (reserve_in, reserve_out, fee_bps)
                smallest = next(x for x in range(1, 100) if passes_one_way(x, taken, *pool))
                divisor = (reserve_out - taken) * (BPS - fee_bps)
                is_exact = reserve_in * taken * BPS % divisor == 0
                assert get_amount_in(taken, *pool) == smallest + is_exact
                exact += is_exact
        assert exact > 0


class TestProperties:
    @moderate
    @given(amounts, reserves, reserves, fees)
    def test_output_is_the_largest_that_passes_the_k_check(
        self, paid: int, reserve_in: int, reserve_out: int, fee_bps: int
    ) -> None:
        taken = get_amount_out(paid, reserve_in, reserve_out, fee_bps)
        assert 0 <= taken < reserve_out
        assert passes_one_way(paid, taken, reserve_in, reserve_out, fee_bps)
        assert not passes_one_way(paid, taken + 1, reserve_in, reserve_out, fee_bps)

    @moderate
    @given(amounts, reserves, reserves, fees)
    def test_k_never_falls_and_grows_with_every_fee(
        self, paid: int, reserve_in: int, reserve_out: int, fee_bps: int
    ) -> None:
        taken = get_amount_out(paid, reserve_in, reserve_out, fee_bps)
        k_before = reserve_in * reserve_out
        k_after = (reserve_in + paid) * (reserve_out - taken)
        assert k_after >= k_before
        assert fee_bps == 0 or k_after > k_before

    @moderate
    @given(amounts, reserves, reserves, fees)
    def test_input_is_floor_plus_one_and_minimal_up_to_that_unit(
        self, taken: int, reserve_in: int, reserve_out: int, fee_bps: int
    ) -> None:
        if reserve_out == 1:
            return  # nothing can be taken
        taken = 1 + taken % (reserve_out - 1)
        pool = (reserve_in, reserve_out, fee_bps)
        paid = get_amount_in(taken, *pool)
        is_exact = reserve_in * taken * BPS % ((reserve_out - taken) * (BPS - fee_bps)) == 0
        assert passes_one_way(paid, taken, *pool)
        assert passes_one_way(paid - 1, taken, *pool) == is_exact
        assert paid == 1 or not passes_one_way(paid - 2, taken, *pool)
        assert get_amount_out(paid, *pool) >= taken

    @moderate
    @given(amounts, reserves, reserves, fees)
    def test_paying_for_the_output_again_costs_no_more_than_the_unit(
        self, paid: int, reserve_in: int, reserve_out: int, fee_bps: int
    ) -> None:
        pool = (reserve_in, reserve_out, fee_bps)
        taken = get_amount_out(paid, *pool)
        if taken == 0:
            return
        again = get_amount_in(taken, *pool)
        assert again <= paid + 1
        assert again <= paid or not passes_one_way(paid - 1, taken, *pool)

    @moderate
    @given(amounts, reserves, reserves, fees)
    def test_a_round_trip_never_profits(
        self, paid: int, reserve_in: int, reserve_out: int, fee_bps: int
    ) -> None:
        taken = get_amount_out(paid, reserve_in, reserve_out, fee_bps)
        back = get_amount_out(taken, reserve_out - taken, reserve_in + paid, fee_bps)
        assert back <= paid
        if taken > 0:
            cost = get_amount_in(taken, reserve_in, reserve_out, fee_bps)
            back = get_amount_out(taken, reserve_out - taken, reserve_in + cost, fee_bps)
            assert back < cost

    @moderate
    @given(amounts, amounts, reserves, reserves, fees)
    def test_one_swap_gives_at_least_what_two_of_the_same_total_give(
        self, first: int, second: int, reserve_in: int, reserve_out: int, fee_bps: int
    ) -> None:
        once = get_amount_out(first + second, reserve_in, reserve_out, fee_bps)
        out_first = get_amount_out(first, reserve_in, reserve_out, fee_bps)
        out_second = get_amount_out(second, reserve_in + first, reserve_out - out_first, fee_bps)
        assert once >= out_first + out_second

    @moderate
    @given(amounts, fees)
    def test_reported_fee_is_the_rate_rounded_up(self, paid: int, fee_bps: int) -> None:
        fee = swap_fee(paid, fee_bps)
        assert fee * BPS >= paid * fee_bps
        assert (fee - 1) * BPS < paid * fee_bps or fee == 0
        assert 0 <= fee <= paid


class TestBounds:
    def test_nothing_in_buys_nothing_and_costs_nothing(self) -> None:
        assert get_amount_out(0, 1, 1, 30) == 0
        assert swap_fee(0, 30) == 0

    def test_the_largest_pool_and_amounts(self) -> None:
        assert get_amount_out(RESERVE_MAX, RESERVE_MAX, RESERVE_MAX, 0) == RESERVE_MAX // 2
        assert get_amount_out(2**256 - 1, 1, RESERVE_MAX, 30) == RESERVE_MAX - 1
        # taking all but one unit costs far beyond a reserve: callers hold it against RESERVE_MAX
        assert get_amount_in(RESERVE_MAX - 1, 1, RESERVE_MAX, 0) == RESERVE_MAX
        assert 1 + get_amount_in(RESERVE_MAX - 1, 1, RESERVE_MAX, 0) > RESERVE_MAX

    @pytest.mark.parametrize(
        "arguments",
        [(-1, 1, 1, 30), (1, 0, 1, 30), (1, 1, 0, 30), (1, 1, 1, -1), (1, 1, 1, 10_000)],
    )
    def test_output_of_a_pool_that_cannot_be_is_a_bug(self, arguments: tuple[int, ...]) -> None:
        with pytest.raises(AssertionError):
            get_amount_out(*arguments)

    @pytest.mark.parametrize(
        "arguments", [(0, 5, 5, 30), (5, 5, 5, 30), (6, 5, 5, 30), (1, 0, 5, 30), (1, 5, 5, 10_000)]
    )
    def test_input_for_all_or_nothing_of_a_pool_is_a_bug(self, arguments: tuple[int, ...]) -> None:
        with pytest.raises(AssertionError):
            get_amount_in(*arguments)

    @pytest.mark.parametrize("arguments", [(-1, 30), (1, -1), (1, 10_000)])
    def test_fee_of_a_negative_amount_or_rate_is_a_bug(self, arguments: tuple[int, int]) -> None:
        with pytest.raises(AssertionError):
            swap_fee(*arguments)

    def test_units_agree_with_the_domain(self) -> None:
        assert constant_product.BPS == BPS
        assert POOL_FEE_BPS_MAX < BPS
