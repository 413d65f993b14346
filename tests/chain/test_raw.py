"""Signed transactions are read strictly, and as everybody else reads them."""

from typing import Any

import pytest
import rlp
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chain.contract import keccak
from tests.chain.wallets import wallet
from xyk.chain.raw import RAW_BYTES_MAX, SignedTransaction, decode_raw
from xyk.domain.rejections import Code, Rejected
from xyk.wallet.verify import CURVE_ORDER

TO = "0x" + "5e" * 20

# The example of EIP-155, and transactions of go-ethereum's and eth-account's own tests: raw bytes,
# who signed them, type, chain, nonce, value.
PUBLISHED: list[tuple[str, str, int, int, int, int]] = [
    (
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025"
        "a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276"
        "a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83",
        "0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f",
        *(0, 1, 9, 10**18),
    ),
    (
        "01f8630103018261a894b94f5374fce5edbc8e2a8697c15331677e6ebf0b0a825544c001"
        "a0c9519f4f2b30335884581971573fadf60c6204f59a911df35ee8a540456b2660"
        "a032f1e8e2c5dd761f9e4f88f41c8310aeaba26a8bfcdacfedfa12ec3862d37521",
        "0x27cf7d8449c9da59189427619ba59f985cee9c0f",
        *(1, 1, 3, 10),
    ),
    (
        "01f8ad82076c22843b9aca00830186a09409616c3d61b3331fc4109a9e41a8bdb7d9776609865af3107a4000"
        "86616263646566f838f7940000000000000000000000000000000000000001e1a0"
        "010000000000000000000000000000000000000000000000000000000000000001"
        "a08289e85fa00f8f7f78a53cf147a87b2a7f0d27e64d7571f9d06a802e365c3430"
        "a017dc77eae36c88937db4a5179f57edc6119701652f3f1c6f194d1210d638a061",
        "0x96216849c49358b10257cb55b28ea603c874b05e",
        *(1, 1900, 34, 10**14),
    ),
    (
        "02f8758205390284773594008477359400830186a09496216849c49358b10257cb55b28ea603c874b05e86"
        "5af3107a4000825544c001"
        "a008badd022b23e5bb51a13a18c99185dbd24aac054f876a3cf89a61672e998b89"
        "a01d14fb34a688d516f6444fdb6ceca7778be786cc70d3fa29714b6f232f09a83a",
        "0x1c34025bd3ce0224448ca8ec1a061bfda495f392",
        *(2, 1337, 2, 10**14),
    ),
]
# Signed before EIP-155, of go-ethereum's tests.
FOR_EVERY_CHAIN = (
    "f86103018207d094b94f5374fce5edbc8e2a8697c15331677e6ebf0b0a8255441c"
    "a098ff921201554726367d2be8c804a7ff89ccf285ebc57dff8ae4c44b9c19ac4a"
    "a08887321be575c8095f789dd4c743dfe42c1820f9231f98a962b210e3ac2452a3"
)


def signed(**changed: Any) -> bytes:
    fields: dict[str, Any] = {
        "chainId": 31337,
        "nonce": 0x1FF,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 10**9,
        "gas": 200_000,
        "to": bytes.fromhex(TO[2:]),
        "value": 5,
        "data": bytes(range(70)),
        "accessList": [{"address": bytes.fromhex(TO[2:]), "storageKeys": ["0x" + "01" * 32]}],
    }
    return bytes(wallet("ann").sign_transaction(fields | changed).raw_transaction)


def decoded(raw: bytes) -> SignedTransaction:
    found = decode_raw(raw)
    assert isinstance(found, SignedTransaction), found
    return found


def refusal(raw: bytes) -> str:
    found = decode_raw(raw)
    assert isinstance(found, Rejected), found
    assert found.code is Code.INVALID_TRANSACTION
    return found.message


@pytest.mark.parametrize(("text", "sender", "kind", "chain_id", "nonce", "value"), PUBLISHED)
def test_published_transactions(
    text: str, sender: str, kind: int, chain_id: int, nonce: int, value: int
) -> None:
    raw = bytes.fromhex(text)
    found = decoded(raw)
    assert (found.sender, found.type, found.chain_id) == (sender, kind, chain_id)
    assert (found.nonce, found.value) == (nonce, value)
    assert found.hash == "0x" + keccak(raw).hex()


def test_every_field_is_the_signers() -> None:
    raw = signed()
    assert decoded(raw) == SignedTransaction(
        hash="0x" + keccak(raw).hex(),
        raw=raw,
        type=2,
        sender=wallet("ann").address.lower(),
        chain_id=31337,
        nonce=0x1FF,
        max_priority_fee=10**9,
        max_fee=10**10,
        gas=200_000,
        to=TO,
        value=5,
        data=bytes(range(70)),
    )


def test_a_gas_price_is_both_fees() -> None:
    found = decoded(
        bytes(
            wallet("ann")
            .sign_transaction(
                {
                    "chainId": 5,
                    "nonce": 0,
                    "gasPrice": 7,
                    "gas": 21_000,
                    "to": bytes.fromhex(TO[2:]),
                    "value": 0,
                }
            )
            .raw_transaction
        )
    )
    assert (found.type, found.chain_id, found.max_fee, found.max_priority_fee) == (0, 5, 7, 7)


Fields = list[Any]


def rebuilt(raw: bytes, place: int, value: Any) -> bytes:
    """A transaction of type 2 with another field; nobody signed that."""
    fields: Fields = rlp.decode(raw[1:])
    fields[place] = value
    return raw[:1] + rlp.encode(fields)


def with_high_s(raw: bytes) -> bytes:
    """The other signature of the same key over the same bytes."""
    fields: Fields = rlp.decode(raw[1:])
    parity, s = fields[9], int.from_bytes(fields[11], "big")
    fields[9] = b"" if parity else b"\x01"
    fields[11] = (CURVE_ORDER - s).to_bytes(32, "big")
    return raw[:1] + rlp.encode(fields)


GOOD = signed()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "0 bytes"),
        (b"\x02" * (RAW_BYTES_MAX + 1), str(RAW_BYTES_MAX)),
        (bytes.fromhex(FOR_EVERY_CHAIN), "EIP-155"),
        (b"\x03" + GOOD[1:], "blobs"),
        (b"\x04" + GOOD[1:], "EIP-7702"),
        (b"\x7f" + GOOD[1:], "Type 127 is unknown"),
        (b"\x80", "Type 128"),
        (GOOD + b"\0", "1 bytes follow"),
        (GOOD[:-1], "cut off"),
        (b"\x02", "cut off"),
        (b"\x02\xf8", "cut off"),
        (b"\x02\xf8\x01\x80", "shortest form"),
        (b"\x02\xc0", "12 fields"),
        (b"\x02\x80", "12 fields"),
        (b"\x02\xc5\xc4\xc3\xc2\xc1\xc0", "nested"),
        (with_high_s(GOOD), "low-s"),
        (rebuilt(GOOD, 1, b"\0\x01"), "nonce begins with a zero"),
        (rebuilt(GOOD, 1, b"\x01" * 9), "nonce is no integer of at most 64 bits"),
        (rebuilt(GOOD, 1, [b"\x01"]), "nonce is no integer"),
        (rebuilt(GOOD, 2, b"\xff" * 32), "maxPriorityFeePerGas is above"),
        (rebuilt(GOOD, 5, b""), "makes a contract"),
        (rebuilt(GOOD, 5, b"\x01" * 21), "20 bytes"),
        (rebuilt(GOOD, 7, [b"\x01"]), "data is a list"),
        (rebuilt(GOOD, 8, b"\x01"), "access list"),
        (rebuilt(GOOD, 8, [[b"\x01" * 20]]), "address and a list"),
        (rebuilt(GOOD, 8, [[b"\x01" * 19, []]]), "20 bytes"),
        (rebuilt(GOOD, 8, [[b"\x01" * 20, [b"\x01" * 31]]]), "32 bytes"),
        (rebuilt(GOOD, 8, [b"\x01" * 20]), "access list"),
        (rebuilt(GOOD, 9, b"\x02"), "parity is 2"),
        (rebuilt(GOOD, 10, b""), "r is outside"),
        (rebuilt(GOOD, 10, CURVE_ORDER.to_bytes(32, "big")), "r is outside"),
        (rebuilt(GOOD, 11, b""), "s is outside"),
        (rebuilt(GOOD, 10, b"\x05"), "No key"),
    ],
)
def test_what_is_malformed(raw: bytes, says: str) -> None:
    assert says in refusal(raw)


def test_a_byte_has_one_encoding() -> None:
    """The value 5 as 0x8105, in a list that is one byte longer."""
    fields: Fields = rlp.decode(GOOD[1:])
    body = b"".join(rlp.encode(one) for one in fields[:6]) + b"\x81\x05"
    body += b"".join(rlp.encode(one) for one in fields[7:])
    assert "shortest form" in refusal(b"\x02\xf9" + len(body).to_bytes(2, "big") + body)
    assert "shortest form" in refusal(b"\x02\xfa\0" + GOOD[2:4] + GOOD[4:])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_was_changed_is_nobody_elses(data: st.DataObject) -> None:
    """No change of a good transaction is read as its signer's word, or stops us; and whatever is
    read, eth-account reads the same signer in it."""
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        match data.draw(st.sampled_from(("flip", "set", "cut", "add", "double"))):
            case "flip":
                raw[at] ^= 1 << data.draw(st.integers(0, 7))
            case "set":
                raw[at] = data.draw(st.sampled_from((0, 0x7F, 0x80, 0xB8, 0xC0, 0xF8, 0xFF)))
            case "cut":
                del raw[at : at + data.draw(st.integers(1, 40))]
            case "add":
                raw[at:at] = data.draw(st.binary(min_size=1, max_size=40))
            case "double":
                raw[at:at] = raw[at : at + 33]
        if not raw:
            break
    found = decode_raw(bytes(raw))
    if isinstance(found, SignedTransaction):
        if bytes(raw) != GOOD:
            assert found.sender != wallet("ann").address.lower()
        assert found.sender == Account.recover_transaction(bytes(raw)).lower()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_bytes_come_they_are_refused(data: bytes) -> None:
    for prefix in (b"", b"\x01", b"\x02"):
        assert isinstance(decode_raw(prefix + data), Rejected)
