"""Balances that entries change, taken for those who are watched."""

from collections import defaultdict

from xyk.domain.events import AssetListed, Deposited, Transferred, Withdrawn
from xyk.domain.units import LP_DECIMALS
from xyk.engine.balance_watch import BalanceChange, BalanceWatch
from xyk.exchange.state import State

ALICE, BOB, CAROL = ("0x" + digit * 40 for digit in "123")


def exchange() -> tuple[State, BalanceWatch]:
    """Alice has 100 of an asset."""
    state = State()
    watch = BalanceWatch(state)
    token = "0x" + "77" * 20
    watch.apply(1, 1, (AssetListed(symbol="USDC", token=token, decimals=LP_DECIMALS),))
    watch.apply(2, 1, (Deposited(owner=ALICE, asset="USDC", amount=100),))
    return state, watch


def sent(owner: str, recipient: str, amount: int) -> Transferred:
    return Transferred(owner=owner, recipient=recipient, asset="USDC", amount=amount)


def test_nobody_is_watched() -> None:
    _, watch = exchange()
    assert watch.taken(2) == ()


def test_each_entry_has_what_it_left() -> None:
    """Also where a later entry was applied before the first one is told."""
    _, watch = exchange()
    watch.watch(ALICE)
    watch.watch(BOB)
    watch.apply(3, 1, (sent(ALICE, BOB, 30), sent(ALICE, CAROL, 1)))
    watch.apply(4, 1, (sent(BOB, ALICE, 5),))
    assert sorted(watch.taken(3)) == [
        BalanceChange(ALICE, "USDC", 69, 0),
        BalanceChange(BOB, "USDC", 30, 0),
    ]
    assert sorted(watch.taken(4)) == [
        BalanceChange(ALICE, "USDC", 74, 0),
        BalanceChange(BOB, "USDC", 25, 0),
    ]
    assert watch.taken(4) == (), "told once"


def test_what_comes_to_the_same_is_no_change() -> None:
    _, watch = exchange()
    watch.watch(ALICE)
    watch.apply(3, 1, (sent(ALICE, BOB, 30), sent(BOB, ALICE, 30)))
    assert watch.taken(3) == ()


def test_held_counts_too() -> None:
    state, watch = exchange()
    watch.watch(ALICE)
    state.ledger.hold(ALICE, "USDC", 40)
    watch.apply(3, 1, (sent(ALICE, BOB, 10),))
    assert watch.taken(3) == [BalanceChange(ALICE, "USDC", 50, 40)]


def test_an_account_that_is_watched_twice_is_forgotten_twice() -> None:
    _, watch = exchange()
    watch.watch(ALICE)
    watch.watch(ALICE)
    watch.forget(ALICE)
    watch.apply(3, 1, (sent(ALICE, BOB, 10),))
    assert watch.taken(3) == [BalanceChange(ALICE, "USDC", 90, 0)]
    watch.forget(ALICE)
    watch.apply(4, 1, (sent(ALICE, BOB, 10),))
    assert watch.taken(4) == ()
    watch.watch(ALICE)
    watch.apply(5, 1, (Withdrawn(owner=ALICE, asset="USDC", amount=80, recipient=CAROL),))
    assert watch.taken(5) == [BalanceChange(ALICE, "USDC", 0, 0)]


def test_whoever_balances_the_books_still_hears_of_all() -> None:
    state, watch = exchange()
    state.ledger.touched = touched = defaultdict(dict)
    touched["USDC"][CAROL] = None
    watch.watch(BOB)
    watch.apply(3, 1, (sent(ALICE, BOB, 10),))
    assert state.ledger.touched is touched
    assert touched == {"USDC": {CAROL: None, ALICE: None, BOB: None}}
