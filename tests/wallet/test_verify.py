"""Which signatures are accepted: every vector, and every way to bend one."""

import msgspec
import pytest
from coincurve import PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wallet.golden import DOMAINS, KEY, OWNER, VECTOR_IDS, VECTORS, action_of
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import ZERO_ADDRESS
from xyk.wallet.typed_data import Domain, digest
from xyk.wallet.verify import CURVE_ORDER, recover, verify_action

every_vector = pytest.mark.parametrize("vector", VECTORS, ids=VECTOR_IDS)
DIGEST = bytes.fromhex(VECTORS[0]["digest"][2:])
SIGNATURE = bytes.fromhex(VECTORS[0]["signature"][2:])
COMPACT = bytes.fromhex(VECTORS[0]["compact"][2:])


def verify(vector, signature):
    return verify_action(DOMAINS[vector["domain"]], action_of(vector), signature)


def refusal(signature, digest=DIGEST):
    answer = recover(digest, signature)
    assert isinstance(answer, Rejected)
    assert answer.code is Code.INVALID_SIGNATURE
    assert answer.http_status == 401
    return answer.message


def word(number):
    return number.to_bytes(32, "big")


@every_vector
def test_both_forms_are_accepted_to_the_owner(vector):
    expected = (OWNER, vector["digest"])
    assert verify(vector, vector["signature"]) == expected
    assert verify(vector, vector["compact"]) == expected
    assert verify(vector, bytes.fromhex(vector["signature"][2:])) == expected
    assert verify(vector, "0x" + vector["signature"][2:].upper()) == expected


@every_vector
def test_v_0_and_1_are_accepted_as_27_and_28(vector):
    raw = bytes.fromhex(vector["signature"][2:])
    assert raw[64] in (27, 28)
    assert verify(vector, raw[:64] + bytes([raw[64] - 27])) == (OWNER, vector["digest"])


@every_vector
def test_the_other_v_names_somebody_else(vector):
    raw = bytes.fromhex(vector["signature"][2:])
    answer = verify(vector, raw[:64] + bytes([55 - raw[64]]))
    assert isinstance(answer, Rejected) or answer[0] != OWNER


@every_vector
def test_the_high_s_twin_is_refused(vector):
    answer = verify(vector, vector["refused_high_s"])
    assert isinstance(answer, Rejected)
    assert answer.code is Code.INVALID_SIGNATURE
    assert "low-s" in answer.message


@every_vector
def test_the_high_s_twin_is_refused_in_compact_form(vector):
    raw = bytes.fromhex(vector["refused_high_s"][2:])
    answer = verify(vector, raw[:64])
    assert isinstance(answer, Rejected) or answer[0] != OWNER


@every_vector
def test_no_flipped_bit_yields_the_owner(vector):
    hashed = digest(DOMAINS[vector["domain"]], action_of(vector))
    for form in ("signature", "compact"):
        raw = bytes.fromhex(vector[form][2:])
        for bit in range(8 * len(raw)):
            flipped = bytearray(raw)
            flipped[bit >> 3] ^= 1 << (bit & 7)
            assert recover(hashed, bytes(flipped)) != OWNER


def test_no_flipped_bit_of_the_digest_yields_the_owner():
    for bit in range(256):
        flipped = bytearray(DIGEST)
        flipped[bit >> 3] ^= 1 << (bit & 7)
        assert recover(bytes(flipped), SIGNATURE) != OWNER


@every_vector
def test_another_domain_or_another_value_yields_somebody_else(vector):
    action, ours = action_of(vector), DOMAINS[vector["domain"]]
    others = [Domain("0x" + "5b" * 32, ours.chain_id, ours.contract)]
    if ours.chain_id:
        others.append(Domain(ours.salt, ours.chain_id + 1, ours.contract))
        others.append(Domain(ours.salt, ours.chain_id, "0x" + "c1" * 20))
        others.append(Domain(ours.salt))
    for domain in others:
        answer = verify_action(domain, action, vector["signature"])
        assert isinstance(answer, Rejected) or answer[0] != OWNER
    later = msgspec.structs.replace(action, deadline=action.deadline + 1)
    answer = verify_action(ours, later, vector["signature"])
    assert isinstance(answer, Rejected) or answer[0] != OWNER


@pytest.mark.parametrize("v", [v for v in range(256) if v not in (0, 1, 27, 28)])
def test_every_other_v_is_refused(v):
    assert refusal(SIGNATURE[:64] + bytes([v])) == f"v is {v}, expected 0, 1, 27 or 28"


@pytest.mark.parametrize("size", [0, 1, 32, 63, 66, 96, 130, 1000])
def test_other_lengths_are_refused(size):
    raw = (SIGNATURE * 20)[:size]
    for signature in (raw, "0x" + raw.hex()):
        message = refusal(signature)
        assert f"has {size} bytes" in message
        assert "65 bytes" in message


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "0",
        "not a signature",
        SIGNATURE.hex(),
        "0X" + SIGNATURE.hex(),
        "0x" + SIGNATURE.hex()[:-1],
        "0x" + SIGNATURE.hex()[:-1] + "g",
        " 0x" + SIGNATURE.hex(),
        "0x" + SIGNATURE.hex() + "\n",
        "0x" + SIGNATURE.hex() + "  ",
        "0x" + COMPACT.hex() + "  ",
        "0x " + SIGNATURE.hex()[1:],
        "0x" + SIGNATURE.hex()[:-2] + "１b",
        "0x0x" + SIGNATURE.hex()[2:],
        "0x-" + SIGNATURE.hex()[1:],
        "0x" + SIGNATURE.hex()[:-2] + "1_",
    ],
)
def test_what_is_not_0x_hex_is_refused(signature):
    assert "as 0x and 130 or 128 hex digits" in refusal(signature)


@pytest.mark.parametrize("r", [0, CURVE_ORDER, CURVE_ORDER + 1, 2**256 - 1])
def test_r_outside_the_curves_order_is_refused(r):
    assert refusal(word(r) + SIGNATURE[32:]).startswith("r is outside")
    assert refusal(word(r) + COMPACT[32:]).startswith("r is outside")


@pytest.mark.parametrize("s", [0, CURVE_ORDER // 2 + 1, CURVE_ORDER - 1, CURVE_ORDER, 2**256 - 1])
def test_s_outside_the_lower_half_is_refused(s):
    assert refusal(SIGNATURE[:32] + word(s) + b"\x1b").startswith("s is outside")


@pytest.mark.parametrize("parity", [0, 1])
@pytest.mark.parametrize("s", [0, CURVE_ORDER // 2 + 1, 2**255 - 1])
def test_s_outside_the_lower_half_is_refused_in_compact_form(s, parity):
    assert refusal(SIGNATURE[:32] + word(s | parity << 255)).startswith("s is outside")


@pytest.mark.parametrize("number", [1, CURVE_ORDER // 2])
def test_the_bounds_of_s_themselves_are_in_range(number):
    answer = recover(DIGEST, SIGNATURE[:32] + word(number) + b"\x1b")
    assert isinstance(answer, str)
    assert answer != OWNER


def test_r_that_is_no_point_of_the_curve_is_refused():
    message = refusal(word(5) + SIGNATURE[32:])  # y^2 = 5^3 + 7 has no root
    assert "No key" in message


def test_the_point_at_infinity_is_refused():
    """r = G.x and s = digest make r^-1 (sR - zG) the point at infinity when R is G."""
    generator = PrivateKey(word(1)).public_key.format(compressed=False)
    number = 12345
    parity = generator[64] & 1
    assert "No key" in refusal(generator[1:33] + word(number) + bytes([parity]), word(number))


@given(st.binary(max_size=80) | st.binary(min_size=64, max_size=65))
@settings(max_examples=300, deadline=None)
def test_arbitrary_bytes_are_refused_or_name_an_ordinary_address(raw):
    answers = recover(DIGEST, raw), recover(DIGEST, "0x" + raw.hex())
    assert answers[0] == answers[1]
    if isinstance(answers[0], str):
        assert len(answers[0]) == 42
        assert answers[0] not in (OWNER, ZERO_ADDRESS)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_arbitrary_text_is_refused(text):
    refusal(text)


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=100, deadline=None)
def test_every_digest_and_its_compact_form_recover_the_signer(hashed):
    raw = PrivateKey(KEY).sign_recoverable(hashed, hasher=None)
    assert recover(hashed, raw) == OWNER
    compact = raw[:32] + bytes([raw[32] | raw[64] << 7]) + raw[33:64]
    assert recover(hashed, compact) == OWNER
