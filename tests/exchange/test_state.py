"""The state as a value: dump and load, digest, nonces and their window."""

import msgspec
import pytest

from tests.exchange.venue import ALICE, BOB, CAROL, NOW_S, Venue, seeded
from xyk.domain.commands import ApproveAgent, ApproveApiKey
from xyk.domain.rejections import Code, Rejected
from xyk.exchange.evolve import apply
from xyk.exchange.state import State


def busy() -> Venue:
    venue = seeded()
    venue.do(ApproveAgent, ALICE, agent=BOB, valid_until=NOW_S + 100)
    venue.do(ApproveApiKey, ALICE, public_key="0x" + "ed" * 32, valid_until=NOW_S + 100)
    for _ in range(3):
        venue.now_ms += 61_000
        venue.sell(ALICE, "ETH", "BTC", 10**17)
    return venue


def test_dump_goes_through_json_and_back_to_the_same_digest() -> None:
    state = busy().state
    copy = State.load(msgspec.json.decode(state.encode()))
    assert copy.encode() == state.encode()
    assert copy.digest() == state.digest()
    assert copy.pairs == state.pairs and copy.neighbours == state.neighbours
    assert copy.tokens == state.tokens


def test_a_loaded_state_goes_on_as_the_original_does() -> None:
    venue = busy()
    twin = Venue()
    twin.state = State.load(msgspec.json.decode(venue.state.encode()))
    twin.now_ms = venue.now_ms = venue.now_ms + 1_000
    nonce = venue.nonce()
    first = venue.sell(ALICE, "ETH", "BTC", 10**17, nonce=nonce)
    second = twin.sell(ALICE, "ETH", "BTC", 10**17, nonce=nonce)
    assert first == second and not isinstance(first, Rejected)
    assert venue.state.digest() == twin.state.digest()


@pytest.mark.parametrize("name", ["seq", "salt", "assets", "ledger", "nonces", "pools"])
def test_a_dump_with_a_piece_missing_does_not_load(name: str) -> None:
    dumped = msgspec.json.decode(busy().state.encode())
    del dumped[name]
    with pytest.raises(KeyError):
        State.load(dumped)


def test_every_piece_counts_in_the_digest() -> None:
    venue = busy()
    before = venue.state.digest()
    venue.state.ledger.transfer(ALICE, BOB, "ETH", 1)
    assert venue.state.digest() != before


def test_nonces_of_one_second_are_256_and_each_counts_once() -> None:
    venue = seeded()
    base = NOW_S + 5 << 8
    for slot in (0, 1, 255):
        assert not isinstance(venue.sell(ALICE, "ETH", "USDC", 10**15, nonce=base + slot), Rejected)
    again = venue.sell(ALICE, "ETH", "USDC", 10**16, nonce=base + 255)
    assert isinstance(again, Rejected) and again.code is Code.NONCE_USED
    assert venue.state.nonce_used(ALICE, base) and not venue.state.nonce_used(ALICE, base + 2)
    assert not venue.state.nonce_used(BOB, base)


def test_a_refused_action_spends_no_nonce() -> None:
    venue = seeded()
    nonce = NOW_S << 8 | 222
    refused = venue.sell(ALICE, "ETH", "USDC", 10**15, minimum=10**30, nonce=nonce)
    assert isinstance(refused, Rejected)
    assert not isinstance(venue.sell(ALICE, "ETH", "USDC", 10**15, nonce=nonce), Rejected)


@pytest.mark.parametrize("step_s", [60, 172_800 + 400], ids=["by seconds", "by one long pause"])
def test_words_outside_the_window_are_pruned_and_refused(step_s: int) -> None:
    venue = seeded()
    nonce = NOW_S << 8 | 9
    assert not isinstance(venue.sell(ALICE, "ETH", "USDC", 10**15, nonce=nonce), Rejected)
    end_s = NOW_S + 172_800 + 400
    while venue.now_ms // 1000 < end_s:
        venue.now_ms = min(venue.now_ms + step_s * 1000, end_s * 1000)
        venue.fund(BOB, ETH=1)
        if step_s == 60 and venue.now_ms // 1000 < end_s - 300:
            venue.now_ms = (end_s - 300) * 1000
    assert NOW_S not in venue.state.nonces
    assert venue.state.nonce_floor == end_s - 172_800
    replayed = venue.sell(ALICE, "ETH", "USDC", 10**15, nonce=nonce)
    assert isinstance(replayed, Rejected) and replayed.code is Code.NONCE_OUT_OF_WINDOW


def test_nonce_used_for_looks_at_owner_signer_and_agents() -> None:
    venue = seeded()
    venue.do(ApproveAgent, ALICE, agent=BOB, valid_until=NOW_S + 10)
    nonce = NOW_S << 8 | 77
    state = venue.state
    assert not state.nonce_used_for(ALICE, ALICE, nonce)
    assert not isinstance(
        venue.sell(ALICE, "ETH", "USDC", 10**15, nonce=nonce, signer=BOB), Rejected
    )
    assert state.nonce_used_for(ALICE, ALICE, nonce), "the agent used it for her"
    assert state.nonce_used_for(ALICE, BOB, nonce)
    assert state.nonce_used_for(CAROL, BOB, nonce)
    assert not state.nonce_used_for(CAROL, ALICE, nonce)
    assert not state.nonce_used_for(ALICE, ALICE, nonce + 256 * 400)


def test_entries_follow_each_other_in_seq_and_time() -> None:
    state = Venue().state
    with pytest.raises(AssertionError, match="seq only grows"):
        apply(state, state.seq + 2, state.now_ms, ())
    with pytest.raises(AssertionError, match="time only grows"):
        apply(state, state.seq + 1, state.now_ms - 1, ())


def test_a_nonce_cannot_be_folded_twice() -> None:
    venue = seeded()
    events = venue.sell(ALICE, "ETH", "USDC", 10**15)
    assert not isinstance(events, Rejected)
    with pytest.raises(AssertionError, match="a nonce is used once"):
        apply(venue.state, venue.state.seq + 1, venue.now_ms, events[:1])
