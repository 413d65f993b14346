"""Double entry: what one account loses another gains, nobody but the outside goes below zero."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xyk.domain.market import OUTSIDE
from xyk.ledger.ledger import Ledger


def test_transfer_moves_and_forgets_empty_accounts() -> None:
    ledger = Ledger()
    ledger.transfer(OUTSIDE, "a", "ETH", 5)
    ledger.transfer("a", "b", "ETH", 5)
    assert ledger.available("a", "ETH") == 0
    assert list(ledger.balances("ETH")) == [(OUTSIDE, -5, 0), ("b", 5, 0)]
    ledger.transfer("b", OUTSIDE, "ETH", 5)
    assert list(ledger.balances("ETH")) == []
    assert ledger.supply("ETH") == 0


def test_nobody_but_the_outside_account_goes_below_zero() -> None:
    ledger = Ledger()
    with pytest.raises(AssertionError, match="negative"):
        ledger.transfer("a", "b", "ETH", 1)
    with pytest.raises(AssertionError, match="direction"):
        ledger.transfer(OUTSIDE, "b", "ETH", -1)


def test_moving_nothing_or_to_oneself_changes_nothing() -> None:
    ledger = Ledger()
    ledger.transfer(OUTSIDE, "a", "ETH", 5)
    ledger.transfer("a", "a", "ETH", 5)
    ledger.transfer("b", "c", "ETH", 0)
    assert list(ledger.assets_of("a")) == [("ETH", 5, 0)]
    assert list(ledger.assets_of("b")) == []


def test_held_funds_are_seen_beside_available_ones() -> None:
    ledger = Ledger.load({"available": {"ETH": {"a": 1}}, "held": {"ETH": {"a": 2}}})
    assert ledger.held("a", "ETH") == 2
    assert ledger.held("a", "BTC") == 0
    assert list(ledger.assets_of("a")) == [("ETH", 1, 2)]
    assert list(ledger.assets()) == ["ETH"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from(["a", "b", "c", OUTSIDE]),
            st.integers(min_value=0, max_value=2**130),
        )
    )
)
def test_any_transfers_sum_to_zero(moves: list[tuple[str, str, int]]) -> None:
    ledger = Ledger()
    for sender, recipient, amount in moves:
        if ledger.available(sender, "ETH") < amount:
            ledger.transfer(OUTSIDE, sender, "ETH", amount)
        ledger.transfer(sender, recipient, "ETH", amount)
    assert sum(available for _, available, _ in ledger.balances("ETH")) == 0
    assert Ledger.load(ledger.dump()).dump() == ledger.dump()
