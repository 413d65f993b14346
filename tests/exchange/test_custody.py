"""Faucet, withdrawals, transfers: what moves, what the outside account shows, what is refused."""

import msgspec

from tests.exchange.venue import ALICE, BOB, NOBODY, SANDBOX, Venue, seeded
from xyk.domain.commands import Transfer, Withdraw
from xyk.domain.events import Deposited, Withdrawn
from xyk.domain.market import OUTSIDE
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import FAUCET_MAX


def test_faucet_credits_from_the_outside_account() -> None:
    venue = Venue()
    events = venue.faucet(ALICE, "USDC", 10**9)
    assert events == (Deposited(owner=ALICE, asset="USDC", amount=10**9),)
    assert venue.has(ALICE, "USDC") == 10**9 == -venue.has(OUTSIDE, "USDC")


def test_faucet_refusals() -> None:
    venue = seeded()
    for symbol, amount, code in (
        (NOBODY, 1, Code.INVALID_ASSET),
        ("LP:ETH_USDC", 1, Code.INVALID_ASSET),
        ("USDC", 0, Code.INVALID_QUANTITY),
        ("USDC", FAUCET_MAX + 1, Code.INVALID_QUANTITY),
    ):
        refused = venue.faucet(ALICE, symbol, amount)
        assert isinstance(refused, Rejected) and refused.code is code, symbol


def test_no_supply_passes_2_to_the_128() -> None:
    venue = Venue()
    venue.state.ledger.transfer(OUTSIDE, BOB, "USDC", 2**128 - 1)
    refused = venue.faucet(ALICE, "USDC", 2)
    assert isinstance(refused, Rejected) and refused.code is Code.RESERVE_OVERFLOW
    assert not isinstance(venue.faucet(ALICE, "USDC", 1), Rejected)


def test_there_is_no_faucet_outside_the_sandbox() -> None:
    venue = Venue(msgspec.structs.replace(SANDBOX, sandbox=False))
    refused = venue.faucet(ALICE, "USDC", 1)
    assert isinstance(refused, Rejected) and refused.code is Code.RESOURCE_NOT_FOUND


def test_withdraw_returns_value_to_the_outside_account() -> None:
    venue = Venue()
    venue.fund(ALICE, ETH=10**18)
    events = venue.do(Withdraw, ALICE, token=venue.token("ETH"), amount=4 * 10**17, recipient=BOB)
    assert not isinstance(events, Rejected)
    assert events[1] == Withdrawn(owner=ALICE, asset="ETH", amount=4 * 10**17, recipient=BOB)
    assert venue.has(ALICE, "ETH") == 6 * 10**17 == -venue.has(OUTSIDE, "ETH")
    assert venue.has(BOB, "ETH") == 0
    shares = venue.do(Withdraw, ALICE, token=venue.token("LP:ETH_USDC"), amount=1, recipient=BOB)
    assert isinstance(shares, Rejected) and shares.code is Code.INVALID_ASSET


def test_transfer_moves_between_owners_and_to_oneself() -> None:
    venue = Venue()
    venue.fund(ALICE, ETH=10)
    token = venue.token("ETH")
    assert not isinstance(venue.do(Transfer, ALICE, token=token, amount=3, recipient=BOB), Rejected)
    assert (venue.has(ALICE, "ETH"), venue.has(BOB, "ETH")) == (7, 3)
    again = venue.do(Transfer, ALICE, token=token, amount=7, recipient=ALICE)
    assert not isinstance(again, Rejected)
    assert venue.has(ALICE, "ETH") == 7
    more = venue.do(Transfer, ALICE, token=token, amount=8, recipient=BOB)
    assert isinstance(more, Rejected) and more.code is Code.INSUFFICIENT_FUNDS
    assert "7 are available" in more.message
