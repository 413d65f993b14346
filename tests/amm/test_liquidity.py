"""Shares: published vectors and worked examples, then what must hold on every pool."""

from math import isqrt

import pytest
from hypothesis import given

from amm import liquidity
from amm.liquidity import (
    amounts_burned,
    first_liquidity,
    liquidity_minted,
    optimal_amounts,
    protocol_liquidity,
    quote,
)
from tests.amm.strategies import amounts, moderate, reserves, up_to
from xyk.domain.units import MINIMUM_LIQUIDITY, SUPPLY_MAX

E18 = 10**18
supplies = up_to(SUPPLY_MAX, low=MINIMUM_LIQUIDITY + 1)


class TestQuote:
    def test_router_02_spec(self) -> None:
        assert quote(1, 100, 200) == 2
        assert quote(2, 200, 100) == 1

    @moderate
    @given(amounts, reserves, reserves)
    def test_is_the_ratio_rounded_down(self, amount: int, reserve_a: int, reserve_b: int) -> None:
        worth = quote(amount, reserve_a, reserve_b)
        assert worth * reserve_a <= amount * reserve_b < (worth + 1) * reserve_a

    @pytest.mark.parametrize("arguments", [(-1, 1, 1), (1, 0, 1), (1, 1, 0)])
    def test_of_an_empty_pool_is_a_bug(self, arguments: tuple[int, int, int]) -> None:
        with pytest.raises(AssertionError):
            quote(*arguments)


class TestOptimalAmounts:
    @pytest.mark.parametrize(
        ("desired", "reserves_now", "taken"),
        [
            ((7, 9), (0, 0), (7, 9)),  # an empty pool takes any ratio
            ((100, 300), (100, 200), (100, 200)),  # too much of b
            ((100, 200), (100, 200), (100, 200)),  # exactly the ratio
            ((100, 199), (100, 200), (99, 199)),  # too little of b, a rounded down
            ((100, 0), (100, 200), (0, 0)),
        ],
    )
    def test_router_rule(
        self, desired: tuple[int, int], reserves_now: tuple[int, int], taken: tuple[int, int]
    ) -> None:
        assert optimal_amounts(*desired, *reserves_now) == taken

    @moderate
    @given(amounts, amounts, reserves, reserves)
    def test_takes_one_amount_whole_and_the_other_at_the_ratio(
        self, a: int, b: int, reserve_a: int, reserve_b: int
    ) -> None:
        taken_a, taken_b = optimal_amounts(a, b, reserve_a, reserve_b)
        assert taken_a <= a
        assert taken_b <= b
        whole_a = taken_a == a and taken_b == a * reserve_b // reserve_a
        whole_b = taken_b == b and taken_a == b * reserve_a // reserve_b
        assert whole_a or whole_b

    @pytest.mark.parametrize(
        "arguments", [(-1, 1, 1, 1), (1, -1, 1, 1), (1, 1, 0, 1), (1, 1, 1, 0)]
    )
    def test_a_half_empty_pool_is_a_bug(self, arguments: tuple[int, int, int, int]) -> None:
        with pytest.raises(AssertionError):
            optimal_amounts(*arguments)


class TestMinting:
    def test_v2_core_first_deposit(self) -> None:
        assert first_liquidity(E18, 4 * E18) == 2 * E18 - 1000

    def test_v2_sdk_first_deposit(self) -> None:
        assert first_liquidity(1000, 1000) == 0
        assert first_liquidity(1_000_000, 1) == 0
        assert first_liquidity(1001, 1001) == 1
        assert first_liquidity(1, 1) < 0

    def test_v2_sdk_later_deposit(self) -> None:
        assert liquidity_minted(2000, 2000, 10_000, 10_000, 10_000) == 2000

    def test_worked_deposits_of_eth_and_btc(self) -> None:
        """10 ETH / 0.5 BTC, then 1 ETH / 0.04 BTC desired."""
        shares = first_liquidity(10 * E18, 50_000_000)
        assert shares == 22360679773997
        taken = optimal_amounts(E18, 4_000_000, 10 * E18, 50_000_000)
        assert taken == (8 * 10**17, 4_000_000)
        supply = shares + MINIMUM_LIQUIDITY
        assert liquidity_minted(*taken, 10 * E18, 50_000_000, supply) == 1788854381999

    @moderate
    @given(amounts, amounts)
    def test_first_shares_are_the_floor_of_the_root_less_the_lock(self, a: int, b: int) -> None:
        root = first_liquidity(a, b) + MINIMUM_LIQUIDITY
        assert root**2 <= a * b < (root + 1) ** 2

    @moderate
    @given(amounts, amounts, reserves, reserves, supplies)
    def test_a_deposit_dilutes_nobody(
        self, a: int, b: int, reserve_a: int, reserve_b: int, supply: int
    ) -> None:
        minted = liquidity_minted(a, b, reserve_a, reserve_b, supply)
        assert (reserve_a + a) * supply >= reserve_a * (supply + minted)
        assert (reserve_b + b) * supply >= reserve_b * (supply + minted)
        one_more = supply + minted + 1
        assert (reserve_a + a) * supply < reserve_a * one_more or (
            reserve_b + b
        ) * supply < reserve_b * one_more

    @moderate
    @given(amounts, amounts, reserves, reserves, supplies)
    def test_a_deposit_and_its_withdrawal_never_profit(
        self, a: int, b: int, reserve_a: int, reserve_b: int, supply: int
    ) -> None:
        a, b = optimal_amounts(a, b, reserve_a, reserve_b)
        minted = liquidity_minted(a, b, reserve_a, reserve_b, supply)
        back_a, back_b = amounts_burned(minted, reserve_a + a, reserve_b + b, supply + minted)
        assert back_a <= a
        assert back_b <= b

    @pytest.mark.parametrize(
        "arguments",
        [(-1, 1, 1, 1, 1), (1, -1, 1, 1, 1), (1, 1, 0, 1, 1), (1, 1, 1, 0, 1), (1, 1, 1, 1, 0)],
    )
    def test_a_later_deposit_into_an_empty_pool_is_a_bug(self, arguments: tuple[int, ...]) -> None:
        with pytest.raises(AssertionError):
            liquidity_minted(*arguments)

    @pytest.mark.parametrize("arguments", [(-1, 1), (1, -1)])
    def test_a_negative_first_deposit_is_a_bug(self, arguments: tuple[int, int]) -> None:
        with pytest.raises(AssertionError):
            first_liquidity(*arguments)


class TestBurning:
    def test_v2_core_burn(self) -> None:
        burned = amounts_burned(3 * E18 - 1000, 3 * E18, 3 * E18, 3 * E18)
        assert burned == (3 * E18 - 1000, 3 * E18 - 1000)

    def test_router_01_spec_removes_all(self) -> None:
        burned = amounts_burned(2 * E18 - 1000, E18, 4 * E18, 2 * E18)
        assert burned == (E18 - 500, 4 * E18 - 2000)

    def test_v2_sdk_liquidity_value(self) -> None:
        assert amounts_burned(1000, 1000, 1000, 1000) == (1000, 1000)
        assert amounts_burned(500, 1000, 1000, 1000) == (500, 500)
        supply = 500 + protocol_liquidity(1000, 1000, 500, 500 * 500)
        assert amounts_burned(500, 1000, 1000, supply) == (917, 917)

    def test_compute_liquidity_value_after_a_swap(self) -> None:
        """ExampleComputeLiquidityValue.spec: 7 of 100 shares."""
        worth = amounts_burned(7 * E18, 20 * E18, 500751126690035052579, 100 * E18)
        assert worth == (1400000000000000000, 35052578868302453680)

    @moderate
    @given(supplies, supplies, reserves, reserves)
    def test_pays_the_share_rounded_down_and_dilutes_nobody(
        self, shares: int, supply: int, reserve_a: int, reserve_b: int
    ) -> None:
        shares %= supply
        for paid, reserve in zip(
            amounts_burned(shares, reserve_a, reserve_b, supply),
            (reserve_a, reserve_b),
            strict=True,
        ):
            assert paid * supply <= shares * reserve < (paid + 1) * supply
            assert (reserve - paid) * supply >= reserve * (supply - shares)
            assert paid < reserve  # the locked shares keep every pool above 0

    @pytest.mark.parametrize(
        "arguments", [(-1, 1, 1, 1), (2, 1, 1, 1), (0, 0, 1, 1), (0, 1, 0, 1), (0, 1, 1, 0)]
    )
    def test_burning_more_than_there_is_is_a_bug(
        self, arguments: tuple[int, int, int, int]
    ) -> None:
        with pytest.raises(AssertionError):
            amounts_burned(*arguments)


class TestProtocolFee:
    def test_nothing_without_k_last_or_growth(self) -> None:
        assert protocol_liquidity(10 * E18, 10 * E18, 10 * E18, 0) == 0
        assert protocol_liquidity(10 * E18, 10 * E18, 10 * E18, 100 * E18**2) == 0
        assert protocol_liquidity(9 * E18, 10 * E18, 10 * E18, 100 * E18**2) == 0
        assert protocol_liquidity(99, 100, 10_000, 100 * 100) == 0  # the root is one lower

    def test_v2_core_fee_to_on(self) -> None:
        """One 1e18 swap on 1000e18 / 1000e18 mints 249750499251388 shares at the next burn."""
        reserve_0 = 1000 * E18 - 996006981039903216
        minted = protocol_liquidity(reserve_0, 1001 * E18, 1000 * E18, (1000 * E18) ** 2)
        assert minted == 249750499251388

    def test_v2_sdk_fee_on(self) -> None:
        assert protocol_liquidity(1000, 1000, 500, 500 * 500) == 45

    @moderate
    @given(reserves, reserves, supplies, amounts, amounts)
    def test_mints_at_most_a_sixth_of_the_growth(
        self, reserve_a: int, reserve_b: int, supply: int, grown_a: int, grown_b: int
    ) -> None:
        k_last = reserve_a * reserve_b
        after_a, after_b = reserve_a + grown_a, reserve_b + grown_b
        minted = protocol_liquidity(after_a, after_b, supply, k_last)
        root, growth = isqrt(after_a * after_b), isqrt(after_a * after_b) - isqrt(k_last)
        # the new shares' part of root is at most growth / 6, and with one share more above it
        assert 6 * root * minted <= growth * (supply + minted)
        assert 6 * root * (minted + 1) > growth * (supply + minted + 1)

    @pytest.mark.parametrize(
        "arguments", [(-1, 1, 1, 1), (1, -1, 1, 1), (1, 1, -1, 1), (1, 1, 1, -1)]
    )
    def test_of_a_negative_number_is_a_bug(self, arguments: tuple[int, int, int, int]) -> None:
        with pytest.raises(AssertionError):
            protocol_liquidity(*arguments)


def test_the_locked_minimum_is_the_domains() -> None:
    assert liquidity.MINIMUM_LIQUIDITY == MINIMUM_LIQUIDITY
