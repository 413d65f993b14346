"""Wallets against the vectors; nonces: never twice, always within the window."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wallet.golden import DOMAINS, FILE, KEY, OWNER, VECTOR_IDS, VECTORS, action_of
from xyk.domain.units import NONCE_FUTURE_S, NONCE_PAST_S, NONCE_SLOTS
from xyk.wallet.signer import SPARE_AGE_S, SPARES_MAX, NonceClock, Wallet
from xyk.wallet.verify import CURVE_ORDER, verify_action

NOW_S = 1_795_200_000


@pytest.mark.parametrize("vector", VECTORS, ids=VECTOR_IDS)
def test_signature_equals_the_vector(vector):
    assert Wallet(KEY).sign(DOMAINS[vector["domain"]], action_of(vector)) == vector["signature"]


def test_a_wallet_keeps_its_key_and_knows_its_address():
    wallet = Wallet.from_hex(FILE["privateKey"])
    assert wallet.address == OWNER
    assert wallet.private_key == FILE["privateKey"]


def test_a_key_does_not_show_in_its_representation():
    wallet = Wallet(KEY)
    assert wallet.private_key[-8:] not in repr(wallet)
    assert OWNER in repr(wallet)


def test_random_wallets_differ_and_sign():
    one, other = Wallet.random(), Wallet.random()
    assert one.address != other.address
    action, domain = action_of(VECTORS[0]), DOMAINS["ledger"]
    assert verify_action(domain, action, one.sign(domain, action)) == (
        one.address,
        VECTORS[0]["digest"],
    )


@pytest.mark.parametrize(
    "key",
    [b"", b"\x01", bytes(32), CURVE_ORDER.to_bytes(32, "big"), b"\xff" * 32, b"\x01" * 33],
)
def test_what_is_no_key_is_refused(key):
    with pytest.raises(ValueError):
        Wallet(key)


def test_a_malformed_hex_key_is_refused_without_showing_it():
    with pytest.raises(ValueError, match="64 hex digits") as caught:
        Wallet.from_hex("0xabcdef")
    assert "abcdef" not in str(caught.value)


def test_the_first_nonces_of_a_second_are_its_slots_in_order():
    clock = NonceClock()
    first = [clock.next_nonce(NOW_S) for _ in range(NONCE_SLOTS)]
    assert first == [NOW_S << 8 | slot for slot in range(NONCE_SLOTS)]
    assert clock.next_nonce(NOW_S + 1) == (NOW_S + 1) << 8


def test_the_257th_comes_from_the_newest_earlier_second():
    clock = NonceClock()
    clock.next_nonce(NOW_S - 3)
    for _ in range(NONCE_SLOTS):
        clock.next_nonce(NOW_S)
    assert clock.next_nonce(NOW_S) == (NOW_S - 1) << 8 | 255
    for _ in range(2 * NONCE_SLOTS - 1):
        clock.next_nonce(NOW_S)
    assert clock.next_nonce(NOW_S) == (NOW_S - 3) << 8 | 255
    assert clock.next_nonce(NOW_S + 1) == (NOW_S + 1) << 8


def test_a_first_slot_is_where_each_second_begins_and_wastes_nothing():
    clock = NonceClock(first_slot=200)
    for now_s in (NOW_S, NOW_S + 1):
        nonces = [clock.next_nonce(now_s) for _ in range(NONCE_SLOTS)]
        assert nonces[0] == now_s << 8 | 200
        assert sorted(nonces) == [now_s << 8 | slot for slot in range(NONCE_SLOTS)]


def test_a_first_age_moves_the_first_second_alone():
    clock = NonceClock(first_slot=3, first_age_s=500)
    first = [clock.next_nonce(NOW_S) for _ in range(2)]
    assert first == [(NOW_S - 500) << 8 | slot for slot in (3, 4)]
    assert clock.next_nonce(NOW_S + 1) == (NOW_S + 1) << 8 | 3
    assert NonceClock(first_age_s=500).next_nonce(499) == 0


def test_a_first_age_wastes_nothing():
    clock = NonceClock(first_slot=3, first_age_s=2)
    nonces = [clock.next_nonce(NOW_S) for _ in range(4 * NONCE_SLOTS)]
    assert sorted(nonces) == list(range((NOW_S - 3) << 8, (NOW_S + 1) << 8))


def test_a_clock_that_is_set_back_still_gives_nonces_of_its_own_time():
    clock = NonceClock()
    clock.next_nonce(NOW_S - 10_000)
    clock.next_nonce(NOW_S)
    back = [clock.next_nonce(NOW_S - 5_000) for _ in range(3)]
    assert back == [(NOW_S - 5_000) << 8 | slot for slot in (255, 254, 253)]


def test_a_spent_window_is_an_error_and_the_next_second_is_fresh():
    clock = NonceClock()
    nonces = [clock.next_nonce(1) for _ in range(2 * NONCE_SLOTS)]
    assert sorted(nonces) == list(range(2 * NONCE_SLOTS))
    with pytest.raises(RuntimeError, match="no unused nonce"):
        clock.next_nonce(1)
    assert clock.next_nonce(2) == 2 << 8


def test_the_first_second_of_all_has_no_earlier_ones():
    clock = NonceClock()
    assert [clock.next_nonce(0) for _ in range(3)] == [0, 1, 2]


def test_a_clock_that_runs_for_long_stays_small():
    clock = NonceClock()
    for second in range(SPARES_MAX + 100):
        clock.next_nonce(NOW_S + second)
    assert len(clock._spares) == SPARES_MAX


def test_spares_that_grew_too_old_are_not_handed_out(monkeypatch):
    monkeypatch.setattr("xyk.wallet.signer.SPARE_AGE_S", 2)
    clock = NonceClock()
    clock.next_nonce(NOW_S - 10)
    nonces = [clock.next_nonce(NOW_S) for _ in range(3 * NONCE_SLOTS)]
    assert sorted(nonces) == list(range((NOW_S - 2) << 8, (NOW_S + 1) << 8))
    with pytest.raises(RuntimeError, match="no unused nonce"):
        clock.next_nonce(NOW_S)


def test_a_spare_outlives_the_longest_deadline():
    assert SPARE_AGE_S + 24 * 60 * 60 <= NONCE_PAST_S


bursts = st.lists(
    st.tuples(
        st.integers(-3 * NONCE_FUTURE_S, 5) | st.integers(-2, NONCE_PAST_S),
        st.integers(1, 3 * NONCE_SLOTS),
    ),
    max_size=12,
)


@given(
    bursts=bursts,
    first_slot=st.integers(0, NONCE_SLOTS - 1),
    first_age_s=st.sampled_from((0, 1, 600)),
)
@settings(max_examples=60, deadline=None)
def test_nonces_are_distinct_and_within_the_window(bursts, first_slot, first_age_s):
    clock, now_s = NonceClock(first_slot, first_age_s), NOW_S
    seen: set[int] = set()
    for step_s, count in bursts:
        now_s += step_s
        for _ in range(count):
            nonce = clock.next_nonce(now_s)
            assert nonce not in seen
            assert now_s - SPARE_AGE_S <= nonce >> 8 <= now_s
            assert nonce < 2**53
            seen.add(nonce)
