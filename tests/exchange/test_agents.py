"""Agents and API keys: approve, prolong, revoke, and what stays for ever."""

from typing import NoReturn

import msgspec

from tests.exchange.venue import ALICE, BOB, CAROL, NOW_S, Venue, seeded
from xyk.domain.commands import (
    ApproveAgent,
    ApproveApiKey,
    RevokeAgent,
    RevokeApiKey,
    SetProtocolFee,
)
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import EIP712, Request
from xyk.domain.units import AGENTS_PER_OWNER_MAX, API_KEYS_PER_OWNER_MAX, ZERO_ADDRESS
from xyk.exchange.decide import decide
from xyk.exchange.state import Agent, ApiKey, State

KEY = "0x" + "ed" * 32
LATER = NOW_S + 1_000
STAMP = {"nonce": NOW_S << 8, "deadline": NOW_S + 60}


def code(outcome: object) -> Code | None:
    return outcome.code if isinstance(outcome, Rejected) else None


def test_an_agent_trades_for_its_owner_until_revoked_and_never_again() -> None:
    venue = seeded()
    assert code(venue.sell(ALICE, "ETH", "USDC", 10**15, signer=BOB)) is Code.INVALID_SIGNATURE
    assert code(venue.do(ApproveAgent, ALICE, agent=BOB, valid_until=LATER)) is None
    assert code(venue.sell(ALICE, "ETH", "USDC", 10**15, signer=BOB)) is None
    assert code(venue.do(ApproveAgent, ALICE, agent=BOB, valid_until=LATER + 1)) is None
    assert venue.state.agents[ALICE][BOB] == Agent(LATER + 1)
    assert code(venue.do(RevokeAgent, ALICE, agent=BOB)) is None
    assert code(venue.sell(ALICE, "ETH", "USDC", 10**15, signer=BOB)) is Code.UNAUTHORIZED
    assert code(venue.do(ApproveAgent, ALICE, agent=BOB, valid_until=LATER)) is Code.FORBIDDEN
    assert code(venue.do(RevokeAgent, ALICE, agent=BOB)) is Code.RESOURCE_NOT_FOUND
    assert code(venue.do(RevokeAgent, ALICE, agent=CAROL)) is Code.RESOURCE_NOT_FOUND


def test_an_agent_of_one_owner_is_a_stranger_to_another() -> None:
    venue = seeded()
    venue.do(ApproveAgent, ALICE, agent=BOB, valid_until=LATER)
    assert code(venue.sell(CAROL, "ETH", "USDC", 1, signer=BOB)) is Code.INVALID_SIGNATURE


def test_what_an_agent_may_not_sign() -> None:
    venue = seeded()
    venue.do(ApproveAgent, ALICE, agent=BOB, valid_until=LATER)
    for kind, fields in (
        (ApproveAgent, dict(agent=CAROL, valid_until=LATER)),
        (RevokeAgent, dict(agent=BOB)),
        (ApproveApiKey, dict(public_key=KEY, valid_until=LATER)),
        (RevokeApiKey, dict(public_key=KEY)),
        (SetProtocolFee, dict(recipient=BOB)),
    ):
        assert code(venue.do(kind, ALICE, signer=BOB, **fields)) is Code.FORBIDDEN, kind


def test_approvals_that_make_no_sense_are_refused() -> None:
    venue = Venue()
    approve = ApproveAgent
    assert code(venue.do(approve, ALICE, agent=ALICE, valid_until=LATER)) is Code.FORBIDDEN
    assert code(venue.do(approve, ALICE, agent=ZERO_ADDRESS, valid_until=LATER)) is Code.FORBIDDEN
    assert code(venue.do(approve, ALICE, agent=BOB, valid_until=NOW_S - 1)) is Code.EXPIRED
    assert code(venue.do(approve, ALICE, agent=BOB, valid_until=NOW_S)) is None


def test_agents_and_keys_per_owner_are_limited() -> None:
    venue = Venue()
    for number in range(AGENTS_PER_OWNER_MAX):
        agent = f"0x{number + 1:040x}"
        assert code(venue.do(ApproveAgent, ALICE, agent=agent, valid_until=LATER)) is None
    assert code(venue.do(ApproveAgent, ALICE, agent=BOB, valid_until=LATER)) is Code.ORDER_LIMIT
    prolonged = venue.do(ApproveAgent, ALICE, agent=f"0x{1:040x}", valid_until=LATER + 5)
    assert code(prolonged) is None
    for number in range(API_KEYS_PER_OWNER_MAX):
        key = f"0x{number + 1:064x}"
        assert code(venue.do(ApproveApiKey, ALICE, public_key=key, valid_until=LATER)) is None
    refused = venue.do(ApproveApiKey, ALICE, public_key=KEY, valid_until=LATER)
    assert code(refused) is Code.ORDER_LIMIT
    assert code(venue.do(ApproveApiKey, BOB, public_key=KEY, valid_until=LATER)) is None


class Unread(dict[str, ApiKey]):
    """One may ask for a key, and not for all of them."""

    def __iter__(self) -> NoReturn:
        raise AssertionError("the keys of everybody were gone through")

    values = items = keys = __iter__


def test_an_approval_goes_through_nobody_elses_keys() -> None:
    """Or thousands of wallets with keys make each approval on the writer slower."""
    venue = Venue()
    venue.do(ApproveApiKey, BOB, public_key=KEY, valid_until=LATER)
    keys, venue.state.api_keys = venue.state.api_keys, Unread(venue.state.api_keys)
    approve = ApproveApiKey(owner=ALICE, public_key=KEY[:-1] + "e", valid_until=LATER, **STAMP)
    request = Request(venue.state.seq + 1, venue.now_ms, ALICE, "0xd1", EIP712, approve)
    assert not isinstance(decide(venue.state, request), Rejected)
    venue.state.api_keys = keys


def test_the_limit_counts_keys_that_were_revoked_approved_again_and_loaded() -> None:
    venue = Venue()
    venue.do(ApproveApiKey, BOB, public_key=KEY, valid_until=LATER)
    keys = [f"0x{number + 1:064x}" for number in range(API_KEYS_PER_OWNER_MAX)]
    for key in keys[:-1]:
        venue.do(ApproveApiKey, ALICE, public_key=key, valid_until=LATER)
    venue.do(RevokeApiKey, ALICE, public_key=keys[0])
    for key in keys[:2]:
        assert code(venue.do(ApproveApiKey, ALICE, public_key=key, valid_until=LATER)) is None
    venue.state = State.load(msgspec.json.decode(venue.state.encode()))
    assert venue.state.keys_of == {BOB: [KEY], ALICE: keys[:-1]}
    assert code(venue.do(ApproveApiKey, ALICE, public_key=keys[-1], valid_until=LATER)) is None
    one_more = venue.do(ApproveApiKey, ALICE, public_key="0x" + "ee" * 32, valid_until=LATER)
    assert code(one_more) is Code.ORDER_LIMIT


def test_a_key_belongs_for_ever_to_its_first_owner() -> None:
    venue = Venue()
    assert code(venue.do(RevokeApiKey, ALICE, public_key=KEY)) is Code.RESOURCE_NOT_FOUND
    stale = venue.do(ApproveApiKey, ALICE, public_key=KEY, valid_until=NOW_S - 1)
    assert code(stale) is Code.EXPIRED
    assert code(venue.do(ApproveApiKey, ALICE, public_key=KEY, valid_until=LATER)) is None
    assert code(venue.do(ApproveApiKey, BOB, public_key=KEY, valid_until=LATER)) is Code.FORBIDDEN
    assert code(venue.do(RevokeApiKey, BOB, public_key=KEY)) is Code.RESOURCE_NOT_FOUND
    assert code(venue.do(RevokeApiKey, ALICE, public_key=KEY)) is None
    assert venue.state.api_keys[KEY] == ApiKey(ALICE, LATER, revoked=True)
    assert code(venue.do(RevokeApiKey, ALICE, public_key=KEY)) is Code.RESOURCE_NOT_FOUND
    assert code(venue.do(ApproveApiKey, BOB, public_key=KEY, valid_until=LATER)) is Code.FORBIDDEN
    assert code(venue.do(ApproveApiKey, ALICE, public_key=KEY, valid_until=LATER)) is None
    assert not venue.state.api_keys[KEY].revoked
