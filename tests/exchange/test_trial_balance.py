"""Books that are not what the commands made of them are found after the next group."""

from collections.abc import Callable

import pytest

from tests.exchange.venue import ALICE, BOB, CAROL, Venue, seeded
from xyk.domain.commands import Transfer
from xyk.domain.market import LOCKED, OUTSIDE
from xyk.domain.rejections import Rejected
from xyk.exchange.trial_balance import TrialBalance
from xyk.ledger.ledger import Ledger

ETH, SHARES = "ETH", "LP:ETH_USDC"


def send(venue: Venue, owner: str, recipient: str, amount: int) -> None:
    fields = {"token": venue.token(ETH), "recipient": recipient, "amount": amount}
    assert not isinstance(venue.do(Transfer, owner, **fields), Rejected)


def write(venue: Venue, kind: str, account: str, change: int, asset: str = ETH) -> None:
    """Past the ledger's own methods, as a fault would."""
    accounts = venue.state.ledger.dump()[kind].setdefault(asset, {})
    accounts[account] = accounts.get(account, 0) + change


def touch(venue: Venue, account: str) -> None:
    """A movement of the account that changes nothing and is not checked as a command."""
    venue.state.ledger.transfer(account, account, ETH, 0)


def test_whatever_commands_do_balances() -> None:
    venue = seeded()
    balance = TrialBalance(venue.state)
    venue.fund(CAROL, ETH=10**18)
    balance.check()
    assert venue.state.ledger.touched == {}, "what was seen is not seen again"
    for _ in range(2):
        send(venue, CAROL, BOB, venue.state.ledger.available(CAROL, ETH) // 2)
        venue.sell(ALICE, ETH, "USDC", 10**9)
        venue.add(ALICE, ETH, 10**18, "USDC", 2_000 * 10**6)
        balance.check()
    send(venue, CAROL, BOB, venue.state.ledger.available(CAROL, ETH))
    balance.check()
    send(venue, BOB, CAROL, 5)
    balance.check()
    balance.check()


def test_holds_and_payments_from_them_balance() -> None:
    venue = seeded()
    ledger = venue.state.ledger
    ledger.hold(ALICE, ETH, 3)
    balance = TrialBalance(venue.state)
    ledger.hold(ALICE, ETH, 5)
    balance.check()
    pay(ledger, ALICE, BOB, 6)
    ledger.release(ALICE, ETH, 1)
    balance.check()
    ledger.hold(BOB, ETH, ledger.available(BOB, ETH))
    balance.check()
    pay(ledger, BOB, CAROL, ledger.held(BOB, ETH))
    balance.check()


def pay(ledger: Ledger, maker: str, taker: str, amount: int) -> None:
    """Out of what the maker holds, for nothing."""
    ledger.settle(maker, taker, taker, ETH, amount, 0, 0, "USDC", 0, 0)


@pytest.mark.parametrize(
    "account", [ALICE, CAROL, OUTSIDE], ids=["had some", "had none", "outside"]
)
@pytest.mark.parametrize("kind", ["available", "held"])
def test_an_account_that_was_corrupted_shows_when_it_moves(kind: str, account: str) -> None:
    venue = seeded()
    balance = TrialBalance(venue.state)
    write(venue, kind, account, 1)
    touch(venue, account)
    with pytest.raises(AssertionError, match="ETH sums to 1 more than before"):
        balance.check()


@pytest.mark.parametrize("moves", ["hold", "pay", "receive"])
def test_a_hold_is_a_movement(moves: str) -> None:
    venue = seeded()
    ledger = venue.state.ledger
    venue.fund(BOB, ETH=10)
    ledger.hold(BOB, ETH, 5)
    balance = TrialBalance(venue.state)
    write(venue, "available", ALICE if moves == "receive" else BOB, 1)
    if moves == "hold":
        ledger.hold(BOB, ETH, 1)
    else:
        pay(ledger, BOB, ALICE, 1)
    with pytest.raises(AssertionError, match="ETH sums to 1 more"):
        balance.check()


def owe(venue: Venue) -> None:
    touch(venue, CAROL)
    touch(venue, ALICE)
    write(venue, "available", CAROL, -1)
    write(venue, "available", ALICE, 1)


def hold_less_than_nothing(venue: Venue) -> None:
    write(venue, "held", ALICE, -1)
    write(venue, "available", ALICE, 1)
    touch(venue, ALICE)


def grow_a_reserve(venue: Venue) -> None:
    venue.state.pools["ETH_USDC"].reserve_base += 1


def grow_the_shares(venue: Venue) -> None:
    venue.state.pools["ETH_USDC"].total_supply += 1


def unlock(venue: Venue) -> None:
    write(venue, "available", LOCKED, -1, SHARES)


def issue_too_much(venue: Venue) -> None:
    venue.state.ledger.transfer(OUTSIDE, ALICE, "BTC", 2**129)


@pytest.mark.parametrize(
    ("corrupt", "what"),
    [
        (owe, "has -1 ETH"),
        (hold_less_than_nothing, "holds -1 ETH"),
        (grow_a_reserve, "ETH_USDC: reserve"),
        (grow_the_shares, "ETH_USDC: shares"),
        (unlock, None),
        (issue_too_much, "supply of BTC"),
    ],
)
def test_found_although_every_asset_sums_to_zero(
    corrupt: Callable[[Venue], None], what: str | None
) -> None:
    venue = seeded()
    balance = TrialBalance(venue.state)
    balance.check()
    corrupt(venue)
    with pytest.raises(AssertionError, match=what):
        balance.check()


def test_books_that_do_not_balance_at_the_start() -> None:
    venue = seeded()
    write(venue, "available", CAROL, 1)
    with pytest.raises(AssertionError, match="ETH sums to 1 more"):
        TrialBalance(venue.state)
