"""Every row of the mainnet data, by its class: what Ethereum did is what the formulas say."""

import csv
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from amm.constant_product import get_amount_in, get_amount_out
from amm.liquidity import first_liquidity, liquidity_minted, optimal_amounts
from tests.amm.k_check import passes_k_check, passes_one_way

EVENTS = Path(__file__).parents[1] / "vectors" / "uniswap_v2_events.csv"

ROWS_OF_CLASS = {
    "swap_exact_in": 667,
    "swap_exact_out": 43,
    "swap_two_sided": 40,
    "swap_below_best": 12,
    "mint": 9,
    "swap_other_fee": 1,
    "swap_balance_mismatch": 1,
}


class Row(NamedTuple):
    before: tuple[int, int]
    paid: tuple[int, int]
    taken: tuple[int, int]
    after: tuple[int, int]
    kind: str

    @property
    def balanced(self) -> bool:
        """Whether the reserves moved by the amounts and nothing else."""
        moved = zip(self.before, self.paid, self.taken, strict=True)
        return self.after == tuple(before + paid - taken for before, paid, taken in moved)

    def one_way(self) -> tuple[int, int, int, int]:
        """Amount in, amount out, reserve in, reserve out of a swap from one token to the other."""
        side = 0 if self.paid[0] else 1
        assert self.paid[1 - side] == 0
        assert self.taken[side] == 0
        return self.paid[side], self.taken[1 - side], self.before[side], self.before[1 - side]

    def passes_k(self, fee_bps: int = 30) -> bool:
        return passes_k_check(
            reserves=self.before, amounts_in=self.paid, amounts_out=self.taken, fee_bps=fee_bps
        )


def read_rows() -> list[Row]:
    def pair(record: dict[str, str], first: str, second: str) -> tuple[int, int]:
        return int(record[first]), int(record[second])

    with EVENTS.open(newline="") as file:
        return [
            Row(
                before=pair(record, "reserve0_before", "reserve1_before"),
                paid=pair(record, "amount0In", "amount1In"),
                taken=pair(record, "amount0Out", "amount1Out"),
                after=pair(record, "reserve0_after", "reserve1_after"),
                kind=record["class"],
            )
            for record in csv.DictReader(file)
        ]


ROWS = read_rows()


def rows_of(kind: str) -> list[Row]:
    rows = [row for row in ROWS if row.kind == kind]
    assert len(rows) == ROWS_OF_CLASS[kind]
    return rows


def test_every_row_has_a_class_with_the_known_count() -> None:
    assert Counter(row.kind for row in ROWS) == ROWS_OF_CLASS
    assert len(ROWS) == 773


@pytest.mark.parametrize(
    "kind", [kind for kind in ROWS_OF_CLASS if kind != "swap_balance_mismatch"]
)
def test_reserves_move_by_the_amounts(kind: str) -> None:
    for row in rows_of(kind):
        assert row.balanced


def test_exact_in_swaps_took_the_largest_output() -> None:
    for row in rows_of("swap_exact_in"):
        paid, taken, reserve_in, reserve_out = row.one_way()
        assert get_amount_out(paid, reserve_in, reserve_out, 30) == taken
        assert row.passes_k()
        assert not passes_one_way(paid, taken + 1, reserve_in, reserve_out, 30)


def test_exact_out_swaps_paid_the_routers_input() -> None:
    for row in rows_of("swap_exact_out"):
        paid, taken, reserve_in, reserve_out = row.one_way()
        assert get_amount_in(taken, reserve_in, reserve_out, 30) == paid
        assert row.passes_k()
        assert not passes_one_way(paid - 2, taken, reserve_in, reserve_out, 30)


def test_swaps_below_best_left_output_in_the_pool() -> None:
    for row in rows_of("swap_below_best"):
        paid, taken, reserve_in, reserve_out = row.one_way()
        assert get_amount_out(paid, reserve_in, reserve_out, 30) > taken
        assert get_amount_in(taken, reserve_in, reserve_out, 30) < paid
        assert row.passes_k()


def test_two_sided_swaps_took_no_more_than_both_inputs_pay_for() -> None:
    """The second input buys itself back less the fee; only the rest is bought on the curve."""
    for row in rows_of("swap_two_sided"):
        assert row.paid[0] > 0
        assert row.paid[1] > 0
        out = 0 if row.taken[0] else 1
        assert row.taken[1 - out] == 0
        assert row.passes_k()
        on_curve = get_amount_out(row.paid[1 - out], row.before[1 - out], row.before[out], 30)
        bought_10_000 = 10_000 * row.taken[out] - 9_970 * row.paid[out]
        assert bought_10_000 < 10_000 * (on_curve + 1)


def test_the_fork_with_another_fee_charges_25_bps() -> None:
    (row,) = rows_of("swap_other_fee")
    paid, taken, reserve_in, reserve_out = row.one_way()
    fits = [
        fee for fee in range(101) if get_amount_out(paid, reserve_in, reserve_out, fee) == taken
    ]
    assert fits == [25]
    assert row.passes_k(fee_bps=25)
    assert not row.passes_k(fee_bps=30)


def test_the_deflationary_token_left_less_in_the_pair_than_the_amounts_say() -> None:
    (row,) = rows_of("swap_balance_mismatch")
    paid, taken, reserve_in, reserve_out = row.one_way()
    assert get_amount_out(paid, reserve_in, reserve_out, 30) > taken
    assert row.passes_k()
    assert not row.balanced
    assert row.after[1] == row.before[1] + row.paid[1]
    assert row.after[0] < row.before[0] - row.taken[0]
    assert row.after[0] * row.after[1] > row.before[0] * row.before[1]


def test_mints_are_the_routers_amounts_but_for_one_above_the_ratio() -> None:
    rows = rows_of("mint")
    reachable = [row for row in rows if optimal_amounts(*row.paid, *row.before) == row.paid]
    assert len(reachable) == 8
    (gift,) = [row for row in rows if row not in reachable]
    amount_a, amount_b = optimal_amounts(*gift.paid, *gift.before)
    assert (amount_a, amount_b) == (920000000, 12603044118)
    # the data has no supplies; at any supply the first token alone decides, the rest is a gift
    for supply in (10**12, 10**18, 10**24):
        shares = liquidity_minted(*gift.paid, *gift.before, supply)
        assert shares == gift.paid[0] * supply // gift.before[0]
        assert shares == liquidity_minted(gift.paid[0], 10**30, *gift.before, supply)


def test_the_first_deposit_mints_the_root_of_the_product() -> None:
    (first,) = [row for row in rows_of("mint") if row.before == (0, 0)]
    assert first.paid == (10**33, 11 * 10**18)
    shares = first_liquidity(*first.paid) + 1_000
    assert shares**2 <= 11 * 10**51 < (shares + 1) ** 2
